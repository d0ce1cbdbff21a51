package ops

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

const permitHidesItem = "permit-hides-item"

// checkPermits finds permits that can hold for a message about an item and never for the question
// whether the item may be used at all, which has no arguments. What they permit is hidden and refused.
func (s *study) checkPermits() {
	byPath := map[string][]*ast.Rule{}
	var paths []string
	for _, rule := range s.permits() {
		path := rulePath(rule)
		if byPath[path] == nil {
			paths = append(paths, path)
		}
		byPath[path] = append(byPath[path], permitting(rule)...)
	}
	for _, path := range paths {
		s.hiding(byPath[path])
	}
}

// permitShape is what one branch is about: whether an item question can satisfy it, and the items it
// is for.
type permitShape struct {
	branch *ast.Rule
	failed *ast.Expr
	why    string
	shows  bool
	about  map[string]domain
}

func (s *study) hiding(all []*ast.Rule) {
	var hidden, shown []permitShape
	for _, branch := range all {
		shape, aboutItems := s.shapeOf(branch)
		switch {
		case shape.shows:
			shown = append(shown, shape)
		case aboutItems:
			hidden = append(hidden, shape)
		}
	}
	for _, shape := range hidden {
		if slices.ContainsFunc(shown, func(other permitShape) bool { return canBeSame(shape.about, other.about) }) {
			continue
		}
		at := shape.branch.Location
		if shape.failed != nil {
			at = shape.failed.Location
		}
		s.findings.warnAt(at, permitHidesItem,
			"no item question can satisfy this, so what it permits is hidden and refused",
			"let it hold in an item question too: `data.mcpguard.lib.facts.is_item_question`, or else the bound")
	}
}

func (s *study) shapeOf(branch *ast.Rule) (shape permitShape, aboutItems bool) {
	shape.branch = branch
	item := &engine{study: s, facts: s.itemFacts("item"), calls: true}
	inItem, failed := item.whole(branch, nil)
	shape.failed, shape.shows = failed, inItem != fails
	message := &engine{study: s, facts: s.itemFacts("message"), calls: true}
	f := message.frameOf(branch, nil, 0)
	inMessage, _ := message.whole(branch, f)
	shape.about = f.known
	if shape.shows {
		f := item.frameOf(branch, nil, 0)
		item.whole(branch, f)
		shape.about = f.known
	}
	return shape, inMessage != fails
}

// whole is the outcome of a branch: its body and what its head needs.
func (e *engine) whole(branch *ast.Rule, f *frame) (outcome, *ast.Expr) {
	if f == nil {
		f = e.frameOf(branch, nil, 0)
	}
	e.steps = 0
	result, failed := e.body(f, branch.Body)
	if result == fails {
		return fails, failed
	}
	for _, term := range []*ast.Term{branch.Head.Key, branch.Head.Value} {
		if term != nil && e.undefined(f, term) {
			return fails, nil
		}
	}
	return result, nil
}

var (
	itemActions = constantDomain(ast.String("tools/call"), ast.String("prompts/get"), ast.String("resources/read"))
	itemTypes   = constantDomain(ast.String("tool"), ast.String("prompt"), ast.String("resource"), ast.String("resource_template"))
	itemWords   = map[string]domain{
		"input.action.class":      constantDomain(ast.String("use")),
		"input.action.name":       itemActions,
		"input.resource.type":     itemTypes,
		"input.context.direction": constantDomain(ast.String("client")),
		"input.context.kind":      constantDomain(ast.String("request")),
	}
	withoutMessage = []ast.Ref{ast.MustParseRef("input.resource.arguments"), ast.MustParseRef("input.resource.params")}
)

// itemFacts are the facts of a question about an item, or of the message that uses it.
func (s *study) itemFacts(question string) func(ast.Ref) domain {
	return func(ref ast.Ref) domain {
		for _, gone := range withoutMessage {
			if ref.HasPrefix(gone) && question == "item" {
				return domain{absent: true}
			}
		}
		text := ref.String()
		if text == "input.context.question" {
			return constantDomain(ast.String(question))
		}
		if known, exists := itemWords[text]; exists {
			return known
		}
		return s.schemaDomain(ref)
	}
}

// canBeSame says that one item can satisfy both.
func canBeSame(a, b map[string]domain) bool {
	for key, one := range a {
		if other, both := b[key]; both && isItemWord(key) {
			if _, possible := one.only(other); !possible {
				return false
			}
		}
	}
	return true
}

func isItemWord(key string) bool {
	switch key {
	case "input.resource.id", "input.resource.server", "input.resource.type", "input.action.name":
		return true
	}
	return false
}
