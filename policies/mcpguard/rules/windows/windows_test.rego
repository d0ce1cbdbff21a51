package mcpguard.rules.windows_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.windows

_zone := "Europe/Zurich"

_weekdays := ["monday", "tuesday", "wednesday", "thursday", "friday"]

_office := {"zone": _zone, "open": [{"days": _weekdays, "from": "08:30", "to": "17:30"}]}

_night := {"zone": _zone, "open": [{"days": ["friday"], "from": "22:00", "to": "06:00"}]}

_at(facts, weekday, hour, minute) := object.union(facts, {"context": {"zones": {_zone: {
	"date": "2026-11-23",
	"hour": hour,
	"minute": minute,
	"weekday": weekday,
}}}})

_deny_by(table, facts) := deny if {
	deny := windows.deny with input as facts with data.windows as table
}

_is_open(window, weekday, hour, minute) if {
	_deny_by({"w": window}, _at(fixtures.call, weekday, hour, minute)) == set()
}

_outside := {"outside-window"}

_unknown := {"window-unknown"}

test_hours if {
	every time in [["monday", 8, 30], ["friday", 17, 29], ["wednesday", 12, 0]] {
		_is_open(_office, time[0], time[1], time[2])
	}
	every time in [["monday", 8, 29], ["friday", 17, 30], ["saturday", 12, 0], ["sunday", 12, 0], ["monday", 0, 0], ["monday", 23, 59]] {
		_deny_by({"w": _office}, _at(fixtures.call, time[0], time[1], time[2])) == _outside
		_deny_by({"w": _office}, _at(fixtures.item(fixtures.call), time[0], time[1], time[2])) == _outside
	}
}

test_hours_over_midnight if {
	every time in [["friday", 22, 0], ["friday", 23, 59], ["saturday", 0, 0], ["saturday", 5, 59]] {
		_is_open(_night, time[0], time[1], time[2])
	}
	every time in [["friday", 21, 59], ["saturday", 6, 0], ["saturday", 22, 0], ["friday", 5, 0], ["sunday", 0, 0]] {
		_deny_by({"w": _night}, _at(fixtures.call, time[0], time[1], time[2])) == _outside
	}
}

test_every_night_has_its_evening_before if {
	days := ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
	every i, day in days {
		window := {"zone": _zone, "open": [{"days": [day], "from": "22:00", "to": "06:00"}]}
		_is_open(window, days[(i + 1) % 7], 5, 0)
		not _is_open(window, day, 5, 0)
	}
}

test_the_same_time_is_a_whole_day_on if {
	window := {"zone": _zone, "open": [{"days": ["monday"], "from": "08:00", "to": "08:00"}]}
	_is_open(window, "monday", 8, 0)
	_is_open(window, "tuesday", 7, 59)
	not _is_open(window, "monday", 7, 59)
	not _is_open(window, "tuesday", 8, 0)
}

test_the_whole_day if {
	window := {"zone": _zone, "open": [{"days": ["monday"], "from": "00:00", "to": "24:00"}]}
	_is_open(window, "monday", 0, 0)
	_is_open(window, "monday", 9, 9)
	_is_open(window, "monday", 10, 10)
	_is_open(window, "monday", 23, 59)
	not _is_open(window, "tuesday", 0, 0)
}

test_times_of_two_digits if {
	window := {"zone": _zone, "open": [{"days": ["monday"], "from": "10:10", "to": "12:59"}]}
	_is_open(window, "monday", 10, 10)
	_is_open(window, "monday", 12, 58)
	not _is_open(window, "monday", 10, 9)
	not _is_open(window, "monday", 12, 59)
}

test_one_of_several_hours if {
	window := {"zone": _zone, "open": [
		{"days": ["monday"], "from": "08:00", "to": "12:00"},
		{"days": ["monday"], "from": "13:00", "to": "17:00"},
	]}
	_is_open(window, "monday", 8, 0)
	_is_open(window, "monday", 16, 59)
	not _is_open(window, "monday", 12, 0)
}

test_times_that_cannot_be_read_are_closed if {
	every bad in ["8:30", "08:3", "0830", "08:60", "24:01", "25:00", "ab:cd", "0a:00", "~8:30", "0~:30", "1:234", "123:4", "08-30", "008:30", "08:300", "", 830, null, ["08:30"]] {
		every hours in [{"from": bad, "to": "23:00"}, {"from": "01:00", "to": bad}] {
			window := {"zone": _zone, "open": [object.union({"days": ["monday"]}, hours)]}
			not _is_open(window, "monday", 12, 0)
		}
	}
	every hours in [{"from": "08:00", "to": "17:00"}, {"days": "monday", "from": "08:00", "to": "17:00"}, {"days": [], "from": "08:00", "to": "17:00"}, {"day": ["monday"], "from": "08:00", "to": "17:00"}, {"days": ["monday"], "to": "17:00"}, {"days": ["monday"], "from": "08:00"}, "monday", null] {
		not _is_open({"zone": _zone, "open": [hours]}, "monday", 12, 0)
	}
	every open in [[], {}, "monday", null, {"days": ["monday"], "from": "08:00", "to": "17:00"}] {
		_deny_by({"w": {"zone": _zone, "open": open}}, _at(fixtures.call, "monday", 12, 0)) == _outside
	}
	_deny_by({"w": {"zone": _zone}}, _at(fixtures.call, "monday", 12, 0)) == _outside
}

