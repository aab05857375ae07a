package cue_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/sector"
)

// wants reports texts that are missing in the output of a program. Several spaces count as
// one.
func wants(t *testing.T, program, out string, texts ...string) {
	t.Helper()
	out = regexp.MustCompile(`[ \t]+`).ReplaceAllString(out, " ")
	for _, s := range texts {
		if !strings.Contains(out, s) {
			t.Errorf("%s: %q is missing in\n%s", program, s, out)
		}
	}
}

// Other programs read what is written, in one file: sessions, tracks, gaps, codes, texts.
func TestPeers(t *testing.T) {
	peertest.Need(t, "cd-info", "cueprint", "cuebreakpoints", "cdrdao", "chdman", "bchunk")
	d := imagetest.Mixed(t)
	path := imagetest.Create(t, cue.Format, d, format.Options{}, "disc.cue")
	dir := filepath.Dir(path)

	wants(t, "cd-info", peertest.Run(t, dir, "cd-info", "--no-header", "--no-device-info", "--no-cddb", "--cue-file=disc.cue"),
		" 1: 00:02:00 000000 data ", " 2: 00:08:07 000457 audio false yes 2 no", " 3: 00:12:07 000757 audio false no 2 yes", " 4: 00:16:58 001108 audio",
		"170: 00:20:58 001408 leadout", "Media Catalog Number (MCN): 4006381333931", "TITLE: Sample disc", "TITLE: Musterplatte", "COMPOSER: C. Omposer", "ISRC: USRC17607839")
	wants(t, "cueprint", peertest.Run(t, dir, "cueprint", "disc.cue"), "title: Sample disc", "no. of tracks: 4", "ISRC: USRC17607839", "title: Café 'quoted'")
	wants(t, "cuebreakpoints", peertest.Run(t, dir, "cuebreakpoints", "disc.cue"), "0:06.07\n0:10.07\n0:14.58")
	for _, split := range []bool{false, true} { // cdrdao refuses indexes after a data track
		path := imagetest.Create(t, cue.Format, imagetest.Audio(t), format.Options{FilePerTrack: split}, "disc.cue")
		wants(t, "cdrdao", peertest.Run(t, filepath.Dir(path), "cdrdao", "show-toc", "disc.cue"),
			"CATALOG NUMBER: 4006381333931", "COPY PERMITTED", "ISRC US RC1 76 07839", "PREGAP 00:00:33( 33)\n START 00:00:33( 33)",
			"START 00:04:33( 333)\n END 00:08:44( 644)", "PREGAP 00:00:40( 40)\n START 00:09:09( 684)\n END 00:13:09( 984)")
	}

	peertest.Run(t, dir, "bchunk", "-w", "disc.bin", "disc.cue", "out")
	compareFile(t, filepath.Join(dir, "out01.iso"), 0, d, 0, 307, disc.User)
	compareFile(t, filepath.Join(dir, "out03.wav"), 44, d, 757, 757+311, disc.Raw)

	for _, split := range []bool{false, true} {
		path := imagetest.Create(t, cue.Format, d, format.Options{FilePerTrack: split}, "a.cue")
		dir := filepath.Dir(path)
		peertest.Run(t, dir, "chdman", "createcd", "-i", "a.cue", "-o", "a.chd")
		peertest.Run(t, dir, "chdman", "extractcd", "-i", "a.chd", "-o", "b.cue", "-ob", "b.bin")
		compareFile(t, filepath.Join(dir, "b.bin"), 0, d, 0, 1408, disc.Raw)
		again, err := open(t, filepath.Join(dir, "b.cue"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := tracks(again), tracks(d); strings.ReplaceAll(got, "[]", "") != regexp.MustCompile(`\[[^]]*\]`).ReplaceAllString(want, "") {
			t.Errorf("chdman: %s\nwant %s", got, want) // it has no indexes
		}
	}
}

// compareFile compares a file with the sectors of a disc.
func compareFile(t *testing.T, path string, skip int, d disc.Disc, start, end disc.LBA, form disc.Form) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, int(end-start)*form.Size())
	if _, err := sector.AllForms(d).ReadSectors(t.Context(), want, start, form); err != nil {
		t.Fatal(err)
	}
	if len(got) < skip || !bytes.HasPrefix(got[skip:], want) {
		t.Errorf("%s: other contents than sectors %d to %d", filepath.Base(path), start, end-1)
	}
}

// Sheets that other programs write are read.
func TestMade(t *testing.T) {
	peertest.Need(t, "vcdimager", "toc2cue", "cueconvert", "flac", "metaflac")
	dir := t.TempDir()
	file := func(name string, p []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file("t.toc", []byte("CD_DA\nCATALOG \"4006381333931\"\nTRACK AUDIO\nCOPY\nISRC \"USRC17607839\"\nFILE \"t.bin\" 0 00:00:20\nTRACK AUDIO\nFILE \"t.bin\" 00:00:20 00:00:20\nSTART 00:00:05\n"))
	file("t.bin", numbered(40, 2352, 0))
	peertest.Run(t, dir, "toc2cue", "t.toc", "t.cue")
	peertest.Run(t, dir, "cueconvert", "t.toc", "c.cue")
	file("in.wav", wav(numbered(40, 2352, 0)))
	file("f.in", []byte("CATALOG 4006381333931\nFILE \"f.flac\" FLAC\nTRACK 01 AUDIO\nISRC USRC17607839\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 00 00:00:20\nINDEX 01 00:00:25\n"))
	peertest.Run(t, dir, "flac", "-s", "--cuesheet=f.in", "in.wav", "-o", "f.flac")
	peertest.Run(t, dir, "metaflac", "--export-cuesheet-to=f.cue", "f.flac")
	for _, c := range []struct{ file, want string }{
		{"t.cue", "1 audio -0 0 +20 []; 2 audio -5 25 +15 []"},
		{"c.cue", "1 audio -0 0 +20 []; 2 audio -5 25 +15 []"},
		{"f.cue", "1 audio -0 0 +20 []; 2 audio -5 25 +15 []"},
	} {
		d, err := open(t, filepath.Join(dir, c.file))
		if err != nil {
			text, _ := os.ReadFile(filepath.Join(dir, c.file))
			t.Errorf("%s: %v\n%s", c.file, err, text)
			continue
		}
		if got := tracks(d); got != c.want {
			text, _ := os.ReadFile(filepath.Join(dir, c.file))
			t.Errorf("%s: %s\nwant %s\n%s", c.file, got, c.want, text)
		}
		if toc := d.TOC(); c.file != "t.cue" && (toc.Catalog != "4006381333931" || toc.Sessions[0].Tracks[0].ISRC != "USRC17607839") { // which toc2cue leaves out
			t.Errorf("%s: %s, %+v", c.file, toc.Catalog, toc.Sessions[0].Tracks[0])
		}
	}
}
