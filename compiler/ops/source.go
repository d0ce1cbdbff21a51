package ops

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/util"
)

// Source is a policy as it arrives: the files of a folder by their path in it, or an OPA bundle
// (gzip tar) in base64. Both are read by the same rules, those of OPA's bundle mode.
type Source struct {
	Files  map[string]string `json:"files"`
	Bundle string            `json:"bundle"`
}

// policy is a source that has been read: nothing in it is compiled yet.
type policy struct {
	modules  map[string]*ast.Module
	texts    map[string][]byte
	data     map[string]any
	dataFile map[string]any // each data file's content, mounted at its place
	manifest bundle.Manifest
	wasm     map[string][]byte
	files    map[string][]byte // everything that arrived
	digest   string
	signed   *string // the digest of what was signed; nil: no signature was asked for
}

type readOptions struct {
	capabilities *ast.Capabilities
	withTests    bool
	verify       *Verification
}

const (
	manifestFile  = ".manifest"
	testFileEnd   = "_test.rego"
	signatureFile = ".signatures.json"
	deltaFile     = "patch.json"
)

// read parses every file and answers with all problems at once. Where a signature is asked for, it is
// looked at first, and what is read are the bytes that it was looked at for.
func (s Source) read(options readOptions) (*policy, error) {
	files, err := s.contents()
	if err != nil {
		return nil, err
	}
	var signed *string
	if options.verify != nil {
		digest, problems := s.verify(files, *options.verify)
		if len(problems) > 0 {
			return nil, problems
		}
		signed = &digest
	}
	if _, found := files[deltaFile]; found && s.Bundle != "" {
		return nil, Problems{problemIn(deltaFile, "delta_bundle",
			"a delta bundle changes the data of another one and is no policy", "offer the whole bundle")}
	}
	p := &policy{
		files:    files,
		signed:   signed,
		modules:  map[string]*ast.Module{},
		texts:    map[string][]byte{},
		dataFile: map[string]any{},
		wasm:     map[string][]byte{},
	}
	var problems Problems
	for _, name := range util.KeysSorted(files) {
		problems = append(problems, p.readFile(name, files[name], options)...)
	}
	problems = append(problems, p.mergeData()...)
	if len(problems) == 0 {
		problems = append(problems, p.checkManifest()...)
	}
	p.digest = contentDigest(files, options.withTests)
	return p, problems.errorOrNil()
}

func (s Source) contents() (map[string][]byte, error) {
	if s.Bundle != "" {
		packed, err := base64.StdEncoding.DecodeString(s.Bundle)
		if err != nil {
			return nil, requestError("the bundle is not base64: " + err.Error())
		}
		return unpack(packed)
	}
	files := make(map[string][]byte, len(s.Files))
	for name, text := range s.Files {
		files[name] = []byte(text)
	}
	return files, nil
}

func (p *policy) readFile(name string, content []byte, options readOptions) Problems {
	base := path.Base(name)
	switch {
	case strings.HasSuffix(name, testFileEnd) && !options.withTests:
		return nil
	case strings.HasSuffix(name, ".rego"):
		return p.readModule(name, content, options.capabilities)
	case base == "data.json" || base == "data.yaml" || base == "data.yml":
		value, problems := readData(name, content)
		if len(problems) == 0 {
			p.dataFile[name] = value
		}
		return problems
	case name == manifestFile:
		return p.readManifest(content)
	case base == "policy.wasm":
		p.wasm["/"+name] = content
	default:
		return misspelt(name)
	}
	return nil
}

// misspelt refuses what capitals alone keep from being read: whoever has a deny.REGO beside the
// others believes that it is enforced.
func misspelt(name string) Problems {
	lower := strings.ToLower(path.Base(name))
	intended := ""
	switch {
	case strings.HasSuffix(lower, ".rego"):
		intended = strings.TrimSuffix(path.Base(name), name[len(name)-len("rego"):]) + "rego"
	case lower == "data.json", lower == "data.yaml", lower == "data.yml", lower == "policy.wasm",
		strings.ToLower(name) == manifestFile:
		intended = lower
	default:
		return nil
	}
	return Problems{problemIn(name, "source_error",
		"capitals in its name keep it from being read", "rename it to "+intended)}
}

