package ops

import (
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// allowance is a comment `# mcp-guard: allow <id>` in Rego or YAML: it silences findings of that id on
// its own line and on the first line after the comments it stands among.
type allowance struct {
	id       string
	location *ast.Location
	until    int
	used     bool
}

var (
	allowComment = regexp.MustCompile(`^\s*mcp-guard:\s*allow\s+([\w, -]+)`)
	allowInYAML  = regexp.MustCompile(`(^|\s)#\s*mcp-guard:\s*allow\s+([\w, -]+)`)
)

func (p *policy) allowances() []*allowance {
	var found []*allowance
	for _, name := range util.KeysSorted(p.modules) {
		lines := strings.Split(string(p.texts[name]), "\n")
		for _, comment := range p.modules[name].Comments {
			if matched := allowComment.FindStringSubmatch(string(comment.Text)); matched != nil {
				found = append(found, allowancesOf(matched[1], comment.Location, lines)...)
			}
		}
	}
	return found
}

// allowancesInData are those of data files that are YAML.
func allowancesInData(files map[string][]byte) []*allowance {
	var found []*allowance
	for _, name := range util.KeysSorted(files) {
		if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
			continue
		}
		lines := strings.Split(string(files[name]), "\n")
		for i, line := range lines {
			if matched := allowInYAML.FindStringSubmatch(line); matched != nil {
				at := &ast.Location{File: name, Row: i + 1, Col: strings.Index(line, "#") + 1}
				found = append(found, allowancesOf(matched[2], at, lines)...)
			}
		}
	}
	return found
}

func allowancesOf(ids string, at *ast.Location, lines []string) []*allowance {
	isComment := func(row int) bool {
		return row <= len(lines) && strings.HasPrefix(strings.TrimSpace(lines[row-1]), "#")
	}
	until := at.Row
	for isComment(until) { // a comment that has its line to itself speaks of the code below it
		until++
	}
	var found []*allowance
	for _, id := range strings.FieldsFunc(ids, func(r rune) bool { return r == ',' || r == ' ' }) {
		found = append(found, &allowance{id: id, location: at, until: until})
	}
	return found
}

func isAllowed(allowed []*allowance, id string, at *ast.Location) bool {
	found := false
	for _, a := range allowed {
		if at != nil && a.covers(id, &at.File, &at.Row) {
			a.used, found = true, true
		}
	}
	return found
}

func (a *allowance) covers(code string, file *string, row *int) bool {
	return a.id == code && file != nil && row != nil && *file == a.location.File &&
		*row >= a.location.Row && *row <= a.until
}

// silence takes out what is allowed and marks the allowances that were needed.
func silence(list []Finding, allowed []*allowance, canBeSilenced func(Finding) bool) []Finding {
	kept := []Finding{}
	for _, finding := range list {
		silenced := false
		if canBeSilenced(finding) {
			for _, a := range allowed {
				if a.covers(finding.Code, finding.File, finding.Row) {
					a.used, silenced = true, true
				}
			}
		}
		if !silenced {
			kept = append(kept, finding)
		}
	}
	return kept
}
