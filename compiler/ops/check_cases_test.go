package ops

import "testing"

func TestUnused(t *testing.T) {
	runCases(t, []checkCase{
		{"a misspelt vote", `denny contains "x" if input.resource.id == "x"`, []string{
			"warning unused-rule 2 nothing asks for mcpguard.rules.x.denny (did you mean `deny`?)",
		}},
		{"a helper that nothing asks", "deny contains \"x\" if _a\n_a if input.resource.id == \"x\"\n_b if input.resource.id == \"x\"", []string{
			"warning unused-rule 4 nothing asks for mcpguard.rules.x._b (remove it, or ask for it in a rule)",
		}},
		{"two that ask each other only by name", "_a if _b\n_b if input.resource.id == \"x\"", []string{
			"warning unused-rule 2 nothing asks for mcpguard.rules.x._a",
			"warning unused-rule 3 nothing asks for mcpguard.rules.x._b",
		}},
		{"said once of a rule in parts", "_f(1) := 2\n_f(2) := 3", []string{"warning unused-rule 2 nothing asks for mcpguard.rules.x._f"}},
		{"an allowed one", "# mcp-guard: allow unused-rule\n_f(1) := 2", nil},
		{"allowed on its line", "_f(1) := 2 # mcp-guard: allow unused-rule", nil},
		{"another id is allowed", "_f(1) := 2 # mcp-guard: allow whole-input", []string{"warning unused-rule 2 nothing asks for mcpguard.rules.x._f"}},
		{"an entry point", "# METADATA\n# entrypoint: true\nmask := {}", nil},
		{"reached through a variable", "deny contains c if some c in data.other[_].names\n", []string{
			"warning undefined-reference 2 nothing defines data.other",
		}},
		{"a function that is called", "deny contains \"x\" if _f(input.resource.id)\n_f(\"a\") := true", nil},
	})
}

func TestUndefined(t *testing.T) {
	runCases(t, []checkCase{
		{"a misspelt rule of a library", "import data.mcpguard.lib.facts\ndeny contains \"x\" if not facts.is_item_questoin", []string{
			"error undefined-reference 3 nothing defines data.mcpguard.lib.facts.is_item_questoin (did you mean `data.mcpguard.lib.facts.is_item_question`?)",
		}},
		{"a misspelt package", "import data.mcpguard.lib.fact\ndeny contains \"x\" if not fact.is_item_question", []string{
			"error undefined-reference 3 nothing defines data.mcpguard.lib.fact (did you mean `data.mcpguard.lib.facts.is_item_question`?)",
		}},
		{"no such rule at all", "deny contains \"x\" if data.mcpguard.lib.facts.zzzzzzzzzzz", []string{
			"error undefined-reference 2 nothing defines data.mcpguard.lib.facts.zzzzzzzzzzz (there is: is_item_question, keep, within)",
		}},
		{"no such data", "deny contains \"x\" if data.blocked[input.resource.id]", []string{
			"warning undefined-reference 2 nothing defines data.blocked (write blocked/data.yaml, if only with {})",
		}},
		{"a member of a rule's value", "deny contains \"x\" if _t.a == input.resource.id\n_t := {\"a\": \"b\"}", nil},
		{"a computed name", "deny contains \"x\" if data.mcpguard.rules[input.resource.server].nothing", nil},
	})
}

