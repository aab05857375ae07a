package mds_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/mds"
	"glassmaster/mastering/peertest"
)

// mdf2iso reads data files: it makes the user data of them.
func TestMDF2ISO(t *testing.T) {
	peertest.Need(t, "mdf2iso")
	want := imagetest.Mode1(t)
	path := imagetest.Create(t, mds.Format, want, format.Options{}, "x.mds")
	peertest.Run(t, filepath.Dir(path), "mdf2iso", "x.mdf", "out.iso")
	got, err := os.ReadFile(filepath.Join(filepath.Dir(path), "out.iso"))
	if err != nil {
		t.Fatal(err)
	}
	if user := stored(t, want, 0, disc.LBA(disc.Sectors(want)), disc.User); !bytes.Equal(got, user) {
		t.Errorf("mdf2iso made %d bytes that are not the user data", len(got))
	}
}
