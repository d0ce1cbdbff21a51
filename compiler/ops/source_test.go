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

func TestManifests(t *testing.T) {
	const module = "package a.b\n\nx := 1\n"
	rows := []struct {
		name  string
		files map[string]string
		code  string
	}{
		{"below the root it is any file", map[string]string{"x/.manifest": "{"}, ""},
		{"roots with slashes", map[string]string{".manifest": `{"roots": ["/a/"]}`}, ""},
		{"the root of all", map[string]string{".manifest": `{"roots": [""]}`}, ""},
		{"version 1", map[string]string{".manifest": `{"rego_version": 1, "file_rego_versions": {"/x.rego": 1}}`}, ""},
		{"version 0", map[string]string{".manifest": `{"rego_version": 0}`}, "manifest_error"},
		{"version 0 of a file", map[string]string{".manifest": `{"file_rego_versions": {"/x.rego": 0}}`}, "manifest_error"},
		{"other roots", map[string]string{".manifest": `{"roots": ["a/c"]}`}, "manifest_error"},
		{"a root that begins alike", map[string]string{".manifest": `{"roots": ["a/bc", "a/b/x"]}`}, "manifest_error"},
		{"roots that overlap", map[string]string{".manifest": `{"roots": ["a", "a/b"]}`}, "manifest_error"},
		{"data outside", map[string]string{".manifest": `{"roots": ["a"]}`, "data.json": `{"b": 1}`}, "manifest_error"},
		{"members twice", map[string]string{".manifest": `{"roots": ["c"], "roots": ["a"]}`}, "data_error"},
	}
	for _, row := range rows {
		row.files["x.rego"] = module
		_, err := Source{Files: row.files}.read(readOptions{})
		problems, _ := err.(Problems)
		if (err == nil) != (row.code == "") || row.code != "" && (len(problems) != 1 || problems[0].Code != row.code) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// The revision is of what can change a decision, each file by itself.
func TestWhatTheRevisionIsOf(t *testing.T) {
	digest := func(withTests bool, more ...string) string {
		files := map[string][]byte{"a.rego": []byte("x"), "b.rego": []byte("y")}
		for i := 0; i < len(more); i += 2 {
			files[more[i]] = []byte(more[i+1])
		}
		return contentDigest(files, withTests)
	}
	plain := digest(false)
	for _, same := range []string{digest(true), digest(false, "a_test.rego", "z"), digest(false, "README.md", "z"), digest(false, "x/.manifest", "z")} {
		if same != plain {
			t.Error("what cannot change a decision makes another revision")
		}
	}
	seen := map[string]string{plain: "nothing"}
	for what, digest := range map[string]string{
		"a test that takes part": digest(true, "a_test.rego", "z"),
		"the manifest":           digest(false, ".manifest", "z"),
		"data.json":              digest(false, "x/data.json", "z"),
		"data.yaml":              digest(false, "x/data.yaml", "z"),
		"data.yml":               digest(false, "x/data.yml", "z"),
		"a module":               digest(false, "policy.wasm", "z"),
		"another text":           digest(false, "b.rego", "z"),
		"one file in another":    contentDigest(map[string][]byte{"a.rego": []byte("xb.regoy")}, false),
	} {
		if other, known := seen[digest]; known {
			t.Errorf("%s: the revision of %s", what, other)
		}
		seen[digest] = what
	}
}

func TestWhatBelongsToTheGateway(t *testing.T) {
	rows := []struct {
		name  string
		files map[string]string
		code  string
	}{
		{"the host's package", map[string]string{"x.rego": "package mcpguard.host\n"}, "reserved_package"},
		{"a package below it", map[string]string{"x.rego": "package mcpguard.host.x\n"}, "reserved_package"},
		{"its rule from above", map[string]string{"x.rego": "package mcpguard\n\nhost.x := 1\n"}, "reserved_package"},
		{"a package that begins alike", map[string]string{"x.rego": "package mcpguard.hosts\n"}, ""},
		{"tests among the rules", map[string]string{"x.rego": "package mcpguard.rules.x_test\n"}, "reserved_package"},
		{"tests in a test file", map[string]string{"x_test.rego": "package mcpguard.rules.x_test\n"}, ""},
		{"tests elsewhere", map[string]string{"x.rego": "package mcpguard.lib.x_test\n"}, ""},
		{"a scalar for all packages", map[string]string{"data.json": `{"mcpguard": 1}`}, "reserved_data"},
		{"data for the decision", map[string]string{"data.json": `{"mcpguard": {"main": {}}}`}, "reserved_data"},
		{"data for rules", map[string]string{"mcpguard/data.yaml": `rules: {x: {permit: [a]}}`}, "reserved_data"},
		{"data for the host", map[string]string{"mcpguard/host/data.json": `{}`}, "reserved_data"},
		{"data beside them", map[string]string{"data.json": `{"mcpguard": {"limits": 1}}`}, ""},
	}
	for _, row := range rows {
		p, err := Source{Files: row.files}.read(readOptions{withTests: true})
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		problems := p.reservedProblems()
		if (len(problems) == 0) != (row.code == "") || row.code != "" && problems[0].Code != row.code {
			t.Errorf("%s: %v", row.name, problems)
		}
	}
}
