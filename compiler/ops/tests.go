package ops

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
)

// TestRequest runs the test rules of a policy with OPA's interpreter. Run is a regular expression
// over their full names; empty runs all.
type TestRequest struct {
	Source       Source          `json:"source"`
	Capabilities json.RawMessage `json:"capabilities"`
	Run          string          `json:"run"`
	Coverage     bool            `json:"coverage"`
	TimeoutMs    int             `json:"timeoutMs"`
}

// TestReport is in the order of place, whatever order the tests ran in.
type TestReport struct {
	Tests    []TestOutcome `json:"tests"`
	Coverage *cover.Report `json:"coverage"`
}

// TestOutcome is one test rule; a table test also has the outcome of each case.
type TestOutcome struct {
	Package    string        `json:"package"`
	Name       string        `json:"name"`
	File       string        `json:"file"`
	Row        int           `json:"row"`
	Col        int           `json:"col"`
	Outcome    string        `json:"outcome"` // pass, fail, error, skip
	Error      string        `json:"error"`
	Output     string        `json:"output"`
	DurationNs int64         `json:"durationNs"`
	Cases      []CaseOutcome `json:"cases"`
	FailedAt   *FailedAt     `json:"failedAt"`
	Trace      []string      `json:"trace"`
	result     *tester.Result
}

// CaseOutcome is one case of a table test, by its path of keys.
type CaseOutcome struct {
	Name []string `json:"name"`
	Pass bool     `json:"pass"`
}

func runTest(request TestRequest) (any, error) {
	caps, err := testCapabilities(request.Capabilities)
	if err != nil {
		return nil, err
	}
	if _, err := regexp.Compile(request.Run); err != nil {
		return nil, requestError("run is not a regular expression: " + err.Error())
	}
	p, err := request.Source.read(readOptions{capabilities: caps, withTests: true})
	if err != nil {
		return nil, err
	}
	session := testSession{policy: p, capabilities: caps, timeout: 5 * time.Second}
	if request.TimeoutMs > 0 {
		session.timeout = time.Duration(request.TimeoutMs) * time.Millisecond
	}
	var tracer *cover.Cover
	if request.Coverage {
		tracer = cover.New()
	}
	report := TestReport{}
	if report.Tests, err = session.run(request.Run, tracer, false); err != nil {
		return nil, err
	}
	if tracer != nil {
		covered := tracer.Report(p.modules)
		report.Coverage = &covered
	}
	if err := session.explainFailures(report.Tests); err != nil {
		return nil, err
	}
	return report, nil
}

// testCapabilities adds what OPA's runner injects into table tests.
func testCapabilities(raw json.RawMessage) (*ast.Capabilities, error) {
	caps, err := capabilitiesOf(raw, true)
	if err == nil && !caps.ContainsBuiltin(ast.InternalTestCase.Name) {
		caps.Builtins = append(caps.Builtins, ast.InternalTestCase)
	}
	return caps, err
}

type testSession struct {
	policy       *policy
	capabilities *ast.Capabilities
	timeout      time.Duration
}

// run compiles anew each time: the runner hangs stages of its own into the compiler it is given.
func (s testSession) run(filter string, coverage *cover.Cover, traced bool) ([]TestOutcome, error) {
	compiler := ast.NewCompiler().
		WithCapabilities(s.capabilities).
		WithUseTypeCheckAnnotations(true).
		WithEnablePrintStatements(true).
		WithRewriteTestRules(traced).
		WithDefaultRegoVersion(ast.RegoV1).
		WithPathConflictsCheck(s.policy.hasData)
	store := inmem.NewFromObject(s.policy.data)
	runner := tester.NewRunner().
		SetCompiler(compiler).
		SetStore(store).
		SetModules(s.policy.modules).
		SetParallel(1).
		SetTimeout(s.timeout).
		CapturePrintOutput(true).
		RaiseBuiltinErrors(false).
		Filter(filter)
	if coverage != nil {
		runner.SetCoverageQueryTracer(coverage)
	}
	runner.EnableTracing(traced)
	var outcomes []TestOutcome
	ctx := context.Background()
	err := storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		results, err := runner.RunTests(ctx, txn)
		if err != nil {
			return err
		}
		for result := range results {
			outcomes = append(outcomes, outcomeOf(result))
		}
		return nil
	})
	if compiler.Failed() {
		return nil, compileProblems(compiler.Errors, s.capabilities)
	}
	slices.SortFunc(outcomes, func(a, b TestOutcome) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row), cmp.Compare(a.Name, b.Name))
	})
	return outcomes, err
}

func outcomeOf(result *tester.Result) TestOutcome {
	o := TestOutcome{
		Package:    strings.TrimPrefix(result.Package, "data."),
		Name:       result.Name,
		Outcome:    "pass",
		Output:     string(result.Output),
		DurationNs: result.Duration.Nanoseconds(),
		Cases:      []CaseOutcome{},
		Trace:      []string{},
		result:     result,
	}
	if result.Location != nil {
		o.File, o.Row, o.Col = result.Location.File, result.Location.Row, result.Location.Col
	}
	for name, sub := range result.SubResults.Iter {
		o.Cases = append(o.Cases, CaseOutcome{Name: name, Pass: !sub.Fail})
	}
	switch {
	case result.Error != nil:
		o.Outcome, o.Error = "error", result.Error.Error()
	case result.Skip:
		o.Outcome = "skip"
	case result.Fail:
		o.Outcome = "fail"
	}
	return o
}
