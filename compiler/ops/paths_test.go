package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"
)

// pathsTable: modules joined by "---", and the paths of data.p.r. "*" is the whole input.
var pathsTable = []struct{ name, modules, paths string }{
	{"nothing", "package p\nr := 1", ""},
	{"one path", "package p\nr if input.a.b == 1", "a.b"},
	{"a prefix covers what is below it", "package p\nr if { input.a.b == 1; count(input.a) > 0 }", "a"},
	{"names that only begin alike", "package p\nr if { input.a == 1; input.ab == 1 }", "a ab"},
	{"a bare input", "package p\nr := count(input)", "*"},
	{"a bare input through a local", "package p\nr := x if { y := input; x := y.a.b }", "*"},
	{"a local alias is coarser", "package p\nr := x.b if x := input.a", "a"},
	{"an import alias", "package p\nimport input.a as q\nr := q.b", "a.b"},
	{"an import of input itself", "package p\nimport input as i\nr := i.a.b", "a.b"},
	{"a variable key ends the prefix", "package p\nr if { some k; input.a[k].b == 1 }", "a"},
	{"a variable first key", "package p\nr if { some k; input[k].b == 1 }", "*"},
	{"a key that is a path", "package p\nr := data.d[input.a.b]", "a.b"},
	{"a key inside a key", "package p\nr := data.d[input.l[input.n]]", "l n"},
	{"an index ends the prefix", "package p\nr := input.l[0]", "l"},
	{"membership", "package p\nr if input.a.b in input.l", "a.b l"},
	{"every", "package p\nr if { every x in input.l { x == input.n } }", "l n"},
	{"some in", "package p\nr if { some x in input.l; x == input.n }", "l n"},
	{"negation", "package p\nr if not input.a.b", "a.b"},
	{"default", "package p\ndefault r := 3\nr := input.n", "n"},
	{"else", "package p\nr := input.a.b if input.n == 9\nelse := input.s if input.a.c == 2\nelse := 0", "a.b a.c n s"},
	{"else body", "package p\nr := 1 if input.n == 9\nelse := 2 if input.a.c == 2", "a.c n"},
	{"array comprehension", "package p\nr := [x | some x in input.l; x > input.n]", "l n"},
	{"set comprehension", "package p\nr := count({x | some x in input.l})", "l"},
	{"object comprehension", "package p\nr := {k: input.n | some k in input.l}", "l n"},
	{"head of a set", "package p\nr contains input.a.b", "a.b"},
	{"head of an object", "package p\nr[input.s] := input.n", "n s"},
	{"head with a longer reference", "package p\nr[input.s].x[k] := input.n if some k in input.l", "l n s"},
	{"object literal", "package p\nr := {\"x\": input.n, input.s: 1}", "n s"},
	{"template string", "package p\nr := $\"{input.s}-{input.a.b}\"", "a.b s"},
	{"function argument", "package p\nf(x) := x.b\nr := f(input.a)", "a"},
	{"function body", "package p\nf(x) := x + input.n\nr := f(1)", "n"},
	{"function default", "package p\ndefault f(_) := 0\nf(x) := input.n if x == input.a.b\nr := f(1)", "a.b n"},
	{"helper rule", "package p\nh if input.a.b == 1\nr if h", "a.b"},
	{"unreached rule", "package p\nother := input.n\nr := 1", ""},
	{"other package", "package p\nr := data.q.x\n---\npackage q\nx := input.n\ny := input.s", "n"},
	{"a whole package", "package p\nr := data.q\n---\npackage q\nx := input.n\ny := input.s", "n s"},
	{"packages by variable", "package p\nr contains c if some c in data.q[_].x\n---\npackage q.one\nx contains input.n\n---\npackage q.two\nx contains input.s\n---\npackage other\nx contains input.l", "n s"},
	{"below a rule's document", "package p\nr := data.q.x.y\n---\npackage q\nx := {\"y\": input.n}", "n"},
	{"below a variable rule", "package p\nr := data.q.x.k1.z\n---\npackage q\nx[k].z := input.n if some k in [\"k1\"]", "n"},
	{"data mixed with rules", "package p\nr := data.d.one", ""},
	{"with a value from input", "package p\nr := x if x := h with input.a.b as input.n\nh := input.a.b", "a.b n"},
	{"with on a rule of data", "package p\nr := x if x := h with data.q.x as input.s\nh := data.q.x\n---\npackage q\nx := input.n", "n s"},
	{"with on plain data", "package p\nr := x if x := data.d.one with data.d.one as input.s", "s"},
	{"with input whole, from a path", "package p\nr := x if x := h with input as input.a\nh := input.b", "a b"},
	{"with input whole, from a literal", "package p\nr := x if x := h with input as {\"n\": input.s}\nh := input.n", "n s"},
	{"with input whole, constant", "package p\nr := x if x := h with input as {\"n\": 5}\nh := input.n", "n"},
	{"with in the body of a helper", "package p\nr := h\nh := x if x := g with input.n as input.a.c\ng := input.n + input.a.b", "a.b a.c n"},
	{"with a builtin mocked by a function", "package p\nr := x if x := h with count as mock\nh := count(input.l)\nmock(_) := input.n", "l n"},
	{"with a builtin mocked by a value", "package p\nr := x if x := h with count as input.n\nh := count(input.l)", "l n"},
	{"with a function mocked", "package p\nr := x if x := h with data.q.f as mock\nh := data.q.f(1)\nmock(_) := input.s\n---\npackage q\nf(x) := input.n + x", "n s"},
	{"with nested", "package p\nr := x if x := h with input.n as input.a.b with input.s as input.a.c\nh := [input.n, input.s]", "a.b a.c n s"},
	{"with inside a comprehension", "package p\nr := [x | some i in input.l; x := h with input.n as i]\nh := input.n", "l n"},
	{"with under not", "package p\nr if not h with input.n as input.a.b\nh if input.n == 7", "a.b n"},
	{"a rule through a variable package", "package p\nr := data.q[input.s].x\n---\npackage q.str\nx := input.n", "n s"},
	{"walk", "package p\nr := [v | walk(input.a, [_, v]); is_number(v)]", "a"},
	{"a name with a dot", "package p\nr := input[\"x.y\"].z", "x.y/z"},
	{"a call in a reference", "package p\nr := split(input.s, input.t)[input.n]", "n s t"},
	{"unification", "package p\nr := y if { [x, y] = [input.n, input.s]; x == 1 }", "n s"},
	{"unification of the input", "package p\nr := x if { {\"n\": x} = object.filter(input, [\"n\"]) }", "*"},
	{"the host's module on top", "package p\nr := data.host.all\n---\npackage host\nall[i] := d if { some i, item in input.l; d := data.q.d with input as {\"n\": input.n, \"s\": item} }\n---\npackage q\nd := [input.s, input.n]", "l n s"},
}

