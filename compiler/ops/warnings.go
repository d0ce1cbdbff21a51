package ops

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

var globMatchRef = ast.GlobMatch.Ref()

// warnings are about what compiles and decides right, but costs more than its author may think. Test
// files are left out: they are not part of the decision. What glob-for-set may not speak of is silent
// here too.
func (p *policy) warnings() Problems { return p.warningsBut(p.allowances()) }

func (p *policy) warningsBut(allowed []*allowance) Problems {
	found := Problems{}
	for _, name := range util.KeysSorted(p.modules) {
		if strings.HasSuffix(name, testFileEnd) {
			continue
		}
		ast.WalkRefs(p.modules[name], func(ref ast.Ref) bool {
			if ref.Equal(globMatchRef) && len(found) < maxProblems && !isAllowed(allowed, globForSet, ref[0].Location) {
				found = append(found, problemIn(name, "glob_match",
					"glob.match compiles its pattern anew in every evaluation",
					"use startswith and endswith, or sets and objects keyed by name").atLocation(ref[0].Location))
			}
			return false
		})
	}
	return found
}
