package ops

import (
	"encoding/base64"
	"testing"
)

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

// A delta is no policy; beside sources the name means nothing.
func TestADeltaBundleIsRefused(t *testing.T) {
	packed, err := pack(map[string][]byte{"main.rego": []byte("package main\n"), "patch.json": []byte(`{"data": []}`)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Source{Bundle: base64.StdEncoding.EncodeToString(packed)}.read(readOptions{})
	if problems, _ := err.(Problems); len(problems) != 1 || problems[0].Code != "delta_bundle" {
		t.Errorf("a bundle: %v", err)
	}
	files := map[string]string{"main.rego": "package main\n", "patch.json": `{"data": []}`}
	if _, err := (Source{Files: files}).read(readOptions{}); err != nil {
		t.Errorf("sources: %v", err)
	}
}
