# METADATA
# title: Limit tiers
# description: >-
#   A caller is in one tier, the first in the order of `tiers/data.yaml` that one of its roles
#   names, so two roles never conflict. The tier's buckets are charged for what a client lists or
#   uses, all of them or none; sessions, notifications, answers and what a server asks are not
#   charged.
# custom:
#   data: [tiers]
#   examples:
#     - title: A caller of the tier is charged
#       data:
#         tiers:
#           order: [{ role: reader, tier: bronze }]
#           tiers: { bronze: { user: { tokens: 10, per: 1m, burst: 5 } } }
#       facts: {}
#       allow: true
#       reasons: [tool-granted]
#       limits:
#         - { name: user, tier: bronze, key: [mcp-guard, acme, alice], cost: 1, tokens: 10, per: 1m, burst: 5 }
#     - title: A tier that the table does not have
#       data: { tiers: { order: [{ role: reader, tier: brown }], tiers: { bronze: {} } } }
#       facts: {}
#       allow: false
#       reasons: [tier-unknown]
package mcpguard.rules.limits

import data.mcpguard.lib.facts
import data.mcpguard.lib.keys

# METADATA
# title: The tier the caller is in
tier := _line.tier

# METADATA
# title: The caller's tier is not in the table
# description: Without this rule a misspelt tier would mean no limit.
# custom:
#   code: tier-unknown
deny contains "tier-unknown" if {
	line := _line
	not _is_in_table(line)
}

# METADATA
# title: The tier's buckets
# description: >-
#   One for everything the caller does, one that all callers of its tenant share, one more for a
#   tool that the tier names.
limit := [bucket |
	_is_charged(input.action.class)
	input.context.direction != "server"
	line := _line
	some part, entry in data.tiers.tiers[line.tier]
	bucket := _bucket(part, line.tier, entry)
]

_line := [line |
	some line in data.tiers.order
	line.role in facts.role_keys
][0]

_is_in_table(line) if is_object(data.tiers.tiers[line.tier])

_is_charged("list") := true

_is_charged("use") := true

_is_charged("unknown") := true

_bucket("user", tier, entry) := _filled("user", tier, entry, _caller([]))

_bucket("tenant", tier, entry) := bucket if {
	is_string(input.subject.tenant)
	bucket := _filled("tenant", tier, entry, [input.subject.issuer, input.subject.tenant])
}

_bucket("tools", tier, servers) := bucket if {
	tools := servers[input.resource.server]
	input.action.name == "tools/call"
	key := keys.for_name(tools, input.resource.id)
	bucket := _filled("tool", tier, tools[key], _caller([input.resource.server, key]))
}

# Issuer, tenant (empty when there is none) and identifier. No bucket accepts an empty key.
_caller(more) := array.concat([input.subject.issuer, _text(input.subject.tenant), input.subject.id], more) if {
	is_string(input.subject.id)
} else := []

_text(null) := ""

_text(text) := text if is_string(text)

# A member that is missing, misspelt or too many makes the decision malformed, hence a denial.
_filled(name, tier, entry, key) := {
	"name": name,
	"tier": tier,
	"key": key,
	"cost": 1,
	"tokens": entry.tokens,
	"per": entry.per,
	"burst": entry.burst,
} if {
	count(entry) == 3
} else := {
	"name": name,
	"tier": tier,
	"key": key,
	"cost": entry.cost,
	"tokens": entry.tokens,
	"per": entry.per,
	"burst": entry.burst,
} if {
	count(entry) == 4
} else := {"name": name}
