# METADATA
# title: Limit tiers
# description: >-
#   A caller is in one tier, the first in the order of `tiers/data.yaml` that one of its roles
#   names, so two roles never conflict. The tier's buckets are charged for what a client lists or
#   uses; sessions, notifications, answers and what a server asks are not charged.
package mcpguard.rules.limits

import data.mcpguard.lib.facts
import data.mcpguard.lib.keys

# METADATA
# title: The tier the caller is in
tier := data.tiers.order[min(_lines)].tier

# METADATA
# title: The caller's tier is not in the table
# description: Without this rule a misspelt tier would mean no limit.
# custom:
#   code: tier-unknown
deny contains rego.metadata.rule().custom.code if {
	count(_lines) > 0
	not _tier_known
}

# METADATA
# title: One bucket for everything the caller does
limit contains bucket if {
	_charged
	bucket := _bucket("user", data.tiers.tiers[tier].user, facts.caller)
}

# METADATA
# title: One more bucket for a tool that the tier names
limit contains bucket if {
	_charged
	facts.action == "tools/call"
	table := data.tiers.tiers[tier].tools[facts.server]
	key := keys.for_name(table, facts.resource_id)
	bucket := _bucket("tool", table[key], array.concat(facts.caller, [facts.server, key]))
}

_lines contains i if {
	some i, line in data.tiers.order
	line.role in facts.role_keys
}

_tier_known if is_object(data.tiers.tiers[tier])

_charged if {
	not facts.from_server
	facts.class in {"list", "use", "unknown"}
}

# A member that is missing or misspelt in the data makes the decision malformed, hence a denial.
_bucket(name, entry, key) := object.union(
	object.union({"cost": 1}, entry),
	{"name": name, "tier": tier, "key": key},
) if {
	is_object(entry)
} else := {"name": name}
