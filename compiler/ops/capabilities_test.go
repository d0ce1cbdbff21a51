package ops

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

// The list is derived, not written: `go test ./ops -run Capabilities -update` writes it.
var update = flag.Bool("update", false, "write capabilities.json")

const capabilitiesFile = "../capabilities.json"

// resolvedByTheCompiler never reach the module: the compiler replaces or erases them.
var resolvedByTheCompiler = []string{"print", "internal.print", "rego.metadata.chain", "rego.metadata.rule"}

// broughtByTheHost are implemented in TypeScript, in src/policy/builtins.
var broughtByTheHost = []string{
	"crypto.hmac.sha256", "crypto.sha256", "json.match_schema", "json.patch", "object.subset",
	"regex.replace", "semver.compare", "semver.is_valid", "sprintf", "strings.any_prefix_match",
	"strings.any_suffix_match", "time.add_date", "time.clock", "time.date", "time.parse_duration_ns",
	"time.parse_rfc3339_ns", "time.weekday", "units.parse_bytes", "urlquery.decode",
	"urlquery.decode_object", "urlquery.encode", "urlquery.encode_object",
}

func TestCapabilitiesAreTheNativeBuiltinsAndTheHosts(t *testing.T) {
	all := ast.CapabilitiesForThisVersion()
	want := &ast.Capabilities{
		Features:        []string{ast.FeatureRegoV1, ast.FeatureKeywordsInRefs, ast.FeatureTemplateStrings},
		WasmABIVersions: []ast.WasmABIVersion{{Version: 1, Minor: 3}},
	}
	listed := slices.Concat(resolvedByTheCompiler, broughtByTheHost)
	found := 0
	for _, builtin := range all.Builtins {
		native := !builtin.IsDeprecated() && isNative(t, all, builtin)
		if !slices.Contains(listed, builtin.Name) {
			if native {
				want.Builtins = append(want.Builtins, builtin)
			}
			continue
		}
		if native && slices.Contains(broughtByTheHost, builtin.Name) {
			t.Errorf("%s is native: the host's would never be called", builtin.Name)
		}
		found++
		want.Builtins = append(want.Builtins, builtin)
	}
	if found != len(listed) {
		t.Fatalf("%d of %d listed builtins exist", found, len(listed))
	}
	text, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile(capabilitiesFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(capabilitiesFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, text) {
		t.Fatal("capabilities.json is not what the module and its host can do: run with -update")
	}
	t.Logf("%d of %d builtins", len(want.Builtins), len(all.Builtins))
}

// isNative builds a policy that calls the builtin: a module that needs the host for it lists its
// name among the functions to import.
func isNative(t *testing.T, caps *ast.Capabilities, builtin *ast.Builtin) bool {
	t.Helper()
	if builtin.Name == ast.Assign.Name || builtin.Name == ast.Equality.Name {
		return true // the planner compiles them out
	}
	args := make([]string, len(builtin.Decl.FuncArgs().Args))
	for i, arg := range builtin.Decl.FuncArgs().Args {
		args[i] = exampleOf(arg)
	}
	call := fmt.Sprintf("%s(%s)", builtin.Name, strings.Join(args, ", "))
	rule := fmt.Sprintf("r := x if { x := %s }", call)
	if builtin.Decl.Result() == nil {
		rule = fmt.Sprintf("r if { %s }", call)
	}
	if builtin.Relation {
		rule = fmt.Sprintf("r contains x if { some x; %s }", strings.TrimSuffix(call, ")")+", x)")
	}
	p, err := Source{Files: map[string]string{"t.rego": "package t\n\n" + rule + "\n"}}.
		read(readOptions{capabilities: caps})
	if err != nil {
		t.Fatalf("%s: %v", rule, err)
	}
	module, err := p.build(caps, []string{"t/r"}, false)
	if err != nil {
		t.Fatalf("%s: %v", rule, err)
	}
	return !bytes.Contains(module, []byte("\x00"+builtin.Name+"\x00"))
}

func exampleOf(argument types.Type) string {
	switch argument.(type) {
	case types.String:
		return "input.s"
	case types.Number:
		return "input.n"
	}
	return "input.x"
}
