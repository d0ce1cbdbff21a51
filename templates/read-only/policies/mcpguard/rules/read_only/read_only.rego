# METADATA
# title: Only tools that read
# description: >-
#   Whatever the grants say, a tool is refused unless its server marks it as read-only or
#   `read_only/data.yaml` names it. What a server says can only narrow the grants here, never widen
#   them, and a tool of which nothing is known is refused.
# custom:
#   data: [read_only]
package mcpguard.rules.read_only

import data.mcpguard.lib.facts

# METADATA
# title: The tool may change something
# custom:
#   code: not-read-only
deny contains "not-read-only" if {
	input.resource.type == "tool"
	not _only_reads
}

_only_reads if facts.says_read_only

_only_reads if {
	id := input.resource.id
	some server in facts.server_keys
	id in data.read_only.tools[server]
}
