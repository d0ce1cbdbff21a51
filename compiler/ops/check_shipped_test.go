package ops

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sourceIn reads a folder as the command does.
func sourceIn(t testing.TB, folder string) Source {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isPolicyFile(strings.TrimPrefix(path, folder+"/")) {
			return err
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, folder+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return Source{Files: files}
}

func rawFile(t testing.TB, path string) json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func checkSource(t testing.TB, source Source) []Finding {
	t.Helper()
	result, err := runCheck(CheckRequest{
		Source:       source,
		Capabilities: rawFile(t, "../capabilities.json"),
		Schema:       rawFile(t, "../../schemas/facts.schema.json"),
		Strict:       true,
		EntryPoint:   "mcpguard/main/decision",
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return result.(FindingsResult).Findings
}

// lines shows findings as a table can hold them.
func lines(list []Finding) []string {
	shown := []string{}
	for _, f := range list {
		place, _ := json.Marshal([]any{textOf(f.File), numberOf(f.Row), numberOf(f.Col)})
		shown = append(shown, f.Level+" "+f.Code+" "+string(place)+" "+f.Message+" ("+textOf(f.Hint)+")")
	}
	return shown
}

func TestNothingIsSaidOfTheShippedPolicy(t *testing.T) {
	if found := lines(checkSource(t, sourceIn(t, "../../policies"))); len(found) > 0 {
		t.Error(strings.Join(found, "\n"))
	}
}
