package ops

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// globs: patterns that a comparison, a set or a prefix says as well, at a hundredth of the cost.
func (l *linter) globs() {
	l.eachRule(func(rule *ast.Rule) {
		for _, branch := range branches(rule) {
			aliases := l.aliasesOf(branch)
			eachCall(headAndBody(branch), func(name string, arguments []*ast.Term, at *ast.Location) {
				if name != ast.GlobMatch.Name || len(arguments) < 3 {
					return
				}
				pattern, is := resolve(arguments[0], aliases).Value.(ast.String)
				if !is {
					return
				}
				delimiters := resolve(arguments[1], aliases)
				if instead := plainGlob(string(pattern), delimiters, l.shown(arguments[2])); instead != "" {
					l.say(at, fmt.Sprintf("glob.match compiles %q in every evaluation, and it is no more than a plain test", string(pattern)),
						"write "+instead)
				}
			})
		}
	})
}

// headAndBody is a branch without its else.
func headAndBody(branch *ast.Rule) *ast.Rule {
	alone := *branch
	alone.Else = nil
	return &alone
}

const globSigns = `*?[]{}\!`

// plainGlob is what to write in place of a pattern; empty when it is a real one.
func plainGlob(pattern string, delimiters *ast.Term, text string) string {
	isPlain := func(part string) bool { return part != "" && !strings.ContainsAny(part, globSigns) }
	if isPlain(pattern) {
		return fmt.Sprintf("`%s == %q`", text, pattern)
	}
	if inner, found := strings.CutPrefix(pattern, "{"); found && strings.HasSuffix(inner, "}") {
		names := strings.Split(strings.TrimSuffix(inner, "}"), ",")
		quoted := make([]string, len(names))
		for i, name := range names {
			if !isPlain(name) {
				return ""
			}
			quoted[i] = fmt.Sprintf("%q", name)
		}
		return fmt.Sprintf("`%s in {%s}`", text, join(quoted))
	}
	start, end := strings.TrimLeft(pattern, "*"), strings.TrimRight(pattern, "*")
	stars := len(pattern) - len(start)
	if stars == 0 {
		stars = len(pattern) - len(end)
	}
	var instead string
	switch middle := strings.Trim(pattern, "*"); {
	case !isPlain(middle):
		return ""
	case start == pattern:
		instead = fmt.Sprintf("`startswith(%s, %q)`", text, middle)
	case end == pattern:
		instead = fmt.Sprintf("`endswith(%s, %q)`", text, middle)
	default:
		instead = fmt.Sprintf("`contains(%s, %q)`", text, middle)
	}
	if _, none := delimiters.Value.(ast.Null); stars == 1 && !none {
		instead += ", and what else must not be in it: this `*` stops at " + delimitersShown(delimiters)
	}
	return instead
}

func delimitersShown(delimiters *ast.Term) string {
	if list, is := delimiters.Value.(*ast.Array); is && list.Len() == 0 {
		return `"."`
	}
	return delimiters.String()
}

// lax are builtins of which the compiled form accepts more than OPA's interpreter does.
var lax = map[string]string{
	"json.unmarshal":   "read the member itself: the gateway has parsed arguments and claims already",
	"json.is_valid":    "ask for the type of the member itself",
	"base64.decode":    "compare encoded texts, or decode before the gateway",
	"base64url.decode": "compare encoded texts, or decode before the gateway",
	"base64.is_valid":  "compare encoded texts, or decode before the gateway",
}

// laxBuiltins: tests in OPA's interpreter pass where the gateway is more lenient.
func (l *linter) laxBuiltins() {
	l.eachRule(func(rule *ast.Rule) {
		for _, branch := range branches(rule) {
			aliases := l.aliasesOf(branch)
			eachCall(headAndBody(branch), func(name string, arguments []*ast.Term, at *ast.Location) {
				hint, listed := lax[name]
				if !listed || len(arguments) == 0 || isScalar(resolve(arguments[0], aliases)) {
					return
				}
				l.say(at, name+" accepts more in the compiled policy than in OPA", hint)
			})
		}
	})
}
