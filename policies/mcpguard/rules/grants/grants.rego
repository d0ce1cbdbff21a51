# METADATA
# title: Grants
# description: >-
#   What a role may use is data: `grants/data.yaml` for everybody, `tenants/data.yaml` for callers of
#   one tenant. Bounds on arguments are part of the permit: without arguments in hand (an item
#   question) they hold, in a message they hold or nothing is permitted.
# custom:
#   data: [grants, tenants]
#   examples:
#     - title: A bound that the argument keeps
#       data:
#         grants: { reader: { everything: { tools: { echo: { arguments: { message: { maxLength: 5 } } } } } } }
#       facts: { resource: { arguments: { message: hello } } }
#       allow: true
#       reasons: [tool-granted]
#     - title: A bound that it does not keep
#       data:
#         grants: { reader: { everything: { tools: { echo: { arguments: { message: { maxLength: 4 } } } } } } }
#       facts: { resource: { arguments: { message: hello } } }
#       allow: false
#       reasons: [argument-out-of-bounds, not-granted]
#     - title: A tenant's own grant
#       data:
#         grants: {}
#         tenants: { acme: { reader: { everything: { tools: { echo: {} } } } } }
#       facts: { subject: { tenant: acme } }
#       allow: true
#       reasons: [tool-granted]
#     - title: The same for a caller of another tenant
#       data:
#         grants: {}
#         tenants: { acme: { reader: { everything: { tools: { echo: {} } } } } }
#       facts: { subject: { tenant: globex } }
#       allow: false
#       reasons: [not-granted]
package mcpguard.rules.grants

import data.mcpguard.lib.facts
import data.mcpguard.lib.keys
import data.mcpguard.lib.kinds
import data.mcpguard.lib.paths

# METADATA
# title: Granted to a role of the caller
# custom:
#   codes:
#     tool-granted: A tool granted to a role of the caller
#     prompt-granted: A prompt granted to a role of the caller
#     resource-granted: A resource or template granted to a role of the caller
#     completion-granted: Completion for a prompt or template granted to a role of the caller
#     method-granted: A method without an item, granted to a role of the caller
permit contains code if {
	code := _code(input.resource.type, input.action.name)
	some entry in _entries(input.resource.type)
	_is_met(entry)
}

# METADATA
# title: Granted, but not with these arguments
# description: Said beside `not-granted` when nothing permits the message.
# custom:
#   code: argument-out-of-bounds
unmet contains "argument-out-of-bounds" if {
	not facts.is_item_question
	_code(input.resource.type, input.action.name)
	some entry in _entries(input.resource.type)
	entry.arguments
}

_kind("server") := "methods"

_kind("task") := "methods"

_kind(type) := kinds.of(type)

_code("tool", "tools/call") := "tool-granted"

_code("prompt", "prompts/get") := "prompt-granted"

_code("prompt", "completion/complete") := "completion-granted"

_code("resource", action) := "resource-granted" if _reads(action)

_code("resource_template", action) := "resource-granted" if _reads(action)

_code("resource_template", "completion/complete") := "completion-granted"

_code("server", _) := "method-granted" if _uses(input.action.class)

_code("task", _) := "method-granted" if _uses(input.action.class)

_reads("resources/read") := true

_reads("resources/subscribe") := true

_reads("resources/unsubscribe") := true

_uses("use") := true

_uses("unknown") := true

_name("methods") := input.action.name

_name(kind) := input.resource.id if kind != "methods"

_entries(type) := [entry |
	kind := _kind(type)
	name := _name(kind)
	some tree in _trees(input.subject.tenant)
	some role in facts.role_keys
	servers := tree[role]
	some server in facts.server_keys
	table := servers[server][kind]
	entry := table[_key(kind, table, name)]
]

_trees(tenant) := [data.grants, data.tenants[tenant]] if {
	is_string(tenant)
} else := [data.grants]

_key("resources", table, uri) := keys.for_uri(table, uri)

_key(kind, table, name) := keys.for_name(table, name) if kind != "resources"

# An entry with a misspelt member would lose its bounds: it grants nothing.
_is_met(entry) if {
	is_object(entry)
	count(entry) == 0
}

_is_met(entry) if {
	is_object(entry.arguments)
	count(entry) == 1
	_are_kept(entry.arguments)
}

# What is being completed is not yet an argument of anything.
_are_kept(bounded) if {
	facts.is_item_question
} else if {
	input.action.name == "completion/complete"
} else if {
	every argument, bounds in bounded {
		_keeps(input.resource.arguments[argument], bounds)
	}
}

_keeps(value, bounds) if {
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
