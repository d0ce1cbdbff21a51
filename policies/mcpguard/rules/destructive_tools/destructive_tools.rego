# METADATA
# title: Destructive tools need a scope
# description: >-
#   Tools named in data (`destructive/data.yaml`: server, tool, scope) are refused to callers who do
#   not hold the scope, whatever their grants.
package mcpguard.rules.destructive_tools

import data.mcpguard.lib.facts
import data.mcpguard.lib.keys

# METADATA
# title: The caller lacks a scope that the tool needs
# custom:
#   code: scope-missing
deny contains rego.metadata.rule().custom.code if count(_missing) > 0

# METADATA
# title: Scopes that would lift the denial
challenge contains scope if {
	some scope in _missing
	is_string(scope)
}

_missing contains scope if {
	some scope in _required
	not scope in facts.scopes
}

_required contains scope if {
	facts.resource_type == "tool"
	some server in facts.server_keys
	table := data.destructive[server]
	scope := table[keys.for_name(table, facts.resource_id)]
}
