package ops

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// hostRef is the gateway's own package: it asks the operator's decision for every item of a list.
var hostRef = ast.MustParseRef("data.mcpguard.host")

var rulesRef = ast.MustParseRef("data.mcpguard.rules")

// reservedProblems refuses what would slip into the decision without being a rule of it: packages
// in the host's place, data that shadows rules, and test packages that an enforcement build would
// compose because their file is not named as a test.
func (p *policy) reservedProblems() Problems {
	var problems Problems
	for _, name := range util.KeysSorted(p.modules) {
		module := p.modules[name]
		if module.Package.Path.HasPrefix(hostRef) {
			problems = append(problems, reservedPackage(name, module.Package.Location))
			continue
		}
		for _, rule := range module.Rules {
			if rule.Ref().HasPrefix(hostRef) {
				problems = append(problems, reservedPackage(name, rule.Location))
			}
		}
		last, _ := module.Package.Path[len(module.Package.Path)-1].Value.(ast.String)
		inTests := strings.HasSuffix(name, testFileEnd)
		if !inTests && module.Package.Path.HasPrefix(rulesRef) && strings.HasSuffix(string(last), "_test") {
			problems = append(problems, problemIn(name, "reserved_package",
				fmt.Sprintf("%s would take part in the decision", module.Package),
				"name the file *"+testFileEnd).atLocation(module.Package.Location))
		}
	}
	for _, name := range util.KeysSorted(p.dataFile) {
		problems = append(problems, reservedData(name, p.dataFile[name])...)
	}
	return problems
}

func reservedPackage(file string, at *ast.Location) Problem {
	return problemIn(file, "reserved_package", "the package mcpguard.host belongs to the gateway",
		"give the package another name").atLocation(at)
}

func reservedData(file string, value any) Problems {
	root, _ := value.(map[string]any)
	ours, exists := root["mcpguard"]
	if !exists {
		return nil
	}
	refuse := func(at string) Problems {
		return Problems{problemIn(file, "reserved_data",
			fmt.Sprintf("data at %s would stand in for a rule", at),
			"keep data outside mcpguard/rules, mcpguard/main and mcpguard/host")}
	}
	object, is := ours.(map[string]any)
	if !is {
		return refuse("mcpguard")
	}
	for _, name := range []string{"host", "main", "rules"} {
		if _, taken := object[name]; taken {
			return refuse("mcpguard/" + name)
		}
	}
	return nil
}