test_a_clock_that_cannot_be_read_is_closed if {
	every path in ["hour", "minute", "weekday"] {
		facts := _at(fixtures.call, "monday", 12, 0)
		clock := object.remove(facts.context.zones[_zone], [path])
		zones := {"context": object.union(object.remove(facts.context, ["zones"]), {"zones": {_zone: clock}})}
		_deny_by({"w": _office}, object.union(object.remove(facts, ["context"]), zones)) == _outside
	}
}

test_a_zone_that_is_not_in_the_facts if {
	_deny_by({"w": _office}, fixtures.call) == _unknown
	_deny_by({"w": object.union(_office, {"zone": "Mars/Base"})}, _at(fixtures.call, "monday", 12, 0)) == _unknown
	_deny_by({"w": object.remove(_office, ["zone"])}, _at(fixtures.call, "monday", 12, 0)) == _unknown
	_deny_by({"w": _office}, fixtures.without(fixtures.call, "context/zones")) == _unknown
}

test_data_that_cannot_be_read if {
	open := _at(fixtures.call, "monday", 12, 0)
	every value in [[], ["x"], "x", "", 5, true, false, null] {
		_deny_by(value, open) == _unknown
		_deny_by({"w": value}, open) == _unknown
	}
	_deny_by({}, fixtures.call) == set()
}

test_every_window_has_to_be_open if {
	table := {"a": _office, "b": _night}
	_deny_by(table, _at(fixtures.call, "monday", 12, 0)) == _outside
	_deny_by(table, _at(fixtures.call, "friday", 23, 0)) == _outside
	_deny_by({"a": _office, "b": _office}, _at(fixtures.call, "monday", 12, 0)) == set()
}

test_windows_are_for_uses if {
	_deny_by({"w": _office}, fixtures.of_server("sampling/createMessage", "use")) == _unknown
	_deny_by({"w": _office}, fixtures.of_server("custom/method", "unknown")) == _unknown
	every class in ["session", "list", "notify", "answer"] {
		_deny_by({"w": _office}, fixtures.of_server("x", class)) == set()
	}
}

_for(concerned) := {"w": object.union(_office, {"for": concerned})}

_prod := object.union(fixtures.call, {"resource": {"labels": {"env": "prod", "team": "a"}}})

test_whom_and_what_it_holds_for if {
	every concerned in [
		{"roles": ["other", "reader"]},
		{"roles": ["read*"]},
		{"servers": ["everything"]},
		{"tools": {"everything": ["ec*"]}},
		{"tools": {"*": ["echo"]}},
		{"labels": {"env": ["prod"]}},
		{"roles": [], "labels": {"team": ["a"]}},
	] {
		_deny_by(_for(concerned), _prod) == _unknown
	}
}

test_whom_and_what_it_does_not_hold_for if {
	every concerned in [
		{},
		{"roles": ["other"]},
		{"servers": ["another"]},
		{"tools": {"everything": ["get-env"]}},
		{"tools": {"another": ["echo"]}},
		{"labels": {"env": ["test"]}},
		{"labels": {"region": ["prod"]}},
		{"roles": [], "servers": [], "tools": {}, "labels": {}},
	] {
		_deny_by(_for(concerned), _prod) == set()
	}
	_deny_by(_for({"tools": {"everything": ["echo"]}}), fixtures.of_item("prompts/get", "prompt", "echo")) == set()
	_deny_by(_for({"labels": {"env": ["prod"]}}), fixtures.call) == set()
	_deny_by(_for({"roles": ["reader"]}), fixtures.as_subject(fixtures.call, {"roles": []})) == set()
}

test_a_window_for_what_cannot_be_read_holds if {
	every value in [[], ["reader"], "reader", "", 5, true, false, null] {
		_deny_by(_for(value), _prod) == _unknown
		_deny_by(_for({"role": value}), _prod) == _unknown
		_deny_by(_for({"tools": value}), _prod) == _unknown
		_deny_by(_for({"labels": value}), _prod) == _unknown
	}
	every value in ["reader", "", 5, true, false, null, {}, [5]] {
		_deny_by(_for({"roles": value}), _prod) == _unknown
		_deny_by(_for({"servers": value}), _prod) == _unknown
		_deny_by(_for({"tools": {"everything": value}}), _prod) == _unknown
		_deny_by(_for({"labels": {"env": value}}), _prod) == _unknown
	}
}

test_malformed_facts_use_nothing if {
	every facts in fixtures.malformed {
		_deny_by({"w": _office}, facts) == set()
	}
}
