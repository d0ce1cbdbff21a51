package ops

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

const unusedRule = "unused-rule"

// checkUnused names the rules that neither the decision nor an annotated entry point can reach. A
// reference with variables, such as data.mcpguard.rules[_].permit, reaches each rule of that form.
func (s *study) checkUnused() {
	start := s.entryRules()
	if len(start) == 0 {
		return
	}
	used := s.reachable(start)
	var tested []*ast.Rule
	for _, ref := range s.inTests {
		s.rules.match(ref[1:], func(rule *ast.Rule) { tested = append(tested, rule) })
	}
	inTests := s.reachable(tested)
	asked := s.namesAsked(used)
	said := map[string]bool{}
	s.eachRule(func(rule *ast.Rule) {
		path := rulePath(rule)
		if used[rule] || said[path] {
			return
		}
		said[path] = true
		name := strings.TrimPrefix(path, "data.")
		if inTests[rule] {
			s.findings.warnAt(rule.Location, unusedRule, name+" is used by tests only",
				"remove it, or move it into a test file")
			return
		}
		hint := "remove it, or ask for it in a rule"
		if meant := nearest(ruleName(rule), asked[parentOf(rule)]); meant != "" {
			hint = fmt.Sprintf("did you mean `%s`?", meant)
		}
		s.findings.warnAt(rule.Location, unusedRule, "nothing asks for "+name, hint)
	})
}

// entryRules are the decision and what METADATA calls an entry point.
func (s *study) entryRules() []*ast.Rule {
	var start []*ast.Rule
	keep := func(rule *ast.Rule) { start = append(start, rule) }
	s.rules.match(s.entry[1:], keep)
	for _, name := range s.files {
		for _, annotations := range s.modules[name].Annotations {
			if annotations.Entrypoint {
				s.rules.match(annotations.GetTargetPath()[1:], keep)
			}
		}
	}
	return start
}

func (s *study) reachable(start []*ast.Rule) map[*ast.Rule]bool {
	reached := map[*ast.Rule]bool{}
	var queue []*ast.Rule
	add := func(rule *ast.Rule) {
		if !reached[rule] {
			reached[rule] = true
			queue = append(queue, rule)
		}
	}
	for _, rule := range start {
		add(rule)
	}
	asked := map[string]bool{}
	for len(queue) > 0 {
		rule := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		eachRef(rule, func(ref ast.Ref) {
			if !isData(ref) {
				return
			}
			if text := ref.String(); !asked[text] {
				asked[text] = true
				s.rules.match(ref[1:], add)
			}
		})
	}
	return reached
}

func parentOf(rule *ast.Rule) string { return rule.Module.Package.Path.String() }

// namesAsked lists, for each package, the names by which references with a variable in the place of
// the package would find its rules.
func (s *study) namesAsked(used map[*ast.Rule]bool) map[string][]string {
	byParent := map[string]map[string]bool{}
	said := map[string]bool{}
	for rule := range used {
		eachRef(rule, func(ref ast.Ref) {
			known := len(constants(ref[1:])) + 1
			if !isData(ref) || known+2 > len(ref) || said[ref.String()] {
				return
			}
			said[ref.String()] = true
			name, is := ref[known+1].Value.(ast.String)
			if !is {
				return
			}
			for _, module := range s.modules {
				if path := module.Package.Path; len(path) == known+1 && path.HasPrefix(ref[:known]) {
					names := byParent[path.String()]
					if names == nil {
						names = map[string]bool{}
						byParent[path.String()] = names
					}
					names[string(name)] = true
				}
			}
		})
	}
	sorted := make(map[string][]string, len(byParent))
	for parent, names := range byParent {
		sorted[parent] = util.KeysSorted(names)
	}
	return sorted
}
