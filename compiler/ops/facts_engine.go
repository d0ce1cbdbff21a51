package ops

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// outcome is what is certain of an expression in every evaluation that the assumption allows. What is
// not certain is open: a rule is only spoken of when nothing else can be.
type outcome int

const (
	open outcome = iota
	fails
	holds
)

// engine evaluates rules without facts: all it has is what each reference into the input can be.
type engine struct {
	study *study
	facts func(ast.Ref) domain
	// calls says whether rules and functions that an expression asks are looked into.
	calls bool
	steps int
	why   string
	hint  string
}

const (
	maxEngineSteps = 200_000
	maxEngineDepth = 12
)

// frame is one rule under way: what its variables stand for and what is known of references so far.
type frame struct {
	rule    *ast.Rule
	aliases map[ast.Var]*ast.Term
	given   map[ast.Var]*ast.Term
	known   map[string]domain
	depth   int
}

func (e *engine) frameOf(rule *ast.Rule, given map[ast.Var]*ast.Term, depth int) *frame {
	return &frame{rule: rule, aliases: e.study.aliasesOf(rule), given: given, known: map[string]domain{}, depth: depth}
}

func (f *frame) resolve(term *ast.Term) *ast.Term {
	term = resolve(term, f.aliases)
	if len(f.given) == 0 {
		return term
	}
	return resolve(resolve(term, f.given), f.aliases)
}

// body is certain to fail with its first expression that is.
func (e *engine) body(f *frame, body ast.Body) (outcome, *ast.Expr) {
	all := holds
	for _, expr := range body {
		e.say("this is always false", "")
		switch e.expr(f, expr) {
		case fails:
			return fails, expr
		case open:
			all = open
		}
	}
	return all, nil
}

func (e *engine) expr(f *frame, expr *ast.Expr) outcome {
	e.steps++
	if e.steps > maxEngineSteps || len(expr.With) > 0 {
		return open
	}
	if expr.Negated {
		return e.negated(f, expr)
	}
	switch terms := expr.Terms.(type) {
	case *ast.SomeDecl:
		return holds
	case *ast.Every:
		if e.undefined(f, terms.Domain) {
			return fails
		}
		return open
	case *ast.Term:
		return e.truth(f, terms)
	case []*ast.Term:
		return e.call(f, expr, terms)
	}
	return open
}

// negated: the compiler moves references out of the arguments of a negated call, so an argument that
// is undefined ends the rule. Those of an equality stay.
func (e *engine) negated(f *frame, expr *ast.Expr) outcome {
	positive := *expr
	positive.Negated = false
	if !isEquality(&positive) && positive.IsCall() {
		for _, operand := range positive.Operands() {
			if e.undefined(f, operand) {
				return fails
			}
		}
	}
	known := f.known // what a negated expression needs is not known of what follows
	f.known = map[string]domain{}
	for key, d := range known {
		f.known[key] = d
	}
	result := e.expr(f, &positive)
	f.known = known
	switch result {
	case fails:
		return holds
	case holds:
		return fails
	}
	return open
}

// truth is the outcome of a term that stands alone.
func (e *engine) truth(f *frame, term *ast.Term) outcome {
	term = f.resolve(term)
	switch value := term.Value.(type) {
	case ast.Boolean:
		if value {
			return holds
		}
		e.say("this is always false", "")
		return fails
	case ast.String, ast.Number, ast.Null, ast.Set, *ast.Array, ast.Object:
		if term.IsGround() {
			return holds
		}
	case ast.Ref:
		if e.undefined(f, term) {
			return fails
		}
		if isInput(value) {
			d := e.facts(value)
			if one, is := d.single(); is {
				return certainly(one.Compare(ast.Boolean(false)) != 0)
			}
			if d.present && d.truthy {
				e.say(e.study.shown(value)+" is always there, and only false is not true", "compare it, such as with null, or count it")
				return holds
			}
			return open
		}
		return e.ruleTruth(f, value)
	}
	return open
}

func certainly(yes bool) outcome {
	if yes {
		return holds
	}
	return fails
}

// undefined says that a term has no value, whatever the facts.
func (e *engine) undefined(f *frame, term *ast.Term) bool {
	term = f.resolve(term)
	switch value := term.Value.(type) {
	case ast.Ref:
		for _, key := range value[1:] {
			if _, is := key.Value.(ast.Ref); is && e.undefined(f, key) {
				return true
			}
		}
		if isInput(value) {
			return e.facts(value).absent
		}
		return isData(value) && e.calls && e.ruleUndefined(f, value)
	case ast.Call:
		for _, argument := range value[1:] {
			if e.undefined(f, argument) {
				return true
			}
		}
		if e.calls {
			ref, is := value[0].Value.(ast.Ref)
			return is && isData(ref) && e.function(f, ref, value[1:]).undefined
		}
	case *ast.Array:
		for i := range value.Len() {
			if e.undefined(f, value.Elem(i)) {
				return true
			}
		}
	case ast.Object:
		missing := false
		value.Foreach(func(key, member *ast.Term) {
			missing = missing || e.undefined(f, key) || e.undefined(f, member)
		})
		return missing
	case ast.Set:
		missing := false
		value.Foreach(func(member *ast.Term) { missing = missing || e.undefined(f, member) })
		return missing
	}
	return false
}

func (e *engine) say(why, hint string) { e.why, e.hint = why, hint }
