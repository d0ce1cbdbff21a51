package ops

import (
	"encoding/json"
	"regexp"
	"runtime/debug"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/util"
)

// TestRequest runs the test rules of a policy with OPA's interpreter.
type TestRequest struct {
	Source       Source          `json:"source"`
	Capabilities json.RawMessage `json:"capabilities"`
	testSelection
	Coverage  bool `json:"coverage"`
	TimeoutMs int  `json:"timeoutMs"`
}

// testSelection says which tests are meant. Run is a regular expression over their full names, empty
// for all. Changed has files by name with what they held before: then only what may come out otherwise
// now is compiled and run.
type testSelection struct {
	Run     string            `json:"run"`
	Changed map[string]string `json:"changed"`
}

// TestReport is in the order of place. Files are those of which the tests were looked at.
type TestReport struct {
	Files    []string      `json:"files"`
	Tests    []TestOutcome `json:"tests"`
	Coverage *cover.Report `json:"coverage"`
}

// TestOutcome is one test rule; a table test also has the outcome of each case. Value is how Rego
// writes the result, empty where it is undefined.
type TestOutcome struct {
	Package    string        `json:"package"`
	Name       string        `json:"name"`
	File       string        `json:"file"`
	Row        int           `json:"row"`
	Col        int           `json:"col"`
	Outcome    string        `json:"outcome"` // pass, fail, error, skip, refused
	Value      string        `json:"value"`
	Error      string        `json:"error"`
	Output     string        `json:"output"`
	DurationNs int64         `json:"durationNs"`
	Cases      []CaseOutcome `json:"cases"`
	FailedAt   *FailedAt     `json:"failedAt"`
}

// CaseOutcome is one case of a table test, by its path of keys.
type CaseOutcome struct {
	Name []string `json:"name"`
	Pass bool     `json:"pass"`
}

// Progress is told of every test before it runs: how many there are, its place among them, its name.
var Progress = func(total, place int, name string) {}

const (
	defaultTimeout = 5 * time.Second
	// Tests run where nothing else does, and collecting less often saves time.
	testHeapLimit = 256 << 20
)

func runTest(request TestRequest) (any, error) {
	debug.SetMemoryLimit(testHeapLimit)
	caps, err := testCapabilities(request.Capabilities)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps, withTests: true})
	if err != nil {
		return nil, err
	}
	chosen, err := request.choose(p, caps)
	if err != nil {
		return nil, err
	}
	session, err := newInterpreter(p, chosen.modules, caps, false)
	if err != nil {
		return nil, err
	}
	session.timeout = defaultTimeout
	if request.TimeoutMs > 0 {
		session.timeout = time.Duration(request.TimeoutMs) * time.Millisecond
	}
	if request.Coverage {
		session.coverage = cover.New()
	}
	report := TestReport{Files: util.KeysSorted(chosen.files), Tests: []TestOutcome{}}
	tests := slices.DeleteFunc(testsOf(session.compiler.Modules), func(test testRule) bool {
		return !chosen.has(test)
	})
	for place, test := range tests {
		Progress(len(tests), place, test.fullName())
		report.Tests = append(report.Tests, session.evaluate(test, nil))
	}
	if request.Coverage {
		covered := session.coverage.Report(chosen.modules)
		report.Coverage = &covered
	}
	return report, explainFailures(p, caps, report.Tests)
}

// testCapabilities adds what OPA's runner injects into table tests.
func testCapabilities(raw json.RawMessage) (*ast.Capabilities, error) {
	caps, err := capabilitiesOf(raw, true)
	if err == nil && !caps.ContainsBuiltin(ast.InternalTestCase.Name) {
		caps.Builtins = append(caps.Builtins, ast.InternalTestCase)
	}
	return caps, err
}

// chosenTests are the tests that are meant, and the modules to compile for them.
type chosenTests struct {
	modules map[string]*ast.Module
	graph   moduleGraph
	files   map[string]bool
	run     *regexp.Regexp
}

func (c chosenTests) has(test testRule) bool {
	return c.files[test.rule.Loc().File] && (c.run == nil || c.run.MatchString(test.fullName()))
}

// choose refuses tests of one name; whoever is renamed or hidden would not be what its author sees.
func (s testSelection) choose(p *policy, caps *ast.Capabilities) (chosenTests, error) {
	chosen := chosenTests{modules: p.modules, files: map[string]bool{}}
	if s.Run != "" {
		run, err := regexp.Compile(s.Run)
		if err != nil {
			return chosen, requestError("run is not a regular expression: " + err.Error())
		}
		chosen.run = run
	}
	if problems := duplicateTests(testsOf(p.modules)); len(problems) > 0 {
		return chosen, problems
	}
	chosen.graph = graphOf(p.modules)
	affected := util.KeysSorted(p.modules)
	if s.Changed != nil {
		affected = s.affected(p, caps, chosen.graph)
		chosen.modules = restrict(p.modules, chosen.graph, affected)
	}
	for _, name := range affected {
		chosen.files[name] = true
	}
	return chosen, nil
}

// affected are the changed files, and whatever may read what they define now or defined before.
func (s testSelection) affected(p *policy, caps *ast.Capabilities, graph moduleGraph) []string {
	seeds := []string{}
	for name, before := range s.Changed {
		if _, exists := p.modules[name]; exists {
			seeds = append(seeds, name)
		}
		module, err := parsed.parse(name, []byte(before), caps)
		if err != nil {
			continue
		}
		for _, other := range graph.names {
			readsIt := func(ref ast.Ref) bool { return overlap(ref, module.Package.Path) }
			if slices.ContainsFunc(dataRefs(p.modules[other]), readsIt) {
				seeds = append(seeds, other)
			}
		}
	}
	return util.KeysSorted(closure(seeds, graph.readBy))
}
