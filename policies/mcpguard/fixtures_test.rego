# METADATA
# title: Facts for tests
# description: Complete facts of one caller, and the few changes that tests make to them.
package mcpguard.fixtures_test

# A message: alice, a reader, calls `echo` on the server `everything`.
call := {
	"subject": {
		"id": "alice",
		"kind": "user",
		"issuer": "https://idp.example",
		"method": "api-key",
		"client_id": null,
		"actors": [],
		"roles": ["reader"],
		"groups": [],
		"scopes": [],
		"tenant": "acme",
		"expires_at": null,
		"claims": {},
	},
	"action": {"name": "tools/call", "class": "use"},
	"resource": {
		"type": "tool",
		"id": "echo",
		"server": "everything",
		"labels": {},
		"known": false,
		"arguments": {},
		"params": {},
	},
	"context": {
		"question": "message",
		"direction": "client",
		"kind": "request",
		"time": "2026-11-22T09:00:00Z",
		"time_ns": 1795338000000000000,
		"date": "2026-11-22",
		"hour": 9,
		"weekday": "sunday",
		"zones": {},
		"ip": "10.0.0.7",
		"transport": "http",
		"era": "legacy",
		"protocol_version": "2025-11-25",
		"client": {"name": "example-client", "version": "1.0.0"},
		"session": null,
		"request_id": "r-1",
	},
}

# The caller with these members changed.
as_subject(facts, members) := object.union(facts, {"subject": members})

# A call of this tool with these arguments.
of_tool(id, arguments) := object.union(
	json.remove(call, ["resource/arguments"]),
	{"resource": {"id": id, "arguments": arguments}},
)

# A message with this method about this resource.
of_item(action, type, id) := object.union(call, {
	"action": {"name": action},
	"resource": {"type": type, "id": id},
})

# The same about a URI, with what the host says of it.
of_uri(action, id, canonical) := object.union(of_item(action, "resource", id), {"resource": {"uri": {
	"scheme": split(id, ":")[0],
	"authority": _authority(id),
	"path": _path(id),
	"canonical": canonical,
}}})

# A message about the server itself.
of_server(action, class) := object.union(
	of_item(action, "server", "everything"),
	{"action": {"class": class}},
)

# The item question that goes with a message.
item(facts) := object.union(
	json.remove(facts, ["resource/arguments", "resource/params"]),
	{"context": {"question": "item"}},
)

without(facts, path) := json.remove(facts, [path])

_authority(id) := split(id, "/")[2] if {
	contains(id, "://")
} else := ""

_path(id) := concat("/", array.concat([""], array.slice(split(id, "/"), 3, count(split(id, "/"))))) if {
	contains(id, "://")
} else := substring(id, indexof(id, ":") + 1, -1)

# Inputs that are no facts at all.
malformed := [
	{},
	[],
	"facts",
	1,
	true,
	null,
	{"subject": null, "action": null, "resource": null, "context": null},
	{"subject": [], "action": "tools/call", "resource": 7, "context": ["item"]},
	{
		"subject": {"id": 5, "roles": "admin", "scopes": {"a": 1}, "issuer": null},
		"action": {"name": ["tools/call"], "class": {"use": true}},
		"resource": {"type": ["tool"], "id": {"a": 1}, "server": 3, "arguments": "x", "uri": 1},
		"context": {"question": 1, "direction": []},
	},
	{"context": {"question": "item"}},
]
