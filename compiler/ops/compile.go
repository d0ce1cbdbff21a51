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
	// Verify is who must have signed the bundle; null: nobody.
	Verify *Verification `json:"verify"`
}

// CompileResult is what the gateway activates. Paths is null when the input is read as a whole, or
// when the bundle came compiled by something else and nobody can say.
type CompileResult struct {
	Wasm     string         `json:"wasm"`
	Data     map[string]any `json:"data"`
	Revision string         `json:"revision"`
	Contract int            `json:"contract"`
	Serial   *int64         `json:"serial"`
	// SignedDigest is of what was signed; null when no signature was asked for.
	SignedDigest *string    `json:"signedDigest"`
	Paths        [][]string `json:"paths"`
	HostModule   bool       `json:"hostModule"`
	Warnings     Problems   `json:"warnings"`
}

const hostFile = "<mcp-guard>/host.rego"

func runCompile(request CompileRequest) (any, error) {
	made, err := enforce(request)
	if err != nil {
		return nil, err
	}
	return CompileResult{
		Wasm: base64.StdEncoding.EncodeToString(made.module), Data: made.policy.data,
		Revision: made.policy.digest, Contract: made.contract, Serial: made.serial,
		SignedDigest: made.policy.signed, Paths: made.paths, HostModule: made.hostModule, Warnings: made.warnings,
	}, nil
}

// enforcement is a policy with the module that decides. built is nil when the module came with it:
// then that is what counts, whatever sources lie beside it.
type enforcement struct {
	policy     *policy
	contract   int
	serial     *int64
	module     []byte
	built      *bundle.Bundle
	paths      [][]string
	hostModule bool
	outline    Outline
	warnings   Problems
}

func enforce(request CompileRequest) (*enforcement, error) {
	caps, err := capabilitiesOf(request.Capabilities, false)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps, verify: request.Verify})
	if err != nil {
		return nil, err
	}
	contract, problems := p.contract()
	serial, unreadable := p.serial()
	problems = append(append(problems, unreadable...), p.reservedProblems()...)
	if len(problems) > 0 {
		return nil, problems
	}
	made := &enforcement{policy: p, contract: contract, serial: serial, warnings: p.warnings()}
	if request.Verify != nil && serial == nil {
		made.warnings = append(made.warnings, problemIn(manifestFile, "bundle_unordered",
			"the bundle has no serial: an older one signed with the same key would be taken too",
			"build it with `mcp-guard build --serial NUMBER`"))
	}
	if len(p.wasm) > 0 {
		err = made.take(request)
	} else {
		err = made.build(request, caps)
	}
	return made, err
}

// take uses the module that the bundle brought.
func (e *enforcement) take(request CompileRequest) (err error) {
	if e.module, err = e.policy.compiledModule(request.EntryPoint); err != nil {
		return err
	}
	var foreign Problems
	e.paths, e.hostModule, foreign = e.policy.stampOf(e.module, request.HostModule, request.HostEntryPoint)
	e.warnings = append(e.warnings, foreign...)
	return nil
}

func (e *enforcement) build(request CompileRequest, caps *ast.Capabilities) error {
	p := e.policy
	entry, err := entryRef(request.EntryPoint)
	if err != nil {
		return err
	}
	checked, err := p.checkModules(checkOptions{capabilities: caps, schema: request.Schema, strict: request.Strict})
	if err != nil {
		return err
	}
	if problem := missingEntry(checked, entry, request.EntryPoint); problem != nil {
		return Problems{*problem}
	}
	e.paths = inputPaths(checked, entry)
	if e.outline, err = p.outline(caps); err != nil {
		return err
	}
	entryPoints := []string{request.EntryPoint}
	if request.HostModule != "" {
		if err := p.addModule(hostFile, request.HostModule, caps); err != nil {
			return err
		}
		entryPoints = append(entryPoints, request.HostEntryPoint)
		e.hostModule = true
	}
	if e.built, err = p.buildBundle(caps, entryPoints, false); err != nil {
		return err
	}
	e.module = e.built.WasmModules[0].Raw
	return nil
}

// build compiles the modules to wasm. Unused rules are pruned, or every rule that depends on an
// entry point would become one more.
func (p *policy) build(caps *ast.Capabilities, entryPoints []string, print bool) ([]byte, error) {
	built, err := p.buildBundle(caps, entryPoints, print)
	if err != nil {
		return nil, err
	}
	return built.WasmModules[0].Raw, nil
}

func (p *policy) buildBundle(caps *ast.Capabilities, entryPoints []string, print bool) (*bundle.Bundle, error) {
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
	return compiler.Bundle(), nil
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
