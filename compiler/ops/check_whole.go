package ops

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

const wholeInput = "whole-input"

// checkWholeInput finds parts of the facts that are read whole although paths below would do: all of
// it is then handed to the policy and is part of the memo's key. Of a part whose members the schema
// names, no rule needs the whole. Of `arguments` and the like, those do that look at every member.
func (s *study) checkWholeInput() {
	s.eachRule(func(rule *ast.Rule) {
		for _, branch := range branches(rule) {
			w := &wholeReader{study: s, rule: branch, aliases: s.aliasesOf(branch)}
			w.at = branch.Head.Location
			w.visit(branch.Head)
			for _, expr := range branch.Body {
				w.at = expr.Location
				w.visit(expr)
			}
		}
	})
}

type wholeReader struct {
	study   *study
	rule    *ast.Rule
	aliases map[ast.Var]*ast.Term
	at      *ast.Location
}

func (w *wholeReader) visit(node any) {
	ast.NewGenericVisitor(func(node any) bool {
		switch x := node.(type) {
		case *ast.With:
			w.visit(x.Value)
			return true
		case *ast.Expr:
			if x.Location != nil {
				w.at = x.Location
			}
			w.binding(x)
			if x.IsCall() && w.getsMember(x.Operator(), x.Operands()) {
				return true
			}
		case ast.Call:
			if ref, is := x[0].Value.(ast.Ref); is && w.getsMember(ref, x[1:]) {
				return true
			}
		case ast.Ref:
			w.ref(x)
			for _, key := range x[1:] {
				w.visit(key)
			}
			return true
		case ast.Var:
			if x.Equal(ast.InputRootDocument.Value) {
				w.ref(ast.InputRootRef)
			}
			return true
		}
		return false
	}).Walk(node)
}

// getsMember finds object.get(input.resource, "id", …), where a path would do for any part.
func (w *wholeReader) getsMember(operator ast.Ref, operands []*ast.Term) bool {
	if operator.String() != ast.ObjectGet.Name || len(operands) < 2 || !operands[1].IsGround() {
		return false
	}
	ref, is := resolve(operands[0], w.aliases).Value.(ast.Ref)
	if !is || !isInput(ref) || !ref.IsGround() {
		return false
	}
	w.say(ref, "read the member by its path, and give a rule of your own a `default` for where it is missing")
	return true
}

func (w *wholeReader) ref(ref ast.Ref) {
	if !isInput(ref) {
		return
	}
	known := len(constants(ref[1:])) + 1
	prefix := ref[:known]
	schema, _ := w.study.schemaAt(prefix)
	if known == 1 || known == 2 && schema["additionalProperties"] == false {
		w.say(prefix, "name the members that the rule needs")
	}
}

// binding finds a part that is given a name of which only members are read, in this rule or in the
// function that gets it.
func (w *wholeReader) binding(expr *ast.Expr) {
	if !expr.IsCall() {
		return
	}
	if isBinding(expr) {
		name, is := expr.Operand(0).Value.(ast.Var)
		if ref, isRef := expr.Operand(1).Value.(ast.Ref); is && isRef && w.isOpenPart(ref) && onlyMembers(w.rule, name) {
			w.say(ref, "write the whole path in each place")
		}
		return
	}
	for i, operand := range expr.Operands() {
		ref, is := operand.Value.(ast.Ref)
		if !is || !isData(expr.Operator()) || !w.isOpenPart(ref) {
			continue
		}
		all := true
		some := false
		w.study.rules.match(expr.Operator()[1:], func(rule *ast.Rule) {
			some = true
			if i >= len(rule.Head.Args) {
				all = false
				return
			}
			name, is := rule.Head.Args[i].Value.(ast.Var)
			all = all && is && onlyMembers(rule, name)
		})
		if some && all {
			w.say(ref, "hand over the members that the function reads")
		}
	}
}

// isOpenPart says that the schema leaves the members of this part to others, as those of arguments.
func (w *wholeReader) isOpenPart(ref ast.Ref) bool {
	if !isInput(ref) || len(ref) < 2 || !ref.IsGround() {
		return false
	}
	schema, _ := w.study.schemaAt(ref)
	return schema["type"] == "object" && schema["additionalProperties"] != false
}

// onlyMembers says that a rule uses a variable only to read members of it by their names.
func onlyMembers(rule *ast.Rule, name ast.Var) bool {
	reads, others := 0, 0
	look := func(node any) {
		ast.NewGenericVisitor(func(node any) bool {
			switch x := node.(type) {
			case ast.Ref:
				if len(x) > 1 && x[0].Value.Compare(name) == 0 {
					if _, is := x[1].Value.(ast.String); is {
						reads++
					} else {
						others++
					}
					return true
				}
			case ast.Var:
				if x == name {
					others++
				}
			}
			return false
		}).Walk(node)
	}
	for _, branch := range branches(rule) {
		for _, term := range []*ast.Term{branch.Head.Key, branch.Head.Value} {
			if term != nil {
				look(term)
			}
		}
		look(branch.Body)
	}
	return reads > 0 && others <= bindings(rule, name)
}

// bindings counts the expressions that give the variable its value.
func bindings(rule *ast.Rule, name ast.Var) int {
	count := 0
	ast.WalkExprs(rule.Body, func(expr *ast.Expr) bool {
		if isBinding(expr) && (expr.Operand(0).Value.Compare(name) == 0 || expr.Operand(1).Value.Compare(name) == 0) {
			count++
		}
		return false
	})
	return count
}

func (w *wholeReader) say(ref ast.Ref, hint string) {
	w.study.findings.warnAt(locate(ref, w.at), wholeInput,
		fmt.Sprintf("this reads %s as a whole", w.study.shown(ref)), hint)
}
