package ops

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestFormatRefuses(t *testing.T) {
	rows := []struct{ name, text, code string }{
		{"no Rego", "package a\np if {", "rego_parse_error"},
		{"nothing", "", "rego_parse_error"},
		{"version 0", "package a\np { true }\n", "rego_parse_error"},
		{"a comment that would go", "package a\n\np if {\n\tsome z in # one\n\t[\n\t\t1,\n\t]\n\tz == 1\n}\n", "rego_format_error"},
		{"a comment in a reference", "package a\n\np[ # one\n{\"a\": # two\n\"b\"} # three\n] := true\n", "rego_format_error"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := runFormat(FormatRequest{Files: map[string]string{"a.rego": row.text, "b.rego": "package b\n"}})
			if err == nil {
				t.Fatal("it is formatted")
			}
			problem := problemsOf(err)[0]
			if problem.Code != row.code || problem.File == nil || *problem.File != "a.rego" {
				t.Errorf("%+v", problem)
			}
		})
	}
}

func TestFormatSettlesAtOnce(t *testing.T) {
	// OPA's formatter puts a blank line before the second comment the second time only.
	text := "package a\n\nr if {\n\tx := count(\n\t\t[1] # one\n\t) # two\n\tx == 1\n}\n"
	once := formatted(t, text)
	if again := formatted(t, once); again != once {
		t.Errorf("it moves again:\n%s", again)
	}
}

// A comment at the end of each line, and before it, of real policies: kept, once, and at rest.
func TestFormatKeepsComments(t *testing.T) {
	t.Parallel()
	tried := 0
	err := filepath.WalkDir("../../policies/mcpguard/rules/grants", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".rego") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines := strings.Split(string(raw), "\n")
		for i := range min(len(lines), 40) {
			ending := slices.Clone(lines)
			ending[i] += " # mark"
			for _, variant := range [][]string{ending, slices.Insert(slices.Clone(lines), i, "# mark")} {
				text := strings.Join(variant, "\n")
				if _, err := ast.ParseModuleWithOpts(path, text, ast.ParserOptions{RegoVersion: ast.RegoV1}); err != nil {
					continue // in METADATA, or in a raw string
				}
				tried++
				once := formatted(t, text)
				if strings.Count(once, "# mark") != 1 {
					t.Errorf("%s:%d:\n%s", path, i+1, once)
				}
				if again := formatted(t, once); again != once {
					t.Errorf("%s:%d moves again:\n%s", path, i+1, again)
				}
			}
		}
		return nil
	})
	if err != nil || tried < 100 {
		t.Errorf("tried %d: %v", tried, err)
	}
}

func formatted(t *testing.T, text string) string {
	t.Helper()
	result, err := runFormat(FormatRequest{Files: map[string]string{"a.rego": text}})
	if err != nil {
		t.Fatal(err)
	}
	return result.(FormatResult).Files["a.rego"]
}

func TestMovedComment(t *testing.T) {
	const before = "# one\nx := 1 # two\n\n# one\ny := 2\n"
	for after, moved := range map[string]string{
		"# one\n# one\n\nx := 1\n\ny := 2 # two\n":       "",
		"#   one\nx := 1\n\n# two\n\n# one\ny := 2\n":    "",
		"# one\nx := 1\n\n# one\ny := 2\n":               "two",
		"# one\nx := 1 # two\n\ny := 2\n":                "one",
		"# one\nx := 1 # two\n\n# one\n# two\ny := 2\n":  "two",
		"# one\nx := 1 # two three\n\n# one\ny := 2\n":   "two",
		"# one\nx := 1 # two\n\n# one\ny := 2 # three\n": "three",
	} {
		one, err := parseForFormat("a.rego", "package a\n"+before)
		if err != nil {
			t.Fatal(err)
		}
		other, err := parseForFormat("a.rego", "package a\n"+after)
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		if at := movedComment(one, other); at != nil {
			found = commentText(at)
		}
		if found != moved {
			t.Errorf("%q: %q", after, found)
		}
	}
}
