# METADATA
# title: URIs and paths that mean the same to every reader
# description: >-
#   A grant for a prefix is worth what the server makes of the text behind it, so texts that parsers
#   read differently are refused: URIs that are not canonical, and path arguments (named in
#   `paths/data.yaml`) with `..`, NUL or a backslash. Both rules negate a helper that has to succeed:
#   a missing member refuses.
# custom:
#   data: [paths]
#   examples:
#     - title: An argument that is no path may hold anything
#       data: { paths: { arguments: { path: true } } }
#       facts: { resource: { arguments: { message: "../x" } } }
#       allow: true
#       reasons: [tool-granted]
#     - title: A path that climbs
#       data: { paths: { arguments: { path: true } } }
#       facts: { resource: { arguments: { path: "/workspace/../etc/passwd" } } }
#       allow: false
#       reasons: [path-unsafe]
package mcpguard.rules.uris

import data.mcpguard.lib.facts
import data.mcpguard.lib.paths

# METADATA
# title: The URI is not canonical
# custom:
#   code: uri-not-canonical
deny contains "uri-not-canonical" if {
	_is_uri(input.resource.type)
	not _uri_ok
}

# METADATA
# title: A path argument leaves its folder or is read differently by different systems
# custom:
#   code: path-unsafe
deny contains "path-unsafe" if {
	not facts.is_item_question
	_takes_arguments(input.resource.type)
	not _paths_ok
}

_is_uri("resource") := true

_is_uri("resource_template") := true

_takes_arguments("tool") := true

_takes_arguments("prompt") := true

_uri_ok if input.resource.uri.canonical == true

# An opaque URI such as `note:To do` has no path to climb, however it is spelt.
_uri_ok if {
	input.resource.uri.authority == ""
	not _is_hierarchical(input.resource.uri.scheme)
	path := input.resource.uri.path
	not contains(path, "/")
	not contains(path, "%")
	paths.is_plain(path)
}

# Schemes that parsers treat as hierarchical even without slashes, and what has none.
_is_hierarchical("") := true

_is_hierarchical("file") := true

_is_hierarchical("ftp") := true

_is_hierarchical("http") := true

_is_hierarchical("https") := true

_is_hierarchical("ws") := true

_is_hierarchical("wss") := true

_paths_ok if {
	is_object(input.resource.arguments)
	not _unsafe(input.resource.arguments)
}

_unsafe(arguments) if {
	names := data.paths.arguments
	some name, value in arguments
	names[name]
	walk(value, [_, text])
	is_string(text)
	not paths.is_plain(text)
}
