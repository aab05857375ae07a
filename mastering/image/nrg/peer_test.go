package nrg_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/nrg"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/sector"
)

// changed is a disc with another table of contents.
type changed struct {
	disc.Disc
	toc disc.TOC
}

func (c changed) TOC() disc.TOC { return c.toc }

// withoutIndexes returns a disc without indexes from 2 on, which libcdio refuses in a Nero
// image.
func withoutIndexes(d disc.Disc) disc.Disc {
	toc := disc.TOC{Catalog: d.TOC().Catalog}
	for _, s := range d.TOC().Sessions {
		tracks := append([]disc.Track(nil), s.Tracks...)
		for i := range tracks {
			tracks[i].Indexes = nil
		}
		s.Tracks = tracks
		toc.Sessions = append(toc.Sessions, s)
	}
	return changed{d, toc}
}

// nrg2iso, iat and 7-Zip find the ISO image in a Nero image.
func TestISOByOthers(t *testing.T) {
	peertest.Need(t, "genisoimage", "nrg2iso", "iat", "7z")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "readme.txt"), bytes.Repeat([]byte("text\n"), 50000), 0o600); err != nil {
		t.Fatal(err)
	}
	iso := filepath.Join(t.TempDir(), "x.iso")
	peertest.Run(t, dir, "genisoimage", "-quiet", "-R", "-o", iso, ".")
	want, err := os.ReadFile(iso)
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := image.Open(t.Context(), iso)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	whole := make([]byte, disc.Sectors(d)*disc.RawSectorSize)
	if _, err := sector.AllForms(d).ReadSectors(t.Context(), whole, 0, disc.Raw); err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]disc.Disc{"user data": d, "whole sectors": sector.AllForms(d)} {
		path := imagetest.Create(t, nrg.Format, source, format.Options{}, "x.nrg")
		out := filepath.Join(t.TempDir(), "out.iso")
		peertest.Run(t, dir, "iat", path, out)
		if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: iat makes another ISO image: %v", name, err)
		}
		if name == "user data" { // the others read only these
			peertest.Run(t, dir, "nrg2iso", path, out)
			if got, err := os.ReadFile(out); err != nil || !bytes.HasPrefix(got, want) { // nrg2iso copies the chunks too
				t.Errorf("%s: nrg2iso makes another ISO image: %v", name, err)
			}
			if list := peertest.Run(t, dir, "7z", "l", path); !strings.Contains(list, "readme.txt") {
				t.Errorf("%s: 7z lists\n%s", name, list)
			}
		}
	}
}

// libcdio shows the tracks and the catalogue number, and reads the same sound.
func TestAudioByCDInfo(t *testing.T) {
	peertest.Need(t, "cd-info", "cd-read")
	d := withoutIndexes(imagetest.Audio(t))
	path := imagetest.Create(t, nrg.Format, d, format.Options{}, "x.nrg")
	out := peertest.Run(t, t.TempDir(), "cd-info", "--no-header", "--no-device-info", "--nrg-file", path)
	for _, k := range d.TOC().Sessions[0].Tracks {
		copying := "no"
		if k.Control&disc.CopyPermitted != 0 {
			copying = "yes"
		}
		line := fmt.Sprintf(`(?m)^ +%d: %v +%06d +audio +false +%s`, k.Number, k.Start.MSF(), k.Start, copying)
		if !regexp.MustCompile(line).MatchString(out) {
			t.Errorf("no line %q in\n%s", line, out)
		}
	}
	for _, want := range []string{d.TOC().Catalog, fmt.Sprintf("%06d leadout", disc.Sectors(d))} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	file := filepath.Join(t.TempDir(), "sound")
	peertest.Run(t, t.TempDir(), "cd-read", "--no-header", "-m", "audio", "-N", path, "-s", "0", "-n", "900", "-o", file)
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 900*disc.RawSectorSize)
	if n, err := d.ReadSectors(t.Context(), want, 0, disc.Raw); n != 900 || err != nil {
		t.Fatal(n, err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("cd-read reads other sound: %d bytes", len(got))
	}
}

// The images of vcdimager are read: those of version 1, track-at-once, in mode 2.
func TestFromVcdimager(t *testing.T) {
	dir := imagetest.VideoCD(t)
	peertest.Run(t, dir, "vcdxbuild", "-q", "-T", "2020-01-01 00:00:00", "-i", "nrg", "videocd.xml")
	want, err := os.ReadFile(filepath.Join(dir, "videocd.bin"))
	if err != nil {
		t.Fatal(err)
	}
	d := imagetest.Open(t, nrg.Format, filepath.Join(dir, "videocd.nrg"))
	if n := int64(len(want)) / disc.RawSectorSize; disc.Sectors(d) != n || len(d.TOC().Sessions[0].Tracks) != 2 {
		t.Errorf("%d sectors of %d, tracks %+v", disc.Sectors(d), n, d.TOC().Sessions[0].Tracks)
	}
	p := make([]byte, disc.RawSectorSize)
	for _, k := range d.TOC().Sessions[0].Tracks {
		for lba := k.Start; lba < k.End(); lba++ {
			if _, err := d.ReadSectors(t.Context(), p, lba, disc.Raw); err != nil || !bytes.Equal(p, want[int(lba)*disc.RawSectorSize:][:disc.RawSectorSize]) {
				t.Fatalf("track %d (%v): sector %d differs, %v", k.Number, k.Mode, lba, err)
			}
		}
	}
}
