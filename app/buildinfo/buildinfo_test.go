package buildinfo

import (
	"os"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	platform := []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "GOARCH", Value: "amd64"}}
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}
	for _, test := range []struct {
		settings []debug.BuildSetting
		want     string
	}{
		{platform, Version + " (go1.26.0, linux/amd64)"},
		{append(platform, commit, debug.BuildSetting{Key: "vcs.modified", Value: "false"}), Version + " (commit 0123456789, go1.26.0, linux/amd64)"},
		{append(platform, commit, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), Version + " (commit 0123456789 modified, go1.26.0, linux/amd64)"},
	} {
		if got := describe(&debug.BuildInfo{GoVersion: "go1.26.0", Settings: test.settings}); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// The packaging file, the programs and the changelog must agree on the version.
func TestVersionsAgree(t *testing.T) {
	toml := read(t, "../../FyneApp.toml")
	for key, want := range map[string]string{"Version": Version, "ID": AppID} {
		m := regexp.MustCompile(`(?m)^` + key + ` = "(.*)"$`).FindStringSubmatch(toml)
		if m == nil || m[1] != want {
			t.Errorf("FyneApp.toml: %s is %q, want %q", key, m, want)
		}
	}
	if changes := read(t, "../../CHANGELOG.md"); !strings.Contains(changes, "\n## ["+Version+"]") {
		t.Errorf("CHANGELOG.md has no section for %s", Version)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
