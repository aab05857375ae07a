// Package buildinfo contains the version of Glassmaster and the commit it was built from.
// The version is also in FyneApp.toml, for Fyne's packaging; a test compares the two.
package buildinfo

import (
	"runtime/debug"
	"strings"
)

const (
	// Version is the version of this release, or of the next one.
	Version = "0.1.0"

	// AppID identifies the window to the desktop.
	AppID = "io.glassmaster.Glassmaster"
)

// String returns the version, the commit if the program was built in a git work tree, the
// Go version and the platform, as bug reports need them.
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Version
	}
	return describe(info)
}

func describe(info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	var details []string
	if commit := settings["vcs.revision"]; commit != "" {
		commit = "commit " + commit[:min(len(commit), 10)]
		if settings["vcs.modified"] == "true" {
			commit += " modified"
		}
		details = append(details, commit)
	}
	details = append(details, info.GoVersion, settings["GOOS"]+"/"+settings["GOARCH"])
	return Version + " (" + strings.Join(details, ", ") + ")"
}
