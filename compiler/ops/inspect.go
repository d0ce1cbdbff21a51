package ops

import (
	"encoding/json"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/util"
)

// InspectRequest asks what is in a policy, without compiling it and without believing it.
type InspectRequest struct {
	Source       Source          `json:"source"`
	Capabilities json.RawMessage `json:"capabilities"`
	// HostModule and HostEntryPoint tell whether a compiled bundle was built for this gateway.
	HostModule     string `json:"hostModule"`
	HostEntryPoint string `json:"hostEntryPoint"`
	EntryPoint     string `json:"entryPoint"`
}

// InspectResult lists entry points that annotations name and those of compiled modules.
type InspectResult struct {
	Outline
	Manifest bundle.Manifest `json:"manifest"`
	// Revision is the content digest, which decisions carry; the manifest has its own.
	Revision    string         `json:"revision"`
	Contract    int            `json:"contract"`
	Serial      *int64         `json:"serial"`
	EntryPoints []string       `json:"entryPoints"`
	DataRoots   []string       `json:"dataRoots"`
	Compiled    *CompiledInfo  `json:"compiled"`
	Signature   *SignatureInfo `json:"signature"`
	Files       []FileSize     `json:"files"`
	Warnings    Problems       `json:"warnings"`
}

// CompiledInfo is of a module that came with the bundle.
type CompiledInfo struct {
	Paths      [][]string `json:"paths"`
	HostModule bool       `json:"hostModule"`
	Sources    int        `json:"sources"`
}

// SignatureInfo is what the signature says; whether that is true takes a key.
type SignatureInfo struct {
	Algorithm string `json:"algorithm"`
	KeyID     string `json:"keyId"`
	Scope     string `json:"scope"`
	Files     int    `json:"files"`
}

// FileSize is a file of the policy.
type FileSize struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
}

func runInspect(request InspectRequest) (any, error) {
	caps, err := capabilitiesOf(request.Capabilities, true)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps})
	if err != nil {
		return nil, err
	}
	contract, problems := p.contract()
	serial, unreadable := p.serial()
	if problems = append(problems, unreadable...); len(problems) > 0 {
		return nil, problems
	}
	result := InspectResult{
		Manifest: p.manifest, Revision: p.digest, Contract: contract, Serial: serial,
		EntryPoints: []string{}, DataRoots: util.KeysSorted(p.data), Files: []FileSize{}, Warnings: p.warnings(),
	}
	if result.Outline, err = p.outline(caps); err != nil {
		return nil, err
	}
	for _, found := range result.Annotations {
		if found.entryPoint != "" {
			result.EntryPoints = append(result.EntryPoints, found.entryPoint)
		}
	}
	if len(p.wasm) > 0 {
		if err := result.addCompiled(p, request); err != nil {
			return nil, err
		}
	}
	if _, signed := p.files[signatureFile]; signed {
		token, problems := signatureOf(p.files)
		if len(problems) > 0 {
			return nil, problems
		}
		result.Signature = &SignatureInfo{
			Algorithm: token.header.Algorithm, KeyID: token.keyID(),
			Scope: token.payload.Scope, Files: len(token.payload.Files),
		}
	}
	for _, name := range util.KeysSorted(p.files) {
		result.Files = append(result.Files, FileSize{Name: name, Bytes: len(p.files[name])})
	}
	result.DataRoots, result.Warnings = listed(result.DataRoots), listed(result.Warnings)
	return result, nil
}

// listed makes of nothing an empty list, which JSON would have as null.
func listed[S ~[]E, E any](list S) S {
	if list == nil {
		return S{}
	}
	return list
}

// addCompiled takes the entry points from the manifest, and what the sources were where they did not
// travel along.
func (r *InspectResult) addCompiled(p *policy, request InspectRequest) error {
	r.EntryPoints = []string{}
	for _, resolver := range p.manifest.WasmResolvers {
		r.EntryPoints = append(r.EntryPoints, resolver.Entrypoint)
	}
	r.Compiled = &CompiledInfo{Sources: len(p.modules)}
	if request.EntryPoint != "" {
		module, err := p.compiledModule(request.EntryPoint)
		if err != nil {
			return err
		}
		var foreign Problems
		r.Compiled.Paths, r.Compiled.HostModule, foreign = p.stampOf(module, request.HostModule, request.HostEntryPoint)
		r.Warnings = append(r.Warnings, foreign...)
	}
	text, kept := p.files[annotationsFile]
	if !kept || len(p.modules) > 0 {
		return nil
	}
	var before Outline
	if err := strictly(text, &before); err != nil {
		r.Warnings = append(r.Warnings, problemIn(annotationsFile, "bundle_error", "cannot be read: "+err.Error(), ""))
		return nil
	}
	before.Packages, before.Annotations = listed(before.Packages), listed(before.Annotations)
	for i := range before.Packages {
		before.Packages[i].Files = listed(before.Packages[i].Files)
	}
	r.Outline = before
	return nil
}

// Outline is what the sources say of themselves. It travels with a compiled bundle.
type Outline struct {
	Packages    []PackageInfo `json:"packages"`
	Annotations []Annotated   `json:"annotations"`
}

// PackageInfo is one package with the files it is spread over.
type PackageInfo struct {
	Package string   `json:"package"`
	Files   []string `json:"files"`
}

// Annotated is one METADATA block: the path it speaks of and what it says.
type Annotated struct {
	Path        string `json:"path"`
	File        string `json:"file"`
	Row         int    `json:"row"`
	Annotations any    `json:"annotations"`
	entryPoint  string
}

func (p *policy) outline(caps *ast.Capabilities) (Outline, error) {
	made := Outline{Packages: []PackageInfo{}, Annotations: []Annotated{}}
	packages := map[string][]string{}
	modules := make([]*ast.Module, 0, len(p.modules))
	for _, name := range util.KeysSorted(p.modules) {
		module := p.modules[name]
		modules = append(modules, module)
		pkg := strings.TrimPrefix(module.Package.Path.String(), "data.")
		packages[pkg] = append(packages[pkg], name)
	}
	for _, pkg := range util.KeysSorted(packages) {
		made.Packages = append(made.Packages, PackageInfo{Package: pkg, Files: packages[pkg]})
	}
	set, errs := ast.BuildAnnotationSet(modules)
	if len(errs) > 0 {
		return made, compileProblems(errs, caps)
	}
	for _, ref := range set.Flatten() {
		if ref.Annotations != nil {
			made.Annotations = append(made.Annotations, annotated(ref))
		}
	}
	return made, nil
}

func annotated(ref *ast.AnnotationsRef) Annotated {
	found := Annotated{Path: ref.Path.String(), Annotations: ref.Annotations}
	if ref.Location != nil {
		found.File, found.Row = ref.Location.File, ref.Location.Row
	}
	if ref.Annotations.Entrypoint {
		if path, err := ref.Path.Ptr(); err == nil {
			found.entryPoint = path
		}
	}
	return found
}
