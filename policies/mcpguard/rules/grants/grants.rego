# METADATA
# title: Grants
# description: >-
#   What a role may use is data (`grants/data.yaml`): role, server, then tools, prompts, resources
#   or methods. Bounds on arguments are part of the permit: without arguments in hand (an item
#   question) they hold, in a message they hold or nothing is permitted.
package mcpguard.rules.grants

import data.mcpguard.lib.facts
import data.mcpguard.lib.keys
import data.mcpguard.lib.paths

# METADATA
# title: Tool granted to a role of the caller
# custom:
#   code: tool-granted
permit contains rego.metadata.rule().custom.code if {
	facts.action == "tools/call"
	facts.resource_type == "tool"
	some entry in _named("tools")
	_arguments_ok(entry)
}

# METADATA
# title: Prompt granted to a role of the caller
# custom:
#   code: prompt-granted
permit contains rego.metadata.rule().custom.code if {
	facts.action == "prompts/get"
	facts.resource_type == "prompt"
	some entry in _named("prompts")
	_arguments_ok(entry)
}

# METADATA
# title: Resource or template granted to a role of the caller
# custom:
#   code: resource-granted
permit contains rego.metadata.rule().custom.code if {
	facts.action in {"resources/read", "resources/subscribe", "resources/unsubscribe"}
	facts.resource_type in {"resource", "resource_template"}
	some entry in _located
	_arguments_ok(entry)
}

# METADATA
# title: Completion for a prompt granted to a role of the caller
# custom:
#   code: completion-granted
permit contains rego.metadata.rule().custom.code if {
	facts.action == "completion/complete"
	facts.resource_type == "prompt"
	some entry in _named("prompts")
	_well_formed(entry)
}

# METADATA
# title: Completion for a template granted to a role of the caller
# custom:
#   code: completion-granted
permit contains rego.metadata.rule().custom.code if {
	facts.action == "completion/complete"
	facts.resource_type == "resource_template"
	some entry in _located
	_well_formed(entry)
}

# METADATA
# title: Method without an item granted to a role of the caller
# custom:
#   code: method-granted
permit contains rego.metadata.rule().custom.code if {
	facts.class in {"use", "unknown"}
	facts.resource_type in {"server", "task"}
	some entry in _methods
	_arguments_ok(entry)
}

_named(kind) := {entry |
	some table in _tables(kind)
	entry := table[keys.for_name(table, facts.resource_id)]
}

_located contains entry if {
	some table in _tables("resources")
	entry := table[keys.for_uri(table, facts.resource_id)]
}

_methods contains entry if {
	some table in _tables("methods")
	entry := table[keys.for_name(table, facts.action)]
}

_tables(kind) := [table |
	some role in facts.role_keys
	some server in facts.server_keys
	table := data.grants[role][server][kind]
]

_arguments_ok(entry) if {
	_well_formed(entry)
	facts.is_item_question
}

_arguments_ok(entry) if {
	_well_formed(entry)
	every argument, bounds in object.get(entry, "arguments", {}) {
		_within(facts.arguments[argument], bounds)
	}
}

# An entry with a misspelt member would lose its bounds: it grants nothing.
_well_formed(entry) if {
	object.keys(entry) - {"arguments"} == set()
	is_object(object.get(entry, "arguments", {}))
}

_within(value, bounds) if {
	is_object(bounds)
	every bound, limit in bounds {
		_holds(bound, limit, value)
	}
}

# A bound that is not known does not hold.
_holds("prefix", limit, value) if {
	startswith(value, limit)
	paths.is_plain(value)
}

_holds("enum", limit, value) if value in limit

_holds("min", limit, value) if {
	is_number(value)
	value >= limit
}

_holds("max", limit, value) if {
	is_number(value)
	value <= limit
}

_holds("maxItems", limit, value) if {
	is_array(value)
	count(value) <= limit
}

_holds("maxLength", limit, value) if {
	is_string(value)
	count(value) <= limit
}
