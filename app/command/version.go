package command

import (
	"runtime/debug"
	"strings"
)

// Version is the release this is, or becomes. FyneApp.toml says the same of the
// window.
const Version = "0.1.0"

// version returns the release and, where it was built from a checkout, the
// commit: what a report of a fault has to name.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Version
	}
	built := map[string]string{}
	for _, s := range info.Settings {
		built[s.Key] = s.Value
	}
	var about []string
	if rev := built["vcs.revision"]; rev != "" {
		about = append(about, rev[:min(len(rev), 10)])
	}
	if built["vcs.modified"] == "true" {
		about = append(about, "changed")
	}
	about = append(about, info.GoVersion, built["GOOS"]+"/"+built["GOARCH"])
	return Version + " (" + strings.Join(about, ", ") + ")"
}
