package command

import (
	"slices"
	"strings"
	"testing"

	"glassmaster/app/buildinfo"
)

func TestVersion(t *testing.T) {
	r := must(t, OK, "--version")
	if !strings.HasPrefix(r.out, "glassmaster "+buildinfo.Version+" (") || strings.Count(r.out, "\n") != 1 {
		t.Errorf("got %q", r.out)
	}
}

// The command line is looked up in the table of verbs before their commands are
// made, so the two must name the same verbs.
func TestVerbsAreNamedAsTheirCommands(t *testing.T) {
	for _, v := range verbs {
		c := v.command(&invocation{})
		if got := append([]string{c.Name()}, c.Aliases...); !slices.Equal(got, v.names) {
			t.Errorf("verb %q makes a command with the names %q", v.names, got)
		}
	}
}
