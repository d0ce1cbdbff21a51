package ops

import (
	"encoding/json"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// study is a policy as the analyses read it: references are resolved through imports and each local
// variable has a name of its own, but expressions are still as they were written.
type study struct {
	policy   *policy
	modules  map[string]*ast.Module // without tests: they take no part in decisions
	files    []string               // of the modules, sorted
	inTests  []ast.Ref              // what tests refer to, each once
	names    map[ast.Var]ast.Var
	rules    *ruleTree
	schema   any
	entry    ast.Ref
	methods  []string // of the protocol; empty: nobody said
	aliases  map[*ast.Rule]map[ast.Var]*ast.Term
	dead     map[*ast.Rule]bool // whose body cannot hold; known once checkNever has run
	findings *findings
}

// takeStudy compiles and keeps what the modules were before the compiler took the expressions apart.
// The errors are the strict compilation's and those that it was stopped from seeing.
func (p *policy) takeStudy(options checkOptions, entryPoint string) (*study, *ast.Compiler, ast.Errors, error) {
	s := &study{policy: p, methods: options.methods, aliases: map[*ast.Rule]map[ast.Var]*ast.Term{}, dead: map[*ast.Rule]bool{}, findings: &findings{}}
	if err := decodeSchema(options.schema, &s.schema); err != nil {
		return nil, nil, nil, err
	}
	entry, err := entryRef(entryPoint)
	if err != nil {
		return nil, nil, nil, err
	}
	s.entry = entry
	keep := ast.CompilerStageDefinition{Name: "Study", MetricName: "study", Stage: func(c *ast.Compiler) *ast.Error {
		s.modules = make(map[string]*ast.Module, len(c.Modules))
		asked := map[string]bool{}
		s.inTests = nil
		for name, module := range c.Modules {
			if !isTestFile(name) {
				s.modules[name] = module.Copy()
				continue
			}
			eachRef(module, func(ref ast.Ref) {
				if text := ref.String(); isData(ref) && !asked[text] {
					asked[text] = true
					s.inTests = append(s.inTests, ref.Copy())
				}
			})
		}
		s.names = c.RewrittenVars
		return nil
	}}
	run := func() (*ast.Compiler, error) {
		compiler, err := p.newCompiler(options)
		if err != nil {
			return nil, err
		}
		compiler.WithStageAfterID(ast.StageRewriteLocalVars, keep).
			WithSkipStages(ast.StageBuildRuleIndices, ast.StageBuildComprehensionIndices) // of use in evaluations only
		compiler.Compile(p.modules)
		return compiler, nil
	}
	compiler, err := run()
	if err != nil {
		return nil, nil, nil, err
	}
	errs := compiler.Errors
	if compiler.Failed() && options.strict {
		options.strict = false
		again, err := run()
		if err != nil {
			return nil, nil, nil, err
		}
		errs = append(errs, again.Errors...)
	}
	if s.modules != nil {
		s.files = util.KeysSorted(s.modules)
		s.rules = treeOf(s.modules)
	}
	return s, compiler, errs, nil
}

func decodeSchema(raw json.RawMessage, into *any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := util.UnmarshalJSON(raw, into); err != nil {
		return requestError("the schema is not JSON: " + err.Error())
	}
	return nil
}

func isTestFile(name string) bool { return strings.HasSuffix(name, testFileEnd) }

// eachRule visits the rules that take part in decisions, in the order of their places.
func (s *study) eachRule(visit func(*ast.Rule)) {
	for _, name := range s.files {
		for _, rule := range s.modules[name].Rules {
			visit(rule)
		}
	}
}

// branches are a rule and its else branches.
func branches(rule *ast.Rule) []*ast.Rule {
	var all []*ast.Rule
	for ; rule != nil; rule = rule.Else {
		all = append(all, rule)
	}
	return all
}

// rulePath is the constant beginning of the rule's reference, e.g. data.mcpguard.rules.x.permit.
func rulePath(rule *ast.Rule) string { return rule.Ref().GroundPrefix().String() }

func ruleName(rule *ast.Rule) string {
	names := constants(rule.Ref()[1:])
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// eachRef visits every reference below a node, also the keys inside references and the operators of
// calls; what a `with` replaces is not visited, what it puts there is.
func eachRef(node any, visit func(ast.Ref)) {
	ast.NewGenericVisitor(func(node any) bool {
		switch x := node.(type) {
		case *ast.With:
			eachRef(x.Value, visit)
			return true
		case *ast.Head: // the visitor leaves the keys of the head's reference out
			for _, term := range x.Reference[min(1, len(x.Reference)):] {
				eachRef(term, visit)
			}
		case ast.Ref:
			visit(x)
			for _, key := range x {
				if _, is := key.Value.(ast.Var); !is {
					eachRef(key, visit)
				}
			}
			return true
		}
		return false
	}).Walk(node)
}

// locate gives a reference the place it was read at: the place of its head, or else of a fallback.
func locate(ref ast.Ref, fallback *ast.Location) *ast.Location {
	if len(ref) > 0 && ref[0].Location != nil && ref[0].Location.Row > 0 {
		return ref[0].Location
	}
	return fallback
}

func isInput(ref ast.Ref) bool {
	return len(ref) > 0 && ref[0].Equal(ast.InputRootDocument)
}

func isData(ref ast.Ref) bool {
	return len(ref) > 0 && ref[0].Equal(ast.DefaultRootDocument)
}