func TestNever(t *testing.T) {
	const never = "error never-matches 2 this rule never holds: "
	runCases(t, []checkCase{
		{"a value that the facts do not have", `permit contains "x" if input.action.class == "lst"`, []string{
			never + `input.action.class is never "lst" (did you mean "list"?)`,
		}},
		{"a value far from all", `permit contains "x" if input.context.direction == "sideways"`, []string{
			never + `input.context.direction is never "sideways" (there is: client, server)`,
		}},
		{"through a local", "permit contains \"x\" if { class := input.action.class; class == \"lst\" }", []string{
			never + `input.action.class is never "lst" (did you mean "list"?)`,
		}},
		{"through a local of its parent", "permit contains \"x\" if { r := input.resource.uri; input.resource.id == r.path; input.resource.type == \"tol\" }", []string{
			never + `input.resource.type is never "tol" (did you mean "tool"?)`,
		}},
		{"none of a set", `permit contains "x" if input.context.weekday in {"mon", "tue"}`, []string{
			never + `input.context.weekday is never "mon" (there is: monday, tuesday, wednesday, thursday, friday, saturday, sunday)`,
		}},
		{"one name and another", `permit contains "x" if { input.resource.id == "a"; input.resource.id == "b" }`, []string{
			never + `another expression of this body rules out that input.resource.id is "b" (a body holds when all of its expressions do: write a rule for each value, or ` + "`in` and a set)",
		}},
		{"one name and a set without it", `permit contains "x" if { input.resource.id == "a"; input.resource.id in {"b", "c"} }`, []string{
			never + `another expression of this body rules out that input.resource.id is "b"`,
		}},
		{"equal and not", `permit contains "x" if { input.resource.id == "a"; input.resource.id != "a" }`, []string{
			never + `another expression of this body demands that input.resource.id is "a" ()`,
		}},
		{"false", `permit contains "x" if { input.resource.id == "a"; false }`, []string{never + "this is always false"}},
		{"the absence of what is always there", `deny contains "x" if not input.subject.tenant`, []string{
			never + "input.subject.tenant is always there, and only false is not true (compare it, such as with null, or count it)",
		}},
		{"a list that is always there", `deny contains "x" if { roles := input.subject.roles; not roles }`, []string{
			never + "input.subject.roles is always there, and only false is not true",
		}},
		{"the absence of what can be false", `deny contains "x" if not input.resource.known`, nil},
		{"the absence of what can be missing", `deny contains "x" if not input.resource.digest`, nil},
		{"the absence of any type", `deny contains "x" if not input.subject.claims.verified`, nil},
		{"the presence of what is always there", `deny contains "x" if { input.subject.tenant; input.resource.id == "a" }`, nil},
		{"constants", `permit contains "x" if 1 > 2`, []string{never + "this is always false"}},
		{"an hour that no clock shows", `permit contains "x" if input.context.hour >= 24`, []string{
			never + "input.context.hour is never >= 24 (it is 0 to 23)",
		}},
		{"the day in a zone", `permit contains "x" if input.context.zones["Europe/Zurich"].weekday == "mon"`, []string{
			never + `input.context.zones["Europe/Zurich"].weekday is never "mon"`,
		}},
		{"an else branch", "permit contains \"x\" if _a\n_a if input.resource.id == \"a\"\nelse if input.action.class == \"lst\"", []string{
			`error never-matches 4 this rule never holds: input.action.class is never "lst"`,
		}},
		{"under not", `permit contains "x" if not input.action.class == "lst"`, []string{
			`warning unknown-value 2 input.action.class is never "lst" (did you mean "list"?)`,
		}},
		{"one of a set", `permit contains "x" if input.action.class in {"use", "lst"}`, []string{
			`warning unknown-value 2 input.action.class is never "lst"`,
		}},
		{"different", `permit contains "x" if input.action.class != "lst"`, []string{
			`warning unknown-value 2 input.action.class is never "lst"`,
		}},
		{"in what the rule gives", "permit contains \"x\" if _a\n_a := input.action.class == \"lst\"", []string{
			`warning unknown-value 3 input.action.class is never "lst"`,
		}},
		{"in a comprehension", `permit contains "x" if count([1 | input.action.class == "lst"]) == 0`, []string{
			`warning unknown-value 2 input.action.class is never "lst"`,
		}},
		{"a definition for no value", "permit contains \"x\" if _is(input.action.class)\n_is(\"list\")\n_is(\"lst\")", []string{
			`warning unknown-value 4 _is is never asked for "lst" (did you mean "list"?)`,
		}},
		{"a definition for one of two", "permit contains \"x\" if { c := input.action.class; _is(c, 1) }\ndeny contains \"y\" if _is(input.resource.type, 2)\n_is(\"list\", _)\n_is(\"tool\", _)\n_is(\"tol\", _)", []string{
			`warning unknown-value 6 _is is never asked for "tol"`,
		}},
		{"a definition for any value", "permit contains \"x\" if _is(input.action.class)\npermit contains \"y\" if _is(input.resource.id)\n_is(\"lst\")", nil},
		{"a definition that is asked by a parameter", "permit contains \"x\" if _as(input.resource.id)\npermit contains \"y\" if _is(input.action.class)\n_as(x) if _is(x)\n_is(\"lst\")", nil},
		{"the same twice", `permit contains "x" if { input.action.class == "use"; input.action.class == "use" }`, nil},
		{"two sets that meet", `permit contains "x" if { input.resource.id in {"a", "b"}; input.resource.id in {"b", "c"} }`, nil},
		{"two members of a list", `permit contains "x" if { "a" in input.subject.roles; "b" in input.subject.roles }`, nil},
		{"two elements", `permit contains "x" if { input.subject.roles[_] == "a"; input.subject.roles[_] == "b" }`, nil},
		{"other facts", "permit contains \"x\" if _two\n_two if { input.resource.id == \"a\"; _other with input as {\"resource\": {\"id\": \"b\"}} }\n_other if input.resource.id == \"b\"", nil},
		{"two rules", "permit contains \"x\" if _is(\"a\")\n_is(\"a\") if input.resource.id == \"a\"\n_is(\"b\") if input.resource.id == \"b\"", nil},
		{"hours of the day", `permit contains "x" if { input.context.hour >= 8; input.context.hour < 18 }`, nil},
		{"any method", `permit contains "x" if input.action.name == "vendor/method"`, nil},
	})
}

