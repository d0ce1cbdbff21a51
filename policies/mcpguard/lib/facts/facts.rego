# METADATA
# title: What several rules derive from the facts
# description: >-
#   Nothing in here has a default that could permit. A negated expression whose member is missing is
#   silent, so what is negated is a rule of its own: `not facts.is_item_question` holds without it.
# schemas:
#   - input: schema.facts
package mcpguard.lib.facts

# METADATA
# title: The question is about an item as such, not about a message
# description: >-
#   Argument bounds hold in such a question, since it carries no arguments. False otherwise: what is
#   undefined is worked out again each time it is asked for.
default is_item_question := false

is_item_question if input.context.question == "item"

# METADATA
# title: The caller can ask its authorization server for more scopes
can_step_up if _has_scopes(input.subject.method)

_has_scopes("jwt") := true

_has_scopes("oauth") := true

# METADATA
# title: The tool's server says that it only reads
# description: The server's word. Let what follows from it tighten, never loosen.
says_read_only if input.resource.annotations.readOnlyHint == true

# METADATA
# title: Keys of the server's tables in data
# description: Its name, and `*` which stands for any server.
default server_keys := ["*"]

server_keys := [input.resource.server, "*"]

# METADATA
# title: Keys of the caller's tables in data
# description: >-
#   Its roles, and `*` which stands for everybody who was identified. An anonymous caller is
#   identified too, when the operator switched anonymous access on.
default role_keys := []

role_keys := array.concat(input.subject.roles, ["*"]) if {
	id := input.subject.id
	is_string(id)
	id != ""
}
