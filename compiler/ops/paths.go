package ops

import (
	"encoding/json"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// PathsRequest asks which paths of the input an entry point can read.
type PathsRequest struct {
	Source       Source          `json:"source"`
	Capabilities json.RawMessage `json:"capabilities"`
	EntryPoint   string          `json:"entryPoint"`
}

// PathsResult has null for "the input as a whole".
type PathsResult struct {
	Paths [][]string `json:"paths"`
}

func runPaths(request PathsRequest) (any, error) {
	caps, err := capabilitiesOf(request.Capabilities, false)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps})
	if err != nil {
		return nil, err
	}
	entry, err := entryRef(request.EntryPoint)
	if err != nil {
		return nil, err
	}
	compiler, err := p.checkModules(checkOptions{capabilities: caps})
	if err != nil {
		return nil, err
	}
	if problem := missingEntry(compiler, entry, request.EntryPoint); problem != nil {
		return nil, Problems{*problem}
	}
	return PathsResult{Paths: inputPaths(compiler, entry)}, nil
}

// inputPaths walks the compiled rules that the entry point can reach and collects what they refer to
// below `input`. It may name too much, never too little: a decision over the projected input must be
// the decision over the whole. null when the input is used as a whole.
//
// A `with` counts by its value, not by its target: whatever the target replaces is read somewhere
// else, or nowhere. Keys inside references are visited although today's compiler has moved them into
// the body: a decision must not hang on that.
func inputPaths(compiler *ast.Compiler, entry ast.Ref) [][]string {
	w := &walker{rules: newRuleTree(compiler), queued: map[*ast.Rule]bool{}}
	w.data(entry)
	for len(w.queue) > 0 {
		rule := w.queue[len(w.queue)-1]
		w.queue = w.queue[:len(w.queue)-1]
		w.visit(rule)
	}
	if w.everything {
		return nil
	}
	return minimal(w.paths)
}

type walker struct {
	rules      *ruleTree
	queued     map[*ast.Rule]bool
	queue      []*ast.Rule
	paths      [][]string
	everything bool
}

func (w *walker) visit(node any) {
	ast.NewGenericVisitor(func(node any) bool {
		switch x := node.(type) {
		case *ast.With:
			w.visit(x.Value)
			return true
		case *ast.Head: // the visitor leaves the keys of the head's reference out
			for _, term := range x.Reference[min(1, len(x.Reference)):] {
				w.visit(term)
			}
		case ast.Ref:
			w.ref(x)
			return true
		case ast.Var:
			w.bare(x)
		}
		return false
	}).Walk(node)
}

func (w *walker) ref(ref ast.Ref) {
	if root, is := ref[0].Value.(ast.Var); !is {
		w.visit(ref[0])
	} else if len(ref) == 1 {
		w.bare(root)
	} else if root.Equal(ast.InputRootDocument.Value) {
		w.input(ref)
	} else if root.Equal(ast.DefaultRootDocument.Value) {
		w.data(ref)
	}
	for _, key := range ref[1:] {
		w.visit(key)
	}
}

func (w *walker) bare(root ast.Var) {
	if root.Equal(ast.InputRootDocument.Value) {
		w.everything = true
	} else if root.Equal(ast.DefaultRootDocument.Value) {
		w.data(ast.DefaultRootRef)
	}
}

func (w *walker) input(ref ast.Ref) {
	var path []string
	for _, term := range ref[1:] {
		name, is := term.Value.(ast.String)
		if !is {
			break
		}
		path = append(path, string(name))
	}
	if len(path) == 0 {
		w.everything = true
		return
	}
	w.paths = append(w.paths, path)
}

func (w *walker) data(ref ast.Ref) {
	w.rules.reach(ref[1:], func(rule *ast.Rule) {
		if !w.queued[rule] {
			w.queued[rule] = true
			w.queue = append(w.queue, rule)
		}
	})
}

// ruleTree holds all rules by the constant part of their reference.
type ruleTree struct {
	here     []*ast.Rule
	children map[string]*ruleTree
}

func newRuleTree(compiler *ast.Compiler) *ruleTree { return treeOf(compiler.Modules) }

func treeOf(modules map[string]*ast.Module) *ruleTree {
	root := &ruleTree{children: map[string]*ruleTree{}}
	for _, module := range modules {
		for _, rule := range module.Rules {
			node := root
			for _, name := range constants(rule.Ref()[1:]) {
				child, exists := node.children[name]
				if !exists {
					child = &ruleTree{children: map[string]*ruleTree{}}
					node.children[name] = child
				}
				node = child
			}
			node.here = append(node.here, rule)
		}
	}
	return root
}

// reach calls found for every rule on the way of the reference's constant part and for every rule
// below its end.
func (t *ruleTree) reach(ref ast.Ref, found func(*ast.Rule)) {
	node := t
	for _, name := range constants(ref) {
		for _, rule := range node.here {
			found(rule)
		}
		child, exists := node.children[name]
		if !exists {
			return
		}
		node = child
	}
	node.all(found)
}

// match is reach with variables in the place of one name each: data.a[_].b leaves data.a.x.c alone.
func (t *ruleTree) match(ref ast.Ref, found func(*ast.Rule)) {
	for _, rule := range t.here {
		found(rule)
	}
	if len(ref) == 0 {
		for _, child := range t.children {
			child.all(found)
		}
		return
	}
	if name, is := ref[0].Value.(ast.String); is {
		if child, exists := t.children[string(name)]; exists {
			child.match(ref[1:], found)
		}
		return
	}
	for _, child := range t.children {
		child.match(ref[1:], found)
	}
}

func (t *ruleTree) all(found func(*ast.Rule)) {
	for _, rule := range t.here {
		found(rule)
	}
	for _, child := range t.children {
		child.all(found)
	}
}

// constants is the longest run of string keys a reference starts with.
func constants(ref ast.Ref) []string {
	var names []string
	for _, term := range ref {
		name, is := term.Value.(ast.String)
		if !is {
			break
		}
		names = append(names, string(name))
	}
	return names
}

// minimal sorts the paths and drops those that another one covers.
func minimal(paths [][]string) [][]string {
	slices.SortFunc(paths, slices.Compare)
	kept := [][]string{}
	for _, path := range paths {
		if len(kept) > 0 {
			last := kept[len(kept)-1]
			if len(last) <= len(path) && slices.Equal(last, path[:len(last)]) {
				continue
			}
		}
		kept = append(kept, path)
	}
	return kept
}
