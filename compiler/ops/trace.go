package ops

import (
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/lineage"
)

// FailedAt is the expression a failed test got no further than, and the values it had by then.
type FailedAt struct {
	Text   string            `json:"text"`
	File   string            `json:"file"`
	Row    int               `json:"row"`
	Col    int               `json:"col"`
	Values map[string]string `json:"values"`
}

// explainFailures runs the failed tests once more, traced; tracing all of them would be slow.
func (s testSession) explainFailures(outcomes []TestOutcome) error {
	var names []string
	for _, o := range outcomes {
		if o.Outcome == "fail" {
			names = append(names, regexp.QuoteMeta("data."+o.Package+"."+o.Name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	traced, err := s.run("^("+strings.Join(names, "|")+")$", nil, true)
	if err != nil {
		return err
	}
	for i := range outcomes {
		for _, again := range traced {
			if again.Package == outcomes[i].Package && again.Name == outcomes[i].Name && again.Row == outcomes[i].Row {
				outcomes[i].FailedAt = failedAt(again)
				outcomes[i].Trace = traceLines(lineage.Fails(again.result.Trace))
			}
		}
	}
	return nil
}

// failedAt is the furthest failing expression of the test rule itself: what failed in a rule it
// asks shows in the trace.
func failedAt(o TestOutcome) *FailedAt {
	var last *topdown.Event
	for _, event := range o.result.Trace {
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
