// Package ops is what the reactor can do: one file per operation. Each takes a JSON request and
// answers with a result or with problems that have a place. Nothing here reads files or the network.
package ops

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// reply is exactly one of: a result, problems of the policy, or a fault of the request or of ours.
type reply struct {
	OK       bool      `json:"ok"`
	Result   any       `json:"result,omitempty"`
	Problems []Problem `json:"problems,omitempty"`
	Fault    string    `json:"fault,omitempty"`
}

type operation func(raw []byte) (any, error)

var operations = map[string]operation{
	"build":      op(runBuild),
	"check":      op(runCheck),
	"compile":    op(runCompile),
	"eval":       op(runEval),
	"explain":    op(runExplain),
	"fmt":        op(runFormat),
	"inspect":    op(runInspect),
	"lint":       op(runLint),
	"pack":       op(runPack),
	"paths":      op(runPaths),
	"sign":       op(runSign),
	"test":       op(runTest),
	"testmodule": op(runTestModule),
	"verify":     op(runVerify),
}

// Handle answers one request. It never panics and never answers with nothing.
func Handle(in []byte) []byte {
	out, err := json.Marshal(answer(in))
	if err != nil {
		out, _ = json.Marshal(reply{Fault: "the reply cannot be written as JSON: " + err.Error()})
	}
	return out
}

func answer(in []byte) (r reply) {
	defer func() {
		if thrown := recover(); thrown != nil {
			r = reply{Fault: fmt.Sprintf("the compiler panicked: %v", thrown)}
		}
	}()
	var head struct {
		Op      string          `json:"op"`
		Request json.RawMessage `json:"request"`
		// Keep says that more requests of the same policy will follow.
		Keep bool `json:"keep"`
	}
	if err := json.Unmarshal(in, &head); err != nil {
		return reply{Fault: "the request is not JSON: " + err.Error()}
	}
	run, known := operations[head.Op]
	if !known {
		return reply{Fault: fmt.Sprintf("unknown operation %q", head.Op)}
	}
	parsed.begin(head.Keep)
	defer parsed.end()
	result, err := run(head.Request)
	if err == nil {
		return reply{OK: true, Result: result}
	}
	if fault, is := err.(requestError); is {
		return reply{Fault: string(fault)}
	}
	return reply{Problems: problemsOf(err)}
}

// requestError says that the caller, not the policy, is wrong.
type requestError string

func (e requestError) Error() string { return string(e) }

// op decodes the request strictly: a member that is not known is a mistake of the caller.
func op[Request any](run func(Request) (any, error)) operation {
	return func(raw []byte) (any, error) {
		var request Request
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		decoder.UseNumber()
		if err := decoder.Decode(&request); err != nil {
			return nil, requestError("the request does not fit the operation: " + err.Error())
		}
		return run(request)
	}
}
