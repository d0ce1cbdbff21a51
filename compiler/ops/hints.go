package ops

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
	"github.com/open-policy-agent/opa/v1/util"
)

const clockHint = "the clock is a fact: read input.context.time, time_ns, date, hour, weekday or zones"

// insteadOf says what to use in place of a builtin the gateway does not have. A name that ends in a
// dot stands for all builtins below it. Rego stays deterministic: what it may know is in the input.
var insteadOf = map[string]string{
	"http.send":          "a decision makes no calls: put what it needs into the bundle's data",
	"net.lookup_ip_addr": "a decision makes no calls: the caller's address is input.context.ip",
	"opa.runtime":        "a policy cannot read the environment: put settings into the bundle's data",
	"rand.intn":          "a decision depends on its facts alone: input.context.request_id differs for each request",
	"uuid.rfc4122":       "a decision depends on its facts alone: input.context.request_id differs for each request",
	"time.now_ns":        clockHint,
	"time.format":        "use time.date, time.clock and time.weekday, and a template string",
	"time.parse_ns":      "use time.parse_rfc3339_ns",
	"time.diff":          "subtract the nanoseconds: there are 86400000000000 in a day",
	"io.jwt.":            "the gateway has verified the credential: read input.subject and input.subject.claims",
	"crypto.md5":         "use crypto.sha256",
	"crypto.sha1":        "use crypto.sha256",
	"crypto.hmac.":       "use crypto.hmac.sha256",
	"regex.find_n":       "use regex.find_all_string_submatch_n",
	"regex.split":        "use split, or regex.replace and split",
	"regex.globs_match":  "use startswith, or sets and objects keyed by name",
	"units.parse":        "use units.parse_bytes",
}

// hintFor says how to put an error right; empty when there is nothing to add to the message.
func hintFor(e *ast.Error, caps *ast.Capabilities) string {
	switch detail := e.Details.(type) {
	case *ast.RefErrInvalidDetail:
		return refHint(detail)
	case *ast.ArgErrDetail:
		return argumentHint(detail)
	}
	if name, found := strings.CutPrefix(e.Message, "undefined function "); found {
		return functionHint(name, caps)
	}
	return ""
}

var unsafeVar = regexp.MustCompile(`^var (\w+) is unsafe$`)

// hintForName answers a variable that nothing gives a value with the nearest rule of its package.
func (p *policy) hintForName(problem Problem) Problem {
	found := unsafeVar.FindStringSubmatch(problem.Message)
	if found == nil || len(found[1]) < 3 || problem.Hint != nil || problem.File == nil {
		return problem
	}
	module, is := p.modules[*problem.File]
	if !is {
		return problem
	}
	names := map[string]bool{}
	for _, other := range p.modules {
		if !other.Package.Path.Equal(module.Package.Path) {
			continue
		}
		for _, rule := range other.Rules {
			if name, is := rule.Head.Ref()[0].Value.(ast.Var); is {
				names[string(name)] = true
			}
		}
	}
	if meant := nearest(found[1], util.KeysSorted(names)); meant != "" {
		hint := fmt.Sprintf("did you mean `%s`?", meant)
		problem.Hint = &hint
	}
	return problem
}

// argumentHint leaves out the result, which OPA's own lines count among the arguments.
func argumentHint(detail *ast.ArgErrDetail) string {
	list := func(arguments []types.Type) string {
		texts := make([]string, len(arguments))
		for i, argument := range arguments {
			texts[i] = types.Sprint(argument)
		}
		return "(" + strings.Join(texts, ", ") + ")"
	}
	takes, given := detail.Want.Args, detail.Have
	if last := len(given) - 1; last >= 0 && types.Nil(given[last]) {
		given, takes = given[:last], takes[:min(last, len(takes))]
	}
	return "it takes " + list(takes) + " and is given " + list(given)
}

func functionHint(name string, caps *ast.Capabilities) string {
	if _, known := ast.BuiltinMap[name]; known {
		if hint, listed := insteadOf[name]; listed {
			return hint
		}
		for prefix, hint := range insteadOf {
			if strings.HasSuffix(prefix, ".") && strings.HasPrefix(name, prefix) {
				return hint
			}
		}
		return "this builtin is not available in the gateway"
	}
	if caps == nil {
		return ""
	}
	names := make([]string, 0, len(caps.Builtins))
	for _, builtin := range caps.Builtins {
		if !strings.HasPrefix(builtin.Name, "internal.") {
			names = append(names, builtin.Name)
		}
	}
	if best := nearest(name, names); best != "" {
		return fmt.Sprintf("did you mean `%s`?", best)
	}
	return ""
}

// refHint answers an undefined reference with the nearest member there is, as a whole reference.
func refHint(detail *ast.RefErrInvalidDetail) string {
	have, is := detail.Ref[detail.Pos].Value.(ast.String)
	if !is {
		return ""
	}
	names := make([]string, 0, len(detail.OneOf))
	for _, value := range detail.OneOf {
		if text, is := value.(ast.String); is {
			names = append(names, string(text))
		}
	}
	if best := nearest(string(have), names); best != "" {
		meant := detail.Ref.Copy()
		meant[detail.Pos] = ast.StringTerm(best)
		return fmt.Sprintf("did you mean `%s`?", meant)
	}
	if len(names) == 0 || len(names) > 24 {
		return ""
	}
	return "there is: " + strings.Join(names, ", ")
}

// nearest is the candidate with the fewest edits, if it is near enough to be a typo.
func nearest(name string, candidates []string) string {
	best, fewest := "", max(1, len(name)/3)+1
	for _, candidate := range candidates {
		if edits := editDistance(name, candidate); edits < fewest {
			best, fewest = candidate, edits
		}
	}
	return best
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
