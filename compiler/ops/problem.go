package ops

import (
	"encoding/json"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Problem is one thing that is wrong with a policy, with its place where there is one.
type Problem struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	File    *string         `json:"file"`
	Row     *int            `json:"row"`
	Col     *int            `json:"col"`
	Details json.RawMessage `json:"details"`
	Hint    *string         `json:"hint"`
}

// Problems is the error that carries several of them.
type Problems []Problem

func (p Problems) Error() string {
	if len(p) == 0 {
		return "no problems"
	}
	return p[0].Message
}

// errorOrNil keeps an empty list from becoming a non-nil error.
func (p Problems) errorOrNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

func problemIn(file, code, message, hint string) Problem {
	p := Problem{Code: code, Message: harmless(cut(message, maxMessageBytes))}.in(file)
	if hint != "" {
		bounded := harmless(cut(hint, maxMessageBytes))
		p.Hint = &bounded
	}
	return p
}

func (p Problem) in(file string) Problem {
	if file != "" {
		name := shownName(file)
		p.File = &name
	}
	return p
}

func (p Problem) at(row, col int) Problem {
	p.Row, p.Col = &row, &col
	return p
}

func (p Problem) atLocation(loc *ast.Location) Problem {
	if loc == nil {
		return p
	}
	return p.in(loc.File).at(loc.Row, max(1, loc.Col)) // the end of a file has column 0
}

// problemsOf turns whatever OPA's packages return into problems; the order is theirs (by place).
func problemsOf(err error) Problems {
	var list Problems
	if errors.As(err, &list) {
		return list
	}
	var astErrors ast.Errors
	if errors.As(err, &astErrors) {
		for _, e := range astErrors {
			list = append(list, problemOfAst(e, nil))
		}
		return list
	}
	var astError *ast.Error
	if errors.As(err, &astError) {
		return Problems{problemOfAst(astError, nil)}
	}
	var evalError *topdown.Error
	if errors.As(err, &evalError) {
		return Problems{problemIn("", evalError.Code, evalError.Message, "").atLocation(evalError.Location)}
	}
	var fmtErrors interface{ Unwrap() []error }
	if errors.As(err, &fmtErrors) {
		for _, e := range fmtErrors.Unwrap() {
			list = append(list, problemsOf(e)...)
		}
		return list
	}
	return Problems{problemIn("", "policy_error", err.Error(), "")}
}

// problemOfAst keeps OPA's code and message and adds the hint it does not have.
func problemOfAst(e *ast.Error, caps *ast.Capabilities) Problem {
	p := problemIn("", e.Code, e.Message, hintFor(e, caps)).atLocation(e.Location)
	if e.Details != nil {
		if raw, err := json.Marshal(e.Details); err == nil && len(raw) <= maxDetailsBytes {
			p.Details = raw
		}
	}
	return p
}

// compileProblems is problemsOf for a compiler's errors, with hints that know our capabilities.
func compileProblems(errs ast.Errors, caps *ast.Capabilities) Problems {
	var list Problems
	for _, e := range errs {
		list = append(list, problemOfAst(e, caps))
	}
	return list
}
