package ops

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"path"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/util"
	"go.yaml.in/yaml/v3"
)

// readData reads one data file and mounts it below the path of its folder. What a reader could
// understand in two ways is refused: doubled members, YAML aliases (also a size bomb), several
// documents, integers that a double cannot hold.
func readData(name string, content []byte) (any, Problems) {
	check := checkJSON
	if !strings.HasSuffix(name, ".json") {
		check = checkYAML
	}
	if problems := check(name, content); len(problems) > 0 {
		return nil, problems
	}
	var value any
	if err := util.Unmarshal(content, &value); err != nil {
		return nil, Problems{problemIn(name, "data_error", err.Error(), "")}
	}
	if number := inexactNumber(value); number != "" {
		return nil, Problems{problemIn(name, "data_error",
			fmt.Sprintf("the number %s cannot be held exactly", number), "write it as a string")}
	}
	folder := path.Dir(name)
	if folder == "." {
		if _, is := value.(map[string]any); !is {
			return nil, Problems{problemIn(name, "data_error", "data at the root must be an object", "")}
		}
		return value, nil
	}
	segments := strings.Split(folder, "/")
	for i := len(segments) - 1; i >= 0; i-- {
		value = map[string]any{segments[i]: value}
	}
	return value, nil
}

// checkJSON walks the tokens: one value, nothing after it, no member twice.
func checkJSON(name string, content []byte) Problems {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	fail := func(message string) Problems {
		offset := min(int(decoder.InputOffset()), len(content))
		before := content[:offset]
		row := bytes.Count(before, []byte("\n")) + 1
		col := offset - bytes.LastIndexByte(before, '\n')
		return Problems{problemIn(name, "data_error", message, "").at(row, col)}
	}
	var members []map[string]bool // one per open container; nil for an array
	key := false                  // the next string is a member's name
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return fail("not JSON: unexpected end")
		}
		if err != nil {
			return fail("not JSON: " + err.Error())
		}
		if text, is := token.(string); is && key {
			names := members[len(members)-1]
			if names[text] {
				return fail(fmt.Sprintf("the member %q is there twice", text))
			}
			names[text] = true
			key = false
			continue
		}
		switch token {
		case json.Delim('{'):
			members = append(members, map[string]bool{})
		case json.Delim('['):
			members = append(members, nil)
		case json.Delim('}'), json.Delim(']'):
			members = members[:len(members)-1]
		}
		if len(members) == 0 {
			break
		}
		key = members[len(members)-1] != nil
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fail("not JSON: there is more after the value")
	}
	return nil
}

func checkYAML(name string, content []byte) Problems {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil {
		return Problems{problemIn(name, "data_error", "not YAML: "+err.Error(), "")}
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return Problems{problemIn(name, "data_error", "not one YAML document", "")}
	}
	return checkNode(name, &document)
}

func checkNode(name string, node *yaml.Node) Problems {
	refuse := func(at *yaml.Node, message, hint string) Problems {
		return Problems{problemIn(name, "data_error", message, hint).at(at.Line, at.Column)}
	}
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		return refuse(node, "YAML anchors and aliases are refused", "write the value out")
	}
	if node.Kind == yaml.MappingNode {
		seen := map[string]bool{}
		for i := 0; i < len(node.Content); i += 2 {
			key := node.Content[i]
			switch {
			case key.Kind != yaml.ScalarNode:
				return refuse(key, "a member's name must be a string", "")
			case key.ShortTag() == "!!merge":
				return refuse(key, "YAML merge keys are refused", "write the members out")
			case seen[key.Value]:
				return refuse(key, fmt.Sprintf("the member %q is there twice", key.Value), "")
			}
			seen[key.Value] = true
		}
	}
	for _, child := range node.Content {
		if problems := checkNode(name, child); len(problems) > 0 {
			return problems
		}
	}
	return nil
}

// inexactNumber finds an integer that a double (all a JavaScript host has) would change.
func inexactNumber(value any) string {
	switch v := value.(type) {
	case json.Number:
		double, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return string(v)
		}
		if whole, is := new(big.Int).SetString(string(v), 10); is {
			if exact, _ := new(big.Float).SetFloat64(double).Int(nil); exact.Cmp(whole) != 0 {
				return string(v)
			}
		}
	case []any:
		for _, item := range v {
			if number := inexactNumber(item); number != "" {
				return number
			}
		}
	case map[string]any:
		for _, member := range v {
			if number := inexactNumber(member); number != "" {
				return number
			}
		}
	}
	return ""
}

// mergeData puts all data files into one document; two files that give one path a value are a
// conflict, whatever the values.
func (p *policy) mergeData() Problems {
	p.data = map[string]any{}
	var problems Problems
	for _, name := range util.KeysSorted(p.dataFile) {
		mounted, is := p.dataFile[name].(map[string]any)
		if !is {
			continue
		}
		if at := mergeInto(p.data, mounted, ""); at != "" {
			problems = append(problems, problemIn(name, "data_error",
				fmt.Sprintf("another data file has a value at %s too", at), ""))
		}
	}
	return problems
}

func mergeInto(target, from map[string]any, at string) string {
	for _, key := range util.KeysSorted(from) {
		here := at + "/" + key
		old, exists := target[key]
		oldObject, oldIs := old.(map[string]any)
		newObject, newIs := from[key].(map[string]any)
		switch {
		case exists && !(oldIs && newIs):
			return here
		case exists:
			if conflict := mergeInto(oldObject, newObject, here); conflict != "" {
				return conflict
			}
		case newIs: // a copy: merging must not write into the file's own tree
			target[key] = map[string]any{}
			mergeInto(target[key].(map[string]any), newObject, here)
		default:
			target[key] = from[key]
		}
	}
	return ""
}
