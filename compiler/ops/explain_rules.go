package ops

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"
)

// ExplainedRule is one rule, or one branch of it, and what became of it: fired (at least once),
// failed (whenever it was evaluated), or not reached.
type ExplainedRule struct {
	// Package is without `data.`, e.g. `mcpguard.rules.grants`; Name as it stands in there.
	Package string `json:"package"`
	Name    string `json:"name"`
	File    string `json:"file"`
	Row     int    `json:"row"`
	Title   string `json:"title"`
	// Codes are the reasons that it can give, each with what it means.
	Codes   map[string]string `json:"codes"`
	Outcome string            `json:"outcome"`
	// Values are what it gave, when it fired.
	Values []string `json:"values"`
	// Asks are the rules and functions that it refers to, without `data.`.
	Asks     []string    `json:"asks"`
	FailedAt *FailedExpr `json:"failedAt"`
	Missing  []string    `json:"missing"`
}

// FailedExpr is the expression that a rule got no further than. Asks are the rules and functions in
// it, without `data.`; Negated: it fails because they hold.
type FailedExpr struct {
	Text    string            `json:"text"`
	File    string            `json:"file"`
	Row     int               `json:"row"`
	Col     int               `json:"col"`
	Values  map[string]string `json:"values"`
	Asks    []string          `json:"asks"`
	Negated bool              `json:"negated"`
}

const (
	maxExplainedRules = 500
	rulesPackage      = "mcpguard.rules."
)

// explained lists every rule that the entry point can read, the composed rules first.
func (o *ruleObserver) explained(compiler *ast.Compiler, entry ast.Ref) ([]ExplainedRule, int) {
	w := &walker{rules: newRuleTree(compiler), queued: map[*ast.Rule]bool{}}
	w.data(entry)
	for len(w.queue) > 0 {
		rule := w.queue[len(w.queue)-1]
		w.queue = w.queue[:len(w.queue)-1]
		w.visit(rule)
	}
	annotations := compiler.GetAnnotationSet()
	rules := []ExplainedRule{}
	for rule := range w.queued {
		for branch := rule; branch != nil; branch = branch.Else {
			if !branch.Default {
				rules = append(rules, o.explainedRule(branch, rule, annotations))
			}
		}
	}
	slices.SortFunc(rules, func(a, b ExplainedRule) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)),
			cmp.Compare(a.Package, b.Package), cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row), cmp.Compare(a.Name, b.Name),
		)
	})
	omitted := max(0, len(rules)-maxExplainedRules)
	return rules[:len(rules)-omitted], omitted
}

func rank(rule ExplainedRule) int {
	switch {
	case strings.HasPrefix(rule.Package, rulesPackage):
		return 0
	case strings.HasPrefix(rule.Package, "mcpguard.lib"):
		return 2
	}
	return 1
}

func (o *ruleObserver) explainedRule(rule, first *ast.Rule, annotations *ast.AnnotationSet) ExplainedRule {
	explained := ExplainedRule{
		Package: strings.TrimPrefix(rule.Module.Package.Path.String(), "data."),
		Name:    rule.Head.Ref().GroundPrefix().String(),
		Values:  []string{},
		Missing: []string{},
		Outcome: "not reached",
		Asks:    asked(rule),
	}
	if loc := rule.Location; loc != nil {
		explained.File, explained.Row = loc.File, loc.Row
	}
	explained.Title, explained.Codes = described(annotations, first)
	record := o.rules[rule]
	if record == nil {
		return explained
	}
	explained.Missing = util.KeysSorted(record.missing)
	if record.fired > 0 {
		explained.Outcome, explained.Values = "fired", record.contributed
		return explained
	}
	explained.Outcome = "failed"
	if record.furthest != nil {
		explained.FailedAt = failureAt(record.furthest)
	}
	return explained
}

func failureAt(f *failure) *FailedExpr {
	loc := f.expr.Location
	if loc == nil {
		return nil
	}
	return &FailedExpr{
		Text: shortText(string(loc.Text)), File: loc.File, Row: loc.Row, Col: loc.Col,
		Values: f.values, Asks: asked(f.expr), Negated: f.expr.Negated,
	}
}

