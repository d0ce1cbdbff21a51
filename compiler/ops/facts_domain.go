package ops

import (
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"
)

// domain is what a reference can be: one of the values, or anything when there are none listed. A
// reference that is absent is undefined in every evaluation; a present one never is.
type domain struct {
	values  []ast.Value
	absent  bool
	present bool
	truthy  bool      // never false: a present one always holds, as null and an empty list do
	low     ast.Value // bounds of a number; nil: none
	high    ast.Value
}

func constantDomain(values ...ast.Value) domain { return domain{values: values, present: true} }

// only keeps the values that both can have; ok is false when nothing is left.
func (d domain) only(other domain) (domain, bool) {
	if d.absent || other.absent {
		return domain{absent: true}, false
	}
	both := domain{present: d.present || other.present, truthy: d.truthy || other.truthy, low: d.low, high: d.high}
	if both.low == nil {
		both.low = other.low
	}
	if both.high == nil {
		both.high = other.high
	}
	switch {
	case d.values == nil:
		both.values = other.values
	case other.values == nil:
		both.values = d.values
	default:
		both.values = []ast.Value{}
		for _, value := range d.values {
			if other.has(value) {
				both.values = append(both.values, value)
			}
		}
	}
	if both.values == nil {
		return both, true
	}
	within := []ast.Value{}
	for _, value := range both.values {
		if both.bounds(value) {
			within = append(within, value)
		}
	}
	both.values = within
	return both, len(within) > 0
}

func (d domain) has(value ast.Value) bool {
	if d.absent || !d.bounds(value) {
		return false
	}
	if d.values == nil {
		return true
	}
	for _, known := range d.values {
		if known.Compare(value) == 0 {
			return true
		}
	}
	return false
}

func (d domain) bounds(value ast.Value) bool {
	if _, is := value.(ast.Number); !is {
		return true
	}
	return (d.low == nil || d.low.Compare(value) <= 0) && (d.high == nil || d.high.Compare(value) >= 0)
}

func (d domain) without(value ast.Value) (domain, bool) {
	if d.values == nil {
		return d, true
	}
	rest := []ast.Value{}
	for _, known := range d.values {
		if known.Compare(value) != 0 {
			rest = append(rest, known)
		}
	}
	d.values = rest
	return d, len(rest) > 0
}

// single is the one value there is.
func (d domain) single() (ast.Value, bool) {
	if len(d.values) == 1 && d.present {
		return d.values[0], true
	}
	return nil, false
}

// schemaDomain is what the facts schema says of a reference below the input.
func (s *study) schemaDomain(ref ast.Ref) domain {
	node, required := s.schemaAt(ref)
	d := domain{present: required, truthy: excludesBoolean(node)}
	if list, is := node["enum"].([]any); is {
		for _, item := range list {
			if text, is := item.(string); is {
				d.values = append(d.values, ast.String(text))
			}
		}
	}
	if low, is := node["minimum"].(json.Number); is {
		d.low = ast.Number(low)
	}
	if high, is := node["maximum"].(json.Number); is {
		d.high = ast.Number(high)
	}
	return d
}

// excludesBoolean says that a schema has a type and that true and false are of another.
func excludesBoolean(node map[string]any) bool {
	if several, is := node["anyOf"].([]any); is {
		for _, one := range several {
			if schema, is := one.(map[string]any); !is || !excludesBoolean(schema) {
				return false
			}
		}
		return len(several) > 0
	}
	name, is := node["type"].(string)
	return is && name != "boolean"
}

// isScalar says that a term is a value by itself.
func isScalar(term *ast.Term) bool {
	switch term.Value.(type) {
	case ast.String, ast.Number, ast.Boolean, ast.Null:
		return true
	}
	return false
}

// members are the elements of a constant set or array.
func members(term *ast.Term) ([]ast.Value, bool) {
	var values []ast.Value
	ok := true
	add := func(element *ast.Term) {
		ok = ok && isScalar(element)
		values = append(values, element.Value)
	}
	switch collection := term.Value.(type) {
	case ast.Set:
		collection.Foreach(add)
	case *ast.Array:
		collection.Foreach(add)
	default:
		return nil, false
	}
	return values, ok
}
