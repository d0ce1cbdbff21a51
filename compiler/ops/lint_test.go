package ops

import (
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// What a lint must say at its very edge, and what it must not; what each is about is in docs/lint.

type lintCase struct {
	name    string
	files   map[string]string
	offered map[string]offeredNames
	want    []string // `code file row message`
}

func (c lintCase) run(t *testing.T) {
	files := map[string]string{"mcpguard/main/main.rego": mainRego}
	for name, text := range c.files {
		files[name] = text
	}
	if files["mcpguard/main/main.rego"] == "" {
		delete(files, "mcpguard/main/main.rego")
	}
	result, err := runLint(LintRequest{
		Source:       Source{Files: files},
		Capabilities: rawFile(t, "../capabilities.json"),
		Schema:       rawFile(t, "../../schemas/facts.schema.json"),
		EntryPoint:   "mcpguard/main/decision",
		Disable:      []string{"reason-undeclared"},
		Offered:      c.offered,
	})
	if err != nil {
		t.Fatal(err)
	}
	have := []string{}
	for _, f := range result.(FindingsResult).Findings {
		have = append(have, f.Code+" "+textOf(f.File)+" "+itoa(numberOf(f.Row))+" "+f.Message)
	}
	if !slices.Equal(have, append([]string{}, c.want...)) {
		t.Errorf("have %q", have)
	}
}

func inX(rules string) map[string]string {
	return map[string]string{"x.rego": "package mcpguard.rules.x\n" + rules + "\n"}
}

func TestEdgesOfLints(t *testing.T) {
	some := func(names ...string) *[]string { return &names }
	offered := map[string]offeredNames{"s": {Tools: some("echo"), Prompts: some("greet")}}
	const unknown = "tool-unknown x.rego 2 no server offers the tool eco"
	for _, c := range []lintCase{
		{"rules without a decision", map[string]string{
			"mcpguard/main/main.rego": "", "x.rego": "package mcpguard.rules.x\npermit contains \"x\" if input.context.time == \"x\"\n",
		}, nil, []string{"exact-clock x.rego 2 input.context.time differs for every message, so no decision is remembered"}},
		{"an allowance for names that nobody listed", inX(`permit contains "x" if input.resource.id == "eco" # mcp-guard: allow tool-unknown`), nil, nil},
		{"alternatives of which one is a pattern", inX(`permit contains "x" if glob.match("{a,b*}", [], input.resource.id)`), nil, nil},
		{"a star that stops nowhere", inX(`permit contains "x" if glob.match("a*", null, input.resource.id)`), nil, []string{
			`glob-for-set x.rego 2 glob.match compiles "a*" in every evaluation, and it is no more than a plain test`,
		}},
		{"a vote's name outside of the rules", map[string]string{"x.rego": "package mcpguard.other.helpers\n\npermit contains \"x\" if input.resource.id == \"a\"\n"}, nil, nil},
		{"arguments that a library and one package read", map[string]string{
			"x.rego": "package mcpguard.rules.x\npermit contains \"x\" if input.resource.arguments.path == \"a\"\n",
			"l.rego": "package mcpguard.lib.l\nok if input.resource.arguments.path == \"a\"\n",
		}, nil, nil},
		{"a name", inX(`permit contains "x" if input.resource.id == "eco"`), offered, []string{unknown}},
		{"a name on the left", inX(`permit contains "x" if "eco" == input.resource.id`), offered, []string{unknown}},
		{"any name but", inX(`permit contains "x" if input.resource.id != "eco"`), offered, []string{unknown}},
		{"a name where the rule never holds", inX(`permit contains "x" if { input.resource.id == "eco"; input.action.class == "lst" }`), offered, nil},
		{"servers of which one did not list", inX(`permit contains "x" if input.resource.id == "eco"`),
			map[string]offeredNames{"a": {}, "s": {Tools: some("echo")}, "*": {Tools: some()}}, nil},
		{"a prompt in data", map[string]string{"pins/data.yaml": "s:\n  prompts:\n    gret: x\n    greet: x\n"}, offered, []string{
			"tool-unknown pins/data.yaml 3 the server s does not offer the prompt gret",
		}},
		{"a permit that asks for denials", inX("permit contains \"x\" if count(deny) == 0\ndeny contains \"x\" if input.context.client.name == \"a\""), nil, nil},
		{"a decision that asks for what is negated", map[string]string{
			"mcpguard/main/main.rego": "package mcpguard.main\n\ndecision := {\"allow\": true} if not _blocked\n\n_blocked if input.context.client.name == \"a\"\n",
		}, nil, nil},
		{"a decision that asks for other votes", map[string]string{
			"mcpguard/main/main.rego": "package mcpguard.main\n\ndecision := {\"allow\": true} if {\n\tcount(data.mcpguard.rules.x.permit) > 0\n\tcount(data.mcpguard.rules.x.unmet) == 0\n}\n",
			"x.rego":                  "package mcpguard.rules.x\npermit contains \"x\" if input.resource.id == \"a\"\nunmet contains \"x\" if input.context.client.name == \"a\"\n",
		}, nil, nil},
		{"a permit that asks a helper", inX("permit contains \"x\" if _ours\n_ours if input.context.client.name == \"a\""), nil, []string{
			"client-claim-trusted x.rego 3 a permit depends on input.context.client.name, which any program can say of itself",
		}},
		{"a bound that is negated", inX(`deny contains "x" if not input.resource.digest != "a"`), nil, nil},
		{"false on the left", inX(`deny contains "x" if false == input.resource.annotations.readOnlyHint`), nil, []string{
			"deny-raw-field x.rego 2 this does not deny where input.resource.annotations.readOnlyHint is missing",
		}},
		{"a selection on the left", inX(`deny contains "x" if "a" == input.resource.digest`), nil, nil},
	} {
		t.Run(c.name, c.run)
	}
}

func TestReasonsOfVotesAlone(t *testing.T) {
	files := map[string]string{
		"mcpguard/main/main.rego": mainRego,
		"x.rego":                  "package mcpguard.rules.x\npermit contains \"p\" if input.resource.id == \"a\"\nunmet contains \"u\" if input.resource.id == \"a\"\nlimit contains \"l\" if input.resource.id == \"a\"\n",
		"y.rego":                  "package mcpguard.other.y\n\npermit contains \"p\" if input.resource.id == \"a\"\n",
	}
	result, err := runLint(LintRequest{
		Source: Source{Files: files}, Capabilities: rawFile(t, "../capabilities.json"),
		Schema: rawFile(t, "../../schemas/facts.schema.json"), EntryPoint: "mcpguard/main/decision",
	})
	if err != nil {
		t.Fatal(err)
	}
	have := []string{}
	for _, f := range result.(FindingsResult).Findings {
		have = append(have, textOf(f.File)+" "+f.Message)
	}
	want := []string{
		`x.rego the reason code "p" is declared nowhere in its package`,
		`x.rego the reason code "u" is declared nowhere in its package`,
	}
	if !slices.Equal(have, want) {
		t.Errorf("have %q", have)
	}
}

func TestWhatToWriteForAGlob(t *testing.T) {
	none, empty, slash := ast.NullTerm(), ast.ArrayTerm(), ast.ArrayTerm(ast.StringTerm("/"))
	rows := []struct {
		pattern    string
		delimiters *ast.Term
		want       string
	}{
		{"a", empty, "`x == \"a\"`"},
		{"{a,b}", empty, "`x in {\"a\", \"b\"}`"},
		{"{a,}", empty, ""},
		{"a*", none, "`startswith(x, \"a\")`"},
		{"a*", slash, "`startswith(x, \"a\")`, and what else must not be in it: this `*` stops at [\"/\"]"},
		{"*a", empty, "`endswith(x, \"a\")`, and what else must not be in it: this `*` stops at \".\""},
		{"**a**", slash, "`contains(x, \"a\")`"},
		{"a**", slash, "`startswith(x, \"a\")`"},
		{"a*b", empty, ""},
		{"*", empty, ""},
	}
	for _, row := range rows {
		if have := plainGlob(row.pattern, row.delimiters, "x"); have != row.want {
			t.Errorf("%s %v: %s", row.pattern, row.delimiters, have)
		}
	}
}
