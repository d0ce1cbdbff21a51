package ops

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A policy chooses much of what is said of it, and anybody may have written that.
const (
	maxMessageBytes   = 2048
	maxNameCharacters = 256
	maxDetailsBytes   = 16 << 10
)

// shownName is a name as problems and warnings have it.
func shownName(name string) string {
	if utf8.RuneCountInString(name) > maxNameCharacters {
		name = string([]rune(name)[:maxNameCharacters-1]) + "…"
	}
	return strings.NewReplacer("\n", `\u000a`, "\t", `\u0009`).Replace(harmless(name))
}

// cut leaves whole characters, at most maxBytes of them with the mark that something is missing.
func cut(text string, maxBytes int) string {
	if len(text) <= maxBytes {
		return text
	}
	end := maxBytes - len("…")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// harmless escapes what moves a cursor, ends a line or hides; OPA's own messages have lines and tabs.
func harmless(text string) string {
	hidden := func(r rune) bool {
		return r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
	}
	if strings.IndexFunc(text, hidden) < 0 {
		return text
	}
	var escaped strings.Builder
	for _, r := range text {
		if hidden(r) {
			fmt.Fprintf(&escaped, `\u%04x`, r)
		} else {
			escaped.WriteRune(r)
		}
	}
	return escaped.String()
}
