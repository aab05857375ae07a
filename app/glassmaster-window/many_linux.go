package main

import (
	"net/url"

	"github.com/rymdport/portal/filechooser"

	"glassmaster/ui/host"
)

// openMany asks through the desktop's portal, which can choose several files;
// false says that there is none.
func openMany(title string) ([]string, error, bool) {
	uris, err := filechooser.OpenFile("", title, &filechooser.OpenFileOptions{Multiple: true})
	if err != nil {
		return nil, nil, false
	}
	var paths []string
	for _, s := range uris {
		if u, err := url.Parse(s); err == nil && u.Scheme == "file" {
			paths = append(paths, u.Path)
		}
	}
	if len(paths) == 0 {
		return nil, host.ErrNone, true
	}
	return paths, nil, true
}
