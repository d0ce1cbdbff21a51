package ops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"
)

// interpreter evaluates tests as OPA's runner does, one at a time. The runner itself only compiles:
// its time limit needs a second thread, which there is none of in a reactor.
type interpreter struct {
	compiler *ast.Compiler
	store    storage.Store
	timeout  time.Duration
	coverage *cover.Cover
}

// noTest is a path that no test has.
var noTest = ast.MustParseRef(`data["<mcp-guard>"]`)

// newInterpreter compiles with what the runner adds to a compiler. With rewritten tests a trace knows
// the values of local variables, and evaluation is slower.
func newInterpreter(p *policy, modules map[string]*ast.Module, caps *ast.Capabilities, rewritten bool) (*interpreter, error) {
	compiler := ast.NewCompiler().
		WithCapabilities(caps).
		WithUseTypeCheckAnnotations(true).
		WithEnablePrintStatements(true).
		WithRewriteTestRules(rewritten).
		WithDefaultRegoVersion(ast.RegoV1).
		WithPathConflictsCheck(p.hasData)
	store := inmem.NewFromObject(p.data)
	runner := tester.NewRunner().
		SetCompiler(compiler).
		SetStore(store).
		SetModules(modules).
		SetParallel(1).
		SetPrefixMatchers(noTest)
	ctx := context.Background()
	err := storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		results, err := runner.RunTests(ctx, txn)
		if err == nil {
			for range results {
				return errors.New("a test ran that should not")
			}
		}
		return err
	})
	if compiler.Failed() {
		return nil, compileProblems(compiler.Errors, caps)
	}
	return &interpreter{compiler: compiler, store: store}, err
}

// deadline stops an evaluation from within: it is asked before every expression.
type deadline struct {
	at     time.Time
	asked  uint
	passed bool
}

const askedPerLook = 256

func (d *deadline) Cancel() { d.passed = true }

func (d *deadline) Cancelled() bool {
	d.asked++
	if d.asked%askedPerLook == 0 && time.Now().After(d.at) {
		d.passed = true
	}
	return d.passed
}

var resultVar = ast.Var("result")

// evaluate gives the test's outcome; trace, where given, gets every event.
func (i *interpreter) evaluate(test testRule, trace *topdown.BufferTracer) TestOutcome {
	o := newOutcome(test)
	if test.skip {
		o.Outcome = "skip"
		return o
	}
	var output bytes.Buffer
	cases := &caseTracer{}
	if test.isTable() {
		cases.before = beforeCase(test.rule)
		if selectsCases(cases.before) {
			o.refuse(boundByTest)
			return o
		}
	}
	limit := &deadline{}
	query := ast.Equality.Expr(ast.NewTerm(resultVar), ast.NewTerm(test.path()))
	query.Location = &ast.Location{}
	ctx := context.Background()
	var result ast.Value
	err := storage.Txn(ctx, i.store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		q := topdown.NewQuery(ast.NewBody(query)).
			WithCompiler(i.compiler).
			WithStore(i.store).
			WithTransaction(txn).
			WithCancel(limit).
			WithStackTraces(true).
			WithPrintHook(topdown.NewPrintHook(&output))
		if test.isTable() {
			q = q.WithQueryTracer(cases)
		}
		if i.coverage != nil {
			q = q.WithQueryTracer(i.coverage)
		}
		if trace != nil {
			// An index passes over rules without a trace of why.
			q = q.WithQueryTracer(trace).WithIndexing(false)
		}
		started := time.Now()
		limit.at = started.Add(i.timeout)
		err := q.Iter(ctx, func(found topdown.QueryResult) error {
			result = found[resultVar].Value
			return nil
		})
		o.DurationNs = time.Since(started).Nanoseconds()
		return err
	})
	o.Output = output.String()
	switch {
	case limit.passed:
		o.Outcome, o.Error = "error", fmt.Sprintf("%s:%d: not done after %s", o.File, o.Row, i.timeout)
	case err != nil:
		o.Outcome, o.Error = "error", err.Error()
	case result == nil:
		o.Outcome = "fail"
	case test.isTable():
		o.readTable(result, cases)
	case !ast.Boolean(true).Equal(result):
		o.Outcome = "fail"
	}
	if result != nil {
		o.Value = result.String()
	}
	return o
}

// refused: the test is written so that no run of it says something.
const refused = "refused"

func (o *TestOutcome) refuse(why string) {
	o.Outcome, o.Error = refused, fmt.Sprintf("%s:%d: %s", o.File, o.Row, why)
}

func newOutcome(test testRule) TestOutcome {
	o := TestOutcome{
		Package: test.packageName(),
		Name:    test.name(),
		Outcome: "pass",
		Cases:   []CaseOutcome{},
	}
	if at := test.rule.Loc(); at != nil {
		o.File, o.Row, o.Col = at.File, at.Row, at.Col
	}
	return o
}

// caseName is the key as a member of JSON is named.
func caseName(key *ast.Term) string {
	if text, is := key.Value.(ast.String); is {
		return string(text)
	}
	if value, err := ast.JSON(key.Value); err == nil {
		if raw, err := json.Marshal(value); err == nil {
			return string(raw)
		}
	}
	return key.String()
}

func (o *TestOutcome) addCases(above []string, results tester.SubResultMap) {
	for _, name := range util.KeysSorted(results) {
		path := append(append([]string{}, above...), name)
		one := results[name]
		if len(one.SubResults) > 0 {
			o.addCases(path, one.SubResults)
		} else {
			o.Cases = append(o.Cases, CaseOutcome{Name: path, Pass: !one.Fail})
		}
	}
}
