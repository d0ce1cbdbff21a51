package ops

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// moduleGraph says which modules may read what others define. It errs on the side of more: a reference
// is followed by its constant beginning, an import and a `with` count as references.
type moduleGraph struct {
	names  []string
	reads  map[string][]string
	readBy map[string][]string
}

func graphOf(modules map[string]*ast.Module) moduleGraph {
	graph := moduleGraph{
		names:  util.KeysSorted(modules),
		reads:  map[string][]string{},
		readBy: map[string][]string{},
	}
	for _, from := range graph.names {
		refs := dataRefs(modules[from])
		for _, to := range graph.names {
			pkg := modules[to].Package.Path
			if from != to && slices.ContainsFunc(refs, func(ref ast.Ref) bool { return overlap(ref, pkg) }) {
				graph.reads[from] = append(graph.reads[from], to)
				graph.readBy[to] = append(graph.readBy[to], from)
			}
		}
	}
	return graph
}

// overlap holds where one path lies below the other, or is it.
func overlap(a, b ast.Ref) bool {
	return a.HasPrefix(b) || b.HasPrefix(a)
}

// dataRefs are the constant beginnings of everything below data that the module mentions, its own
// package included: other files of the same package and packages above and below belong to it.
func dataRefs(module *ast.Module) []ast.Ref {
	seen := map[string]ast.Ref{}
	var visitor *ast.GenericVisitor
	visitor = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case ast.Ref:
			if x.HasPrefix(ast.DefaultRootRef) {
				prefix := x.ConstantPrefix()
				seen[prefix.String()] = prefix
			}
			for _, term := range x[1:] {
				visitor.Walk(term)
			}
			return true
		case ast.Var:
			if ast.DefaultRootDocument.Value.Compare(x) == 0 {
				seen["data"] = ast.DefaultRootRef
			}
		}
		return false
	})
	visitor.Walk(module)
	refs := make([]ast.Ref, 0, len(seen))
	for _, name := range util.KeysSorted(seen) {
		refs = append(refs, seen[name])
	}
	return refs
}

// closure is the modules that can be reached from some of them along one of the graph's directions.
func closure(from []string, next map[string][]string) map[string]bool {
	reached := map[string]bool{}
	queue := slices.Clone(from)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if !reached[name] {
			reached[name] = true
			queue = append(queue, next[name]...)
		}
	}
	return reached
}

// restrict leaves the modules that a set of them can read, the set included.
func restrict(modules map[string]*ast.Module, graph moduleGraph, to []string) map[string]*ast.Module {
	kept := map[string]*ast.Module{}
	for name := range closure(to, graph.reads) {
		kept[name] = modules[name]
	}
	return kept
}
