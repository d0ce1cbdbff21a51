package ops

import (
	"encoding/base64"
	"encoding/json"
)

// BuildRequest is a plain build: any entry points, with tests and print statements when asked for.
type BuildRequest struct {
	Source       Source          `json:"source"`
	Capabilities json.RawMessage `json:"capabilities"`
	EntryPoints  []string        `json:"entryPoints"`
	Revision     string          `json:"revision"`
	Tests        bool            `json:"tests"`
}

// BuildResult carries the revision that was asked for, or else the content digest.
type BuildResult struct {
	Wasm     string         `json:"wasm"`
	Data     map[string]any `json:"data"`
	Revision string         `json:"revision"`
}

func runBuild(request BuildRequest) (any, error) {
	caps, err := capabilitiesOf(request.Capabilities, request.Tests)
	if err != nil {
		return nil, err
	}
	p, err := request.Source.read(readOptions{capabilities: caps, withTests: request.Tests})
	if err != nil {
		return nil, err
	}
	checked, err := p.checkModules(checkOptions{capabilities: caps, print: request.Tests})
	if err != nil {
		return nil, err
	}
	for _, path := range request.EntryPoints {
		entry, err := entryRef(path)
		if err != nil {
			return nil, err
		}
		if problem := missingEntry(checked, entry, path); problem != nil {
			return nil, Problems{*problem}
		}
	}
	module, err := p.build(caps, request.EntryPoints, request.Tests)
	if err != nil {
		return nil, err
	}
	revision := request.Revision
	if revision == "" {
		revision = p.digest
	}
	return BuildResult{Wasm: base64.StdEncoding.EncodeToString(module), Data: p.data, Revision: revision}, nil
}
