package ops

import (
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

const undefinedReference = "undefined-reference"

// checkUndefined names references to data that neither a rule nor a data file defines. What is
// missing from a package is surely wrong. Data may be left out on purpose: there only a name that
// looks misspelt is spoken of, or a whole document that is not there.
func (s *study) checkUndefined() {
	said := map[string]bool{}
	s.eachRule(func(rule *ast.Rule) {
		for _, branch := range branches(rule) {
			s.undefinedIn(branch, said)
		}
	})
}

func (s *study) undefinedIn(rule *ast.Rule, said map[string]bool) {
	at := rule.Location
	look := func(ref ast.Ref) {
		if !isData(ref) || len(ref) < 2 {
			return
		}
		location := locate(ref, at)
		if key := fmt.Sprint(location.File, location.Row, ref); !said[key] {
			said[key] = true
			s.judgeReference(ref, location)
		}
	}
	eachRef(rule.Head, look)
	for _, expr := range rule.Body {
		at = expr.Location
		eachRef(expr, look)
	}
}

func (s *study) judgeReference(ref ast.Ref, at *ast.Location) {
	rules, data := s.rules, any(s.policy.data)
	for i, key := range ref[1:] {
		name, is := key.Value.(ast.String)
		if !is || (rules != nil && len(rules.here) > 0) {
			return
		}
		var nextRules *ruleTree
		if rules != nil {
			nextRules = rules.children[string(name)]
		}
		object, isObject := data.(map[string]any)
		nextData, isData := object[string(name)]
		if nextRules == nil && !isData {
			s.undefined(ref, i+1, rules, object, isObject, at)
			return
		}
		rules, data = nextRules, nextData
	}
}

func (s *study) undefined(ref ast.Ref, position int, rules *ruleTree, object map[string]any, isObject bool, at *ast.Location) {
	names := []string{}
	if rules != nil {
		names = append(names, util.KeysSorted(rules.children)...)
	}
	names = append(names, util.KeysSorted(object)...)
	slices.Sort(names)
	name := string(ref[position].Value.(ast.String))
	message := fmt.Sprintf("nothing defines %s", ref[:position+1])
	hint := ""
	meant := nearest(name, names)
	if meant != "" {
		right := ref.Copy()
		right[position] = ast.StringTerm(meant)
		hint = fmt.Sprintf("did you mean `%s`?", right)
	}
	if next := position + 1; meant == "" && rules != nil && position > 1 && next < len(ref) && !ref[next].IsGround() {
		return // a composition of packages of which there is none yet
	}
	switch inPackage := rules != nil && position > 1; {
	case inPackage && meant == "" && len(names) > 0 && len(names) <= 24:
		s.findings.errorAt(at, undefinedReference, message, "there is: "+join(names))
	case inPackage, position == 1 && meant != "":
		s.findings.errorAt(at, undefinedReference, message, hint)
	case position == 1:
		s.findings.warnAt(at, undefinedReference, message,
			fmt.Sprintf("write %s/data.yaml, if only with {}", name))
	case meant != "" && isObject:
		s.findings.warnAt(at, undefinedReference, message, hint)
	}
}
