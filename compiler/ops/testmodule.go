package ops

import (
	"encoding/base64"
	"encoding/json"
	"runtime/debug"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// unread stands in for the texts, which the build formats for a bundle that nobody takes here.
var unread = []byte("package unread\n")

// TestModuleRequest compiles sources and tests to wasm. An entry point costs, so there is one for
// each package that has tests; Packages asks for one for each test of these packages instead.
type TestModuleRequest struct {
	Source       Source          `json:"source"`
	Capabilities json.RawMessage `json:"capabilities"`
	testSelection
	Packages []string `json:"packages"`
}

// TestModule says where each test's value is found: in the document of an entry point, by keys. Wasm
// is empty where there is nothing to run. Data is the text of JSON.
type TestModule struct {
	Wasm  string       `json:"wasm"`
	Data  string       `json:"data"`
	Tests []ModuleTest `json:"tests"`
}

// ModuleTest is one test that is not skipped.
type ModuleTest struct {
	Package    string   `json:"package"`
	Name       string   `json:"name"`
	EntryPoint string   `json:"entryPoint"`
	Keys       []string `json:"keys"`
	Table      bool     `json:"table"`
}

func runTestModule(request TestModuleRequest) (any, error) {
	debug.SetMemoryLimit(testHeapLimit)
	caps, err := capabilitiesOf(request.Capabilities, true)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps, withTests: true})
	if err != nil {
		return nil, err
	}
	chosen, err := request.choose(p, caps)
	if err != nil {
		return nil, err
	}
	result := TestModule{Tests: []ModuleTest{}}
	files := map[string]bool{}
	entryPoints := map[string]bool{}
	for _, test := range testsOf(chosen.modules) {
		one := ModuleTest{Package: test.packageName(), Name: test.name(), Table: test.isTable()}
		if test.skip || !chosen.has(test) || !request.wants(one.Package) {
			continue
		}
		if one.EntryPoint, one.Keys, err = request.place(test); err != nil {
			return nil, err
		}
		result.Tests = append(result.Tests, one)
		entryPoints[one.EntryPoint] = true
		files[test.rule.Loc().File] = true
	}
	data, err := json.Marshal(p.data)
	if err != nil {
		return nil, err
	}
	result.Data = string(data)
	if len(result.Tests) == 0 {
		return result, nil
	}
	p.modules = copied(restrict(p.modules, chosen.graph, util.KeysSorted(files)))
	for name := range p.modules {
		p.texts[name] = unread
	}
	module, err := p.build(caps, util.KeysSorted(entryPoints), false)
	if err != nil {
		return nil, p.withHints(caps, err)
	}
	result.Wasm = base64.StdEncoding.EncodeToString(module)
	return result, nil
}

func (r TestModuleRequest) wants(pkg string) bool {
	return r.Packages == nil || slices.Contains(r.Packages, pkg)
}

func (r TestModuleRequest) place(test testRule) (string, []string, error) {
	if r.Packages == nil {
		path, err := test.pkg.Ptr()
		return path, test.keys(), err
	}
	path, err := test.path().Ptr()
	return path, []string{}, err
}

// copied: the build takes rules out of the modules it is given, and these may be kept.
func copied(modules map[string]*ast.Module) map[string]*ast.Module {
	copies := make(map[string]*ast.Module, len(modules))
	for name, module := range modules {
		copies[name] = module.Copy()
	}
	return copies
}

// withHints says of a refused build what a check says of the same modules, if that refuses them too.
func (p *policy) withHints(caps *ast.Capabilities, refusal error) error {
	if _, err := p.checkModules(checkOptions{capabilities: caps, print: true}); err != nil {
		return err
	}
	return refusal
}
