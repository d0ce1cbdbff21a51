package ops

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// checkParameters finds definitions of a function for a value that nothing asks for: all of its calls
// give it members of the facts with closed lists of values, and the value is in none.
func (s *study) checkParameters() {
	asked := map[string][]askedFor{} // by the function's path, for each argument
	s.eachRule(func(rule *ast.Rule) {
		for _, branch := range branches(rule) {
			aliases := s.aliasesOf(branch)
			eachCall(headAndBody(branch), func(name string, arguments []*ast.Term, _ *ast.Location) {
				for len(asked[name]) < len(arguments) {
					asked[name] = append(asked[name], askedFor{domain: domain{values: []ast.Value{}}})
				}
				for i, argument := range arguments {
					given := resolve(argument, aliases)
					asked[name][i].domain = asked[name][i].or(s.given(given))
					asked[name][i].ofFacts = asked[name][i].ofFacts || !isScalar(given)
				}
			})
		}
	})
	s.eachRule(func(rule *ast.Rule) {
		for i, parameter := range rule.Head.Args {
			known := asked[rule.Ref().String()]
			if _, is := parameter.Value.(ast.String); !is || i >= len(known) {
				continue
			}
			if d := known[i].domain; known[i].ofFacts && len(d.values) > 0 && !d.has(parameter.Value) {
				s.findings.warnAt(rule.Location, unknownValue,
					fmt.Sprintf("%s is never asked for %s", ruleName(rule), parameter), hintForValue(d, parameter.Value))
			}
		}
	})
}

// askedFor is what calls give a function for one of its arguments, and whether any is a fact.
type askedFor struct {
	domain
	ofFacts bool
}

// given is what an argument can be; anything where that is not certain.
func (s *study) given(argument *ast.Term) domain {
	if isScalar(argument) {
		return constantDomain(argument.Value)
	}
	if ref, is := argument.Value.(ast.Ref); is && isInput(ref) {
		return s.schemaDomain(ref)
	}
	return domain{}
}

// or is what one or the other can be; a domain with a list that is empty is nothing yet.
func (d domain) or(other domain) domain {
	if d.values == nil || other.values == nil {
		return domain{}
	}
	all := domain{values: append([]ast.Value{}, d.values...)}
	for _, value := range other.values {
		if !all.has(value) {
			all.values = append(all.values, value)
		}
	}
	return all
}
