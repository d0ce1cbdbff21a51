package ops

import (
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

const maxProblems = 50

// CheckRequest asks for everything that can be said of the sources, tests included, without building.
type CheckRequest struct {
	Source       Source          `json:"source"`
	Capabilities json.RawMessage `json:"capabilities"`
	Schema       json.RawMessage `json:"schema"`
	Strict       bool            `json:"strict"`
	EntryPoint   string          `json:"entryPoint"`
	// Methods are those of the protocol. There may be others, so a name that is none is no mistake
	// unless it is nearly one.
	Methods []string `json:"methods"`
}

func runCheck(request CheckRequest) (any, error) {
	caps, err := capabilitiesOf(request.Capabilities, true)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps, withTests: true})
	if err != nil {
		return nil, err
	}
	options := checkOptions{capabilities: caps, schema: request.Schema, strict: request.Strict, print: true, methods: request.Methods}
	s, err := p.checked(options, request.EntryPoint)
	if err != nil {
		return nil, err
	}
	list := silence(s.findings.sorted(), p.allowances(), isWarning)
	return FindingsResult{Findings: list}, nil
}

func isWarning(finding Finding) bool { return finding.Level == levelWarning }

// checked compiles and makes all analyses; where the compiler gave up too early there are none.
func (p *policy) checked(options checkOptions, entryPoint string) (*study, error) {
	s, compiler, errs, err := p.takeStudy(options, entryPoint)
	if err != nil {
		return nil, err
	}
	problems := append(p.reservedProblems(), p.compileProblems(errs, options.capabilities)...)
	if len(errs) == 0 && len(p.wasm) == 0 {
		if problem := missingEntry(compiler, s.entry, entryPoint); problem != nil {
			problems = append(problems, *problem)
		}
	}
	for _, problem := range problems {
		s.findings.list = append(s.findings.list, Finding{Problem: problem, Level: levelError})
	}
	if s.modules == nil {
		return s, nil
	}
	s.checkUnused()
	s.checkUndefined()
	s.checkNever()
	s.checkParameters()
	s.checkConflicts()
	s.checkCodes()
	s.checkPermits()
	s.checkDenies()
	s.checkWholeInput()
	return s, nil
}

type checkOptions struct {
	capabilities *ast.Capabilities
	schema       json.RawMessage
	strict       bool
	print        bool
	methods      []string
	testRules    bool
}

// checkModules compiles the modules with all of OPA's checks. The schema is the input's, for every
// module that has no annotation of its own.
func (p *policy) checkModules(options checkOptions) (*ast.Compiler, error) {
	compiler, err := p.newCompiler(options)
	if err != nil {
		return nil, err
	}
	compiler.Compile(p.modules)
	if compiler.Failed() {
		return nil, p.compileProblems(compiler.Errors, options.capabilities)
	}
	return compiler, nil
}

// compileProblems has hints that know the rules there are.
func (p *policy) compileProblems(errs ast.Errors, caps *ast.Capabilities) Problems {
	problems := compileProblems(errs, caps)
	for i := range problems {
		problems[i] = p.hintForName(problems[i])
	}
	return problems
}

func (p *policy) newCompiler(options checkOptions) (*ast.Compiler, error) {
	compiler := ast.NewCompiler().
		WithCapabilities(options.capabilities).
		WithStrict(options.strict).
		WithUseTypeCheckAnnotations(true).
		WithEnablePrintStatements(options.print).
		WithRewriteTestRules(options.testRules).
		WithDefaultRegoVersion(ast.RegoV1).
		WithPathConflictsCheck(p.hasData).
		SetErrorLimit(maxProblems)
	if len(options.schema) > 0 {
		var schema any
		if err := util.UnmarshalJSON(options.schema, &schema); err != nil {
			return nil, requestError("the schema is not JSON: " + err.Error())
		}
		set := ast.NewSchemaSet()
		set.Put(ast.SchemaRootRef, schema)
		set.Put(ast.MustParseRef("schema.facts"), schema)
		compiler = compiler.WithSchemas(set)
	}
	return compiler, nil
}

// hasData tells the compiler where a data document stands in the place of a rule.
func (p *policy) hasData(path []string) (bool, error) {
	var value any = p.data
	for _, segment := range path {
		object, is := value.(map[string]any)
		if !is {
			return true, nil // a scalar on the way hides everything below it
		}
		if value, is = object[segment]; !is {
			return false, nil
		}
	}
	object, is := value.(map[string]any)
	return !is || len(object) > 0, nil
}
