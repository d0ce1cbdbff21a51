package ops

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// rawInput: a member that no schema spells, read by the same path in several packages. A misspelling
// in one of them is no error, only a rule that never holds.
func (l *linter) rawInput() {
	type place struct {
		at  *ast.Location
		ref ast.Ref
	}
	packages := map[string][]string{} // by path, in the order of places
	first := map[string]place{}       // by package and path
	l.eachRule(func(rule *ast.Rule) {
		pkg := parentOf(rule)
		if slices.Contains(constants(rule.Module.Package.Path[1:]), "lib") {
			return
		}
		l.readsOf(rule, []ast.Ref{ast.InputRootRef}, func(_ *ast.Rule, ref ast.Ref, at *ast.Location) {
			known := len(constants(ref[1:])) + 1
			path := ref[:known]
			if !l.belowOpenPart(path) {
				return
			}
			key := pkg + " " + path.String()
			if _, exists := first[key]; !exists {
				first[key] = place{at, path}
				packages[path.String()] = append(packages[path.String()], pkg)
			}
		})
	})
	for path, users := range packages {
		if len(users) < 2 {
			continue
		}
		for _, pkg := range users {
			found := first[pkg+" "+path]
			l.say(found.at, fmt.Sprintf("%d packages read %s, whose name nothing checks", len(users), path),
				"give it a rule in a package below mcpguard.lib and ask for that")
		}
	}
}

// belowOpenPart says that a path names a member of a part whose members the facts schema leaves open.
func (l *linter) belowOpenPart(path ast.Ref) bool {
	for end := 2; end < len(path); end++ {
		schema, _ := l.schemaAt(path[:end])
		if schema["type"] == "object" && schema["properties"] == nil {
			return true
		}
	}
	return false
}

var votes = []string{"permit", "deny", "unmet", "limit", "tier", "challenge"}

// helperNames end the names of packages that are not meant to vote.
var helperNames = []string{"test", "tests", "fixtures", "helpers", "lib", "mock", "mocks", "utils", "common", "examples"}

// testVotes: whatever below mcpguard.rules has the name of a vote is one, whoever wrote it for what.
func (l *linter) testVotes() {
	for _, name := range util.KeysSorted(l.policy.modules) {
		module := l.policy.modules[name]
		path := module.Package.Path
		if !path.HasPrefix(rulesRef) || len(path) <= len(rulesRef) {
			continue
		}
		last, _ := path[len(path)-1].Value.(ast.String)
		words := strings.Split(string(last), "_")
		helper := slices.Contains(helperNames, words[len(words)-1])
		said := map[string]bool{}
		for _, rule := range module.Rules {
			vote := ruleName(rule)
			if !slices.Contains(votes, vote) || said[vote] || !(helper || isTestFile(name)) {
				continue
			}
			said[vote] = true
			l.say(rule.Location, fmt.Sprintf("%s in %s is counted as a vote", vote, module.Package),
				"give the rule another name, or move it out of mcpguard.rules")
		}
	}
}

// undeclaredReasons: a code that no METADATA of its package declares has no meaning to who reads it.
func (l *linter) undeclaredReasons() {
	declared := map[string]bool{}
	for _, name := range l.files {
		for _, code := range reasonCodes(l.modules[name]) {
			declared[code.pkg+" "+code.code] = true
		}
	}
	l.eachRule(func(rule *ast.Rule) {
		vote := ruleName(rule)
		if !rule.Ref().HasPrefix(rulesRef) || vote != "permit" && vote != "deny" && vote != "unmet" {
			return
		}
		if rule.Head.Key == nil {
			return
		}
		code, is := rule.Head.Key.Value.(ast.String)
		if is && !declared[parentOf(rule)+" "+string(code)] {
			l.say(rule.Location, fmt.Sprintf("the reason code %q is declared nowhere in its package", string(code)),
				"put METADATA with a title and `custom: {code: "+string(code)+"}` above the rule")
		}
	})
}
