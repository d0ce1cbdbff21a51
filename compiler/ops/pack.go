package ops

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/util"
)

// PackRequest is an enforcement build that is written as a bundle: what the gateway would compile
// from the same source, with what it has to know of it in the manifest.
type PackRequest struct {
	Source         Source          `json:"source"`
	Capabilities   json.RawMessage `json:"capabilities"`
	Schema         json.RawMessage `json:"schema"`
	EntryPoint     string          `json:"entryPoint"`
	HostModule     string          `json:"hostModule"`
	HostEntryPoint string          `json:"hostEntryPoint"`
	// Revision is the manifest's; empty: the content digest of the sources.
	Revision string `json:"revision"`
	// Compiler is the digest of the compiler that answers.
	Compiler    string   `json:"compiler"`
	Serial      *int64   `json:"serial"`
	WithSources bool     `json:"withSources"`
	Sign        *Signing `json:"sign"`
}

// PackResult has the bundle in base64.
type PackResult struct {
	Bundle   string   `json:"bundle"`
	Revision string   `json:"revision"`
	Warnings Problems `json:"warnings"`
}

const (
	moduleFile      = "policy.wasm"
	dataFile        = "data.json"
	annotationsFile = "annotations.json"
)

func runPack(request PackRequest) (any, error) {
	enforcement, err := enforce(CompileRequest{
		Source: request.Source, Capabilities: request.Capabilities, Schema: request.Schema,
		EntryPoint: request.EntryPoint, HostModule: request.HostModule, HostEntryPoint: request.HostEntryPoint,
	})
	if err != nil {
		return nil, err
	}
	p := enforcement.policy
	if enforcement.built == nil {
		return nil, Problems{problemIn(moduleFile, "already_compiled", "the policy is compiled already",
			"build from the sources")}
	}
	files := map[string][]byte{}
	if request.WithSources {
		for name, text := range p.texts {
			if name != hostFile {
				files[name] = text
			}
		}
	}
	files[moduleFile] = enforcement.built.WasmModules[0].Raw
	manifest := enforcement.manifest(request)
	for name, value := range map[string]any{dataFile: p.data, annotationsFile: enforcement.outline, manifestFile: manifest} {
		if files[name], err = plainJSON(value); err != nil {
			return nil, err
		}
	}
	if request.Sign != nil {
		if files[signatureFile], err = signFiles(files, *request.Sign); err != nil {
			return nil, err
		}
	}
	packed, err := pack(files)
	if err != nil {
		return nil, err
	}
	return PackResult{
		Bundle: base64.StdEncoding.EncodeToString(packed), Revision: manifest.Revision, Warnings: p.warnings(),
	}, nil
}

// manifest is the source's own with what the build knows. Whatever the source said of versions and
// modules is left out: there is one of each.
func (e *enforcement) manifest(request PackRequest) bundle.Manifest {
	p := e.policy
	made := bundle.Manifest{Revision: request.Revision, WasmResolvers: e.built.Manifest.WasmResolvers}
	if made.Revision == "" {
		made.Revision = p.digest
	}
	roots := append([]string{}, *p.manifest.Roots...)
	made.Roots = &roots
	for _, entry := range []string{request.EntryPoint, request.HostEntryPoint} {
		if pkg := entry[:strings.LastIndex(entry, "/")]; !bundle.RootPathsContain(roots, pkg) {
			made.AddRoot(pkg)
		}
	}
	made.SetRegoVersion(ast.RegoV1)
	made.Metadata = map[string]any{}
	for name, value := range p.manifest.Metadata {
		made.Metadata[name] = value
	}
	stamp := map[string]any{
		"contract":   e.contract,
		"paths":      boundedPaths(e.paths),
		"module":     digestOf(e.built.WasmModules[0].Raw),
		"hostModule": digestOf([]byte(request.HostModule)),
		"compiler":   request.Compiler,
	}
	if request.Serial != nil {
		stamp["serial"] = *request.Serial
	}
	made.Metadata["mcpguard"] = stamp
	return made
}

// plainJSON writes members in the order of their names, so that equal values are equal bytes.
func plainJSON(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("the bundle cannot be written: %w", err)
	}
	return out.Bytes(), nil
}

// pack writes a gzip tar that depends on the files alone: no times, no owners, names in order, each
// with the slash that OPA puts before them.
func pack(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for _, name := range util.KeysSorted(files) {
		header := tar.Header{Name: "/" + name, Mode: 0o644, Typeflag: tar.TypeReg, Size: int64(len(files[name]))}
		if err := archive.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
