package command

import (
	"os"
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
