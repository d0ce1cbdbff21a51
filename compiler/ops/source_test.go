package ops

import "testing"

func TestWhatCapitalsKeepFromBeingReadIsRefused(t *testing.T) {
	for name, intended := range map[string]string{
		"deny.REGO":     "deny.rego",
		"a/b/DENY.Rego": "DENY.rego",
		"a/Data.JSON":   "data.json",
		"DATA.yml":      "data.yml",
		".MANIFEST":     ".manifest",
		"Policy.wasm":   "policy.wasm",
		"a/.MANIFEST":   "",
		"README.md":     "",
		"deny.rego.bak": "",
		"x/.GITIGNORE":  "",
		"mcpguard/REGO": "",
	} {
		source := Source{Files: map[string]string{"main.rego": "package main\n", name: "{}"}}
		_, err := source.read(readOptions{})
		problems, _ := err.(Problems)
		switch {
		case intended == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case intended != "" && (len(problems) != 1 || *problems[0].File != name ||
			*problems[0].Hint != "rename it to "+intended):
			t.Errorf("%s: %v", name, err)
		}
	}
}
