package ops

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/open-policy-agent/opa/v1/tester"
)

// What the command writes as OPA's JSON has to be read by OPA's own reader.
func TestReportIsReadByOPA(t *testing.T) {
	raw, err := os.ReadFile("../../test/vectors/test-report.json")
	if err != nil {
		t.Fatal(err)
	}
	var results []*tester.Result
	if err := json.Unmarshal(raw, &results); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, result := range results {
		switch {
		case result.Error != nil:
			counts["error"]++
		case result.Skip:
			counts["skip"]++
		case result.Fail:
			counts["fail"]++
		default:
			counts["pass"]++
		}
	}
	want := map[string]int{"pass": 5, "fail": 6, "error": 3, "skip": 2}
	for verdict, count := range want {
		if counts[verdict] != count {
			t.Errorf("%s: %d, not %d", verdict, counts[verdict], count)
		}
	}
	if got := string(results[1].Output); got != "x is 1\nno more\n" {
		t.Errorf("output %q", got)
	}
	if table := results[2].SubResults; !table["two"].Fail || !table["two"].SubResults["deep"].Fail {
		t.Errorf("cases of a table test: %v", table)
	}
	if last := results[len(results)-1]; last.BenchmarkResult == nil || last.BenchmarkResult.NsPerOp() != 5 {
		t.Errorf("benchmark %v", last.BenchmarkResult)
	}
}
