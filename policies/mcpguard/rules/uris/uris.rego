# METADATA
# title: URIs and paths that mean the same to every reader
# description: >-
#   A grant for a prefix is worth what the server makes of the text behind it, so texts that parsers
#   read differently are refused: URIs that are not canonical, and path arguments with `..`, NUL or
#   a backslash. Both rules negate a helper that has to succeed: a missing member refuses.
package mcpguard.rules.uris

import data.mcpguard.lib.facts
import data.mcpguard.lib.paths

# Schemes that parsers treat as hierarchical even without slashes.
_hierarchical := {"file", "ftp", "http", "https", "ws", "wss"}

# METADATA
# title: The URI is not canonical
# custom:
#   code: uri-not-canonical
deny contains rego.metadata.rule().custom.code if not _uri_ok

# METADATA
# title: A path argument leaves its folder or is read differently by different systems
# custom:
#   code: path-unsafe
deny contains rego.metadata.rule().custom.code if not _paths_ok

_uri_ok if not _names_uri

_uri_ok if facts.uri_is_canonical

# An opaque URI such as `note:To do` has no path to climb, however it is spelt.
_uri_ok if {
	facts.uri_authority == ""
	facts.uri_scheme != ""
	not facts.uri_scheme in _hierarchical
	not contains(facts.uri_path, "/")
	not contains(facts.uri_path, "%")
	paths.is_plain(facts.uri_path)
}

_names_uri if facts.resource_type in {"resource", "resource_template"}

_paths_ok if not _takes_arguments

_paths_ok if facts.is_item_question

_paths_ok if {
	is_object(facts.arguments)
	count(_unsafe) == 0
}

_takes_arguments if facts.resource_type in {"tool", "prompt"}

_unsafe contains name if {
	some name, value in facts.arguments
	data.paths.arguments[name]
	walk(value, [_, text])
	is_string(text)
	not paths.is_plain(text)
}
