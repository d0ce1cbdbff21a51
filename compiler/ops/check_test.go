package ops

import (
	"slices"
	"strings"
	"testing"
)

const mainRego = `package mcpguard.main

default decision := {"allow": false}

decision := {"allow": true} if {
	count(_permits) > 0
	count(_denials) == 0
}

_permits contains c if some c in data.mcpguard.rules[_].permit

_denials contains c if some c in data.mcpguard.rules[_].deny
`

const libRego = `package mcpguard.lib.facts

default is_item_question := false

is_item_question if input.context.question == "item"

# METADATA
# entrypoint: true
keep := [is_item_question, within("", "")]

within(text, start) if startswith(text, start)
`

type checkCase struct {
	name string
	rego string   // the file x.rego, in package mcpguard.rules.x unless it names one
	want []string // `level code row message`, hint in parentheses where it is part of the case
}

func (c checkCase) run(t *testing.T) {
	text := c.rego
	if !strings.HasPrefix(text, "package ") {
		text = "package mcpguard.rules.x\n" + text
	}
	found := checkSource(t, Source{Files: map[string]string{
		"x.rego":                        text,
		"mcpguard/main/main.rego":       mainRego,
		"mcpguard/lib/facts/facts.rego": libRego,
	}})
	have := []string{}
	for _, f := range found {
		if textOf(f.File) != "x.rego" {
			t.Errorf("%s: %s", textOf(f.File), f.Message)
		}
		have = append(have, strings.Join([]string{f.Level, f.Code, itoa(numberOf(f.Row)), f.Message}, " ")+" ("+textOf(f.Hint)+")")
	}
	for i, want := range c.want {
		if !strings.HasSuffix(want, ")") && i < len(have) {
			have[i] = have[i][:max(0, strings.LastIndex(have[i], " ("))]
		}
	}
	if !slices.Equal(have, append([]string{}, c.want...)) {
		t.Errorf("\nhave %s\nwant %s", strings.Join(have, "\n     "), strings.Join(c.want, "\n     "))
	}
}

func itoa(n int) string {
	digits := ""
	for ; n > 0; n /= 10 {
		digits = string(rune('0'+n%10)) + digits
	}
	return digits
}

func runCases(t *testing.T, cases []checkCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, c.run)
	}
}