const pathsData = `{"d": {"one": 1, "str": {"k": 2}, "1": 7}}`

const pathsInput = `{"a": {"b": 1, "c": 2}, "n": 1, "s": "str", "t": "t", "l": [1, 2, "k1"], "ab": 1, "x.y": {"z": 4}, "b": 6}`

func TestPathsOfThePoliciesOfTheTable(t *testing.T) {
	for _, row := range pathsTable {
		t.Run(row.name, func(t *testing.T) {
			paths, compiler := pathsOf(t, row.modules)
			if have := pathsText(paths); have != row.paths {
				t.Fatalf("have %q, want %q", have, row.paths)
			}
			for _, input := range variants(t) {
				whole := evaluate(t, compiler, input)
				projected := evaluate(t, compiler, project(input, paths))
				if !reflect.DeepEqual(whole, projected) {
					t.Fatalf("projection changes the decision from %v to %v for %v", whole, projected, input)
				}
			}
		})
	}
}

func pathsOf(t *testing.T, modules string) ([][]string, *ast.Compiler) {
	t.Helper()
	text, err := os.ReadFile(capabilitiesFile)
	if err != nil {
		t.Fatal(err)
	}
	caps, err := capabilitiesOf(text, false)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"data.json": pathsData}
	for i, module := range strings.Split(modules, "\n---\n") {
		files[fmt.Sprintf("m%d.rego", i)] = module + "\n"
	}
	p, err := Source{Files: files}.read(readOptions{capabilities: caps})
	if err != nil {
		t.Fatal(err)
	}
	compiler, err := p.checkModules(checkOptions{capabilities: caps})
	if err != nil {
		t.Fatal(err)
	}
	return inputPaths(compiler, ast.MustParseRef("data.p.r")), compiler
}

func pathsText(paths [][]string) string {
	if paths == nil {
		return "*"
	}
	var texts []string
	for _, path := range paths {
		separator := "."
		if strings.Contains(strings.Join(path, ""), ".") {
			separator = "/"
		}
		texts = append(texts, strings.Join(path, separator))
	}
	return strings.Join(texts, " ")
}

// variants are the whole input, the input without each of its members, and with each changed.
func variants(t *testing.T) []map[string]any {
	t.Helper()
	whole := func() map[string]any {
		var input map[string]any
		if err := util.UnmarshalJSON([]byte(pathsInput), &input); err != nil {
			t.Fatal(err)
		}
		return input
	}
	list := []map[string]any{whole()}
	for name := range whole() {
		without, changed := whole(), whole()
		delete(without, name)
		changed[name] = json.Number("9")
		list = append(list, without, changed)
	}
	return list
}

func project(input map[string]any, paths [][]string) map[string]any {
	if paths == nil {
		return input
	}
	result := map[string]any{}
	for _, path := range paths {
		copyPath(input, result, path)
	}
	return result
}

func copyPath(from, to map[string]any, path []string) {
	value, exists := from[path[0]]
	if !exists {
		return
	}
	below, is := value.(map[string]any)
	if len(path) == 1 || !is {
		to[path[0]] = value
		return
	}
	target, is := to[path[0]].(map[string]any)
	if !is {
		target = map[string]any{}
		to[path[0]] = target
	}
	copyPath(below, target, path[1:])
}

// evaluate answers with the value of data.p.r, or with the kind of error.
func evaluate(t *testing.T, compiler *ast.Compiler, input map[string]any) any {
	t.Helper()
	var data map[string]any
	if err := util.UnmarshalJSON([]byte(pathsData), &data); err != nil {
		t.Fatal(err)
	}
	set, err := rego.New(
		rego.Query("data.p.r"),
		rego.Compiler(compiler),
		rego.Store(inmem.NewFromObject(data)),
		rego.Input(input),
	).Eval(context.Background())
	if err != nil {
		return err.Error()
	}
	if len(set) == 0 {
		return "undefined"
	}
	return set[0].Expressions[0].Value
}
