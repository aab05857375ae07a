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

// numbered is a disc with a media catalogue number, so that sub-channels are written.
type numbered struct{ disc.Disc }

func (d numbered) TOC() disc.TOC {
	toc := d.Disc.TOC()
	toc.Catalog = "4006381333931"
	return toc
}

// mdf2iso and iat make the volume of a data file again, with and without sub-channels.
func TestPeers(t *testing.T) {
	peertest.Need(t, "mdf2iso", "iat", "genisoimage")
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tree"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tree", "A.TXT"), bytes.Repeat([]byte("contents\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "genisoimage", "-quiet", "-V", "PEER", "-o", "v.iso", "tree")
	iso, err := os.ReadFile(filepath.Join(dir, "v.iso"))
	if err != nil {
		t.Fatal(err)
	}
	plain := disc.FromReaderAt(bytes.NewReader(iso), int64(len(iso)), nil)
	for _, c := range []struct {
		name string
		d    disc.Disc
		size int
	}{{"2352", plain, 2352}, {"2448", numbered{plain}, 2448}} {
		path := imagetest.Create(t, mds.Format, c.d, format.Options{}, "x.mds")
		dir := filepath.Dir(path)
		if info, err := os.Stat(filepath.Join(dir, "x.mdf")); err != nil || info.Size() != int64(len(iso)/2048*c.size) {
			t.Errorf("%s: the data file: %v, %v", c.name, info, err)
		}
		for _, program := range []string{"mdf2iso", "iat"} {
			peertest.Run(t, dir, program, "x.mdf", program+".iso")
			out, err := os.ReadFile(filepath.Join(dir, program+".iso"))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out, iso) {
				t.Errorf("%s: %s made %d bytes that differ from the volume of %d", c.name, program, len(out), len(iso))
			}
		}
	}
}