func TestConflicts(t *testing.T) {
	const head = "deny contains \"x\" if _a == 1\n"
	runCases(t, []checkCase{
		{"the same body", head + "_a := 1 if input.resource.id == \"a\"\n_a := 2 if input.resource.id == \"a\"", []string{
			"error conflicting-rules 4 this gives 2 where line 3 of x.rego gives 1, and both can hold at once (join them with `else`, or let their bodies exclude each other)",
		}},
		{"one is always there", head + "_a := 1\n_a := 2 if input.resource.id == \"a\"", []string{
			"error conflicting-rules 4 this gives 2 where line 3 of x.rego gives 1, and both can hold at once",
		}},
		{"a narrower body, first", head + "_a := 1 if { input.resource.id == \"a\"; \"b\" in input.subject.roles }\n_a := 2 if \"b\" in input.subject.roles", []string{
			"error conflicting-rules 4 this gives 2 where line 3 of x.rego gives 1, and both can hold at once",
		}},
		{"the same with other names", head + "_a := 1 if { some r in input.subject.roles; r == \"a\" }\n_a := 2 if { some role in input.subject.roles; role == \"a\" }", []string{
			"error conflicting-rules 4 this gives 2 where line 3 of x.rego gives 1, and both can hold at once",
		}},
		{"functions", "deny contains \"x\" if _f(input.resource.id) == 1\n_f(x) := 1 if startswith(x, \"a\")\n_f(y) := 2 if startswith(y, \"a\")", []string{
			"error conflicting-rules 4 this gives 2 where line 3 of x.rego gives 1, and both can hold at once",
		}},
		{"a function for one value and for all", "deny contains \"x\" if _f(input.resource.id) == 1\n_f(\"a\") := 1\n_f(_) := 2", []string{
			"error conflicting-rules 4 this gives 2 where line 3 of x.rego gives 1, and both can hold at once",
		}},
		{"functions for different values", "deny contains \"x\" if _f(input.resource.id) == 1\n_f(\"a\") := 1\n_f(\"b\") := 2", nil},
		{"a default", head + "default _a := 2\n_a := 1 if input.resource.id == \"a\"", nil},
		{"one that never holds", head + "_a := 1\n_a := 2 if false", []string{"error never-matches 4 this rule never holds: this is always false"}},
		{"else", head + "_a := 1 if input.resource.id == \"a\"\nelse := 2", nil},
		{"the same value", head + "_a := 1 if input.resource.id == \"a\"\n_a := 1", nil},
		{"other builtins", head + "_a := 1 if base64.is_valid(input.resource.id)\n_a := 2 if json.is_valid(input.resource.id)", nil},
		{"bodies that may exclude each other", head + "_a := 1 if input.resource.id == \"a\"\n_a := 2 if input.resource.id == \"b\"", nil},
		{"a name and a set", "deny contains \"x\" if _a\n_a contains \"y\"\n_a := 1", []string{
			"error rego_type_error 3 conflicting rules data.mcpguard.rules.x._a found",
		}},
	})
}

