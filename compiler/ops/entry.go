package ops

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// entryRef reads `a/b/c` as data.a.b.c.
func entryRef(path string) (ast.Ref, error) {
	ref, err := ast.PtrRef(ast.DefaultRootDocument, path)
	if err != nil {
		return nil, requestError("the entry point " + path + " is not a path: " + err.Error())
	}
	return ref, nil
}

// missingEntry says what to write when nothing defines the entry point, or when only a function does.
func missingEntry(compiler *ast.Compiler, entry ast.Ref, path string) *Problem {
	rules := compiler.GetRulesExact(entry)
	for _, rule := range rules {
		if len(rule.Head.Args) > 0 {
			p := problemIn("", "entry_point_missing", fmt.Sprintf("%s must be a rule, not a function", path), "").
				atLocation(rule.Location)
			return &p
		}
	}
	if len(rules) > 0 {
		return nil
	}
	segments := strings.Split(path, "/")
	pkg, name := strings.Join(segments[:len(segments)-1], "."), segments[len(segments)-1]
	p := problemIn("", "entry_point_missing", fmt.Sprintf("the policy does not define %s", path),
		fmt.Sprintf("write a file with `package %s` and a rule `%s := {\"allow\": …}`", pkg, name))
	var siblings []string
	for _, module := range compiler.Modules {
		if module.Package.Path.Equal(entry[:len(entry)-1]) {
			p = p.atLocation(module.Package.Location)
			for _, rule := range module.Rules {
				siblings = append(siblings, rule.Head.Ref()[0].String())
			}
		}
	}
	if best := nearest(name, siblings); best != "" {
		hint := fmt.Sprintf("did you mean `%s` for `%s`?", name, best)
		p.Hint = &hint
	}
	return &p
}
