# METADATA
# title: Pinned definitions
# description: >-
#   What a server says of a tool, prompt or resource may be pinned by its digest (`pins/data.yaml`).
#   A pinned item whose definition is another, or is not known, is refused until somebody looked at
#   it. Where a list has `*`, what is not pinned is refused too.
# custom:
#   data: [pins]
#   examples:
#     - title: The definition that was pinned
#       data: { pins: { everything: { tools: { echo: "sha256:aa" } } } }
#       facts: { resource: { known: true, digest: "sha256:aa" } }
#       allow: true
#       reasons: [tool-granted]
#     - title: The server has changed it
#       data: { pins: { everything: { tools: { echo: "sha256:aa" } } } }
#       facts: { resource: { known: true, digest: "sha256:bb" } }
#       allow: false
#       reasons: [definition-changed]
#     - title: Every tool has to be pinned, and this one is not
#       data: { pins: { everything: { tools: { "*": required } } } }
#       facts: { resource: { known: true, digest: "sha256:aa" } }
#       allow: false
#       reasons: [definition-unpinned]
package mcpguard.rules.pins

import data.mcpguard.lib.kinds

# METADATA
# title: The definition is not the one that was pinned
# custom:
#   codes:
#     definition-changed: The definition is not the one that was pinned, or is not known
#     definition-unpinned: Nothing is pinned for it and its list asks for pins, or the pins cannot be read
deny contains code if {
	pinned := data.pins[input.resource.server]
	code := _problem(pinned, kinds.of(input.resource.type), input.resource.id)
}

# METADATA
# title: The table of pins is not an object
deny contains "definition-unpinned" if {
	is_object(data.pins) == false
	kinds.of(input.resource.type)
}

_problem(pinned, kind, id) := "definition-changed" if {
	pin := pinned[kind][id]
	not _is_digest(pin)
} else := "definition-unpinned" if {
	not _is_pinned(pinned, kind, id)
	_asks_for_pins(pinned, kind)
}

_is_digest(pin) if input.resource.digest == pin

_is_pinned(pinned, kind, id) if type_name(pinned[kind][id])

_asks_for_pins(pinned, kind) if type_name(pinned[kind]["*"])

# What cannot be read could have pinned anything.
_asks_for_pins(pinned, kind) if is_object(pinned[kind]) == false

_asks_for_pins(pinned, _) if not is_object(pinned)

_asks_for_pins(pinned, _) if {
	some kind, _ in pinned
	not kinds.exists(kind)
}