func TestReasonCodes(t *testing.T) {
	code := func(title string, lines string) string {
		return "# METADATA\n# title: " + title + "\n# custom:\n#   code: a-code\n" + lines + "\n"
	}
	runCases(t, []checkCase{
		{"two meanings", code("One", `deny contains "a-code" if input.resource.id == "a"`) + code("Two", `deny contains "a-code" if input.resource.id == "b"`), []string{
			`error reason-code-twice 7 the reason code "a-code" is declared at x.rego:2 too (give each meaning a code of its own, so that the audit tells them apart)`,
		}},
		{"the same meaning", code("One", `deny contains "a-code" if input.resource.id == "a"`) + code("One", `deny contains "a-code" if input.resource.id == "b"`), nil},
		{"declared once, given twice", code("One", `deny contains "a-code" if input.resource.id == "a"`) + `deny contains "a-code" if input.resource.id == "b"`, nil},
	})
}

func TestPermits(t *testing.T) {
	const hides = " no item question can satisfy this, so what it permits is hidden and refused"
	runCases(t, []checkCase{
		{"an argument", `permit contains "x" if input.resource.arguments.path == "/srv"`, []string{"warning permit-hides-item 2" + hides + " (let it hold in an item question too: `data.mcpguard.lib.facts.is_item_question`, or else the bound)"}},
		{"an argument in a call", `permit contains "x" if startswith(input.resource.arguments.path, "/srv")`, []string{"warning permit-hides-item 2" + hides}},
		{"an argument under not", `permit contains "x" if not startswith(input.resource.arguments.path, "/etc")`, []string{"warning permit-hides-item 2" + hides}},
		{"a parameter", `permit contains "x" if { input.resource.id == "a"; input.resource.params.level == "x" }`, []string{"warning permit-hides-item 2" + hides}},
		{"messages only", `permit contains "x" if input.context.question == "message"`, []string{"warning permit-hides-item 2" + hides}},
		{"not an item question", "import data.mcpguard.lib.facts\npermit contains \"x\" if not facts.is_item_question", []string{"warning permit-hides-item 3" + hides}},
		{"by a helper", "permit contains \"x\" if _in_bounds\n_in_bounds if input.resource.arguments.path == \"/srv\"", []string{"warning permit-hides-item 2" + hides}},
		{"by two helpers", "permit contains \"x\" if _a\n_a if _b == 1\n_b := 1 if input.resource.arguments.n > 3", []string{"warning permit-hides-item 2" + hides}},
		{"by a function", "permit contains \"x\" if _is(input.context.question)\n_is(\"message\")", []string{"warning permit-hides-item 2" + hides}},
		{"by a local", "permit contains \"x\" if { path := input.resource.arguments.path; path != \"\" }", []string{"warning permit-hides-item 2" + hides}},
		{"by its code", `permit contains input.resource.arguments.code if input.resource.id == "a"`, []string{"warning permit-hides-item 2" + hides}},
		{"another tool is shown", "permit contains \"x\" if { input.resource.id == \"a\"; input.resource.arguments.n > 3 }\npermit contains \"x\" if input.resource.id == \"b\"", []string{"warning permit-hides-item 2" + hides}},
		{"an alternative for items", "import data.mcpguard.lib.facts\npermit contains \"x\" if _ok\n_ok if facts.is_item_question\n_ok if input.resource.arguments.n > 3", nil},
		{"a rule for items", "import data.mcpguard.lib.facts\npermit contains \"x\" if { facts.is_item_question; input.resource.id == \"a\" }\npermit contains \"x\" if { input.resource.id == \"a\"; input.resource.arguments.n > 3 }", nil},
		{"else for items", "permit contains \"x\" if _ok\n_ok if input.resource.arguments.n > 3\nelse if input.context.question == \"item\"", nil},
		{"in a comprehension", `permit contains "x" if count([n | n := input.resource.arguments.n]) < 2`, nil},
		{"what must not be there", `permit contains "x" if not input.resource.arguments.force`, nil},
		{"a method without an item", `permit contains "x" if { input.action.name == "logging/setLevel"; input.resource.params.level == "info" }`, nil},
		{"a completion", `permit contains "x" if { input.action.name == "completion/complete"; input.resource.params.argument.name == "x" }`, nil},
		{"a server's request", `permit contains "x" if { input.context.direction == "server"; input.resource.params.x == "x" }`, nil},
		{"a default for arguments", `permit contains "x" if object.get(input.resource, ["arguments", "n"], 1) < 3`, []string{"warning whole-input 2 this reads input.resource as a whole"}},
		{"the decision itself", "package mcpguard.other\n# METADATA\n# entrypoint: true\nx := 1", nil},
	})
}

