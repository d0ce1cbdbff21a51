package ops

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestProblemsAreBoundedAndPrintable(t *testing.T) {
	cases := []struct{ name, file, message, wantFile, wantMessage string }{
		{"an escape sequence", "a\x1b[31m\n\t.rego", "b\x1b]0;c\x07\u202e\u2028\nd\te", `a\u001b[31m\u000a\u0009.rego`, `b\u001b]0;c\u0007\u202e\u2028` + "\nd\te"},
		{"the end of a paragraph", "a\u2029", "b\u2029", `a\u2029`, `b\u2029`},
		{"one byte too many", "f", strings.Repeat("m", 2049), "f", strings.Repeat("m", 2045) + "…"},
		{"a cut inside of a character", "f", strings.Repeat("é", 1025), "f", strings.Repeat("é", 1022) + "…"},
		{"a long name of plain letters", strings.Repeat("n", 257), "m", strings.Repeat("n", 255) + "…", "m"},
		{"a long name", strings.Repeat("é", 257), "m", strings.Repeat("é", 255) + "…", "m"},
		{"a name of wide letters", strings.Repeat("𝒏", 256), "m", strings.Repeat("𝒏", 256), "m"},
		{"as long as may be", strings.Repeat("é", 256), strings.Repeat("m", 2048), strings.Repeat("é", 256), strings.Repeat("m", 2048)},
	}
	for _, test := range cases {
		located := problemIn("", "code", test.message, "").atLocation(&ast.Location{File: test.file, Row: 1})
		for _, got := range []Problem{problemIn(test.file, "code", test.message, test.message), located} {
			if *got.File != test.wantFile || got.Message != test.wantMessage {
				t.Errorf("%s: %q %q", test.name, *got.File, got.Message)
			}
			if got.Hint != nil && *got.Hint != test.wantMessage {
				t.Errorf("%s: hint %q", test.name, *got.Hint)
			}
			if len(got.Message) > maxMessageBytes || utf8.RuneCountInString(*got.File) > maxNameCharacters {
				t.Errorf("%s: too long", test.name)
			}
		}
	}
}
