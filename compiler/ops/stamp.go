package ops

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// What `mcp-guard build` says of its module in metadata.mcpguard of the manifest. It counts for that
// very module only: a bundle that was built on with other tools carries the manifest along.

const (
	maxPaths     = 10_000
	maxPathNames = 64
	maxNameBytes = 1_024
	// What a JavaScript host holds exactly.
	maxSerial = 1<<53 - 1
)

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (p *policy) stamp() map[string]any {
	stamp, _ := p.manifest.Metadata["mcpguard"].(map[string]any)
	return stamp
}

// serial reads metadata.mcpguard.serial: the order of signed bundles. nil when there is none.
func (p *policy) serial() (*int64, Problems) {
	value, exists := p.stamp()["serial"]
	if !exists {
		return nil, nil
	}
	if number, is := value.(json.Number); is {
		if serial, err := number.Int64(); err == nil && serial >= 0 && serial <= maxSerial {
			return &serial, nil
		}
	}
	return nil, Problems{problemIn(manifestFile, "manifest_error",
		"metadata.mcpguard.serial must be a whole number from 0 on", "build it with `mcp-guard build --serial NUMBER`")}
}

// stampOf is what the manifest says of the module: paths that it reads and whether the list module of
// this very gateway is in it. What is not said, or said of another module, costs speed and is told.
func (p *policy) stampOf(module []byte, hostModule string, hostEntryPoint string) (paths [][]string, host bool, warnings Problems) {
	tell := func(message string) ([][]string, bool, Problems) {
		return nil, false, Problems{problemIn(moduleFile, "foreign_bundle",
			message+": facts are sent whole and lists are asked item by item, which is slower",
			"build it with `mcp-guard build`")}
	}
	stamp := p.stamp()
	said, exists := stamp["module"]
	if !exists {
		return tell("the module was not built by mcp-guard")
	}
	if said != digestOf(module) {
		return tell("the manifest speaks of another module")
	}
	paths, problem := readPaths(stamp["paths"])
	if problem != "" {
		return tell("metadata.mcpguard.paths of the manifest " + problem)
	}
	own, err := p.compiledModule(hostEntryPoint)
	if hostModule == "" || err != nil || digestOf(own) != said || stamp["hostModule"] != digestOf([]byte(hostModule)) {
		return paths, false, Problems{problemIn(moduleFile, "foreign_bundle",
			"the module was built for another version of the gateway: lists are asked item by item, which is slower",
			"build it anew with `mcp-guard build`")}
	}
	return paths, true, nil
}

// readPaths is strict: a path that is left out would be a fact that the policy does not see.
func readPaths(value any) ([][]string, string) {
	if value == nil {
		return nil, ""
	}
	list, is := value.([]any)
	if !is || len(list) > maxPaths {
		return nil, fmt.Sprintf("is not a list of at most %d paths", maxPaths)
	}
	paths := make([][]string, 0, len(list))
	for _, item := range list {
		names, is := item.([]any)
		if !is || len(names) == 0 || len(names) > maxPathNames {
			return nil, "has something that is not a path"
		}
		path := make([]string, 0, len(names))
		for _, name := range names {
			text, is := name.(string)
			if !is || len(text) > maxNameBytes {
				return nil, "has something that is not a path"
			}
			path = append(path, text)
		}
		paths = append(paths, path)
	}
	return paths, ""
}

// boundedPaths gives up on paths that readPaths would refuse: then everything is sent.
func boundedPaths(paths [][]string) [][]string {
	if len(paths) > maxPaths {
		return nil
	}
	for _, path := range paths {
		if len(path) > maxPathNames {
			return nil
		}
		for _, name := range path {
			if len(name) > maxNameBytes {
				return nil
			}
		}
	}
	return paths
}