func TestDenies(t *testing.T) {
	const path = "this does not deny where input.resource.arguments.path is missing"
	runCases(t, []checkCase{
		{"a builtin", `deny contains "x" if not startswith(input.resource.arguments.path, "/srv/")`, []string{
			"error silent-deny 2 " + path + " (negate a rule of your own that reads it: `not _ok` with `_ok if startswith(input.resource.arguments.path, \"/srv/\")`)",
		}},
		{"a function of one's own", "deny contains \"x\" if not _in(input.resource.arguments.path)\n_in(p) if startswith(p, \"/srv/\")", []string{"error silent-deny 2 " + path}},
		{"a function of a library", "import data.mcpguard.lib.facts\ndeny contains \"x\" if not facts.within(input.resource.arguments.path, \"/srv/\")", []string{"error silent-deny 3 " + path}},
		{"a call within", `deny contains "x" if not startswith(lower(input.resource.arguments.path), "/srv/")`, []string{"error silent-deny 2 " + path}},
		{"a local", "deny contains \"x\" if { p := input.resource.arguments.path; not startswith(p, \"/srv/\") }", []string{"error silent-deny 2 " + path}},
		{"a local of the arguments", "deny contains \"x\" if { a := input.resource.arguments; is_object(a); not startswith(a.path, \"/srv/\") }", []string{"error silent-deny 2 " + path}},
		{"in", `deny contains "x" if not input.resource.arguments.path in {"/srv"}`, []string{"error silent-deny 2 " + path}},
		{"a comparison that is a call", `deny contains "x" if not input.resource.arguments.path != "/srv"`, []string{"error silent-deny 2 " + path}},
		{"a key", "deny contains \"x\" if not _paths[input.resource.arguments.path]\n_paths := {\"/srv\": 1}", []string{"error silent-deny 2 " + path}},
		{"a helper of the deny alone", "deny contains \"x\" if _bad\n_bad if not startswith(input.resource.arguments.path, \"/srv/\")", []string{"error silent-deny 3 " + path}},
		{"what a permit negates", "permit contains \"x\" if not _bad\n_bad if not startswith(input.resource.arguments.path, \"/srv/\")", []string{"error silent-deny 3 " + path}},
		{"a claim", `deny contains "x" if not "a" in input.subject.claims.groups`, []string{"error silent-deny 2 this does not deny where input.subject.claims.groups is missing"}},
		{"a member that is always there", `deny contains "x" if not startswith(input.resource.id, "read_")`, nil},
		{"roles are always there", `deny contains "x" if not "admin" in input.subject.roles`, nil},
		{"an equality", `deny contains "x" if not input.resource.arguments.path == "/srv"`, nil},
		{"a rule", "deny contains \"x\" if not _ok\n_ok if startswith(input.resource.arguments.path, \"/srv/\")", nil},
		{"a helper that is negated", "deny contains \"x\" if not _ok\n_ok if not startswith(input.resource.arguments.path, \"/etc/\")", nil},
		{"each of a list", "deny contains \"x\" if { some p in input.resource.arguments.paths; not startswith(p, \"/srv/\") }", nil},
		{"it says that it is there", "deny contains \"x\" if { is_string(input.resource.arguments.path); not startswith(input.resource.arguments.path, \"/srv/\") }", nil},
		{"a permit", `permit contains "x" if not startswith(input.resource.annotations.title, "x")`, nil},
		{"data", "deny contains \"x\" if not startswith(_t.a, \"x\")\n_t := {\"a\": \"b\"}", nil},
	})
}

