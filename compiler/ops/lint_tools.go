package ops

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

const anyServer = "*"

// unknownNames: tools and prompts that rules or data name and no server offers. It speaks only of
// servers whose names are known, and of kinds that were listed.
func (l *linter) unknownNames() {
	if len(l.offered) == 0 {
		return
	}
	l.eachRule(func(rule *ast.Rule) {
		for _, branch := range branches(rule) {
			l.namesInBody(branch)
		}
	})
	l.namesInData()
}

const (
	toolKind   = "tool"
	promptKind = "prompt"
)

// names are those of a kind that a server offers; known is false when nobody listed them.
func (o offeredNames) names(kind string) (names []string, known bool) {
	list := o.Tools
	if kind == promptKind {
		list = o.Prompts
	}
	if list == nil {
		return nil, false
	}
	return *list, true
}

// on lists what the server offers, or all servers do when it is not one in particular.
func (l *linter) on(server, kind string) (names []string, known bool) {
	if one, exists := l.offered[server]; exists && server != anyServer {
		return one.names(kind)
	}
	if _, all := l.offered[anyServer]; server != anyServer && !all {
		return nil, false
	}
	known = true
	for _, name := range util.KeysSorted(l.offered) {
		more, listed := l.offered[name].names(kind)
		known = known && listed
		names = append(names, more...)
	}
	return names, known
}

// judge says of a name, which may end in `*`, that no server offers it.
func (l *linter) judge(server, kind, name string, at *ast.Location) {
	names, known := l.on(server, kind)
	if !known || slices.Contains(names, name) {
		return
	}
	if start, starred := strings.CutSuffix(name, "*"); starred {
		if slices.ContainsFunc(names, func(offered string) bool { return strings.HasPrefix(offered, start) }) || start == "" {
			return
		}
	}
	where := "no server offers the " + kind
	if server != anyServer {
		where = fmt.Sprintf("the server %s does not offer the %s", server, kind)
	}
	hint := fmt.Sprintf("write the name of a %s that is offered, or remove it; `# mcp-guard: allow %s` where it is meant for later",
		kind, toolUnknown)
	if meant := nearest(strings.TrimSuffix(name, "*"), names); meant != "" {
		hint = fmt.Sprintf("did you mean `%s`?", meant)
	}
	l.say(at, fmt.Sprintf("%s %s", where, name), hint)
}

// namesInBody reads comparisons of input.resource.id in a body that is about tools or prompts.
func (l *linter) namesInBody(branch *ast.Rule) {
	e := &engine{study: l.study, facts: l.schemaDomain}
	f := e.frameOf(branch, nil, 0)
	if result, _ := e.body(f, branch.Body); result == fails {
		return
	}
	kind := kindOf(f.known)
	if kind == "" {
		return
	}
	server := anyServer
	if one, is := f.known["input.resource.server"].single(); is {
		if text, is := one.(ast.String); is {
			server = string(text)
		}
	}
	judge := func(value ast.Value, suffix string, at *ast.Location) {
		if text, is := value.(ast.String); is {
			l.judge(server, kind, string(text)+suffix, at)
		}
	}
	isID := func(term *ast.Term) bool { return f.resolve(term).String() == "input.resource.id" }
	eachCall(headAndBody(branch), func(name string, arguments []*ast.Term, at *ast.Location) {
		if len(arguments) != 2 {
			return
		}
		left, right := arguments[0], arguments[1]
		switch {
		case name == "equal" || name == "eq" || name == "neq":
			if isID(left) {
				judge(f.resolve(right).Value, "", at)
			} else if isID(right) {
				judge(f.resolve(left).Value, "", at)
			}
		case name == ast.Member.Name && isID(left):
			values, _ := members(f.resolve(right))
			for _, value := range values {
				judge(value, "", at)
			}
		case name == ast.StartsWith.Name && isID(left):
			judge(f.resolve(right).Value, "*", at)
		}
	})
}

// kindOf is what a body is about; empty when it does not say. A name without any such word is taken
// for a tool's.
func kindOf(known map[string]domain) string {
	kinds := map[string]string{
		"tools/call": toolKind, "tool": toolKind, "prompts/get": promptKind, "prompt": promptKind,
	}
	found := toolKind
	for _, key := range []string{"input.action.name", "input.resource.type"} {
		one, is := known[key].single()
		if !is && known[key].values == nil {
			continue
		}
		text, _ := one.(ast.String)
		if found = kinds[string(text)]; found == "" {
			return ""
		}
	}
	return found
}
