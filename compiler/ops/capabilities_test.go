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

func TestCapabilitiesAreTheNativeBuiltins(t *testing.T) {
	all := ast.CapabilitiesForThisVersion()
	want := &ast.Capabilities{
		Features:        []string{ast.FeatureRegoV1, ast.FeatureKeywordsInRefs, ast.FeatureTemplateStrings},
		WasmABIVersions: []ast.WasmABIVersion{{Version: 1, Minor: 3}},
	}
	for _, builtin := range all.Builtins {
		if slices.Contains(resolvedByTheCompiler, builtin.Name) || (!builtin.IsDeprecated() && isNative(t, all, builtin)) {
			want.Builtins = append(want.Builtins, builtin)
		}
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
		t.Fatal("capabilities.json is not what the compiler does natively: run with -update")
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