func TestWholeInput(t *testing.T) {
	runCases(t, []checkCase{
		{"all of it", `permit contains "x" if json.marshal(input) != ""`, []string{"warning whole-input 2 this reads input as a whole (name the members that the rule needs)"}},
		{"a name for all", "permit contains \"x\" if { i := input; i.resource.id == \"a\" }", []string{"warning whole-input 2 this reads input as a whole"}},
		{"a computed member", `permit contains "x" if { some part in {"a"}; input[part] }`, []string{"warning whole-input 2 this reads input as a whole"}},
		{"the resource", "permit contains \"x\" if _f(input.resource)\n_f(r) if r.id == \"a\"", []string{"warning whole-input 2 this reads input.resource as a whole"}},
		{"object.get of all", `permit contains "x" if object.get(input, ["resource", "id"], "") == "a"`, []string{
			"warning whole-input 2 this reads input as a whole (read the member by its path, and give a rule of your own a `default` for where it is missing)",
		}},
		{"object.get of claims", `permit contains "x" if object.get(input.subject.claims, "a", "") == "a"`, []string{"warning whole-input 2 this reads input.subject.claims as a whole"}},
		{"a name for the arguments", "deny contains \"x\" if { a := input.resource.arguments; a.x == 1 }", []string{"warning whole-input 2 this reads input.resource.arguments as a whole (write the whole path in each place)"}},
		{"a function of the arguments", "deny contains \"x\" if _f(input.resource.arguments)\n_f(a) if a.x == 1", []string{"warning whole-input 2 this reads input.resource.arguments as a whole (hand over the members that the function reads)"}},
		{"allowed", "deny contains \"x\" if { # mcp-guard: allow whole-input\n\tjson.marshal(input) != \"\" # mcp-guard: allow whole-input\n}", nil},
		{"each argument", "deny contains \"x\" if { some name, _ in input.resource.arguments; startswith(name, \"x\") }", nil},
		{"all arguments", `deny contains "x" if count(input.resource.arguments) > 3`, nil},
		{"a computed argument", "deny contains \"x\" if { some name in {\"a\"}; input.resource.arguments[name] }", nil},
		{"a function of every argument", "deny contains \"x\" if _f(input.resource.arguments)\n_f(a) if walk(a, [_, \"x\"])", nil},
		{"one label", `deny contains "x" if input.resource.labels.env == "prod"`, nil},
		{"other facts for a rule", "permit contains \"x\" if _a\n_a if _b with input.resource as {\"id\": \"a\"}\n_b if input.resource.id == \"b\"", nil},
	})
}
