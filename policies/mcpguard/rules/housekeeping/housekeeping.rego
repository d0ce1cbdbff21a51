# METADATA
# title: Protocol housekeeping
# description: >-
#   Keeping a session, listing, notifying and answering are open to every identified caller: lists
#   are filtered item by item, and an item that a notification names is judged by its own question.
package mcpguard.rules.housekeeping

import data.mcpguard.lib.facts

# METADATA
# title: Housekeeping of an identified caller
# custom:
#   code: housekeeping
permit contains rego.metadata.rule().custom.code if {
	facts.identified
	facts.class in {"session", "list", "notify", "answer"}
}