func asked(node any) []string {
	names := map[string]bool{}
	ast.WalkRefs(node, func(ref ast.Ref) bool {
		if ref.HasPrefix(ast.DefaultRootRef) && len(ref) > 1 {
			names[strings.TrimPrefix(ref.ConstantPrefix().String(), "data.")] = true
		}
		return false
	})
	return util.KeysSorted(names)
}

// described is the title and the reason codes of the rule's METADATA.
func described(annotations *ast.AnnotationSet, rule *ast.Rule) (string, map[string]string) {
	title, codes := "", map[string]string{}
	of := annotations.GetRuleScope(rule)
	if document := annotations.GetDocumentScope(rule.Ref().GroundPrefix()); document != nil {
		of = append(slices.Clone(of), document)
	}
	for _, annotation := range of {
		if title == "" {
			title = annotation.Title
		}
		if code, is := annotation.Custom["code"].(string); is {
			codes[code] = annotation.Title
		}
		several, _ := annotation.Custom["codes"].(map[string]any)
		for code, text := range several {
			codes[code] = fmt.Sprint(text)
		}
	}
	return title, codes
}

const maxValues = 20

// valuesOf reads the expression as it was written and gives what its variables, its input paths and
// its data had, as far as they are simple.
func (o *ruleObserver) valuesOf(event topdown.Event, expr *ast.Expr) map[string]string {
	values := map[string]string{}
	if expr.Location == nil {
		return values
	}
	written, err := ast.ParseBodyWithOpts(string(expr.Location.Text), ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		return values
	}
	locals := localsOf(event)
	set := func(name string, value ast.Value) {
		if len(values) < maxValues {
			values[name] = shortText(value.String())
		}
	}
	ast.WalkVars(written, func(name ast.Var) bool {
		if value, bound := locals[name]; bound {
			set(string(name), value)
		}
		return false
	})
	ast.WalkRefs(written, func(ref ast.Ref) bool {
		root, is := ref[0].Value.(ast.Var)
		if !is {
			return false
		}
		path, ground := grounded(ref, locals)
		switch {
		case !ground:
		case root.Equal(ast.InputRootDocument.Value):
			if value, err := o.input.Find(path[1:]); err == nil {
				set(ref.String(), value)
			} else if len(values) < maxValues {
				values[ref.String()] = undefinedText
			}
		case root.Equal(ast.DefaultRootDocument.Value):
			if value, found := o.baseData(path); found {
				set(ref.String(), value)
			}
		default:
			if local, bound := locals[root]; bound {
				if value, err := local.Find(path[1:]); err == nil {
					set(ref.String(), value)
				} else if len(values) < maxValues {
					values[ref.String()] = undefinedText
				}
			}
		}
		return false
	})
	return values
}

const undefinedText = "undefined"

// localsOf has the rule's own variables by the names that they have in the source.
func localsOf(event topdown.Event) map[ast.Var]ast.Value {
	locals := map[ast.Var]ast.Value{}
	if event.Locals == nil {
		return locals
	}
	event.Locals.Iter(func(name, value ast.Value) bool {
		variable, is := name.(ast.Var)
		if meta, known := event.LocalMetadata[variable]; is && known && !meta.Name.IsGenerated() && ast.IsConstant(value) {
			locals[meta.Name] = value
		}
		return false
	})
	return locals
}

// grounded puts the values of variables into the path.
func grounded(ref ast.Ref, locals map[ast.Var]ast.Value) (ast.Ref, bool) {
	path := ref.Copy()
	for i, term := range path[1:] {
		if variable, is := term.Value.(ast.Var); is {
			value, bound := locals[variable]
			if !bound {
				return nil, false
			}
			path[i+1] = ast.NewTerm(value)
		} else if !ast.IsConstant(term.Value) {
			return nil, false
		}
	}
	return path, true
}

// baseData is what stands in a data file; what rules make shows as a rule of its own.
func (o *ruleObserver) baseData(path ast.Ref) (ast.Value, bool) {
	pointer, err := storage.NewPathForRef(path)
	if err != nil || len(pointer) == 0 {
		return nil, false
	}
	var value any = o.policy.data
	for _, name := range pointer {
		object, is := value.(map[string]any)
		if !is {
			return nil, false
		}
		if value, is = object[name]; !is {
			return nil, false
		}
	}
	found, err := ast.InterfaceToValue(value)
	return found, err == nil
}
