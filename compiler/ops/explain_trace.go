package ops

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"
)

const (
	maxContributed = 8
	maxMissing     = 50
)

// ruleObserver reduces a trace to what became of each rule while it is being made: a trace that is
// kept would grow with the evaluation.
type ruleObserver struct {
	policy *policy
	input  ast.Value
	rules  map[*ast.Rule]*ruleRecord
	// owner says in which rule's evaluation a query runs: its body, or a query inside that.
	owner   map[uint64]*ruleRecord
	missing map[string]bool
}

// ruleRecord is what is known of one rule, over all its evaluations.
type ruleRecord struct {
	rule        *ast.Rule
	entered     int
	fired       int
	contributed []string
	furthest    *failure
	missing     map[string]bool
}

// failure is the expression that an evaluation got no further than, and the values it had.
type failure struct {
	expr   *ast.Expr
	values map[string]string
}

func newRuleObserver(p *policy, input ast.Value) *ruleObserver {
	return &ruleObserver{
		policy:  p,
		input:   input,
		rules:   map[*ast.Rule]*ruleRecord{},
		owner:   map[uint64]*ruleRecord{},
		missing: map[string]bool{},
	}
}

func (o *ruleObserver) Enabled() bool { return true }

func (o *ruleObserver) Config() topdown.TraceConfig { return topdown.TraceConfig{PlugLocalVars: true} }

func (o *ruleObserver) TraceEvent(event topdown.Event) {
	switch event.Op {
	case topdown.EnterOp:
		o.enter(event)
	case topdown.ExitOp:
		o.exit(event)
	case topdown.EvalOp:
		o.readInput(event)
	case topdown.FailOp:
		o.fail(event)
	}
}

func (o *ruleObserver) enter(event topdown.Event) {
	rule, is := event.Node.(*ast.Rule)
	if !is {
		o.owner[event.QueryID] = o.owner[event.ParentID]
		return
	}
	record := o.rules[rule]
	if record == nil {
		record = &ruleRecord{rule: rule, missing: map[string]bool{}}
		o.rules[rule] = record
	}
	record.entered++
	o.owner[event.QueryID] = record
}

func (o *ruleObserver) exit(event topdown.Event) {
	rule, is := event.Node.(*ast.Rule)
	if !is {
		return
	}
	record := o.rules[rule]
	if record == nil {
		return
	}
	record.fired++
	term := rule.Head.Key
	if term == nil {
		term = rule.Head.Value
	}
	if term == nil || len(record.contributed) >= maxContributed {
		return
	}
	if text := shortText(event.Plug(term).String()); !slices.Contains(record.contributed, text) {
		record.contributed = append(record.contributed, text)
	}
}

// fail keeps the furthest expression of the rule's own body; of equal ones the first.
func (o *ruleObserver) fail(event topdown.Event) {
	expr, is := event.Node.(*ast.Expr)
	record := o.owner[event.QueryID]
	if !is || record == nil || record.fired > 0 || !o.isOwn(record, expr) {
		return
	}
	if record.furthest != nil && record.furthest.expr.Index >= expr.Index {
		return
	}
	record.furthest = &failure{expr: expr, values: o.valuesOf(event, expr)}
}

// isOwn holds for expressions of the rule's body itself, not of a comprehension or negation in it.
func (o *ruleObserver) isOwn(record *ruleRecord, expr *ast.Expr) bool {
	return slices.Contains(record.rule.Body, expr)
}

// readInput notes which paths of the input the expression asks for in vain.
func (o *ruleObserver) readInput(event topdown.Event) {
	expr, is := event.Node.(*ast.Expr)
	record := o.owner[event.QueryID]
	if !is || record == nil {
		return
	}
	ast.WalkRefs(expr, func(ref ast.Ref) bool {
		if !ref.HasPrefix(ast.InputRootRef) {
			return false
		}
		plugged, is := event.Plug(ast.NewTerm(ref)).Value.(ast.Ref)
		if !is {
			return false
		}
		path, lacks := lacking(o.input, plugged.GroundPrefix())
		if lacks && len(o.missing) < maxMissing {
			record.missing[path] = true
			o.missing[path] = true
		}
		return false
	})
}

// lacking is the shortest beginning of the path that the input does not have.
func lacking(input ast.Value, ref ast.Ref) (string, bool) {
	for n := 2; n <= len(ref); n++ {
		if _, err := input.Find(ref[1:n]); err != nil {
			return shortText(ref[:n].String()), true
		}
	}
	return "", false
}

func (o *ruleObserver) missingPaths() []string {
	return util.KeysSorted(o.missing)
}

const maxText = 200

// shortText is one line of bounded length.
func shortText(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return text
}
