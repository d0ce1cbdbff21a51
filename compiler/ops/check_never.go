package ops

import (
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

const (
	neverMatches = "never-matches"
	unknownValue = "unknown-value"
)

// checkNever finds bodies that cannot hold, whatever the facts: an expression that is always false,
// one value asked to be two, a value that the facts schema does not have. Rules that a body asks are
// not looked into: what is wrong is said where it is wrong.
func (s *study) checkNever() {
	e := &engine{study: s, facts: s.schemaDomain}
	s.eachRule(func(rule *ast.Rule) {
		if rule.Default {
			return
		}
		for _, branch := range branches(rule) {
			e.steps = 0
			e.say("", "")
			dead, expr := e.body(e.frameOf(branch, nil, 0), branch.Body)
			if dead == fails {
				s.dead[branch] = true
				s.findings.errorAt(expr.Location, neverMatches, "this rule never holds: "+e.why, e.hint)
			}
			s.checkValues(branch, expr)
		}
	})
}

// checkValues finds comparisons with values that the facts never have where the rule may still hold:
// under `not`, in a comprehension, as one of several.
func (s *study) checkValues(rule *ast.Rule, dead *ast.Expr) {
	e := &engine{study: s, facts: s.schemaDomain}
	f := e.frameOf(rule, nil, 0)
	eachCall(headAndBody(rule), func(name string, operands []*ast.Term, at *ast.Location) {
		if len(operands) != 2 || dead != nil && at == dead.Location {
			return
		}
		left, right := f.resolve(operands[0]), f.resolve(operands[1])
		switch {
		case name == ast.Member.Name:
			values, _ := members(right)
			for _, value := range values {
				s.judgeValue(left, value, at)
			}
		case name == "neq" || comparisons[name] == "==" || name == "assign":
			s.judgeValue(left, right.Value, at)
			s.judgeValue(right, left.Value, at)
		}
	})
}

func (s *study) judgeValue(term *ast.Term, value ast.Value, at *ast.Location) {
	ref, is := term.Value.(ast.Ref)
	if !is || !isInput(ref) || !isScalar(&ast.Term{Value: value}) {
		return
	}
	if meant := s.meantMethod(ref, value); meant != "" {
		s.findings.warnAt(at, unknownValue, fmt.Sprintf("there is no method %s", value), fmt.Sprintf("did you mean %q?", meant))
	}
	if d := s.schemaDomain(ref); d.values != nil && !d.has(value) {
		s.findings.warnAt(at, unknownValue, fmt.Sprintf("%s is never %s", s.shown(ref), value), hintForValue(d, value))
	}
}

// A name that differs in more than this is one of an extension, of which nothing is known.
const maxMethodEdits = 2

// meantMethod is the method of the protocol that a name is nearly; empty when it is one, or no such name.
func (s *study) meantMethod(ref ast.Ref, value ast.Value) string {
	name, is := value.(ast.String)
	if !is || ref.String() != "input.action.name" || slices.Contains(s.methods, string(name)) {
		return ""
	}
	meant := nearest(string(name), s.methods)
	if meant == "" || editDistance(string(name), meant) > maxMethodEdits {
		return ""
	}
	return meant
}
