package ops

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// verdict is what is certain of a rule or function that an expression asks.
type verdict struct {
	truth     outcome
	undefined bool
}

// definitions are the rules of exactly this path; nil for partial rules and for what is below a rule.
func (e *engine) definitions(ref ast.Ref) []*ast.Rule {
	node := e.study.rules
	names := constants(ref[1:])
	if len(names) != len(ref)-1 {
		return nil
	}
	for _, name := range names {
		if node = node.children[name]; node == nil {
			return nil
		}
	}
	if len(node.children) > 0 {
		return nil
	}
	for _, rule := range node.here {
		if rule.Head.RuleKind() != ast.SingleValue || len(rule.Ref()) != len(ref) {
			return nil
		}
	}
	return node.here
}

func (e *engine) ruleTruth(f *frame, ref ast.Ref) outcome {
	if !e.calls || !isData(ref) {
		return open
	}
	return e.ask(f, e.definitions(ref), nil).truth
}

func (e *engine) ruleUndefined(f *frame, ref ast.Ref) bool {
	for end := len(ref); end > 1; end-- { // below an undefined rule there is nothing
		if rules := e.definitions(ref[:end]); len(rules) > 0 {
			return len(rules[0].Head.Args) == 0 && e.ask(f, rules, nil).undefined
		}
	}
	return false
}

func (e *engine) function(f *frame, ref ast.Ref, arguments []*ast.Term) verdict {
	given := make([]*ast.Term, len(arguments))
	for i, argument := range arguments {
		given[i] = f.resolve(argument)
	}
	return e.ask(f, e.definitions(ref), given)
}

// ask evaluates all definitions of a rule or function. One that holds decides; all must fail for it
// to be undefined. A default is a value like any other, when nothing else gives one.
func (e *engine) ask(f *frame, rules []*ast.Rule, arguments []*ast.Term) verdict {
	if len(rules) == 0 || f.depth >= maxEngineDepth {
		return verdict{}
	}
	result := verdict{truth: fails, undefined: true}
	for _, rule := range rules {
		if rule.Default {
			result.undefined = false
			if !isFalse(rule.Head.Value) && result.truth == fails {
				result.truth = open
			}
			continue
		}
		one := e.askOne(f, rule, arguments)
		result.undefined = result.undefined && one.undefined
		if one.truth == holds {
			result.truth = holds
		} else if one.truth == open && result.truth == fails {
			result.truth = open
		}
	}
	return result
}

func (e *engine) askOne(f *frame, rule *ast.Rule, arguments []*ast.Term) verdict {
	given := map[ast.Var]*ast.Term{}
	matches := holds
	for i, parameter := range rule.Head.Args {
		if i >= len(arguments) {
			return verdict{}
		}
		argument := arguments[i]
		if name, is := parameter.Value.(ast.Var); is {
			if !dependsOnLocals(argument) {
				given[name] = argument
			}
			continue
		}
		if !isScalar(parameter) {
			matches = open
			continue
		}
		d, _ := e.domainOf(f, argument)
		if !d.has(parameter.Value) {
			return verdict{truth: fails, undefined: true}
		}
		if _, certain := d.single(); !certain {
			matches = open
		}
	}
	result := verdict{truth: fails, undefined: true}
	for _, branch := range branches(rule) {
		inner := e.frameOf(branch, given, f.depth+1)
		truth, _ := e.body(inner, branch.Body)
		if truth == fails {
			continue
		}
		result.undefined = false
		if branch.Head.Value != nil && e.undefined(inner, branch.Head.Value) {
			result.undefined = truth != holds && result.undefined
			continue
		}
		switch {
		case isFalse(branch.Head.Value) && truth == holds && matches == holds:
			return result
		case isFalse(branch.Head.Value):
		case truth == holds && matches == holds && isTruthy(branch.Head.Value):
			result.truth = holds
			return result
		default:
			result.truth = open
		}
	}
	return result
}

// dependsOnLocals says that a resolved argument still names a variable of its caller, which means
// nothing in the function.
func dependsOnLocals(term *ast.Term) bool {
	found := false
	ast.WalkVars(term, func(name ast.Var) bool {
		if !name.Equal(ast.InputRootDocument.Value) && !name.Equal(ast.DefaultRootDocument.Value) {
			found = true
		}
		return found
	})
	return found
}

func isFalse(term *ast.Term) bool {
	return term != nil && ast.Boolean(false).Equal(term.Value)
}

func isTruthy(term *ast.Term) bool {
	return term == nil || (isScalar(term) && !isFalse(term))
}
