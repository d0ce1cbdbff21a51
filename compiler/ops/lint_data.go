package ops

import (
	"path"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
	"go.yaml.in/yaml/v3"
)

// namesInData reads the data files of the shipped rules: a name in them that no server offers grants,
// pins or shuts off nothing. A data file elsewhere is its owner's, and nothing is known of it.
func (l *linter) namesInData() {
	for _, name := range util.KeysSorted(l.contents) {
		if _, is := l.policy.dataFile[name]; !is {
			continue
		}
		var document yaml.Node
		if err := yaml.Unmarshal(l.contents[name], &document); err != nil || len(document.Content) == 0 {
			continue
		}
		d := dataNames{linter: l, file: name}
		d.root(path.Dir(name), document.Content[0])
	}
}

// dataNames walks one data file.
type dataNames struct {
	*linter
	file string
	// ahead: the file shuts off what may come, so that only a name of one server can be misspelt.
	ahead bool
}

func (d dataNames) root(folder string, node *yaml.Node) {
	switch folder {
	case ".":
		eachMember(node, func(key, value *yaml.Node) { d.root(key.Value, value) })
	case "grants":
		eachMember(node, func(_, servers *yaml.Node) { d.servers(servers) })
	case "tenants":
		eachMember(node, func(_, roles *yaml.Node) { d.root("grants", roles) })
	case "pins":
		d.servers(node)
	case "quarantine":
		d.ahead = true
		d.servers(member(node, "servers"))
	case "destructive":
		d.ahead = true
		eachMember(node, func(server, scopes *yaml.Node) {
			eachMember(scopes, func(_, tools *yaml.Node) { d.names(server, toolKind, tools) })
		})
	case "tiers":
		eachMember(member(node, "tiers"), func(_, tier *yaml.Node) { d.toolsByServer(member(tier, "tools")) })
	case "windows":
		eachMember(node, func(_, window *yaml.Node) { d.toolsByServer(member(member(window, "for"), "tools")) })
	}
}

// servers: server -> tools and prompts.
func (d dataNames) servers(node *yaml.Node) {
	eachMember(node, func(server, kinds *yaml.Node) {
		d.names(server, toolKind, member(kinds, "tools"))
		d.names(server, promptKind, member(kinds, "prompts"))
	})
}

func (d dataNames) toolsByServer(node *yaml.Node) {
	eachMember(node, func(server, tools *yaml.Node) { d.names(server, toolKind, tools) })
}

// names are the keys of an object or the elements of a list.
func (d dataNames) names(server *yaml.Node, kind string, node *yaml.Node) {
	judge := func(name *yaml.Node) {
		if d.ahead && strings.HasSuffix(name.Value, "*") {
			return
		}
		if name.Kind == yaml.ScalarNode && strings.Trim(name.Value, "*") != "" {
			d.judge(server.Value, kind, name.Value, &ast.Location{File: d.file, Row: name.Line, Col: name.Column})
		}
	}
	if node == nil || d.ahead && server.Value == anyServer {
		return
	}
	if node.Kind == yaml.SequenceNode {
		for _, name := range node.Content {
			judge(name)
		}
	}
	eachMember(node, func(name, _ *yaml.Node) { judge(name) })
}

func eachMember(node *yaml.Node, visit func(key, value *yaml.Node)) {
	if node == nil || node.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		visit(node.Content[i], node.Content[i+1])
	}
}

func member(node *yaml.Node, name string) *yaml.Node {
	var found *yaml.Node
	eachMember(node, func(key, value *yaml.Node) {
		if key.Value == name {
			found = value
		}
	})
	return found
}
