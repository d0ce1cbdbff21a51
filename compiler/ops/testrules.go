package ops

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/util"
)

// testRule is one test: a rule of which some segment of the name begins with test_ or todo_test_.
type testRule struct {
	rule *ast.Rule
	pkg  ast.Ref
	// ref is the rule's name up to that segment; what follows it are the cases of a table test.
	ref  ast.Ref
	skip bool
}

// testsOf lists the tests of modules, compiled or not, in the order of their files and places.
func testsOf(modules map[string]*ast.Module) []testRule {
	var found []testRule
	for _, name := range util.KeysSorted(modules) {
		for _, rule := range modules[name].Rules {
			if test, is := asTest(modules[name].Package.Path, rule); is {
				found = append(found, test)
			}
		}
	}
	return found
}

func asTest(pkg ast.Ref, rule *ast.Rule) (testRule, bool) {
	ground := rule.Head.Ref().GroundPrefix()
	for i, term := range ground {
		segment := segmentText(term)
		skip := strings.HasPrefix(segment, tester.SkipTestPrefix)
		if skip || strings.HasPrefix(segment, tester.TestPrefix) {
			return testRule{rule: rule, pkg: pkg, ref: ground[:i+1], skip: skip}, true
		}
	}
	return testRule{}, false
}

func segmentText(term *ast.Term) string {
	switch value := term.Value.(type) {
	case ast.Var:
		return string(value)
	case ast.String:
		return string(value)
	}
	return term.String()
}

func (t testRule) name() string { return t.ref.String() }

func (t testRule) packageName() string { return strings.TrimPrefix(t.pkg.String(), "data.") }

func (t testRule) path() ast.Ref { return t.pkg.Extend(t.ref) }

// fullName is what a filter is matched against, as in OPA.
func (t testRule) fullName() string { return t.path().String() }

// isTable says whether OPA reads its value as the outcomes of cases.
func (t testRule) isTable() bool { return t.rule.Head.DocKind() == ast.PartialObjectDoc }

// keys are the steps from the package's document to the test's value.
func (t testRule) keys() []string {
	keys := make([]string, len(t.ref))
	for i, term := range t.ref {
		keys[i] = segmentText(term)
	}
	return keys
}

// duplicateTests finds what OPA's runner would rename to test_x#01 and run as well. Compiled to wasm
// both are one rule, and the one that holds hides the one that fails.
func duplicateTests(tests []testRule) Problems {
	var problems Problems
	first := map[string]testRule{}
	for _, test := range tests {
		if test.skip {
			continue
		}
		path := test.path().String()
		other, exists := first[path]
		if !exists {
			first[path] = test
			continue
		}
		problems = append(problems, problemIn("", "duplicate_test",
			fmt.Sprintf("%s has a test %s already, at %s:%d",
				test.packageName(), test.name(), other.rule.Loc().File, other.rule.Loc().Row),
			fmt.Sprintf("give it another name, or write one table: %s[name] if { some name, value in {…} … }", test.name())).
			atLocation(test.rule.Loc()))
	}
	return problems
}
