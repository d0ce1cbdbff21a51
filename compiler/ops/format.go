package ops

import (
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
		text := request.Files[name]
		if _, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{RegoVersion: ast.RegoV1}); err != nil {
			problems = append(problems, problemsOf(err)...)
			continue
		}
		formatted, err := format.SourceWithOpts(name, []byte(text), format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			problems = append(problems, problemIn(name, "rego_format_error", err.Error(), ""))
			continue
		}
		result.Files[name] = string(formatted)
	}
	return result, problems.errorOrNil()
}
