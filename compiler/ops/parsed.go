package ops

import (
	"crypto/sha256"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// parsedModules keeps what the last requests of a session parsed: between two of them one file has
// changed as a rule. A request that is alone keeps nothing.
type parsedModules struct {
	keep bool
	last map[string]*ast.Module
	used map[string]*ast.Module
}

var parsed parsedModules

// begin starts a request, end forgets what it did not use.
func (p *parsedModules) begin(keep bool) {
	p.keep = keep
	p.used = map[string]*ast.Module{}
}

func (p *parsedModules) end() {
	if p.keep && len(p.used) > 0 {
		p.last = p.used
	}
	p.used = nil
}

// parse gives a module that the caller may change.
func (p *parsedModules) parse(name string, content []byte, caps *ast.Capabilities) (*ast.Module, error) {
	if !p.keep {
		return parseModule(name, content, caps)
	}
	key := parseKey(name, content, caps)
	module := p.last[key]
	if module == nil {
		var err error
		if module, err = parseModule(name, content, caps); err != nil {
			return nil, err
		}
	}
	p.used[key] = module
	return module.Copy(), nil
}

func parseModule(name string, content []byte, caps *ast.Capabilities) (*ast.Module, error) {
	return ast.ParseModuleWithOpts(name, string(content), ast.ParserOptions{
		ProcessAnnotation: true,
		RegoVersion:       ast.RegoV1,
		Capabilities:      caps,
	})
}

// parseKey holds everything that parsing depends on.
func parseKey(name string, content []byte, caps *ast.Capabilities) string {
	sum := sha256.Sum256(content)
	parts := []string{name, string(sum[:])}
	if caps != nil {
		parts = append(parts, strings.Join(caps.Features, ","), strings.Join(caps.FutureKeywords, ","))
	}
	return strings.Join(parts, "\x00")
}
