// Package model holds the state of the window: what is shown, selected, sorted and
// running. It uses no widgets; views read it, and are called when it has changed.
//
// All methods are called on the one goroutine that owns the window, unless stated
// otherwise. Long work runs in jobs, which report their end through a [Post].
package model

import (
	"strings"
	"time"

	"glassmaster/mastering/units"
)

// Post calls a function on the goroutine that owns the window.
type Post func(func())

// Count returns "1 file", "3 files".
func Count(n int, one, many string) string {
	return units.Thousands(n) + " " + units.Plural(n, one, many)
}

// Date returns a date and time for display, or "" if it is not recorded.
func Date(t time.Time) string {
	if t.IsZero() || t.Unix() == 0 {
		return ""
	}
	return t.Format("2006-01-02 15:04")
}

// Speed returns a recording speed in kB/s with the medium's own multiple:
// "8x (11080 kB/s)".
func Speed(kBs int, profile string) string {
	if kBs <= 0 {
		return "Highest"
	}
	return units.Speed(kBs, profile)
}

// Capital begins a text with a capital letter.
func Capital(s string) string {
	if s == "" {
		return ""
	}
	r := []rune(s)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}
