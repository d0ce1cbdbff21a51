package ops

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func explain(t *testing.T, source Source, input string) ExplainResult {
	t.Helper()
	capabilities, err := os.ReadFile("../capabilities.json")
	if err != nil {
		t.Fatal(err)
	}
	out, err := runExplain(ExplainRequest{
		Source: source, Capabilities: capabilities, EntryPoint: "mcpguard/main/decision", Input: json.RawMessage(input),
	})
	if err != nil {
		t.Fatal(problemsOf(err))
	}
	return out.(ExplainResult)
}

func explainMain(t *testing.T, rules, input string) ExplainResult {
	t.Helper()
	return explain(t, Source{Files: map[string]string{"main.rego": "package mcpguard.main\n" + rules}}, input)
}

// explainedLines is `row name outcome [@row text values missing]`, one line each.
func explainedLines(result ExplainResult) string {
	var lines []string
	for _, rule := range result.Rules {
		line := fmt.Sprintf("%d %s %s", rule.Row, rule.Name, rule.Outcome)
		if at := rule.FailedAt; at != nil {
			line += fmt.Sprintf(" @%d:%d %s %v", at.Row, at.Col, at.Text, at.Values)
			if at.Negated {
				line += " negated"
			}
			if len(at.Asks) > 0 {
				line += fmt.Sprintf(" asks %v", at.Asks)
			}
		}
		if len(rule.Values) > 0 {
			line += fmt.Sprintf(" gives %v", rule.Values)
		}
		if len(rule.Missing) > 0 {
			line += fmt.Sprintf(" missing %v", rule.Missing)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

var explainTable = []struct{ name, rules, input, want string }{
	{"fired", `decision := {"allow": true}`, `{}`,
		`2 decision fired gives [{"allow": true}]`},
	{"a value that does not fit", `decision := 1 if input.a == 2`, `{"a": 3}`,
		`2 decision failed @2:18 input.a == 2 map[input.a:3]`},
	{"a member that is missing", `decision := 1 if input.a.b.c == 2`, `{"a": {}}`,
		`2 decision failed @2:18 input.a.b.c == 2 map[input.a.b.c:undefined] missing [input.a.b]`},
	{"the furthest expression", "decision := 1 if {\n\tsome x in input.l\n\tx > 1\n\tx > 2\n}", `{"l": [1, 2]}`,
		`2 decision failed @5:2 x > 2 map[x:2]`},
	{"a branch after the one that fired", "decision := 1 if input.a == 1 else := 2 if input.a == 2 else := 3", `{"a": 2}`,
		"2 decision failed @2:18 input.a == 1 map[input.a:2]\n2 decision fired gives [2]\n2 decision not reached"},
	{"what is negated", "decision := 1 if not h\nh if input.a == 1", `{"a": 1}`,
		"2 decision failed @2:18 not h map[] negated asks [mcpguard.main.h]\n3 h fired gives [true]"},
	{"an expression in a comprehension is not the rule's", "decision := 1 if {\n\tcount([x | some x in input.l; x > 5]) > 0\n}", `{"l": [1]}`,
		`2 decision failed @3:2 count([x | some x in input.l; x > 5]) > 0 map[input.l:[1]]`},
	{"a function by its arguments", "decision := f(input.a)\nf(1) := 2\nf(2) := 3", `{"a": 2}`,
		"2 decision fired gives [3]\n3 f failed\n4 f fired gives [3]"},
	{"a rule that the index would pass over", "decision := 1 if h == 2\nh := 1 if input.a == \"x\"\nh := 2 if input.a == \"y\"", `{"a": "y"}`,
		"2 decision fired gives [1]\n3 h failed @3:11 input.a == \"x\" map[input.a:\"y\"]\n4 h fired gives [2]"},
	{"the other definitions of what holds already", "decision := 1 if h\nh if input.a\nh if input.b == 2", `{"a": true, "b": 3}`,
		"2 decision fired gives [1]\n3 h fired gives [true]\n4 h failed @4:6 input.b == 2 map[input.b:3]"},
	{"a builtin that cannot", `decision := 1 if to_number(input.a) == 1`, `{"a": "x"}`,
		`2 decision failed @2:18 to_number(input.a) map[input.a:"x"]`},
	{"a default is no rule", "default decision := 0\ndecision := 1 if input.a == 2", `{"a": 3}`,
		`3 decision failed @3:18 input.a == 2 map[input.a:3]`},
	{"the last expression of a comprehension is not the rule's", "decision := 1 if {\n\tcount([y | some x in input.l; y := x; y > 5]) > 0\n}", `{"l": [1]}`,
		`2 decision failed @3:2 count([y | some x in input.l; y := x; y > 5]) > 0 map[input.l:[1]]`},
	{"the first of equal failures", "decision := 1 if {\n\tsome x in input.l\n\tx > 5\n}", `{"l": [1, 2]}`,
		`2 decision failed @4:2 x > 5 map[x:1]`},
	{"at most eight values", "decision := s\ns contains x if some x in input.l", `{"l": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}`,
		"2 decision fired gives [{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}]\n3 s fired gives [0 1 2 3 4 5 6 7]"},
	{"a rule that nothing reads", "decision := 1\nother := 2", `{}`, `2 decision fired gives [1]`},
	{"each value of a set", "decision := s\ns contains x if some x in input.l", `{"l": ["a", "b"]}`,
		"2 decision fired gives [{\"a\", \"b\"}]\n3 s fired gives [\"a\" \"b\"]"},
}

func TestExplain(t *testing.T) {
	for _, row := range explainTable {
		t.Run(row.name, func(t *testing.T) {
			result := explainMain(t, row.rules, row.input)
			if got := explainedLines(result); got != row.want || result.Error != "" {
				t.Errorf("got\n%s\nwant\n%s", got, row.want)
			}
		})
	}
}

func TestExplainWithoutDecision(t *testing.T) {
	undefined := explainMain(t, "decision := 1 if input.a", `{}`)
	if undefined.Defined || undefined.Error != "" {
		t.Errorf("%+v", undefined)
	}
	conflict := explainMain(t, "decision := 1 if input.a\ndecision := 2 if input.a", `{"a": true}`)
	if conflict.Defined || !strings.Contains(conflict.Error, "eval_conflict_error") || len(conflict.Rules) != 2 {
		t.Errorf("%+v", conflict)
	}
}

func TestExplainOfWhatCameCompiled(t *testing.T) {
	capabilities, _ := os.ReadFile("../capabilities.json")
	_, err := runExplain(ExplainRequest{Capabilities: capabilities, EntryPoint: "a/b", Input: json.RawMessage("{}")})
	if err == nil || problemsOf(err)[0].Code != "policy_compiled" {
		t.Errorf("%v", err)
	}
}

func TestExplainIsBounded(t *testing.T) {
	rules := []string{"decision := count(s)"}
	for i := range 600 {
		rules = append(rules, fmt.Sprintf("s contains %d if input.a%d == %q", i, i, strings.Repeat("x", 400)))
	}
	result := explainMain(t, strings.Join(rules, "\n"), `{}`)
	if len(result.Rules) != 500 || result.Omitted != 101 || len(result.Missing) != maxMissing {
		t.Errorf("%d rules, %d omitted, %d missing", len(result.Rules), result.Omitted, len(result.Missing))
	}
	if text := result.Rules[1].FailedAt.Text; len([]rune(text)) != maxText+1 {
		t.Errorf("%d characters", len(text))
	}
}

func TestExplainShipped(t *testing.T) {
	input := `{"subject":{"id":"alice","roles":["reader"],"scopes":[],"tenant":null,"issuer":"mcp-guard","method":"api-key"},
		"action":{"name":"tools/call","class":"use"},
		"resource":{"type":"tool","id":"echo","server":"everything","labels":{},"known":true,"annotations":{},"digest":"d","arguments":{}},
		"context":{"question":"message","direction":"client","zones":{}}}`
	result := explain(t, sourceIn(t, "../../policies"), input)
	at := slices.IndexFunc(result.Rules, func(r ExplainedRule) bool { return r.Package == "mcpguard.rules.grants" && r.Name == "permit" })
	permit := result.Rules[at]
	if permit.Title != "Granted to a role of the caller" || permit.Codes["tool-granted"] != "A tool granted to a role of the caller" || permit.FailedAt.Text != "_is_met(entry)" {
		t.Errorf("%+v", permit)
	}
	if !slices.Contains(permit.FailedAt.Asks, "mcpguard.rules.grants._is_met") {
		t.Errorf("%v", permit.FailedAt.Asks)
	}
	if !slices.Contains(result.Missing, "input.resource.arguments.message") {
		t.Errorf("%v", result.Missing)
	}
	if first := result.Rules[0].Package; !strings.HasPrefix(first, "mcpguard.rules.") {
		t.Errorf("first is %s", first)
	}
}

func TestExplainShowsDataAndFewValues(t *testing.T) {
	result := explain(t, Source{Files: map[string]string{
		"main.rego": "package mcpguard.main\n\ndecision := 1 if data.limits.a == input.b\n",
		"data.json": `{"limits": {"a": 1}}`,
	}}, `{"b": 2}`)
	if values := result.Rules[0].FailedAt.Values; values["data.limits.a"] != "1" || values["input.b"] != "2" {
		t.Errorf("%v", values)
	}
	var paths []string
	for i := range 2 * maxValues {
		paths = append(paths, fmt.Sprintf("input.a%d", i))
	}
	many := explainMain(t, "decision := 1 if count(["+strings.Join(paths, ", ")+"]) == 0", strings.ReplaceAll(`{"`+strings.Join(paths, `": 1, "`)+`": 1}`, "input.", ""))
	if values := many.Rules[0].FailedAt.Values; len(values) != maxValues {
		t.Errorf("%d values", len(values))
	}
}

// The title and the code are the rule's own or those of the document that it is part of.
func TestExplainHasTitlesAndCodes(t *testing.T) {
	metadata := func(scope, code string) string {
		return "# METADATA\n# title: Title of " + code + "\n# scope: " + scope + "\n# custom:\n#   code: " + code + "\n"
	}
	for scope, code := range map[string]string{"rule": "one", "document": "two"} {
		rule := explainMain(t, "\n"+metadata(scope, code)+"decision := 1 if input.a", `{}`).Rules[0]
		if rule.Title != "Title of "+code || len(rule.Codes) != 1 || rule.Codes[code] != "Title of "+code {
			t.Errorf("%s: %q %v", scope, rule.Title, rule.Codes)
		}
	}
}
