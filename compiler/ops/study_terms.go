package ops

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// aliasesOf maps the local variables of a rule (or else branch) to what they are set equal to first. A
// declared local has a name of its own in the whole rule, so scopes need no attention; others count
// in the body itself only.
func (s *study) aliasesOf(rule *ast.Rule) map[ast.Var]*ast.Term {
	if known, exists := s.aliases[rule]; exists {
		return known
	}
	found := map[ast.Var]*ast.Term{}
	s.aliases[rule] = found
	arguments := ast.NewVarSet()
	for _, argument := range rule.Head.Args {
		arguments.Update(argument.Vars())
	}
	set := func(left, right *ast.Term, everywhere bool) {
		name, is := left.Value.(ast.Var)
		if !is || arguments.Contains(name) || found[name] != nil {
			return
		}
		if _, declared := s.names[name]; !declared && !everywhere {
			return
		}
		switch right.Value.(type) {
		case ast.Ref, ast.Var, ast.String, ast.Number, ast.Boolean, ast.Null, ast.Set, *ast.Array, ast.Object:
			if !resolve(right, found).Equal(left) {
				found[name] = right
			}
		}
	}
	pair := func(expr *ast.Expr, everywhere bool) {
		if isEquality(expr) && operatorName(expr) != "equal" && !expr.Negated && len(expr.With) == 0 {
			set(expr.Operand(0), expr.Operand(1), everywhere)
			set(expr.Operand(1), expr.Operand(0), everywhere)
		}
	}
	for _, expr := range rule.Body {
		pair(expr, true)
	}
	nested := func(expr *ast.Expr) bool {
		pair(expr, false)
		return false
	}
	ast.WalkExprs(rule.Body, nested)
	ast.WalkExprs(rule.Head, nested)
	return found
}

const maxAliases = 16

// resolve follows local variables: a variable to what it is equal to, a reference into one to the
// reference that it is part of.
func resolve(term *ast.Term, aliases map[ast.Var]*ast.Term) *ast.Term {
	for range maxAliases {
		switch value := term.Value.(type) {
		case ast.Var:
			next := aliases[value]
			if next == nil {
				return term
			}
			term = next
		case ast.Ref:
			head, is := value[0].Value.(ast.Var)
			if !is || aliases[head] == nil {
				return term
			}
			next := aliases[head]
			switch base := next.Value.(type) {
			case ast.Ref:
				joined := append(base[:len(base):len(base)], value[1:]...)
				term = &ast.Term{Value: joined, Location: term.Location}
			case ast.Var:
				joined := append(ast.Ref{next}, value[1:]...)
				term = &ast.Term{Value: joined, Location: term.Location}
			default:
				return term
			}
		default:
			return term
		}
	}
	return term
}

func isEquality(expr *ast.Expr) bool {
	if !expr.IsCall() || len(expr.Operands()) != 2 {
		return false
	}
	switch operatorName(expr) {
	case "eq", "equal", "assign":
		return true
	}
	return false
}

func operatorName(expr *ast.Expr) string {
	if !expr.IsCall() {
		return ""
	}
	return expr.Operator().String()
}

// shown is a term as its author wrote it: names of local variables instead of generated ones.
func (s *study) shown(node interface{ String() string }) string {
	text := node.String()
	for strings.Contains(text, "__local") {
		start := strings.Index(text, "__local")
		end := strings.Index(text[start+2:], "__")
		if end < 0 {
			return text
		}
		end += start + 4
		name, known := s.names[ast.Var(text[start:end])]
		if !known || strings.HasPrefix(string(name), "__local") {
			name = "_"
		}
		text = text[:start] + string(name) + text[end:]
	}
	return text
}

// comparisons of two operands, by the name of the operator.
var comparisons = map[string]string{
	"eq": "==", "equal": "==", "assign": ":=", "neq": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">=",
}

// schemaAt is the schema of a path below the input; nil when there is none. Required says that the
// facts always have it.
func (s *study) schemaAt(ref ast.Ref) (node map[string]any, required bool) {
	node, _ = s.schema.(map[string]any)
	required = true
	for _, key := range ref[1:] {
		if node == nil {
			return nil, false
		}
		name, isName := key.Value.(ast.String)
		properties, _ := node["properties"].(map[string]any)
		next, known := properties[string(name)].(map[string]any)
		switch {
		case isName && known:
			required = required && contains(node["required"], string(name))
			node = next
		default:
			required = false
			if more, is := node["additionalProperties"].(map[string]any); is {
				node = more
			} else {
				node, _ = node["items"].(map[string]any)
			}
		}
	}
	return node, required && node != nil
}

func contains(list any, name string) bool {
	items, _ := list.([]any)
	for _, item := range items {
		if item == name {
			return true
		}
	}
	return false
}

func join(names []string) string { return strings.Join(names, ", ") }
