package ops

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// permits are the rules that can let a message pass: `permit` of the composed packages, and what the
// decision itself allows by.
func (s *study) permits() []*ast.Rule {
	var found []*ast.Rule
	seen := map[*ast.Rule]bool{}
	add := func(rule *ast.Rule) {
		if !seen[rule] && !rule.Default {
			seen[rule] = true
			found = append(found, rule)
		}
	}
	s.eachRule(func(rule *ast.Rule) {
		if rule.Ref().HasPrefix(rulesRef) && ruleName(rule) == "permit" {
			add(rule)
		}
	})
	s.rules.match(s.entry[1:], func(rule *ast.Rule) {
		if !rule.Ref().HasPrefix(s.entry) {
			return
		}
		for _, branch := range branches(rule) {
			allow := allowOf(branch)
			if allow == nil {
				continue
			}
			if ref, is := allow.Value.(ast.Ref); is && isData(ref) {
				s.rules.match(ref[1:], add)
			} else if !isFalse(allow) {
				add(rule)
			}
		}
	})
	return found
}

// allowOf is the member `allow` of what a branch of the decision gives.
func allowOf(branch *ast.Rule) *ast.Term {
	if branch.Head.Value == nil {
		return nil
	}
	object, is := branch.Head.Value.Value.(ast.Object)
	if !is {
		return nil
	}
	return object.Get(ast.StringTerm("allow"))
}

// permitting are the branches of a permit that do permit: not those of a decision that deny.
func permitting(rule *ast.Rule) []*ast.Rule {
	var found []*ast.Rule
	for _, branch := range branches(rule) {
		if isFalse(branch.Head.Value) || isFalse(allowOf(branch)) {
			continue
		}
		found = append(found, branch)
	}
	return found
}
