# METADATA
# title: Lists of names that a rule refuses
# description: >-
#   What refuses is read whole, so that no name is passed over: a list that cannot be read stands for
#   every name. What grants is a table that is looked up, see `mcpguard.lib.keys`.
package mcpguard.lib.patterns

# METADATA
# title: The list has the name
# description: A trailing `*` stands for any continuation.
match(patterns, name) if {
	some pattern in patterns
	startswith(name, trim_suffix(pattern, "*"))
	_reaches(pattern, name)
}

match(patterns, _) if not _is_readable(patterns)

# METADATA
# title: The object itself, or one that names everything under an empty key
table(value) := value if {
	is_object(value)
} else := {"": ["*"]}

_reaches(pattern, name) if pattern == name

_reaches(pattern, _) if endswith(pattern, "*")

# A list of texts and nothing else can be joined.
_is_readable(patterns) if concat("", patterns)
