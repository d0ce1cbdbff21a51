package ops

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The pages of checks and lints are their tests: each example below "Flagged" is, in the lines that
// say so and nowhere else, and none below "Not flagged" is.

type pageExample struct {
	name    string
	flagged bool
	files   map[string]string
	marks   []string // file:row
}

var (
	fence    = regexp.MustCompile("(?s)```(\\w+)\n(.*?)\n```")
	fileLine = regexp.MustCompile(`^# (?:file: )?([\w./-]+\.(?:rego|yaml))$`)
	pkgLine  = regexp.MustCompile(`(?m)^package ([\w.]+)$`)
)

func examplesOf(t *testing.T, text string) (list []pageExample, offered map[string]offeredNames) {
	t.Helper()
	if found := regexp.MustCompile("(?s)```json\n(.*?)\n```").FindStringSubmatch(text); found != nil {
		if err := json.Unmarshal([]byte(found[1]), &offered); err != nil {
			t.Fatal(err)
		}
	}
	for _, section := range strings.Split(text, "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		if title != "Flagged" && title != "Not flagged" {
			continue
		}
		var current *pageExample
		last := 0
		for _, at := range fence.FindAllStringSubmatchIndex(body, -1) {
			if between := strings.TrimSpace(body[last:at[0]]); between != "" {
				list = append(list, pageExample{name: between, flagged: title == "Flagged", files: map[string]string{}})
				current = &list[len(list)-1]
			}
			last = at[1]
			current.addFence(body[at[2]:at[3]], body[at[4]:at[5]])
		}
	}
	return list, offered
}

// addFence splits a fence at the lines that name files.
func (e *pageExample) addFence(language, text string) {
	name, lines := "", []string{}
	keep := func() {
		content := strings.Join(lines, "\n")
		if strings.TrimSpace(content) == "" {
			return
		}
		if found := pkgLine.FindStringSubmatch(content); name == "" && found != nil {
			folder := strings.ReplaceAll(found[1], ".", "/")
			name = folder + "/" + path.Base(folder) + ".rego"
		}
		e.files[name] = content + "\n"
		for i, line := range lines {
			if strings.HasSuffix(line, "# flagged") {
				e.marks = append(e.marks, fmt.Sprintf("%s:%d", name, i+1))
			}
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if found := fileLine.FindStringSubmatch(line); found != nil {
			keep()
			name, lines = found[1], nil
			if language == "yaml" {
				lines = []string{line}
			}
			continue
		}
		lines = append(lines, line)
	}
	keep()
}

func (e *pageExample) source() Source {
	files := map[string]string{}
	hasMain := false
	for name, text := range e.files {
		files[name] = text
		hasMain = hasMain || strings.Contains(text, "package mcpguard.main\n")
	}
	if !hasMain {
		files["mcpguard/main/main.rego"] = mainRego
	}
	return Source{Files: files}
}

func TestPages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := []string{}
	for _, page := range pages {
		id := strings.TrimSuffix(filepath.Base(page), ".md")
		folder := filepath.Base(filepath.Dir(page))
		if folder != "lint" && folder != "check" || id == "compile-errors" {
			continue
		}
		seen = append(seen, id)
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		list, offered := examplesOf(t, string(text))
		counts := map[bool]int{}
		for _, example := range list {
			counts[example.flagged]++
			t.Run(id+"/"+example.name, func(t *testing.T) { example.try(t, folder, id, offered) })
		}
		if counts[true] != 3 || counts[false] != 3 {
			t.Errorf("%s has %d flagged and %d other examples", page, counts[true], counts[false])
		}
	}
	for _, one := range lints {
		if !slices.Contains(seen, one.id) {
			t.Errorf("%s has no page", one.id)
		}
	}
}

func (e *pageExample) try(t *testing.T, folder, id string, offered map[string]offeredNames) {
	source := e.source()
	found := checkSource(t, source)
	if folder == "lint" {
		result, err := runLint(LintRequest{
			Source:       source,
			Capabilities: rawFile(t, "../capabilities.json"),
			Schema:       rawFile(t, "../../schemas/facts.schema.json"),
			EntryPoint:   "mcpguard/main/decision",
			Offered:      offered,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if f.Level == levelError {
				t.Errorf("check says %s", f.Message)
			}
		}
		found = result.(FindingsResult).Findings
	}
	have := []string{}
	for _, f := range found {
		if strings.Contains(f.Code, "_") {
			t.Errorf("%s:%d %s", textOf(f.File), numberOf(f.Row), f.Message)
		}
		if f.Code == id {
			have = append(have, fmt.Sprintf("%s:%d", textOf(f.File), numberOf(f.Row)))
		}
	}
	slices.Sort(have)
	slices.Sort(e.marks)
	if e.flagged != (len(e.marks) > 0) {
		t.Errorf("an example that is flagged says so in its lines")
	}
	if !slices.Equal(have, append([]string{}, e.marks...)) {
		t.Errorf("have %v, want %v", have, e.marks)
	}
}
