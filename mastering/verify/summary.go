package verify

import (
	"fmt"
	"strings"

	"glassmaster/mastering/units"
)

// Summary says what Read has checked of a disc without faults, and what could not be
// checked because there is no checksum.
func (r Result) Summary() string {
	c := r.Checks
	text := "every sector can be read"
	whole := Correct(r.Sums)
	if whole != "" {
		whole = "; " + whole
	}
	if c.Data+c.Q+c.Audio == 0 { // user data alone has no checksum that could be missed
		return text + whole
	}
	var parts, not []string
	for _, n := range []struct {
		list  *[]string
		count int64
		text  string
	}{
		{&parts, c.Data, "EDC and ECC of " + units.Count(c.Data, "data sector", "data sectors")},
		{&parts, c.Q, "the Q sub-channels of " + units.Count(c.Q, "sector", "sectors")},
		{&not, c.Audio, units.Count(c.Audio, "audio sector", "audio sectors")},
		{&not, c.Without, units.Count(c.Without, "data sector", "data sectors") + " without a stored EDC"},
		{&not, c.NoQ, "the empty Q sub-channel of " + units.Count(c.NoQ, "sector", "sectors")},
	} {
		if n.count > 0 {
			*n.list = append(*n.list, n.text)
		}
	}
	if len(parts) > 0 {
		text += ", and " + strings.Join(parts, " and ") + " are correct"
	}
	switch {
	case len(not) > 0 && whole == "":
		text += "; not checked, because there is no checksum: " + strings.Join(not, ", ")
	case len(not) > 0:
		text += "; without a checksum of their own: " + strings.Join(not, ", ")
	}
	return text + whole
}

// Warning says that an image probably gives tracks a wrong type, or returns "" if not.
func (c Checks) Warning() string {
	if c.Synced == 0 {
		return ""
	}
	return fmt.Sprintf("%s of audio tracks look like data: the image may give these tracks a wrong type", units.Count(c.Synced, "sector", "sectors"))
}
