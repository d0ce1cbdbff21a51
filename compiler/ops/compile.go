package ops

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/compile"
	"github.com/open-policy-agent/opa/v1/util"
)

// CompileRequest is an enforcement build: check, build and projection in one call.
type CompileRequest struct {
	Source       Source          `json:"source"`
	Capabilities json.RawMessage `json:"capabilities"`
	Schema       json.RawMessage `json:"schema"`
	Strict       bool            `json:"strict"`
	// EntryPoint is the operator's rule, HostModule the gateway's own module and HostEntryPoint its rule.
	EntryPoint     string `json:"entryPoint"`
	HostModule     string `json:"hostModule"`
	HostEntryPoint string `json:"hostEntryPoint"`
}

// CompileResult is what the gateway activates. Paths is null when the input is read as a whole, or
// when the bundle came compiled and nobody can say.
type CompileResult struct {
	Wasm       string         `json:"wasm"`
	Data       map[string]any `json:"data"`
	Revision   string         `json:"revision"`
	Contract   int            `json:"contract"`
	Paths      [][]string     `json:"paths"`
	HostModule bool           `json:"hostModule"`
	Warnings   Problems       `json:"warnings"`
}

const hostFile = "<mcp-guard>/host.rego"

func runCompile(request CompileRequest) (any, error) {
	caps, err := capabilitiesOf(request.Capabilities, false)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps})
	if err != nil {
		return nil, err
	}
	contract, problems := p.contract()
	problems = append(problems, p.reservedProblems()...)
	if len(problems) > 0 {
		return nil, problems
	}
	result := CompileResult{
		Data: p.data, Revision: p.digest, Contract: contract, Warnings: p.warnings(),
	}
	if len(p.wasm) > 0 {
		module, err := p.compiledModule(request.EntryPoint)
		if err != nil {
			return nil, err
		}
		result.Wasm = base64.StdEncoding.EncodeToString(module)
		return result, nil
	}
	entry, err := entryRef(request.EntryPoint)
	if err != nil {
		return nil, err
	}
	checked, err := p.checkModules(checkOptions{capabilities: caps, schema: request.Schema, strict: request.Strict})
	if err != nil {
		return nil, err
	}
	if problem := missingEntry(checked, entry, request.EntryPoint); problem != nil {
		return nil, Problems{*problem}
	}
	result.Paths = inputPaths(checked, entry)
	entryPoints := []string{request.EntryPoint}
	if request.HostModule != "" {
		if err := p.addModule(hostFile, request.HostModule, caps); err != nil {
			return nil, err
		}
		entryPoints = append(entryPoints, request.HostEntryPoint)
		result.HostModule = true
	}
	module, err := p.build(caps, entryPoints, false)
	if err != nil {
		return nil, err
	}
	result.Wasm = base64.StdEncoding.EncodeToString(module)
	return result, nil
}

// build compiles the modules to wasm. Unused rules are pruned, or every rule that depends on an
// entry point would become one more.
func (p *policy) build(caps *ast.Capabilities, entryPoints []string, print bool) ([]byte, error) {
	b := bundle.Bundle{Data: map[string]any{}}
	b.Manifest.Init()
	b.SetRegoVersion(ast.RegoV1)
	for _, name := range util.KeysSorted(p.modules) {
		b.Modules = append(b.Modules, bundle.ModuleFile{URL: name, Path: name, Raw: p.texts[name], Parsed: p.modules[name]})
	}
	compiler := compile.New().
		WithTarget(compile.TargetWasm).
		WithBundle(&b).
		WithEntrypoints(entryPoints...).
		WithCapabilities(caps).
		WithRegoVersion(ast.RegoV1).
		WithPruneUnused(true).
		WithEnablePrintStatements(print)
	if err := compiler.Build(context.Background()); err != nil {
		return nil, err
	}
	return compiler.Bundle().WasmModules[0].Raw, nil
}

func (p *policy) addModule(name, text string, caps *ast.Capabilities) error {
	return p.readModule(name, []byte(text), caps).errorOrNil()
}

// compiledModule is the wasm of a bundle that came compiled, if it has the entry point.
func (p *policy) compiledModule(entryPoint string) ([]byte, error) {
	for _, resolver := range p.manifest.WasmResolvers {
		if resolver.Entrypoint != entryPoint {
			continue
		}
		if module, exists := p.wasm["/"+strings.TrimPrefix(resolver.Module, "/")]; exists {
			return module, nil
		}
		return nil, Problems{problemIn(manifestFile, "manifest_error",
			fmt.Sprintf("the module %q is not in the bundle", resolver.Module), "")}
	}
	return nil, Problems{problemIn(manifestFile, "entry_point_missing",
		fmt.Sprintf("the compiled bundle does not offer %s", entryPoint),
		"build it with `opa build -t wasm -e "+entryPoint+"`")}
}

// contract reads metadata.mcpguard.contract; absent is 1.
func (p *policy) contract() (int, Problems) {
	ours, exists := p.manifest.Metadata["mcpguard"]
	if !exists {
		return 1, nil
	}
	refuse := Problems{problemIn(manifestFile, "manifest_error",
		"metadata.mcpguard.contract must be a whole number from 1 on", `write {"metadata": {"mcpguard": {"contract": 1}}}`)}
	object, is := ours.(map[string]any)
	if !is {
		return 0, refuse
	}
	version, exists := object["contract"]
	if !exists {
		return 1, nil
	}
	number, is := version.(json.Number)
	if !is {
		return 0, refuse
	}
	contract, err := number.Int64()
	if err != nil || contract < 1 || contract > 1<<20 {
		return 0, refuse
	}
	return int(contract), nil
}

// capabilitiesOf loads our list. An enforcement build may not call internal.print itself: only the
// compiler does, for print statements in test builds.
func capabilitiesOf(raw json.RawMessage, forTests bool) (*ast.Capabilities, error) {
	caps, err := ast.LoadCapabilitiesJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, requestError("the capabilities cannot be read: " + err.Error())
	}
	caps.AllowNet = []string{} // no schema is ever fetched
	if !forTests {
		kept := caps.Builtins[:0]
		for _, builtin := range caps.Builtins {
			if builtin.Name != ast.InternalPrint.Name {
				kept = append(kept, builtin)
			}
		}
		caps.Builtins = kept
	}
	return caps, nil
}
