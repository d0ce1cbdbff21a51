# METADATA
# title: Destructive tools need a scope
# description: >-
#   A tool is destructive by its name (`destructive/data.yaml`) or by what its server says and does
#   not say of it (`hints/data.yaml`). It is refused to callers who do not hold the scope, whatever
#   their grants. A hint only tightens: nothing that a server says lifts a scope that the name needs.
#   Without data nothing is destructive: whoever deletes the files means it. Data that is there and
#   cannot be read refuses the tools it could have named.
# custom:
#   data: [destructive, hints]
#   examples:
#     - title: A caller who holds the scope
#       data: { destructive: { "*": { "mcp:destructive": ["delete*"] } } }
#       facts: { subject: { scopes: ["mcp:destructive"] }, resource: { id: delete_file } }
#       allow: true
#       reasons: [tool-granted]
#     - title: A caller whose token lacks the scope, which would help
#       data: { destructive: { "*": { "mcp:destructive": ["delete*"] } } }
#       facts: { subject: { method: jwt }, resource: { id: delete_file } }
#       allow: false
#       reasons: [scope-missing]
#       challenge: { scopes: ["mcp:destructive"], listing: show }
#     - title: A tool whose server says that it destroys
#       data: { hints: { "*": { destructiveHint: "mcp:destructive" } } }
#       facts: { resource: { known: true, annotations: { destructiveHint: true } } }
#       allow: false
#       reasons: [scope-missing]
#     - title: A tool whose definition is not known
#       data: { hints: { "*": { unknown: "mcp:destructive" } } }
#       facts: { resource: { known: false } }
#       allow: false
#       reasons: [scope-missing]
package mcpguard.rules.destructive_tools

import data.mcpguard.lib.facts
import data.mcpguard.lib.patterns

# METADATA
# title: The tool needs what the caller lacks
# custom:
#   codes:
#     scope-missing: The caller lacks a scope that the tool needs
#     destructive-table-malformed: >-
#       What makes tools destructive cannot be read. `destructive`, `hints` or an entry of the server
#       or of `*` in one of them is not an object, or a scope is not a text or is empty.
deny contains code if {
	input.resource.type == "tool"
	some scope in _required
	code := _objection(scope)
}

# METADATA
# title: Scopes that would lift the denial
# description: None while something cannot be read, since no scope lifts that.
challenge contains scope if {
	deny == {"scope-missing"}
	some scope in _required
	not _holds(scope)
}

_objection(scope) := "destructive-table-malformed" if {
	not _is_scope(scope)
} else := "scope-missing" if {
	not _holds(scope)
}

_required contains scope if {
	id := input.resource.id
	some server in facts.server_keys
	some scope, tools in patterns.table(data.destructive[server])
	patterns.match(tools, id)
}

_required contains scope if {
	some sign, scope in _signs(facts.server_keys[0])
	_shows(sign)
}

# Nothing is looked up in what is no object. Data that is missing is not malformed.
_required contains "" if is_object(data.destructive) == false

_required contains "" if is_object(data.hints) == false

# The server's own entry stands in place of the one for any server.
_signs(server) := patterns.table(data.hints[server]) if {
	type_name(data.hints[server])
} else := patterns.table(data.hints["*"])

_shows("unknown") if not _is_known

# Anything but `false`: the text "no" is not a server's way to say that nothing is destroyed.
_shows("destructiveHint") if input.resource.annotations.destructiveHint

_shows("noReadOnlyHint") if not facts.says_read_only

# Whoever misspelt a sign meant one: every tool shows it.
_shows(sign) if not _is_sign(sign)

_is_sign("unknown") := true

_is_sign("destructiveHint") := true

_is_sign("noReadOnlyHint") := true

_is_known if input.resource.known == true

_holds(scope) if scope in input.subject.scopes

_is_scope(scope) if {
	is_string(scope)
	scope != ""
}
