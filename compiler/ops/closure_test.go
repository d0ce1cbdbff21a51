package ops

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

func shippedCapabilities(t *testing.T) *ast.Capabilities {
	raw, err := os.ReadFile("../capabilities.json")
	if err != nil {
		t.Fatal(err)
	}
	caps, err := capabilitiesOf(raw, true)
	if err != nil {
		t.Fatal(err)
	}
	return caps
}

func parsedPolicy(t *testing.T, files map[string]string) *policy {
	p, err := Source{Files: files}.read(readOptions{capabilities: shippedCapabilities(t), withTests: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// reading has one way of reading data.a in each file, and what reads nothing of it.
var reading = map[string]string{
	"a.rego":       "package a\n\nx := 1\n",
	"a_more.rego":  "package a\n\ny := 1\n",
	"ref.rego":     "package ref\n\nr := data.a.x\n",
	"import.rego":  "package imported\n\nimport data.a as other\n\nr := other.x\n",
	"dynamic.rego": "package dynamic\n\nr contains data[p].x if some p in [\"a\"]\n",
	"whole.rego":   "package whole\n\nr := count(data)\n",
	"nested.rego":  "package nested\n\nr := input[data.a.x]\n",
	"with.rego":    "package mocked\n\nr if true with data.a.x as 2\n",
	"below.rego":   "package a.below\n\nr := 1\n",
	"deeper.rego":  "package deeper\n\nr := data.ref.r\n",
	"apart.rego":   "package apart\n\nr := 1\n",
	"named.rego":   "package ab\n\nr := 1\n",
	"text.rego":    "package text\n\nr := \"data.a.x\"\n",
}

func TestWhatMayReadAPackage(t *testing.T) {
	p := parsedPolicy(t, reading)
	graph := graphOf(p.modules)
	got := util.KeysSorted(closure([]string{"a.rego"}, graph.readBy))
	want := []string{
		"a.rego", "a_more.rego", "below.rego", "deeper.rego", "dynamic.rego",
		"import.rego", "nested.rego", "ref.rego", "whole.rego", "with.rego",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	kept := util.KeysSorted(restrict(p.modules, graph, []string{"deeper.rego"}))
	if want := []string{"a.rego", "a_more.rego", "below.rego", "deeper.rego", "ref.rego"}; !slices.Equal(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
}

// A file that moved to another package has an effect on those that read the one it left.
func TestWhatAChangeAffects(t *testing.T) {
	p := parsedPolicy(t, map[string]string{
		"one.rego":   "package now\n\nx := 1\n",
		"left.rego":  "package left\n\nr := data.before.x\n",
		"found.rego": "package found\n\nr := data.now.x\n",
		"apart.rego": "package apart\n\nr := 1\n",
	})
	caps := shippedCapabilities(t)
	selection := testSelection{Changed: map[string]string{"one.rego": "package before\n\nx := 1\n"}}
	got := selection.affected(p, caps, graphOf(p.modules))
	if want := []string{"found.rego", "left.rego", "one.rego"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A module of a session may be changed by whoever got it, and is the same for the next.
func TestWhatWasParsedStays(t *testing.T) {
	caps := shippedCapabilities(t)
	var kept parsedModules
	text := []byte("package a\n\nx := 1\n\ny := 2\n")
	for range 3 {
		kept.begin(true)
		module, err := kept.parse("a.rego", text, caps)
		if err != nil || len(module.Rules) != 2 {
			t.Fatal(module, err)
		}
		module.Rules = module.Rules[:1]
		module.Rules[0].Body = nil
		kept.end()
	}
	kept.begin(true)
	other, err := kept.parse("a.rego", []byte(strings.Replace(string(text), "y", "z", 1)), caps)
	if err != nil || other.Rules[1].Head.Name != "z" {
		t.Error(other, err)
	}
	kept.end()
	if len(kept.last) != 1 {
		t.Errorf("%d modules are kept", len(kept.last))
	}
}
