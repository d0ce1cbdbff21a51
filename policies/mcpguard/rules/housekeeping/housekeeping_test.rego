package mcpguard.rules.housekeeping_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.housekeeping

_open := {
	"initialize": "session",
	"ping": "session",
	"stream/open": "session",
	"session/close": "session",
	"tools/list": "list",
	"notifications/initialized": "notify",
	"response": "answer",
}

test_allow_housekeeping if {
	every action, class in _open {
		housekeeping.permit == {"housekeeping"} with input as fixtures.of_server(action, class)
	}
}

test_allow_without_roles if {
	facts := fixtures.as_subject(fixtures.of_server("tools/list", "list"), {"roles": []})
	housekeeping.permit == {"housekeeping"} with input as facts
}

test_allow_anonymous if {
	facts := fixtures.as_subject(fixtures.of_server("tools/list", "list"), {"id": "anonymous", "kind": "anonymous"})
	housekeeping.permit == {"housekeeping"} with input as facts
}

test_deny_unidentified if {
	every action, class in _open {
		facts := fixtures.of_server(action, class)
		housekeeping.permit == set() with input as fixtures.as_subject(facts, {"id": ""})
		housekeeping.permit == set() with input as fixtures.without(facts, "subject/id")
		housekeeping.permit == set() with input as fixtures.without(facts, "action/class")
	}
}

test_deny_use_and_unknown if {
	housekeeping.permit == set() with input as fixtures.call
	housekeeping.permit == set() with input as fixtures.of_server("sampling/createMessage", "use")
	housekeeping.permit == set() with input as fixtures.of_server("custom/method", "unknown")
}

test_deny_malformed if {
	every facts in fixtures.malformed {
		housekeeping.permit == set() with input as facts
	}
}
