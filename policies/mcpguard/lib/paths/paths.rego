# METADATA
# title: What a path may look like
package mcpguard.lib.paths

# METADATA
# title: The text means the same place to every reader of paths
# description: A string without `..` segment, NUL and backslash.
is_plain(text) if {
	is_string(text)
	not contains(text, "\\")
	not contains(text, "\u0000")
	not _climbs(text)
}

_climbs(text) if {
	contains(text, "..")
	".." in split(text, "/")
}
