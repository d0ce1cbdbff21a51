# METADATA
# title: Destructive tools need a scope
# description: >-
#   Tools named in data (`destructive/data.yaml`: server, tool, scope) are refused to callers who do
#   not hold the scope, whatever their grants. Without that data no tool is destructive: whoever
#   deletes the file means it. Data that is there and cannot be read as such a table refuses the
#   tools it could have named.
package mcpguard.rules.destructive_tools

import data.mcpguard.lib.facts
import data.mcpguard.lib.keys

# METADATA
# title: The caller lacks a scope that the tool needs
# custom:
#   code: scope-missing
deny contains rego.metadata.rule().custom.code if count(_missing) > 0

# METADATA
# title: The table of destructive tools cannot be read for this tool
# description: >-
#   `destructive` or the entry of the server or of `*` is not an object, the tool's scope is not a
#   text or is empty, or a key with `*` that begins the tool's name has more than 64 characters
#   before the `*`.
# custom:
#   code: destructive-table-malformed
deny contains rego.metadata.rule().custom.code if {
	facts.resource_type == "tool"
	_malformed
}

# METADATA
# title: Scopes that would lift the denial
# description: None while the table is malformed, since no scope lifts that.
challenge contains scope if {
	some scope in _missing
	not _malformed
}

_missing contains scope if {
	some scope in _required
	_is_scope(scope)
	not scope in facts.scopes
}

_required contains scope if {
	facts.resource_type == "tool"
	some server in facts.server_keys
	table := data.destructive[server]
	scope := table[keys.for_name(table, facts.resource_id)]
}

# type_name and not `not is_object`: data that is missing is not malformed.
_malformed if type_name(data.destructive) != "object"

_malformed if {
	some server in facts.server_keys
	type_name(data.destructive[server]) != "object"
}

_malformed if {
	some scope in _required
	not _is_scope(scope)
}

_malformed if {
	some server in facts.server_keys
	keys.overlong_for_name(data.destructive[server], facts.resource_id)
}

_is_scope(scope) if {
	is_string(scope)
	scope != ""
}
