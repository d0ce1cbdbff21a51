// Times OPA's Go library on the facts it reads from stdin: a prepared query, evaluated again and
// again, each sample on its own. Arguments: the rules, the data, the number of samples.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"
)

const warmUp = 2000

type report struct {
	Allowed []bool    `json:"allowed"`
	Us      []float64 `json:"us"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: opa-library RULES DATA SAMPLES")
	}
	rules, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	content, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	var data map[string]any
	if err := util.UnmarshalJSON(content, &data); err != nil {
		return err
	}
	samples, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	var inputs []any
	if err := util.NewJSONDecoder(os.Stdin).Decode(&inputs); err != nil {
		return err
	}
	ctx := context.Background()
	query, err := rego.New(
		rego.Query("data.mcpguard.main.decision"),
		rego.Module("rules.rego", string(rules)),
		rego.Store(inmem.NewFromObject(data)),
	).PrepareForEval(ctx)
	if err != nil {
		return err
	}
	var result report
	for _, input := range inputs {
		allowed, err := ask(ctx, query, input)
		if err != nil {
			return err
		}
		result.Allowed = append(result.Allowed, allowed)
	}
	for i := range warmUp + samples {
		start := time.Now()
		if _, err := ask(ctx, query, inputs[i%len(inputs)]); err != nil {
			return err
		}
		if i >= warmUp {
			result.Us = append(result.Us, float64(time.Since(start).Nanoseconds())/1000)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func ask(ctx context.Context, query rego.PreparedEvalQuery, input any) (bool, error) {
	set, err := query.Eval(ctx, rego.EvalInput(input))
	if err != nil || len(set) == 0 {
		return false, err
	}
	decision, _ := set[0].Expressions[0].Value.(map[string]any)
	allowed, _ := decision["allow"].(bool)
	return allowed, nil
}