func (p *policy) readModule(name string, content []byte, caps *ast.Capabilities) Problems {
	module, err := parsed.parse(name, content, caps)
	if err != nil {
		return problemsOf(err)
	}
	p.modules[name] = module
	p.texts[name] = content
	return nil
}

func (p *policy) readManifest(content []byte) Problems {
	if problems := checkJSON(manifestFile, content); len(problems) > 0 {
		return problems
	}
	if err := util.NewJSONDecoder(bytes.NewReader(content)).Decode(&p.manifest); err != nil {
		return Problems{problemIn(manifestFile, "manifest_error", err.Error(), "")}
	}
	return nil
}

// checkManifest holds the sources to the manifest's roots and Rego version; a wasm bundle's own
// entry points are looked at where they are needed.
func (p *policy) checkManifest() Problems {
	var problems Problems
	say := func(message, hint string) {
		problems = append(problems, problemIn(manifestFile, "manifest_error", message, hint))
	}
	p.manifest.Init()
	if v := p.manifest.RegoVersion; v != nil && *v != 1 {
		say(fmt.Sprintf("rego_version %d is not supported", *v), "write the policy in Rego v1 and set rego_version to 1")
	}
	for pattern, v := range p.manifest.FileRegoVersions {
		if v != 1 {
			say(fmt.Sprintf("file_rego_versions: version %d of %s is not supported", v, pattern), "")
		}
	}
	roots := *p.manifest.Roots
	for i := range roots {
		roots[i] = strings.Trim(roots[i], "/")
		for j := range i {
			if bundle.RootPathsOverlap(roots[i], roots[j]) {
				say(fmt.Sprintf("the roots %q and %q overlap", roots[j], roots[i]), "")
			}
		}
	}
	for _, name := range util.KeysSorted(p.modules) {
		module := p.modules[name]
		if pkg, err := module.Package.Path.Ptr(); err == nil && !bundle.RootPathsContain(roots, pkg) {
			problems = append(problems, problemIn(name, "manifest_error",
				fmt.Sprintf("%s is outside the roots %q of the manifest", module.Package, roots),
				"add its path to roots in .manifest").atLocation(module.Package.Location))
		}
	}
	for _, name := range util.KeysSorted(p.dataFile) {
		if outside, found := outsideRoots(p.dataFile[name], "", roots); found {
			problems = append(problems, problemIn(name, "manifest_error",
				fmt.Sprintf("data at %s is outside the roots %q of the manifest", outside, roots),
				"add its path to roots in .manifest"))
		}
	}
	return problems
}

// outsideRoots finds the first data path that no root covers.
func outsideRoots(value any, at string, roots []string) (string, bool) {
	if bundle.RootPathsContain(roots, at) {
		return "", false
	}
	object, is := value.(map[string]any)
	if !is {
		return "/" + at, true
	}
	for _, key := range util.KeysSorted(object) {
		if outside, found := outsideRoots(object[key], path.Join(at, key), roots); found {
			return outside, true
		}
	}
	return "", false
}

// contentDigest is the revision: SHA-256 over the name and content of every file that can change a
// decision, in the order of their names. A folder and a bundle of the same files have the same.
func contentDigest(files map[string][]byte, withTests bool) string {
	sum := sha256.New()
	sum.Write([]byte("mcp-guard policy 1\n"))
	write := func(b []byte) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(b)))
		sum.Write(length[:])
		sum.Write(b)
	}
	for _, name := range util.KeysSorted(files) {
		if !isPolicyFile(name) || (!withTests && strings.HasSuffix(name, testFileEnd)) {
			continue
		}
		write([]byte(name))
		write(files[name])
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

func isPolicyFile(name string) bool {
	if strings.HasSuffix(name, ".rego") || name == manifestFile {
		return true
	}
	switch path.Base(name) {
	case "data.json", "data.yaml", "data.yml", "policy.wasm":
		return true
	}
	return false
}
