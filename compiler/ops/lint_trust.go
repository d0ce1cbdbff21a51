package ops

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

var (
	clientRef      = ast.MustParseRef("input.context.client")
	annotationsRef = ast.MustParseRef("input.resource.annotations")
	trustedBy      = []ast.Ref{
		ast.MustParseRef("input.resource.digest"),
		ast.MustParseRef("input.resource.server"),
		ast.MustParseRef("input.resource.labels"),
	}
	clockRefs = []ast.Ref{
		ast.MustParseRef("input.context.time"),
		ast.MustParseRef("input.context.time_ns"),
		ast.MustParseRef("input.context.request_id"),
	}
)

// clientClaims: what the client program says of itself must not decide a permit.
func (l *linter) clientClaims() {
	for _, rule := range l.permitters() {
		l.readsOf(rule, []ast.Ref{clientRef}, func(_ *ast.Rule, ref ast.Ref, at *ast.Location) {
			l.say(at, fmt.Sprintf("a permit depends on %s, which any program can say of itself", l.shown(ref)),
				"permit by input.subject, and let the client's name only deny")
		})
	}
}

// annotations: the server's word must not decide a permit, unless the body also asks which server, or
// which definition, it is.
func (l *linter) annotations() {
	for _, rule := range l.permitters() {
		l.readsOf(rule, []ast.Ref{annotationsRef}, func(branch *ast.Rule, ref ast.Ref, at *ast.Location) {
			trusted := false
			l.readsOf(branch, trustedBy, func(*ast.Rule, ast.Ref, *ast.Location) { trusted = true })
			if !trusted {
				l.say(at, fmt.Sprintf("a permit depends on %s, which is the server's own word", l.shown(ref)),
					"permit by name, or ask for a digest or a server that you trust beside it")
			}
		})
	}
}

// permitters are the permits and what they ask. A decision asks for denials too: below it, rules of
// the composed packages and what stands under `not` are left out.
func (l *linter) permitters() []*ast.Rule {
	seen := map[*ast.Rule]bool{}
	var found, queue []*ast.Rule
	for _, rule := range l.permits() {
		if !seen[rule] {
			seen[rule] = true
			queue = append(queue, rule)
		}
	}
	for len(queue) > 0 {
		rule := queue[0]
		queue = queue[1:]
		found = append(found, rule)
		composed := rule.Ref().HasPrefix(rulesRef)
		l.eachAsked(rule, func(target *ast.Rule, direct bool) {
			name := ruleName(target)
			if seen[target] || name == "deny" {
				return
			}
			if !composed && (!direct || target.Ref().HasPrefix(rulesRef)) {
				return
			}
			seen[target] = true
			queue = append(queue, target)
		})
	}
	return found
}

// exactClock: the exact time and the request's id differ for every message, so no two decisions are
// the same and none is remembered.
func (l *linter) exactClock() {
	l.eachRead(clockRefs, func(_ *ast.Rule, ref ast.Ref, at *ast.Location) {
		l.say(at, fmt.Sprintf("%s differs for every message, so no decision is remembered", l.shown(ref)),
			"use input.context.date, hour, weekday or zones")
	})
}

// denyRawFields: a comparison with a member that can be missing is undefined then, and denies nothing.
func (l *linter) denyRawFields() {
	compares := func(expr *ast.Expr) bool { return isBinding(expr) || comparisons[operatorName(expr)] != "" }
	for _, rule := range l.denies() {
		for _, branch := range branches(rule) {
			aliases := l.aliasesOf(branch)
			for _, expr := range branch.Body {
				if expr.Negated || len(expr.With) > 0 || !isBound(expr) {
					continue
				}
				for _, operand := range expr.Operands() {
					ref, is := resolve(operand, aliases).Value.(ast.Ref)
					if is && l.canBeMissing(ref) && !l.saysItIsThere(branch, ref, aliases, compares) {
						l.say(expr.Location, fmt.Sprintf("this does not deny where %s is missing", l.shown(ref)),
							"say what is right in a rule of your own, and deny where `not` that rule")
						break
					}
				}
			}
		}
	}
}

// isBound says that an expression compares as a bound does: a selection by equality is none.
func isBound(expr *ast.Expr) bool {
	switch operatorName(expr) {
	case "neq", "lt", "lte", "gt", "gte":
		return true
	case "equal", "eq":
		return isFalse(expr.Operand(0)) || isFalse(expr.Operand(1))
	}
	return false
}
