package ops

import (
	"encoding/json"
	"slices"
	"testing"
)

// What a check must say at its very edge, and what it must not.
func TestEdgesOfNever(t *testing.T) {
	const never = "error never-matches 2 this rule never holds: "
	runCases(t, []checkCase{
		{"an hour after the last", `permit contains "x" if input.context.hour == 24`, []string{never + "input.context.hour is never 24"}},
		{"an hour before the first", `permit contains "x" if input.context.hour == -1`, []string{never + "input.context.hour is never -1"}},
		{"an hour after the last, the other way round", `permit contains "x" if 24 == input.context.hour`, []string{never + "input.context.hour is never 24"}},
		{"an hour before the first, the other way round", `permit contains "x" if -1 == input.context.hour`, []string{never + "input.context.hour is never -1"}},
		{"none of a claim's values", `permit contains "x" if { input.subject.claims.x in {"a", "b"}; input.subject.claims.x != "a"; input.subject.claims.x != "b" }`, []string{
			never + `another expression of this body demands that input.subject.claims.x is "b"`,
		}},
		{"none of the hours", `permit contains "x" if input.context.hour in {24, 25}`, []string{never + "input.context.hour is never 24"}},
		{"the first hour and the last", "permit contains \"x\" if input.context.hour == 0\npermit contains \"x\" if input.context.hour == 23", nil},
		{"neither of all", `permit contains "x" if { input.context.direction != "client"; input.context.direction != "server" }`, []string{
			never + `another expression of this body demands that input.context.direction is "server"`,
		}},
		{"a set with a fact in it", `permit contains "x" if { input.resource.id in {input.subject.id, "b"}; input.resource.id == "a" }`, nil},
		{"the other way round", `permit contains "x" if not "lst" == input.action.class`, []string{
			`warning unknown-value 2 input.action.class is never "lst"`,
		}},
		{"the absence of an object or null", `deny contains "x" if not input.context.client`, []string{
			never + "input.context.client is always there, and only false is not true",
		}},
	})
}

func TestEdgesOfDenies(t *testing.T) {
	const missing = "this does not deny where input.resource.digest is missing"
	runCases(t, []checkCase{
		{"other facts for the negated", `deny contains "x" if not startswith(input.resource.digest, "a") with input.resource.digest as "b"`, nil},
		{"a helper of a permit too", "permit contains \"x\" if _odd\ndeny contains \"x\" if _odd\n_odd if not startswith(input.resource.digest, \"a\")", nil},
		{"a local that is unified", `deny contains "x" if { digest = input.resource.digest; not startswith(digest, "a") }`, []string{"error silent-deny 2 " + missing}},
		{"a local on the right", `deny contains "x" if { input.resource.digest = digest; not startswith(digest, "a") }`, []string{"error silent-deny 2 " + missing}},
	})
}

func TestEdgesOfPermits(t *testing.T) {
	const item = "permit contains \"x\" if { input.resource.id == \"a\"; input.subject.id == \"b\" }\n"
	runCases(t, []checkCase{
		{"shown to another caller", item + "permit contains \"x\" if { input.resource.id == \"a\"; input.subject.id == \"c\"; input.resource.arguments.n > 3 }", nil},
		{"a function of an argument", "permit contains \"x\" if _is(input.resource.arguments.mode)\n_is(\"a\")", []string{
			"warning permit-hides-item 2 no item question can satisfy this, so what it permits is hidden and refused",
		}},
		{"a decision that denies", "package mcpguard.main\n\ndecision := {\"allow\": false} if input.resource.arguments.n > 3", nil},
		{"a branch that denies", "package mcpguard.main\n\ndecision := {\"allow\": true} if input.resource.id == \"a\"\nelse := {\"allow\": false} if input.resource.arguments.n > 3", nil},
		{"a helper's branch that denies", "package mcpguard.main\n\ndecision := {\"allow\": _ok} if input.subject.id == \"z\"\n_ok := true if input.resource.id == \"a\"\nelse := false if input.resource.arguments.n > 3", nil},
	})
}

func TestEdgesOfTheOthers(t *testing.T) {
	runCases(t, []checkCase{
		{"a misspelt root", `deny contains "x" if data.mcpgard.lib.facts.is_item_question`, []string{
			"error undefined-reference 2 nothing defines data.mcpgard (did you mean `data.mcpguard.lib.facts.is_item_question`?)",
		}},
		{"a computed member with a default", `deny contains "x" if { some name in {"a"}; object.get(input.resource.arguments, name, null) == 1 }`, nil},
		{"a function of every argument and of one", "deny contains \"x\" if _f(input.resource.arguments)\n_f(a) if walk(a, [_, \"x\"])\n_f(a) if a.x == 1", nil},
		{"an allowance below", "_f(1) := 2\n# mcp-guard: allow unused-rule\n_g(1) := 2", []string{"warning unused-rule 2 nothing asks for mcpguard.rules.x._f"}},
		{"the host's package", "package mcpguard.host\n\nx := 1", []string{
			"error reserved_package 1 the package mcpguard.host belongs to the gateway",
			"warning unused-rule 3 nothing asks for mcpguard.host.x",
		}},
	})
}

