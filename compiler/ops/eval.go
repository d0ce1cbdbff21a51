package ops

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/lineage"
)

// EvalRequest evaluates one query with OPA's interpreter. Input is absent (undefined) or any JSON.
type EvalRequest struct {
	Source       Source           `json:"source"`
	Capabilities json.RawMessage  `json:"capabilities"`
	Query        string           `json:"query"`
	Input        *json.RawMessage `json:"input"`
	Explain      bool             `json:"explain"`
}

// EvalResult has one value per result of the query's first expression; none is undefined.
type EvalResult struct {
	Values []any    `json:"values"`
	Output string   `json:"output"`
	Trace  []string `json:"trace"`
}

func runEval(request EvalRequest) (any, error) {
	caps, err := capabilitiesOf(request.Capabilities, true)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps, withTests: true})
	if err != nil {
		return nil, err
	}
	compiler, err := p.checkModules(checkOptions{capabilities: caps, print: true})
	if err != nil {
		return nil, err
	}
	var output bytes.Buffer
	options := []func(*rego.Rego){
		rego.Query(request.Query),
		rego.Compiler(compiler),
		rego.Store(inmem.NewFromObject(p.data)),
		rego.EnablePrintStatements(true),
		rego.PrintHook(topdown.NewPrintHook(&output)),
		rego.StrictBuiltinErrors(false),
	}
	if request.Input != nil {
		input, err := decodeExact(*request.Input)
		if err != nil {
			return nil, requestError("the input is not JSON: " + err.Error())
		}
		options = append(options, rego.Input(input))
	}
	tracer := topdown.NewBufferTracer()
	if request.Explain {
		options = append(options, rego.QueryTracer(tracer))
	}
	set, err := rego.New(options...).Eval(context.Background())
	if err != nil {
		return nil, err
	}
	result := EvalResult{Values: []any{}, Trace: []string{}}
	for _, row := range set {
		result.Values = append(result.Values, row.Expressions[0].Value)
	}
	result.Output = output.String()
	if request.Explain {
		result.Trace = traceLines(lineage.Full(*tracer))
	}
	return result, nil
}

func decodeExact(raw json.RawMessage) (any, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	err := decoder.Decode(&value)
	return value, err
}

const maxTraceLines = 2000

// traceLines prints a trace as `opa` does; a long one loses its middle, not its end.
func traceLines(events []*topdown.Event) []string {
	var text bytes.Buffer
	topdown.PrettyTraceWithLocation(&text, events)
	lines := strings.Split(strings.TrimRight(text.String(), "\n"), "\n")
	if len(lines) <= maxTraceLines {
		return lines
	}
	cut := append([]string{}, lines[:maxTraceLines/2]...)
	cut = append(cut, "…")
	return append(cut, lines[len(lines)-maxTraceLines/2:]...)
}
