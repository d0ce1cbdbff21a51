# METADATA
# title: Protocol housekeeping
# description: >-
#   Keeping a session, listing, notifying and answering are open to every identified caller: lists
#   are filtered item by item, and an item that a notification names is judged by its own question.
# custom:
#   examples:
#     - title: Whoever was identified may list, with or without a role
#       facts:
#         subject: { roles: [] }
#         action: { name: tools/list, class: list }
#         resource: { type: server, id: everything }
#       allow: true
#       reasons: [housekeeping]
#     - title: Nobody was identified
#       facts:
#         subject: { id: "" }
#         action: { name: tools/list, class: list }
#         resource: { type: server, id: everything }
#       allow: false
#       reasons: [not-granted]
package mcpguard.rules.housekeeping

import data.mcpguard.lib.facts

# METADATA
# title: Housekeeping of an identified caller
# custom:
#   code: housekeeping
permit contains "housekeeping" if {
	_is_open(input.action.class)
	"*" in facts.role_keys
}

_is_open("session") := true

_is_open("list") := true

_is_open("notify") := true

_is_open("answer") := true
