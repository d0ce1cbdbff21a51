package ops

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

const conflictingRules = "conflicting-rules"

// checkConflicts finds two definitions of one rule or function that give different constants and of
// which one holds whenever the other does: the evaluation would end with a conflict then, and the
// message be denied.
func (s *study) checkConflicts() {
	byPath := map[string][]*definition{}
	var paths []string
	s.eachRule(func(rule *ast.Rule) {
		if rule.Default || s.dead[rule] || rule.Head.Value == nil || !rule.Head.Value.IsGround() {
			return
		}
		if kind := rule.Head.RuleKind(); kind != ast.SingleValue || !rule.Ref().IsGround() {
			return
		}
		path := rule.Ref().String()
		if byPath[path] == nil {
			paths = append(paths, path)
		}
		byPath[path] = append(byPath[path], &definition{rule: rule})
	})
	for _, path := range paths {
		s.conflictsAmong(byPath[path])
	}
}

const maxDefinitions = 300 // of one rule: pairs of them are looked at

func (s *study) conflictsAmong(definitions []*definition) {
	if len(definitions) > maxDefinitions || sameValue(definitions) {
		return
	}
	for i, later := range definitions {
		for _, earlier := range definitions[:i] {
			if later.rule.Head.Value.Equal(earlier.rule.Head.Value) {
				continue
			}
			if earlier.impliedBy(later) || later.impliedBy(earlier) {
				s.findings.errorAt(later.rule.Location, conflictingRules,
					fmt.Sprintf("this gives %s where line %d of %s gives %s, and both can hold at once",
						later.rule.Head.Value, earlier.rule.Location.Row, earlier.rule.Location.File, earlier.rule.Head.Value),
					"join them with `else`, or let their bodies exclude each other")
				break
			}
		}
	}
}

func sameValue(definitions []*definition) bool {
	for _, d := range definitions[1:] {
		if !d.rule.Head.Value.Equal(definitions[0].rule.Head.Value) {
			return false
		}
	}
	return true
}

// definition is one rule with its body as texts in which variables have names by their order, so
// that equal bodies have equal texts.
type definition struct {
	rule  *ast.Rule
	texts []string
}

// impliedBy says that d holds whenever other does: its parameters are variables or the same, and its
// expressions are among the other's.
func (d *definition) impliedBy(other *definition) bool {
	if len(d.rule.Head.Args) != len(other.rule.Head.Args) {
		return false
	}
	names := map[ast.Var]*ast.Term{}
	for i, parameter := range d.rule.Head.Args {
		argument := other.rule.Head.Args[i]
		name, is := parameter.Value.(ast.Var)
		switch {
		case !is && !parameter.Equal(argument):
			return false
		case is && names[name] != nil && !names[name].Equal(argument):
			return false
		case is:
			names[name] = argument
		}
	}
	theirs, ours := other.canonical(), d.canonical()
	if len(names) > 0 {
		ours = canonicalBody(d.rule, names)
	}
	for _, text := range ours {
		if !slices.Contains(theirs, text) {
			return false
		}
	}
	return true
}

func (d *definition) canonical() []string {
	if d.texts == nil {
		d.texts = canonicalBody(d.rule, nil)
	}
	return d.texts
}

// canonicalBody replaces parameters by what they are given and numbers the other variables in the
// order in which they come: the same conditions in another order are not recognised, which only
// means that less is said.
func canonicalBody(rule *ast.Rule, given map[ast.Var]*ast.Term) []string {
	body := rule.Body.Copy()
	keep := ast.NewVarSet()
	for _, argument := range given {
		keep.Update(argument.Vars())
	}
	if given == nil {
		for _, argument := range rule.Head.Args {
			keep.Update(argument.Vars())
		}
	}
	numbers := map[ast.Var]ast.Var{}
	renamed, err := ast.TransformVars(body, func(name ast.Var) (ast.Value, error) {
		if term := given[name]; term != nil {
			return term.Value, nil
		}
		if keep.Contains(name) || !(name.IsGenerated() || name.IsWildcard()) {
			return name, nil
		}
		if _, known := numbers[name]; !known {
			numbers[name] = ast.Var(fmt.Sprintf("#%d", len(numbers)))
		}
		return numbers[name], nil
	})
	if err != nil {
		return []string{fmt.Sprintf("? %p", rule)}
	}
	var texts []string
	for _, expr := range renamed.(ast.Body) {
		if term, is := expr.Terms.(*ast.Term); is && !expr.Negated && ast.Boolean(true).Equal(term.Value) {
			continue
		}
		texts = append(texts, strings.Clone(expr.String()))
	}
	return texts
}
