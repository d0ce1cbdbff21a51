package ops

import (
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// FailedAt is the expression a failed test got no further than, and the values it had by then.
type FailedAt struct {
	Text   string            `json:"text"`
	File   string            `json:"file"`
	Row    int               `json:"row"`
	Col    int               `json:"col"`
	Values map[string]string `json:"values"`
}

// So many failed tests are run once more for what they failed at, for so long in all.
const (
	maxExplained = 200
	explainFor   = 20 * time.Second
)

// explainFailures runs the failed tests once more, traced; tracing all of them would be slow.
func explainFailures(p *policy, caps *ast.Capabilities, outcomes []TestOutcome) error {
	failed := map[string]*TestOutcome{}
	files := map[string]bool{}
	for i := range outcomes {
		o := &outcomes[i]
		if o.Outcome == "fail" && len(failed) < maxExplained {
			failed[o.Package+"."+o.Name] = o
			files[o.File] = true
		}
	}
	if len(failed) == 0 {
		return nil
	}
	graph := graphOf(p.modules)
	from := make([]string, 0, len(files))
	for name := range files {
		from = append(from, name)
	}
	session, err := newInterpreter(p, restrict(p.modules, graph, from), caps, true)
	if err != nil {
		return err
	}
	end := time.Now().Add(explainFor)
	for _, test := range testsOf(session.compiler.Modules) {
		o := failed[test.packageName()+"."+test.name()]
		session.timeout = time.Until(end)
		if o != nil && session.timeout > 0 {
			trace := topdown.NewBufferTracer()
			session.evaluate(test, trace)
			o.FailedAt = failedAt(*o, *trace)
		}
	}
	return nil
}

// failedAt is the furthest failing expression of the test rule itself, not of a rule that it asks.
func failedAt(o TestOutcome, trace []*topdown.Event) *FailedAt {
	var last *topdown.Event
	for _, event := range trace {
		expr, is := event.Node.(*ast.Expr)
		if !is || event.Op != topdown.FailOp || expr.Location == nil || expr.Location.File != o.File {
			continue
		}
		if expr.Location.Row >= o.Row && (last == nil || event.QueryID <= last.QueryID) {
			last = event
		}
	}
	if last == nil {
		return nil
	}
	at := FailedAt{
		Text:   string(last.Node.Loc().Text),
		File:   last.Node.Loc().File,
		Row:    last.Node.Loc().Row,
		Col:    last.Node.Loc().Col,
		Values: map[string]string{},
	}
	if last.Locals != nil {
		last.Locals.Iter(func(name, value ast.Value) bool {
			variable, is := name.(ast.Var)
			if meta, known := last.LocalMetadata[variable]; is && known && !meta.Name.IsGenerated() {
				at.Values[string(meta.Name)] = value.String()
			}
			return false
		})
	}
	return &at
}
