package ops

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

const reasonCodeTwice = "reason-code-twice"

// reasonCode is one code that METADATA declares, `custom.code` or a member of `custom.codes`.
type reasonCode struct {
	code    string
	meaning string
	pkg     string
	at      *ast.Location
}

// reasonCodes are the declarations of one module, in the order of their places.
func reasonCodes(module *ast.Module) []reasonCode {
	var found []reasonCode
	for _, annotations := range module.Annotations {
		add := func(code, meaning string) {
			found = append(found, reasonCode{
				code: code, meaning: strings.TrimSpace(meaning), pkg: module.Package.Path.String(), at: annotations.Location,
			})
		}
		if code, is := annotations.Custom["code"].(string); is {
			add(code, annotations.Title)
		}
		if codes, is := annotations.Custom["codes"].(map[string]any); is {
			for _, code := range util.KeysSorted(codes) {
				meaning, _ := codes[code].(string)
				add(code, meaning)
			}
		}
	}
	return found
}

// checkCodes finds codes that mean two things: who reads the audit could not tell which.
func (s *study) checkCodes() {
	first := map[string]reasonCode{}
	for _, name := range s.files {
		for _, declared := range reasonCodes(s.modules[name]) {
			earlier, exists := first[declared.code]
			switch {
			case !exists:
				first[declared.code] = declared
			case earlier.pkg != declared.pkg || earlier.meaning != declared.meaning:
				s.findings.errorAt(declared.at, reasonCodeTwice,
					fmt.Sprintf("the reason code %q is declared at %s:%d too", declared.code, earlier.at.File, earlier.at.Row),
					"give each meaning a code of its own, so that the audit tells them apart")
			}
		}
	}
}
