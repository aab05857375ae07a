package serve

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
)

// Name returns the name of the drive that is served for a name that a person gave: a drive,
// or an image file, which becomes the pressed disc in a virtual drive.
func Name(name string) (string, error) {
	if drive.IsName(name) {
		return name, nil
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return "", fmt.Errorf("serve: %w", err)
	case info.IsDir():
		return "", fmt.Errorf("serve %s: it is a folder; make an image of it first (\"glassmaster build\")", name)
	case strings.Contains(name, "?"):
		return "", fmt.Errorf("serve %s: rename the file; a question mark begins the options of a virtual drive", name)
	}
	return virtual.Prefix + name, nil
}

// Open opens a drive to serve by a name that [Name] returned. A virtual drive always
// answers, and is used without the copying of [scsi.Guard].
func Open(ctx context.Context, name string) (scsi.Transport, error) {
	if !strings.HasPrefix(name, virtual.Prefix) {
		return drive.Open(ctx, name)
	}
	d, err := virtual.OpenName(name)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// TargetPrefix begins the names that [TargetName] returns.
const TargetPrefix = "iqn.2026-01.local.glassmaster:"

// TargetName returns an iSCSI name for the target of a drive or file: the last part of its
// path, in small letters, with hyphens for what cannot be in such a name, and a number if the
// name is used already.
func TargetName(name string, used map[string]bool) string {
	name, _, _ = strings.Cut(strings.TrimPrefix(name, virtual.Prefix), "?")
	name = strings.ToLower(filepath.Base(filepath.FromSlash(name)))
	name = strings.TrimSuffix(name, filepath.Ext(name))
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return '-'
	}, name)
	if name = strings.Trim(name[:min(len(name), 64)], "-."); name == "" {
		name = "drive"
	}
	target := TargetPrefix + name
	for n := 2; used[target]; n++ {
		target = fmt.Sprintf("%s%s-%d", TargetPrefix, name, n)
	}
	return target
}
