package ops

import (
	"encoding/json"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/util"
)

// InspectRequest asks what is in a policy, without compiling it.
type InspectRequest struct {
	Source       Source          `json:"source"`
	Capabilities json.RawMessage `json:"capabilities"`
}

// InspectResult lists entry points that annotations name and those of compiled modules.
type InspectResult struct {
	Manifest    bundle.Manifest `json:"manifest"`
	Revision    string          `json:"revision"`
	Packages    []PackageInfo   `json:"packages"`
	EntryPoints []string        `json:"entryPoints"`
	Annotations []Annotated     `json:"annotations"`
	DataRoots   []string        `json:"dataRoots"`
	Compiled    bool            `json:"compiled"`
}

// PackageInfo is one package with the files it is spread over.
type PackageInfo struct {
	Package string   `json:"package"`
	Files   []string `json:"files"`
}

// Annotated is one METADATA block: the path it speaks of and what it says.
type Annotated struct {
	Path        string           `json:"path"`
	File        string           `json:"file"`
	Row         int              `json:"row"`
	Annotations *ast.Annotations `json:"annotations"`
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
	result := InspectResult{
		Manifest:    p.manifest,
		Revision:    p.digest,
		Packages:    []PackageInfo{},
		EntryPoints: []string{},
		Annotations: []Annotated{},
		DataRoots:   util.KeysSorted(p.data),
		Compiled:    len(p.wasm) > 0,
	}
	packages := map[string][]string{}
	modules := make([]*ast.Module, 0, len(p.modules))
	for _, name := range util.KeysSorted(p.modules) {
		module := p.modules[name]
		modules = append(modules, module)
		pkg := strings.TrimPrefix(module.Package.Path.String(), "data.")
		packages[pkg] = append(packages[pkg], name)
	}
	for _, pkg := range util.KeysSorted(packages) {
		result.Packages = append(result.Packages, PackageInfo{Package: pkg, Files: packages[pkg]})
	}
	set, errs := ast.BuildAnnotationSet(modules)
	if len(errs) > 0 {
		return nil, compileProblems(errs, caps)
	}
	for _, ref := range set.Flatten() {
		result.addAnnotations(ref)
	}
	for _, resolver := range p.manifest.WasmResolvers {
		result.EntryPoints = append(result.EntryPoints, resolver.Entrypoint)
	}
	return result, nil
}

func (r *InspectResult) addAnnotations(ref *ast.AnnotationsRef) {
	if ref.Annotations == nil {
		return
	}
	found := Annotated{Path: ref.Path.String(), Annotations: ref.Annotations}
	if ref.Location != nil {
		found.File, found.Row = ref.Location.File, ref.Location.Row
	}
	r.Annotations = append(r.Annotations, found)
	if ref.Annotations.Entrypoint {
		if path, err := ref.Path.Ptr(); err == nil {
			r.EntryPoints = append(r.EntryPoints, path)
		}
	}
}
