# METADATA
# title: The key of a table that a name falls under
# description: >-
#   Tables are objects, so that a look-up costs the same whether they hold ten entries or a hundred
#   thousand. A long table is never scanned: a name's possible keys are derived from the name and
#   looked up.
package mcpguard.lib.keys

# Longest beginning that a key with `*` can have: keeps the work of a hostile name small.
_max_prefix := 64

_max_segments := 32

# Splitting a text costs by its length: what is beyond this cannot hold the key's end.
_max_uri := 2048

# Below this size trying each key is cheaper than deriving the name's keys.
_short := 24

# METADATA
# title: Most specific key for a tool, prompt or method
# description: >-
#   The name itself, else the longest key that is a beginning of the name, at most 64 characters,
#   followed by `*`. Undefined when no key matches.
for_name(table, name) := name if {
	type_name(table[name])
} else := concat("", [max(beginnings), "*"]) if {
	count(table) <= _short
	first := substring(name, 0, 1)
	beginnings := [beginning |
		some key, _ in table
		startswith(key, first)
		beginning := trim_suffix(key, "*")
		startswith(name, beginning)
		beginning != key
		count(beginning) <= _max_prefix
	]
} else := _starred(name, max(lengths)) if {
	count(table) > _short
	lengths := [n |
		some n in numbers.range(0, min([count(name), _max_prefix]))
		type_name(table[_starred(name, n)])
	]
} else := "*" if {
	is_string(name)
	type_name(table["*"])
}

# METADATA
# title: Most specific key for a URI or a template
# description: >-
#   The text itself, else the longest key that ends in `/` and that the text begins with (at most
#   32 segments), else `*`. Undefined when no key matches.
for_uri(table, uri) := uri if {
	type_name(table[uri])
} else := _ancestor(parts, max(lengths)) if {
	parts := split(substring(uri, 0, _max_uri), "/")
	count(parts) > 1 # numbers.range counts down when its end is below its start
	lengths := [n |
		some n in numbers.range(1, min([count(parts) - 1, _max_segments]))
		type_name(table[_ancestor(parts, n)])
	]
} else := "*" if {
	is_string(uri)
	type_name(table["*"])
}

_starred(name, n) := concat("", [substring(name, 0, n), "*"])

_ancestor(parts, n) := concat("", [concat("/", array.slice(parts, 0, n)), "/"])
