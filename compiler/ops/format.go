package ops

import (
	"errors"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/util"
)

// FormatRequest and FormatResult map a file's path to its text.
type FormatRequest struct {
	Files map[string]string `json:"files"`
}

// FormatResult has every file of the request, changed or not.
type FormatResult struct {
	Files map[string]string `json:"files"`
}

func runFormat(request FormatRequest) (any, error) {
	result := FormatResult{Files: map[string]string{}}
	var problems Problems
	for _, name := range util.KeysSorted(request.Files) {
		formatted, err := formatStably(name, request.Files[name])
		if err != nil {
			problems = append(problems, problemsOf(err)...)
			continue
		}
		result.Files[name] = formatted
	}
	return result, problems.errorOrNil()
}

// OPA's formatter moves some comments once more when it formats what it has formatted.
const formatRounds = 6

// formatStably formats until nothing changes: what is written is what stays. A text whose comments
// would not all stay, each once, is a problem and is left to its author.
func formatStably(name, text string) (string, error) {
	module, err := parseForFormat(name, text)
	if err != nil {
		return "", err
	}
	for range formatRounds {
		formatted, err := format.SourceWithOpts(name, []byte(text), format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			return "", formatProblem(name, err)
		}
		if string(formatted) != text {
			text = string(formatted)
			continue
		}
		after, err := parseForFormat(name, text)
		if err != nil {
			message := "it cannot be read after formatting: " + err.Error()
			return "", Problems{problemIn(name, "rego_format_error", message, "")}
		}
		if at := movedComment(module, after); at != nil {
			return "", misplacedComment(name, at)
		}
		return text, nil
	}
	return "", misplacedComment(name, nil)
}

func parseForFormat(name, text string) (*ast.Module, error) {
	module, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err == nil && module == nil {
		return nil, Problems{problemIn(name, "rego_parse_error", "empty module", "")}
	}
	return module, err
}

// movedComment is a comment of before that after has not, or more often; nil when they are the same.
func movedComment(before, after *ast.Module) *ast.Comment {
	counts := map[string]int{}
	for _, comment := range after.Comments {
		counts[commentText(comment)]++
	}
	for _, comment := range before.Comments {
		counts[commentText(comment)]--
	}
	for _, comment := range slices.Concat(before.Comments, after.Comments) {
		if counts[commentText(comment)] != 0 {
			return comment
		}
	}
	return nil
}

func commentText(comment *ast.Comment) string {
	return strings.TrimSpace(string(comment.Text))
}

func misplacedComment(name string, at *ast.Comment) error {
	problem := problemIn(
		name,
		"rego_format_error",
		"formatting finds no place for a comment",
		"put comments on lines of their own, before a rule or an expression",
	)
	if at != nil {
		problem = problem.at(at.Location.Row, max(1, at.Location.Col))
	}
	return Problems{problem}
}

func formatProblem(name string, err error) error {
	if _, is := errors.AsType[ast.Errors](err); is {
		return err
	}
	return Problems{problemIn(name, "rego_format_error", err.Error(), "")}
}
