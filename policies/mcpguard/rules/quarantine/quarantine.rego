# METADATA
# title: Quarantine
# description: >-
#   Servers, items of servers and callers that are shut off until somebody looked at them
#   (`quarantine/data.yaml`), whatever the grants say. They vanish from lists too.
# custom:
#   data: [quarantine]
#   examples:
#     - title: A tool beside the one in quarantine
#       data: { quarantine: { servers: { everything: { tools: [get-env] } } } }
#       facts: {}
#       allow: true
#       reasons: [tool-granted]
#     - title: The tool is in quarantine
#       data: { quarantine: { servers: { everything: { tools: [echo] } } } }
#       facts: {}
#       allow: false
#       reasons: [quarantined]
#     - title: The caller is in quarantine
#       data: { quarantine: { subjects: { mcp-guard: [alice] } } }
#       facts: { subject: { issuer: mcp-guard, id: alice } }
#       allow: false
#       reasons: [quarantined]
package mcpguard.rules.quarantine

import data.mcpguard.lib.facts
import data.mcpguard.lib.kinds
import data.mcpguard.lib.patterns

# METADATA
# title: The caller, the server or the item is in quarantine
# description: So is what an entry could have named that cannot be read.
# custom:
#   code: quarantined
deny contains "quarantined" if {
	some part, entries in patterns.table(data.quarantine)
	_names(part, entries)
}

_names("servers", servers) if {
	some server in facts.server_keys
	_covers(servers[server])
}

_names("subjects", issuers) if patterns.match(issuers[input.subject.issuer], input.subject.id)

_names(part, entries) if not _is_readable(part, entries)

_is_readable("servers", servers) if is_object(servers)

_is_readable("subjects", issuers) if is_object(issuers)

# Whatever is no object stands for the whole server.
_covers(entry) if not is_object(entry)

_covers(entry) if patterns.match(entry[kinds.of(input.resource.type)], input.resource.id)

_covers(entry) if {
	some kind, _ in entry
	not kinds.exists(kind)
}
