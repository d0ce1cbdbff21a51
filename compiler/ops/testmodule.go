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
// each package that has tests; Packages asks for one for each test of these packages instead. That is
// what all have, too, where no package can be asked as a whole because a test reads from its own.
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
	tests := slices.DeleteFunc(testsOf(chosen.modules), func(test testRule) bool {
		return test.skip || !chosen.has(test) || !request.wants(test.packageName())
	})
	result := TestModule{Tests: []ModuleTest{}}
	data, err := json.Marshal(p.data)
	if err != nil {
		return nil, err
	}
	result.Data = string(data)
	if len(tests) == 0 {
		return result, nil
	}
	files := map[string]bool{}
	for _, test := range tests {
		files[test.rule.Loc().File] = true
	}
	p.modules = restrict(p.modules, chosen.graph, util.KeysSorted(files))
	for name := range p.modules {
		p.texts[name] = unread
	}
	whole := request.Packages == nil
	module, placed, err := p.buildTests(caps, tests, whole)
	if err != nil {
		err = p.withHints(caps, err)
		if whole && p.isValid(caps) {
			module, placed, err = p.buildTests(caps, tests, false)
		}
	}
	if err != nil {
		return nil, p.unbuildable(caps, tests, err)
	}
	result.Tests = placed
	result.Wasm = base64.StdEncoding.EncodeToString(module)
	return result, nil
}

// buildTests builds with an entry point for each package, or else for each test.
func (p *policy) buildTests(caps *ast.Capabilities, tests []testRule, whole bool) ([]byte, []ModuleTest, error) {
	placed := make([]ModuleTest, 0, len(tests))
	entryPoints := map[string]bool{}
	for _, test := range tests {
		one := ModuleTest{Package: test.packageName(), Name: test.name(), Table: test.isTable(), Keys: []string{}}
		entry := test.path()
		if whole {
			entry, one.Keys = test.pkg, test.keys()
		}
		var err error
		if one.EntryPoint, err = entry.Ptr(); err != nil {
			return nil, nil, err
		}
		placed = append(placed, one)
		entryPoints[one.EntryPoint] = true
	}
	kept := p.modules
	p.modules = copied(kept)
	module, err := p.build(caps, util.KeysSorted(entryPoints), false)
	p.modules = kept
	return module, placed, err
}

// unbuildable names the test that is refused by itself, where the modules are as a check wants them.
func (p *policy) unbuildable(caps *ast.Capabilities, tests []testRule, refusal error) error {
	if !p.isValid(caps) {
		return refusal
	}
	for _, test := range tests {
		if _, _, err := p.buildTests(caps, []testRule{test}, false); err != nil {
			return Problems{problemIn("", "test_not_compiled",
				test.fullName()+" cannot be compiled to what the gateway evaluates: "+problemsOf(err)[0].Message,
				"read by a name that is written, or keep what is tested in another package").
				atLocation(test.rule.Loc())}
		}
	}
	return refusal
}

func (r TestModuleRequest) wants(pkg string) bool {
	return r.Packages == nil || slices.Contains(r.Packages, pkg)
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

func (p *policy) isValid(caps *ast.Capabilities) bool { return p.withHints(caps, nil) == nil }