func TestCodesOfTwoPackages(t *testing.T) {
	rule := func(name string) string {
		return "package mcpguard.rules." + name + "\n# METADATA\n# title: One\n# custom:\n#   code: a-code\ndeny contains \"a-code\" if input.resource.id == \"a\"\n"
	}
	expectLines(t, map[string]string{"x.rego": rule("x"), "y.rego": rule("y")}, []string{
		`error reason-code-twice ["y.rego",2,1] the reason code "a-code" is declared at x.rego:2 too (give each meaning a code of its own, so that the audit tells them apart)`,
	})
}

func TestWhatOnlyTestsUse(t *testing.T) {
	expectLines(t, map[string]string{
		"x.rego":      "package mcpguard.rules.x\n\n_a if input.resource.id == \"a\"\n",
		"x_test.rego": "package mcpguard.rules.x_test\n\ntest_a if data.mcpguard.rules.x._a with input.resource.id as \"a\"\n",
	}, []string{
		`warning unused-rule ["x.rego",3,1] mcpguard.rules.x._a is used by tests only (remove it, or move it into a test file)`,
	})
}

func TestNamesInData(t *testing.T) {
	rule := "package mcpguard.rules.x\n\ndeny contains \"x\" if data.limits.%\n"
	for name, want := range map[string][]string{
		"alice": {},
		"alcie": {"warning undefined-reference [\"x.rego\",3,22] nothing defines data.limits.alcie (did you mean `data.limits.alice`?)"},
		// Left out on purpose, as far as anybody can tell.
		"zzzzzzzzz": {},
	} {
		expectLines(t, map[string]string{
			"x.rego":           rule[:len(rule)-2] + name + "\n",
			"limits/data.json": `{"alice": true}`,
		}, want)
	}
}

// A scalar in a package's place hides what its rules give.
func TestDataInTheWayOfRules(t *testing.T) {
	for data, want := range map[string]bool{`{"a": {"b": 1}}`: true, `{"a": 1}`: true, `{"a": {"b": {}}}`: false, `{"a": {"c": 1}}`: false} {
		p, err := Source{Files: map[string]string{"x.rego": "package a.b\n\nc := 1\n", "data.json": data}}.
			read(readOptions{capabilities: shippedCapabilities(t)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.checkModules(checkOptions{capabilities: shippedCapabilities(t)})
		if (err != nil) != want {
			t.Errorf("%s: %v", data, err)
		}
	}
}

func TestNearlyMethods(t *testing.T) {
	rows := map[string][]string{
		`input.action.name != "tools/cal"`:     {`warning unknown-value 2 there is no method "tools/cal"`},
		`input.action.name != "tools/ca"`:      {`warning unknown-value 2 there is no method "tools/ca"`},
		`input.action.name != "tools/c"`:       {},
		`input.action.name != "tools/cxyz"`:    {},
		`input.action.name != "tools/call"`:    {},
		`input.resource.id != "tools/cal"`:     {},
		`input.action.name != "my/method"`:     {},
		`not input.action.name == "tool/call"`: {`warning unknown-value 2 there is no method "tool/call"`},
	}
	for body, want := range rows {
		result, err := runCheck(CheckRequest{
			Source: Source{Files: map[string]string{
				"x.rego":                  "package mcpguard.rules.x\npermit contains \"x\" if " + body + "\n",
				"mcpguard/main/main.rego": mainRego,
			}},
			Capabilities: rawFile(t, "../capabilities.json"),
			Schema:       rawFile(t, "../../schemas/facts.schema.json"),
			EntryPoint:   "mcpguard/main/decision",
			Methods:      []string{"tools/call", "tools/list"},
		})
		if err != nil {
			t.Fatal(err)
		}
		have := []string{}
		for _, f := range result.(FindingsResult).Findings {
			have = append(have, f.Level+" "+f.Code+" "+itoa(numberOf(f.Row))+" "+f.Message)
		}
		if !slices.Equal(have, want) {
			t.Errorf("%s: %v", body, have)
		}
	}
}

func expectLines(t *testing.T, files map[string]string, want []string) {
	t.Helper()
	files["mcpguard/main/main.rego"] = mainRego
	if have := lines(checkSource(t, Source{Files: files})); !slices.Equal(have, want) {
		text, _ := json.MarshalIndent(have, "", "  ")
		t.Errorf("%s", text)
	}
}
