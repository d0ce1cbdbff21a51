# METADATA
# title: Time windows
# description: >-
#   A window (`windows/data.yaml`) is the hours of a week in one time zone, and whom or what it holds
#   for. Outside the hours nothing of that can be used or seen in a list. The clock comes with the
#   facts: a zone that the configuration's `policy.timeZones` does not name has none, and is closed.
# custom:
#   data: [windows]
#   examples:
#     - title: In office hours
#       data:
#         windows:
#           office:
#             zone: Europe/Zurich
#             open: [{ days: [monday], from: "08:30", to: "17:30" }]
#             for: { tools: { everything: [echo] } }
#       facts:
#         context: { zones: { Europe/Zurich: { date: "2026-11-23", hour: 9, minute: 0, weekday: monday } } }
#       allow: true
#       reasons: [tool-granted]
#     - title: In the evening
#       data:
#         windows:
#           office:
#             zone: Europe/Zurich
#             open: [{ days: [monday], from: "08:30", to: "17:30" }]
#             for: { tools: { everything: [echo] } }
#       facts:
#         context: { zones: { Europe/Zurich: { date: "2026-11-23", hour: 18, minute: 0, weekday: monday } } }
#       allow: false
#       reasons: [outside-window]
#     - title: A zone that the configuration does not name
#       data: { windows: { office: { zone: Europe/Paris, open: [] } } }
#       facts: {}
#       allow: false
#       reasons: [window-unknown]
package mcpguard.rules.windows

import data.mcpguard.lib.facts
import data.mcpguard.lib.patterns

# METADATA
# title: A window that holds for the message is closed
# custom:
#   codes:
#     outside-window: A window that holds for the message is closed; hours that cannot be read are not open
#     window-unknown: The facts have no clock for the window's time zone, or the window is no object or names none
deny contains code if {
	some window in patterns.table(data.windows)
	_uses(input.action.class)
	_concerns(window)
	code := _closed(window)
}

_uses("use") := true

_uses("unknown") := true

_concerns(window) if {
	some part, names in patterns.table(window.for)
	_names(part, names)
}

# A window for nothing in particular holds for everything.
_concerns(window) if not window.for

_names("roles", names) if {
	some role in input.subject.roles
	patterns.match(names, role)
}

_names("servers", names) if patterns.match(names, input.resource.server)

_names("tools", servers) if {
	input.resource.type == "tool"
	some server in facts.server_keys
	patterns.match(patterns.table(servers)[server], input.resource.id)
}

_names("labels", labels) if {
	some label, value in input.resource.labels
	patterns.match(labels[label], value)
}

_names(part, names) if not _is_readable(part, names)

_is_readable("roles", _) := true

_is_readable("servers", _) := true

_is_readable("tools", servers) if is_object(servers)

_is_readable("labels", labels) if is_object(labels)

_closed(window) := "window-unknown" if {
	not _clock(window)
} else := "outside-window" if {
	not _is_open(window)
}

_clock(window) := input.context.zones[window.zone]

_is_open(window) if {
	clock := _clock(window)
	now := concat(":", [_padded(clock.hour), _padded(clock.minute)])
	some hours in window.open
	_is_time(hours.from)
	_is_time(hours.to)
	_lies_in(now, clock.weekday, hours)
}

_lies_in(now, weekday, hours) if {
	weekday in hours.days
	now >= hours.from
	now < hours.to
}

# Over midnight: the day is the one on which the hours begin.
_lies_in(now, weekday, hours) if {
	hours.from >= hours.to
	weekday in hours.days
	now >= hours.from
}

_lies_in(now, weekday, hours) if {
	hours.from >= hours.to
	_day_before[weekday] in hours.days
	now < hours.to
}

_day_before := {
	"monday": "sunday",
	"tuesday": "monday",
	"wednesday": "tuesday",
	"thursday": "wednesday",
	"friday": "thursday",
	"saturday": "friday",
	"sunday": "saturday",
}

_padded(n) := concat("", ["0", format_int(n, 10)]) if {
	n < 10
} else := format_int(n, 10)

# `HH:MM` from 00:00 to 24:00, so that times compare as texts.
_is_time(text) if {
	trim(text, "0123456789") == ":"
	indexof(text, ":") == 2
	count(text) == 5
	text <= "24:00"
	substring(text, 3, 2) <= "59"
}
