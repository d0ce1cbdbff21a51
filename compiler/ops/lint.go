package ops

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// LintRequest asks for what works and is known to go wrong later. Offered are the names that servers
// offer, by server; without them nothing is said of names.
type LintRequest struct {
	Source       Source                  `json:"source"`
	Capabilities json.RawMessage         `json:"capabilities"`
	Schema       json.RawMessage         `json:"schema"`
	EntryPoint   string                  `json:"entryPoint"`
	Disable      []string                `json:"disable"`
	Offered      map[string]offeredNames `json:"offered"`
	Methods      []string                `json:"methods"`
}

type offeredNames struct {
	Tools     *[]string `json:"tools"`
	Prompts   *[]string `json:"prompts"`
	Resources *[]string `json:"resources"`
}

const (
	unusedAllow = "unused-allow"
	globForSet  = "glob-for-set"
	toolUnknown = "tool-unknown"
)

// lint is one analysis with the id that its findings have.
type lint struct {
	id    string
	level string
	run   func(*linter)
}

var lints = []lint{
	{"annotation-loosens", levelError, (*linter).annotations},
	{"client-claim-trusted", levelError, (*linter).clientClaims},
	{"deny-raw-field", levelError, (*linter).denyRawFields},
	{"exact-clock", levelWarning, (*linter).exactClock},
	{globForSet, levelWarning, (*linter).globs},
	{"lax-builtin", levelWarning, (*linter).laxBuiltins},
	{"raw-input-outside-lib", levelWarning, (*linter).rawInput},
	{"reason-undeclared", levelWarning, (*linter).undeclaredReasons},
	{"test-package-votes", levelError, (*linter).testVotes},
	{toolUnknown, levelError, (*linter).unknownNames},
}

// linter is one lint under way.
type linter struct {
	*study
	current  lint
	offered  map[string]offeredNames
	contents map[string][]byte
}

func (l *linter) say(at *ast.Location, message, hint string) {
	l.findings.add(l.current.level, l.current.id, at, message, hint)
}

func runLint(request LintRequest) (any, error) {
	caps, err := capabilitiesOf(request.Capabilities, true)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps, withTests: true})
	if err != nil {
		return nil, err
	}
	options := checkOptions{capabilities: caps, schema: request.Schema, print: true, methods: request.Methods}
	s, err := p.checked(options, request.EntryPoint)
	if err != nil {
		return nil, err
	}
	checks := s.findings.sorted()
	if broken := slices.DeleteFunc(slices.Clone(checks), isOurs); len(broken) > 0 && !onlyNoEntry(broken) {
		return FindingsResult{Findings: broken}, nil
	}
	l := &linter{study: s, offered: request.Offered}
	if l.contents, err = request.Source.contents(); err != nil {
		return nil, err
	}
	s.findings = &findings{}
	for _, one := range lints {
		if !slices.Contains(request.Disable, one.id) {
			l.current = one
			one.run(l)
		}
	}
	allowed := append(p.allowances(), allowancesInData(l.contents)...)
	p.warningsBut(allowed)
	silence(checks, allowed, isWarning)
	list := silence(s.findings.sorted(), allowed, func(Finding) bool { return true })
	if !slices.Contains(request.Disable, unusedAllow) {
		s.findings = &findings{list: list}
		l.unusedAllowances(allowed, request.Disable)
		list = s.findings.sorted()
	}
	return FindingsResult{Findings: list}, nil
}

// isOurs tells our own ids from the compiler's codes.
func isOurs(finding Finding) bool { return !strings.Contains(finding.Code, "_") }

// onlyNoEntry: rules can be linted without the decision that composes them.
func onlyNoEntry(list []Finding) bool {
	return !slices.ContainsFunc(list, func(f Finding) bool { return f.Code != "entry_point_missing" })
}

// unusedAllowances names allowances that silence nothing: what they allowed is gone, and the next
// finding of that id would pass unseen. Of ids that were not asked for nothing is known.
func (l *linter) unusedAllowances(allowed []*allowance, disabled []string) {
	ids := slices.Clone(silencedByCheck)
	for _, one := range lints {
		ids = append(ids, one.id)
	}
	for _, a := range allowed {
		notAsked := slices.Contains(disabled, a.id) || a.id == toolUnknown && len(l.offered) == 0
		switch {
		case a.used || notAsked:
		case slices.Contains(ids, a.id):
			l.findings.warnAt(a.location, unusedAllow, fmt.Sprintf("nothing here is silenced by `allow %s`", a.id), "remove the comment")
		default:
			hint := "ids are those of the pages in docs/lint, and of warnings of `check`"
			if meant := nearest(a.id, ids); meant != "" {
				hint = fmt.Sprintf("did you mean `%s`?", meant)
			}
			l.findings.warnAt(a.location, unusedAllow, fmt.Sprintf("there is no lint %s, and no warning", a.id), hint)
		}
	}
}

// silencedByCheck are the ids of check's findings that can be warnings.
var silencedByCheck = []string{permitHidesItem, undefinedReference, unknownValue, unusedRule, wholeInput}

// eachCall visits the calls below a node, also those of `not` and of comprehensions.
func eachCall(node any, visit func(name string, arguments []*ast.Term, at *ast.Location)) {
	var at *ast.Location
	ast.NewGenericVisitor(func(node any) bool {
		switch x := node.(type) {
		case *ast.Expr:
			at = x.Location
			if x.IsCall() {
				visit(x.Operator().String(), x.Operands(), at)
			}
		case *ast.Term:
			if call, is := x.Value.(ast.Call); is {
				place := x.Location
				if place == nil {
					place = at
				}
				visit(call[0].Value.String(), call[1:], place)
			}
		}
		return false
	}).Walk(node)
}

// eachRead visits what rules read below one of the paths of the input, once per line.
func (s *study) eachRead(paths []ast.Ref, visit func(rule *ast.Rule, ref ast.Ref, at *ast.Location)) {
	s.eachRule(func(rule *ast.Rule) { s.readsOf(rule, paths, visit) })
}

func (s *study) readsOf(rule *ast.Rule, paths []ast.Ref, visit func(rule *ast.Rule, ref ast.Ref, at *ast.Location)) {
	for _, branch := range branches(rule) {
		aliases := s.aliasesOf(branch)
		at := branch.Location
		look := func(ref ast.Ref) {
			whole, _ := resolve(&ast.Term{Value: ref}, aliases).Value.(ast.Ref)
			for _, path := range paths {
				if whole.HasPrefix(path) {
					visit(branch, whole, locate(ref, at))
				}
			}
		}
		eachRef(branch.Head, look)
		for _, expr := range branch.Body {
			at = expr.Location
			eachRef(expr, look)
		}
	}
}
