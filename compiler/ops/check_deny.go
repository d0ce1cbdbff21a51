package ops

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

const silentDeny = "silent-deny"

// checkDenies finds `not f(input…)` in what denies: the compiler moves the reference out of the
// negated call, so where the member is missing the rule ends instead of denying. Members that the
// facts always have are never missing.
func (s *study) checkDenies() {
	for _, rule := range s.denies() {
		for _, branch := range branches(rule) {
			aliases := s.aliasesOf(branch)
			for _, expr := range branch.Body {
				if !expr.Negated || len(expr.With) > 0 {
					continue
				}
				if ref := s.movedOut(branch, expr, aliases); ref != nil {
					s.findings.errorAt(expr.Location, silentDeny,
						fmt.Sprintf("this does not deny where %s is missing", s.shown(ref)),
						"negate a rule of your own that reads it: "+s.rewritten(expr))
				}
			}
		}
	}
}

// denies are the rules named deny, those that a permit negates, and those that only they ask,
// directly rather than under `not`.
func (s *study) denies() []*ast.Rule {
	asked := map[*ast.Rule]map[*ast.Rule]bool{} // by whom a rule is asked outside of `not`
	other := map[*ast.Rule]bool{}               // asked in another way
	var found []*ast.Rule
	queue := s.negatedByPermits()
	s.eachRule(func(rule *ast.Rule) {
		if ruleName(rule) == "deny" {
			queue = append(queue, rule)
		}
		s.eachAsked(rule, func(target *ast.Rule, direct bool) {
			if !direct {
				other[target] = true
				return
			}
			if asked[target] == nil {
				asked[target] = map[*ast.Rule]bool{}
			}
			asked[target][rule] = true
		})
	})
	taken := map[*ast.Rule]bool{}
	for len(queue) > 0 {
		rule := queue[0]
		queue = queue[1:]
		if taken[rule] {
			continue
		}
		taken[rule] = true
		found = append(found, rule)
		s.eachAsked(rule, func(target *ast.Rule, _ bool) {
			if other[target] || taken[target] || len(target.Head.Args) > 0 {
				return
			}
			for by := range asked[target] {
				if !taken[by] {
					return
				}
			}
			queue = append(queue, target)
		})
	}
	return found
}

// negatedByPermits are rules that stand under `not` in what permits: where they are silent, it permits.
func (s *study) negatedByPermits() []*ast.Rule {
	var found []*ast.Rule
	for _, rule := range s.permits() {
		for _, branch := range permitting(rule) {
			for _, expr := range branch.Body {
				term, is := expr.Terms.(*ast.Term)
				if !is || !expr.Negated {
					continue
				}
				if ref, is := term.Value.(ast.Ref); is && isData(ref) && ref.IsGround() {
					s.rules.match(ref[1:], func(rule *ast.Rule) { found = append(found, rule) })
				}
			}
		}
	}
	return found
}

// eachAsked visits the rules that a rule asks; direct is by an expression of its body or by its head.
func (s *study) eachAsked(rule *ast.Rule, visit func(target *ast.Rule, direct bool)) {
	for _, branch := range branches(rule) {
		look := func(node any, direct bool) {
			eachRef(node, func(ref ast.Ref) {
				if isData(ref) {
					s.rules.match(ref[1:], func(target *ast.Rule) { visit(target, direct) })
				}
			})
		}
		look(branch.Head, true)
		for _, expr := range branch.Body {
			look(expr, !expr.Negated)
		}
	}
}

// movedOut is the reference below the input that the compiler takes out of a negated expression and
// that can be missing; nil when there is none.
func (s *study) movedOut(rule *ast.Rule, expr *ast.Expr, aliases map[ast.Var]*ast.Term) ast.Ref {
	var found ast.Ref
	take := func(ref ast.Ref) {
		if found == nil && s.canBeMissing(ref) && !s.saysItIsThere(rule, ref, aliases, isBinding) {
			found = ref
		}
	}
	argument := func(term *ast.Term) {
		s.evaluatedRefs(term, aliases, take)
	}
	switch terms := expr.Terms.(type) {
	case *ast.Term:
		s.keysOf(terms, argument)
	case []*ast.Term:
		stays := isEquality(expr)
		for _, operand := range terms[1:] {
			if _, is := operand.Value.(ast.Ref); is && stays {
				s.keysOf(operand, argument)
				continue
			}
			argument(operand)
		}
	}
	return found
}

// keysOf visits the computed keys of a reference: `not data.paths[input.resource.arguments.path]`.
func (s *study) keysOf(term *ast.Term, visit func(*ast.Term)) {
	if ref, is := term.Value.(ast.Ref); is {
		for _, key := range ref[1:] {
			visit(key)
		}
	}
}

// evaluatedRefs visits the references that a term needs to have a value; what a comprehension reads
// it can do without.
func (s *study) evaluatedRefs(term *ast.Term, aliases map[ast.Var]*ast.Term, visit func(ast.Ref)) {
	term = resolve(term, aliases)
	switch value := term.Value.(type) {
	case ast.Ref:
		visit(value)
		for _, key := range value[1:] {
			s.evaluatedRefs(key, aliases, visit)
		}
	case ast.Call:
		for _, argument := range value[1:] {
			s.evaluatedRefs(argument, aliases, visit)
		}
	case *ast.Array:
		value.Foreach(func(element *ast.Term) { s.evaluatedRefs(element, aliases, visit) })
	case ast.Set:
		value.Foreach(func(element *ast.Term) { s.evaluatedRefs(element, aliases, visit) })
	case ast.Object:
		value.Foreach(func(key, member *ast.Term) {
			s.evaluatedRefs(key, aliases, visit)
			s.evaluatedRefs(member, aliases, visit)
		})
	}
}

// canBeMissing says that a reference is a member of the input that the facts schema does not require.
func (s *study) canBeMissing(ref ast.Ref) bool {
	if !isInput(ref) || len(ref) < 2 || !ref.IsGround() {
		return false
	}
	_, required := s.schemaAt(ref)
	return !required
}

// saysItIsThere says that the body asks for the member in an expression of its own, so its author
// means the rule for messages that have it. Those that `silent` names do not count.
func (s *study) saysItIsThere(rule *ast.Rule, ref ast.Ref, aliases map[ast.Var]*ast.Term, silent func(*ast.Expr) bool) bool {
	for _, expr := range rule.Body {
		if expr.Negated || silent(expr) {
			continue
		}
		there := false
		look := func(found ast.Ref) { there = there || found.Equal(ref) }
		switch terms := expr.Terms.(type) {
		case *ast.Term:
			s.evaluatedRefs(terms, aliases, look)
		case []*ast.Term:
			for _, operand := range terms[1:] {
				s.evaluatedRefs(operand, aliases, look)
			}
		}
		if there {
			return true
		}
	}
	return false
}

// isBinding says that the expression gives a local variable its value.
func isBinding(expr *ast.Expr) bool {
	if name := operatorName(expr); name != "eq" && name != "assign" || len(expr.Operands()) != 2 {
		return false
	}
	_, left := expr.Operand(0).Value.(ast.Var)
	_, right := expr.Operand(1).Value.(ast.Var)
	return left || right
}

func (s *study) rewritten(expr *ast.Expr) string {
	positive := expr.Copy()
	positive.Negated = false
	text := s.shown(positive)
	if loc := expr.Location; loc != nil && len(loc.Text) > 0 && !strings.Contains(string(loc.Text), "\n") {
		text = strings.TrimSpace(strings.TrimPrefix(string(loc.Text), "not "))
	}
	return fmt.Sprintf("`not _ok` with `_ok if %s`", text)
}
