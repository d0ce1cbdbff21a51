package ops

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// call is an expression with an operator: a comparison, a membership, or a function.
func (e *engine) call(f *frame, expr *ast.Expr, terms []*ast.Term) outcome {
	for _, operand := range terms[1:] {
		if e.undefined(f, operand) {
			return fails
		}
	}
	name := operatorName(expr)
	switch {
	case isEquality(expr):
		return e.equal(f, f.resolve(terms[1]), f.resolve(terms[2]))
	case comparisons[name] != "" && len(terms) == 3:
		return e.compare(f, name, f.resolve(terms[1]), f.resolve(terms[2]))
	case name == ast.Member.Name && len(terms) == 3:
		return e.member(f, f.resolve(terms[1]), f.resolve(terms[2]))
	}
	if ref := expr.Operator(); e.calls && isData(ref) {
		return e.function(f, ref, terms[1:]).truth
	}
	return open
}

// domainOf is what a resolved term can be, and the name under which more of it may become known.
func (e *engine) domainOf(f *frame, term *ast.Term) (domain, string) {
	switch value := term.Value.(type) {
	case ast.String, ast.Number, ast.Boolean, ast.Null:
		return constantDomain(value), ""
	case ast.Var:
		if !value.IsWildcard() {
			return f.known[string(value)], string(value)
		}
	case ast.Ref:
		if _, isVar := value[0].Value.(ast.Var); !isVar || !value[1:].IsGround() {
			return domain{}, ""
		}
		key := value.String()
		if known, exists := f.known[key]; exists {
			return known, key
		}
		if isInput(value) {
			return e.facts(value), key
		}
		return domain{}, key
	}
	return domain{}, ""
}

func (e *engine) narrow(f *frame, key string, to domain) {
	if key != "" {
		f.known[key] = to
	}
}

func (e *engine) equal(f *frame, left, right *ast.Term) outcome {
	a, keyA := e.domainOf(f, left)
	if left.Equal(right) { // a local and what it is bound to
		if a.present {
			return holds
		}
		return open
	}
	b, keyB := e.domainOf(f, right)
	both, possible := a.only(b)
	if !possible {
		e.sayDifferent(f, left, right)
		return fails
	}
	e.narrow(f, keyA, both)
	e.narrow(f, keyB, both)
	x, knownX := a.single()
	y, knownY := b.single()
	if knownX && knownY && x.Compare(y) == 0 {
		return holds
	}
	return open
}

func (e *engine) sayDifferent(f *frame, left, right *ast.Term) {
	if isScalar(left) {
		left, right = right, left
	}
	if isScalar(left) {
		e.say(fmt.Sprintf("%s is never %s", left, right), "")
		return
	}
	if !isScalar(right) {
		e.say(fmt.Sprintf("%s and %s are never equal", e.study.shown(left), e.study.shown(right)), "")
		return
	}
	e.sayNever(f, left, right.Value)
}

// sayNever tells whether the facts rule the value out or another expression of the body does.
func (e *engine) sayNever(f *frame, term *ast.Term, value ast.Value) {
	name := e.study.shown(term)
	if ref, is := term.Value.(ast.Ref); is && isInput(ref) {
		if d := e.facts(ref); !d.has(value) {
			e.say(fmt.Sprintf("%s is never %s", name, value), hintForValue(d, value))
			return
		}
	}
	e.say(fmt.Sprintf("another expression of this body rules out that %s is %s", name, value),
		"a body holds when all of its expressions do: write a rule for each value, or `in` and a set")
}

func hintForValue(d domain, value ast.Value) string {
	names := make([]string, 0, len(d.values))
	for _, known := range d.values {
		if text, is := known.(ast.String); is {
			names = append(names, string(text))
		}
	}
	if text, is := value.(ast.String); is {
		if meant := nearest(string(text), names); meant != "" {
			return fmt.Sprintf("did you mean %q?", meant)
		}
	}
	if len(names) > 0 {
		return "there is: " + join(names)
	}
	if d.low != nil && d.high != nil {
		return fmt.Sprintf("it is %s to %s", d.low, d.high)
	}
	return ""
}

func (e *engine) compare(f *frame, name string, left, right *ast.Term) outcome {
	a, keyA := e.domainOf(f, left)
	b, keyB := e.domainOf(f, right)
	x, knownX := a.single()
	y, knownY := b.single()
	if knownX && knownY {
		result := certainly(ordered(name, x.Compare(y)))
		switch {
		case result == fails && isScalar(left) && isScalar(right):
			e.say("this is always false", "")
		case result == fails && name == "neq" && isScalar(right):
			e.sayDemanded(left, y)
		case result == fails:
			e.say("another expression of this body rules this out", "")
		}
		return result
	}
	if name == "neq" {
		return e.differ(f, left, right, a, b, keyA, keyB)
	}
	if knownX {
		name, left, right, a, y, knownY = mirrored[name], right, left, b, x, true
	}
	if knownY && a.low != nil && a.high != nil && isNumber(y) {
		lowest, highest := ordered(name, a.low.Compare(y)), ordered(name, a.high.Compare(y))
		if !lowest && !highest {
			e.say(fmt.Sprintf("%s is never %s %s", e.study.shown(left), comparisons[name], y), hintForValue(a, y))
			return fails
		}
	}
	return open
}

func (e *engine) differ(f *frame, left, right *ast.Term, a, b domain, keyA, keyB string) outcome {
	if y, known := b.single(); known {
		rest, possible := a.without(y)
		if !possible {
			e.sayDemanded(left, y)
			return fails
		}
		e.narrow(f, keyA, rest)
	} else if x, known := a.single(); known {
		rest, possible := b.without(x)
		if !possible {
			e.sayDemanded(right, x)
			return fails
		}
		e.narrow(f, keyB, rest)
	}
	return open
}

func (e *engine) sayDemanded(term *ast.Term, value ast.Value) {
	e.say(fmt.Sprintf("another expression of this body demands that %s is %s", e.study.shown(term), value), "")
}

var mirrored = map[string]string{"lt": "gt", "gt": "lt", "lte": "gte", "gte": "lte", "neq": "neq"}

func ordered(name string, order int) bool {
	switch name {
	case "neq":
		return order != 0
	case "lt":
		return order < 0
	case "lte":
		return order <= 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	}
	return true
}

func isNumber(value ast.Value) bool {
	_, is := value.(ast.Number)
	return is
}

func (e *engine) member(f *frame, element, collection *ast.Term) outcome {
	values, known := members(collection)
	if !known {
		return open
	}
	d, key := e.domainOf(f, element)
	both, possible := d.only(domain{values: append([]ast.Value{}, values...)})
	if len(values) == 0 || !possible {
		if len(values) == 0 || isScalar(element) {
			e.say("this is always false", "")
		} else {
			e.sayNever(f, element, values[0])
		}
		return fails
	}
	e.narrow(f, key, both)
	if len(d.values) > 0 && d.present && len(both.values) == len(d.values) {
		return holds
	}
	return open
}
