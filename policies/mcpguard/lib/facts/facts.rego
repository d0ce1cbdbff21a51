# METADATA
# title: Accessors over the facts
# description: >-
#   The only package that spells input paths. A member that is missing leaves its accessor
#   undefined, or empty where it is a set; nothing in here has a default that could permit.
# schemas:
#   - input: schema.facts
package mcpguard.lib.facts

# METADATA
# title: The question is about an item as such, not about a message
# description: Argument bounds hold in such a question, since it carries no arguments.
is_item_question if input.context.question == "item"

# METADATA
# title: Somebody was identified
# description: An anonymous caller is identified too, when the operator switched anonymous access on.
identified if {
	is_string(input.subject.id)
	input.subject.id != ""
}

# METADATA
# title: Whom buckets are keyed by
# description: >-
#   Issuer, tenant (empty when there is none) and identifier of the caller. Empty, which no bucket
#   accepts, when one of them is missing.
default caller := []

caller := [input.subject.issuer, _tenant, input.subject.id]

# METADATA
# title: The caller can ask its authorization server for more scopes
can_step_up if input.subject.method in {"jwt", "oauth"}

# METADATA
# title: Keys of the server's tables in data
# description: Its name, and `*` which stands for any server.
server_keys contains "*"

server_keys contains input.resource.server

# METADATA
# title: Keys of the caller's tables in data
# description: Its roles, and `*` which stands for everybody who was identified.
role_keys contains "*" if identified

role_keys contains role if some role in input.subject.roles

# METADATA
# title: Scopes of the caller's credential
scopes contains scope if some scope in input.subject.scopes

# METADATA
# title: The method
action := input.action.name

# METADATA
# title: Class of the method
class := input.action.class

# METADATA
# title: Kind of the resource
resource_type := input.resource.type

# METADATA
# title: Name, URI or template text of the resource
resource_id := input.resource.id

# METADATA
# title: The server behind the gateway
server := input.resource.server

# METADATA
# title: The resource's URI is canonical
uri_is_canonical if input.resource.uri.canonical == true

# METADATA
# title: Scheme of the resource's URI
uri_scheme := input.resource.uri.scheme

# METADATA
# title: Authority of the resource's URI
uri_authority := input.resource.uri.authority

# METADATA
# title: Path of the resource's URI
uri_path := input.resource.uri.path

# METADATA
# title: Arguments of the call
arguments := input.resource.arguments

# METADATA
# title: The server sent the message
from_server if input.context.direction == "server"

_tenant := input.subject.tenant if {
	input.subject.tenant != null
} else := ""
