package ops

import (
	"cmp"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Finding is a problem with its weight: an error is surely wrong, a warning is for people to judge.
type Finding struct {
	Problem
	Level string `json:"level"`
}

const (
	levelError   = "error"
	levelWarning = "warning"
)

// FindingsResult is what check and lint answer with, in the order of their places.
type FindingsResult struct {
	Findings []Finding `json:"findings"`
}

const maxFindings = 500

type findings struct {
	list []Finding
}

func (f *findings) add(level, code string, at *ast.Location, message, hint string) {
	f.list = append(f.list, Finding{Problem: problemIn("", code, message, hint).atLocation(at), Level: level})
}

func (f *findings) errorAt(at *ast.Location, code, message, hint string) {
	f.add(levelError, code, at, message, hint)
}

func (f *findings) warnAt(at *ast.Location, code, message, hint string) {
	f.add(levelWarning, code, at, message, hint)
}

// sorted drops what is said twice of one place and keeps the reply bounded.
func (f *findings) sorted() []Finding {
	order := func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(textOf(a.File), textOf(b.File)),
			cmp.Compare(numberOf(a.Row), numberOf(b.Row)),
			cmp.Compare(numberOf(a.Col), numberOf(b.Col)),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	}
	slices.SortStableFunc(f.list, order)
	list := slices.CompactFunc(f.list, func(a, b Finding) bool { return order(a, b) == 0 })
	if len(list) > maxFindings {
		list = list[:maxFindings]
	}
	return append([]Finding{}, list...)
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func numberOf(number *int) int {
	if number == nil {
		return 0
	}
	return *number
}
