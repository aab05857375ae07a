package command

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	r := must(t, OK, "--version")
	if !strings.HasPrefix(r.out, "glassmaster "+Version+" (") || strings.Count(r.out, "\n") != 1 {
		t.Errorf("got %q", r.out)
	}
	toml, err := os.ReadFile("../../FyneApp.toml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(toml), "Version = \""+Version+"\"\n") {
		t.Errorf("FyneApp.toml names another version than %s", Version)
	}
}

// The command line is looked up in the table of verbs before their commands are
// made, so the two must name the same verbs.
func TestVerbsAreNamedAsTheirCommands(t *testing.T) {
	for _, v := range verbs {
		c := v.command(&session{})
		if got := append([]string{c.Name()}, c.Aliases...); !slices.Equal(got, v.names) {
			t.Errorf("verb %q makes a command with the names %q", v.names, got)
		}
	}
}
