// Package model is the state behind the window: what is shown, selected, sorted
// and running. It knows no widget and draws nothing; the views ask it, and are
// told when something has changed.
//
// All methods are called on the one goroutine that owns the window, unless they
// say otherwise. Long work runs elsewhere and comes back through a [Post].
package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"glassmaster/mastering/disc"
)

// Post hands a function to the goroutine that owns the window.
type Post func(func())

// Bytes returns a size for people: "4.70 GB", 1 kB being 1000 bytes.
func Bytes(n int64) string {
	if n < 0 {
		return "-" + Bytes(-n)
	}
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	v, units := float64(n), []string{"kB", "MB", "GB", "TB"}
	v /= 1000
	for len(units) > 1 && v >= 999.5 {
		v, units = v/1000, units[1:]
	}
	switch {
	case v >= 99.95:
		return fmt.Sprintf("%.0f %s", v, units[0])
	case v >= 9.995:
		return fmt.Sprintf("%.1f %s", v, units[0])
	}
	return fmt.Sprintf("%.2f %s", v, units[0])
}

// Sectors returns the size of so many sectors of user data for people.
func Sectors(n int64) string { return Bytes(n * disc.SectorSize) }

// Thousands returns a number with its thousands apart: "2 295 104".
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteRune('\u202f') // narrow no-break space
		}
		b.WriteRune(c)
	}
	return sign + b.String()
}

// Count returns "1 file", "3 files".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(int64(n)) + " " + many
}

// Date returns a moment for people, empty when it is not recorded.
func Date(t time.Time) string {
	if t.IsZero() || t.Unix() == 0 {
		return ""
	}
	return t.Format("2006-01-02 15:04")
}

// Clock returns a duration as minutes and seconds, with hours where there are any.
func Clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Speed returns a recording speed in kB/s with the medium's own multiple:
// "8x (11 080 kB/s)".
func Speed(kBs int, profile string) string {
	if kBs <= 0 {
		return "Highest"
	}
	one := oneX(profile)
	x := strconv.FormatFloat(float64(int(float64(kBs)/one*10+0.5))/10, 'f', -1, 64)
	return fmt.Sprintf("%sx  (%s kB/s)", x, Thousands(int64(kBs)))
}

// oneX is the single speed of a kind of medium in kB/s.
func oneX(profile string) float64 {
	switch {
	case strings.HasPrefix(profile, "BD"):
		return 4495.5
	case strings.HasPrefix(profile, "DVD"):
		return 1385
	}
	return 176.4
}

// Capital begins a text with a capital letter.
func Capital(s string) string {
	if s == "" {
		return ""
	}
	r := []rune(s)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}
