package ops

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// A case that fails is known only by the call that OPA's runner puts into the body of a table test
// once the key is bound. What stands before that call decides in silence which cases there are. So it
// may go through what is there and bind variables, and nothing else; and whatever it does not get past
// is said.

const boundByTest = "the case's name is bound by what is tested: write some name, case in cases first"

// beforeCase are the expressions of a compiled table test before a case has begun; null: none begins.
func beforeCase(rule *ast.Rule) []*ast.Expr {
	at := slices.IndexFunc(rule.Body, func(expr *ast.Expr) bool {
		return expr.IsCall() && expr.Operator().Equal(ast.Interned.Refs.InternalTestCase)
	})
	return rule.Body[:max(0, at)]
}

// selectsCases says whether an expression can pass over a case without failing as a whole, or tests
// what it does not bind.
func selectsCases(before []*ast.Expr) bool {
	bound := ast.NewVarSet(ast.DefaultRootDocument.Value.(ast.Var), ast.InputRootDocument.Value.(ast.Var))
	for _, expr := range before {
		if !expr.Operator().Equal(ast.InternalPrint.Ref()) && !binds(expr, bound) {
			return true
		}
		bound.Update(varsOf(expr))
	}
	return false
}

// binds: the expression gives a variable its first value, whatever the others are.
func binds(expr *ast.Expr, bound ast.VarSet) bool {
	if expr.Negated || !expr.IsCall() || len(expr.Operands()) == 0 {
		return false
	}
	operands := expr.Operands()
	if !expr.IsEquality() && !expr.IsAssignment() {
		last := len(operands) - 1
		return isFresh(operands[last], bound) && !slices.ContainsFunc(operands[:last], func(term *ast.Term) bool {
			return isOpen(term, bound)
		})
	}
	for i, term := range operands {
		other := operands[1-i]
		if isFresh(term, bound) && !varsOf(other).Contains(term.Value.(ast.Var)) {
			return !isOpen(eachOf(other, bound), bound)
		}
	}
	// A pattern: it fits or fails for each value.
	return isOpen(operands[0], bound) != isOpen(operands[1], bound) && !hasOpenRef(operands, bound)
}

func isFresh(term *ast.Term, bound ast.VarSet) bool {
	name, is := term.Value.(ast.Var)
	return is && !bound.Contains(name)
}

// eachOf is X of X[k], where k is yet to be bound: going through X passes nothing over.
func eachOf(term *ast.Term, bound ast.VarSet) *ast.Term {
	ref, is := term.Value.(ast.Ref)
	if is && len(ref) > 1 && isFresh(ref[len(ref)-1], bound) {
		return ast.NewTerm(ref[:len(ref)-1])
	}
	return term
}

// isOpen: there is a variable in it that is yet to be bound, outside of comprehensions.
func isOpen(term *ast.Term, bound ast.VarSet) bool {
	return len(varsOf(term).Diff(bound)) > 0
}

func hasOpenRef(terms []*ast.Term, bound ast.VarSet) bool {
	open := false
	for _, term := range terms {
		ast.WalkRefs(term, func(ref ast.Ref) bool {
			open = open || isOpen(ast.NewTerm(ref), bound)
			return open
		})
	}
	return open
}

func varsOf(node any) ast.VarSet {
	visitor := ast.NewVarVisitor().WithParams(ast.VarVisitorParams{SkipClosures: true, SkipRefCallHead: true})
	visitor.Walk(node)
	return visitor.Vars()
}

// caseTracer takes down which cases begin, and what was not got past before one did.
type caseTracer struct {
	before []*ast.Expr
	begun  []ast.Array
	failed *ast.Expr
}

func (t *caseTracer) Enabled() bool { return true }

func (t *caseTracer) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

func (t *caseTracer) TraceEvent(event topdown.Event) {
	expr, is := event.Node.(*ast.Expr)
	switch {
	case !is:
	case event.Op == topdown.TestCaseOp:
		if path, is := expr.Operand(0).Value.(*ast.Array); is {
			t.begun = append(t.begun, *path)
		}
	case event.Op == topdown.FailOp && t.failed == nil && slices.Contains(t.before, expr):
		t.failed = expr
	}
}

// readTable reads the cases of a table: those of its value, and those that were begun and have no
// value because they failed.
func (o *TestOutcome) readTable(value ast.Value, cases *caseTracer) {
	results := caseResults(value)
	begun := map[string]bool{}
	for _, path := range cases.begun {
		results.Update(path, nil)
		name := pathName(path)
		if begun[name] {
			o.refuse("the name " + name + " is that of two cases: give each its own")
		}
		begun[name] = true
	}
	o.addCases(nil, results)
	if o.Outcome == refused {
		return
	}
	if at := cases.failed; at != nil && len(o.Cases) > 0 {
		o.refuse(fmt.Sprintf("a case ends before it has a name: %s (line %d)", at.Location.Text, at.Location.Row))
		return
	}
	if len(o.Cases) == 0 || slices.ContainsFunc(o.Cases, func(one CaseOutcome) bool { return !one.Pass }) {
		o.Outcome = "fail"
	}
}

// pathName is how both engines write the name of a case.
func pathName(path ast.Array) string {
	names := make([]string, 0, path.Len())
	path.Foreach(func(key *ast.Term) { names = append(names, caseName(key)) })
	return strings.Join(names, "/")
}

// caseResults has a leaf for everything that is no object with members.
func caseResults(value ast.Value) tester.SubResultMap {
	results := tester.SubResultMap{}
	object, is := value.(ast.Object)
	if !is {
		return results
	}
	object.Foreach(func(key, member *ast.Term) {
		name := caseName(key)
		inner := caseResults(member.Value)
		results[name] = &tester.SubResult{
			Name:       name,
			Fail:       len(inner) == 0 && !ast.Boolean(true).Equal(member.Value),
			SubResults: inner,
		}
	})
	return results
}
