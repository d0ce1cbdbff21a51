package ops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// ExplainRequest asks what became of each rule when the entry point is evaluated with one input.
type ExplainRequest struct {
	Source       Source          `json:"source"`
	Capabilities json.RawMessage `json:"capabilities"`
	EntryPoint   string          `json:"entryPoint"`
	Input        json.RawMessage `json:"input"`
}

// ExplainResult has the interpreter's own answer beside the rules. Undefined has no value. Omitted
// counts the rules beyond the most that are told of.
type ExplainResult struct {
	Defined bool `json:"defined"`
	Value   any  `json:"value"`
	// Error says why the evaluation halted, a conflict of rules, say; empty otherwise.
	Error    string          `json:"error"`
	Revision string          `json:"revision"`
	Rules    []ExplainedRule `json:"rules"`
	Omitted  int             `json:"omitted"`
	// Missing are the input paths that some rule asked for and that the input does not have.
	Missing []string `json:"missing"`
}

// runExplain evaluates without the rule index and without early exits: a rule that an index passes
// over would show as not reached, and nobody could say which of its expressions failed.
func runExplain(request ExplainRequest) (any, error) {
	caps, err := capabilitiesOf(request.Capabilities, false)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps})
	if err != nil {
		return nil, err
	}
	entry, err := entryRef(request.EntryPoint)
	if err != nil {
		return nil, err
	}
	if len(p.modules) == 0 {
		return nil, Problems{problemIn("", "policy_compiled", "the policy came compiled, without its Rego: its rules cannot be explained", "name the folder that it was built from")}
	}
	compiler, err := p.checkModules(checkOptions{capabilities: caps})
	if err != nil {
		return nil, err
	}
	if problem := missingEntry(compiler, entry, request.EntryPoint); problem != nil {
		return nil, Problems{*problem}
	}
	input, err := ast.ValueFromReader(bytes.NewReader(request.Input))
	if err != nil {
		return nil, requestError("the input is not JSON: " + err.Error())
	}
	observer := newRuleObserver(p, input)
	ctx := context.Background()
	query, err := rego.New(
		rego.ParsedQuery(ast.NewBody(ast.NewExpr(ast.NewTerm(entry)))),
		rego.Compiler(compiler),
		rego.Store(inmem.NewFromObject(p.data)),
		rego.StrictBuiltinErrors(false),
	).PrepareForEval(ctx)
	if err != nil {
		return nil, err
	}
	set, err := query.Eval(ctx,
		rego.EvalParsedInput(input),
		rego.EvalQueryTracer(observer),
		rego.EvalRuleIndexing(false),
		rego.EvalEarlyExit(false),
	)
	result := ExplainResult{Revision: p.digest}
	var halted *topdown.Error
	if errors.As(err, &halted) {
		result.Error = halted.Error()
	} else if err != nil {
		return nil, err
	}
	if len(set) > 0 {
		result.Defined, result.Value = true, set[0].Expressions[0].Value
	}
	result.Rules, result.Omitted = observer.explained(compiler, entry)
	result.Missing = observer.missingPaths()
	return result, nil
}
