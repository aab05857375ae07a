package toc_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/toc"
	"glassmaster/mastering/peertest"
)

// showToc returns what "cdrdao show-toc" shows of a disc.
func showToc(d disc.Disc) string {
	var b strings.Builder
	at := func(name string, lba disc.LBA) {
		fmt.Fprintf(&b, "%s %s(%6d)\n", name, disc.MSF{M: int(lba) / 75 / 60, S: int(lba) / 75 % 60, F: int(lba) % 75}, lba)
	}
	for _, k := range d.TOC().Sessions[0].Tracks {
		fmt.Fprintf(&b, "TRACK %2d\n", k.Number)
		if s := k.ISRC; s != "" {
			fmt.Fprintf(&b, "ISRC %s %s %s %s\n", s[:2], s[2:5], s[5:7], s[7:])
		}
		for _, c := range []struct {
			bit     disc.Control
			set, no string
		}{{disc.CopyPermitted, "COPY PERMITTED", "COPY NOT PERMITTED"}, {disc.PreEmphasis, "PRE-EMPHASIS", "NO PRE-EMPHASIS"}} {
			switch {
			case k.Control&c.bit != 0:
				b.WriteString(c.set + "\n")
			case k.Mode == disc.Audio || c.bit == disc.CopyPermitted:
				b.WriteString(c.no + "\n")
			}
		}
		if k.Pregap > 0 {
			at("PREGAP", disc.LBA(k.Pregap))
		}
		at("START ", k.Start)
		for i, x := range k.Indexes {
			at(fmt.Sprintf("INDEX %2d", i+2), x)
		}
		at("END   ", k.End())
	}
	return b.String()
}

// cdrdao shows the same disc, and reads all of it.
func TestByCdrdao(t *testing.T) {
	peertest.Need(t, "cdrdao", "toc2cue", "toc2cddb")
	for name, sample := range map[string]func(testing.TB) disc.Disc{
		"audio": imagetest.Audio, "mixed": imagetest.Mixed, "XA": imagetest.XA, "mode 1": imagetest.Mode1,
		"sub-channels": func(t testing.TB) disc.Disc { return oneSession(imagetest.SubChannels(t)) },
	} {
		for _, o := range []format.Options{{}, {FilePerTrack: true}} {
			d := sample(t)
			path := imagetest.Create(t, toc.Format, d, o, "x.toc")
			dir := filepath.Dir(path)
			var lines []string
			for _, l := range strings.Split(peertest.Run(t, dir, "cdrdao", "show-toc", "x.toc"), "\n") {
				l = regexp.MustCompile(`^(TRACK +\d+).*`).ReplaceAllString(strings.TrimSpace(l), "$1")
				if l != "" && !strings.HasPrefix(l, "TWO CHANNEL") && !strings.HasPrefix(l, "TOC TYPE") && !strings.HasPrefix(l, "CATALOG") {
					lines = append(lines, l)
				}
			}
			if got, want := strings.Join(lines, "\n")+"\n", showToc(d); got != want {
				t.Errorf("%s: cdrdao shows\n%s\nwant\n%s", name, got, want)
			}
			peertest.Run(t, dir, "cdrdao", "read-test", "x.toc")
			if info := peertest.Run(t, dir, "cdrdao", "toc-info", "x.toc"); !strings.Contains(info, fmt.Sprintf("%d tracks", len(d.TOC().Sessions[0].Tracks))) || !strings.Contains(info, fmt.Sprintf("%d blocks", disc.Sectors(d))) {
				t.Errorf("%s: toc-info: %s", name, info)
			}
			if name != "audio" {
				continue
			}
			if text := peertest.Run(t, dir, "toc2cddb", "x.toc"); !strings.Contains(text, "TTITLE1=Second song, with a title that is long enough for several packs") {
				t.Errorf("toc2cddb: %s", text)
			}
			if !o.FilePerTrack {
				peertest.Run(t, dir, "toc2cue", "x.toc", "x.cue")
				sheet, err := os.ReadFile(filepath.Join(dir, "x.cue"))
				if err != nil || strings.Count(string(sheet), "TRACK") != len(d.TOC().Sessions[0].Tracks) {
					t.Errorf("toc2cue: %v\n%s", err, sheet)
				}
			}
		}
	}
}

// cdrdao finds a later session at its address.
func TestSessionsByCdrdao(t *testing.T) {
	peertest.Need(t, "cdrdao")
	for _, d := range []disc.Disc{imagetest.Sessions(t), imagetest.SubChannels(t)} {
		dir := filepath.Dir(imagetest.Create(t, toc.Format, d, format.Options{}, "x.toc"))
		last := d.TOC().Sessions[1].Tracks[0]
		want := regexp.MustCompile(fmt.Sprintf(`TRACK  5  Mode MODE2_RAW(?s:.*)START .*\( %d\)\s+END .*\( %d\)`, last.Start, last.End()))
		if out := peertest.Run(t, dir, "cdrdao", "show-toc", "x.toc"); !want.MatchString(out) {
			t.Errorf("no %v in\n%s", want, out)
		}
		peertest.Run(t, dir, "cdrdao", "read-test", "x.toc")
	}
}

// cdrdao plays the same samples.
func TestSamplesByCdrdao(t *testing.T) {
	peertest.Need(t, "cdrdao")
	d := imagetest.Audio(t)
	path := imagetest.Create(t, toc.Format, d, format.Options{}, "x.toc")
	want := make([]byte, disc.Sectors(d)*raw)
	if _, err := d.ReadSectors(t.Context(), want, 0, disc.Raw); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewScanner(strings.NewReader(peertest.Run(t, filepath.Dir(path), "cdrdao", "show-data", "x.toc")))
	n := 0
	for out.Scan() {
		var at, left, right int
		if k, _ := fmt.Sscan(strings.Replace(out.Text(), ":", " ", 1), &at, &left, &right); k != 3 {
			continue
		}
		if p := want[at*4:]; int16(binary.LittleEndian.Uint16(p)) != int16(left) || int16(binary.LittleEndian.Uint16(p[2:])) != int16(right) {
			t.Fatalf("sample %d: %d, %d", at, left, right)
		}
		n++
	}
	if n != len(want)/4 {
		t.Errorf("cdrdao shows %d samples of %d", n, len(want)/4)
	}
}

// libcdio shows the same tracks. It refuses descriptions with a LANGUAGE_MAP.
func TestByCDInfo(t *testing.T) {
	peertest.Need(t, "cd-info")
	d := imagetest.Mixed(t)
	c := d.TOC()
	c.Sessions[0].Text = nil
	path := imagetest.Create(t, toc.Format, changed{d, c}, format.Options{FilePerTrack: true}, "x.toc")
	out := peertest.Run(t, filepath.Dir(path), "cd-info", "--no-header", "--no-device-info", "--toc-file", "x.toc")
	for _, k := range c.Sessions[0].Tracks {
		kind, yes := "audio", map[bool]string{true: "yes", false: "no"}
		if k.Mode != disc.Audio {
			kind = "data"
		}
		line := fmt.Sprintf(`(?m)^ +%d: .* %s +false +%s`, k.Number, kind, yes[k.Control&disc.CopyPermitted != 0])
		if !regexp.MustCompile(line).MatchString(out) {
			t.Errorf("no line %q in\n%s", line, out)
		}
	}
	if !strings.Contains(out, c.Catalog) {
		t.Errorf("no catalogue number in\n%s", out)
	}
}

// Sheets that cueconvert writes are read as it reads the sheet.
func TestFromCueconvert(t *testing.T) {
	peertest.Need(t, "cueconvert")
	path := write(t, 1000*raw, "")
	dir := filepath.Dir(path)
	sheet := "CATALOG 4006381333931\nTITLE \"Album\"\nFILE \"x.bin\" BINARY\n  TRACK 01 AUDIO\n    TITLE \"One\"\n    FLAGS DCP\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    ISRC USRC17607839\n    INDEX 00 00:04:00\n    INDEX 01 00:05:00\n"
	if err := os.WriteFile(filepath.Join(dir, "x.cue"), []byte(sheet), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "cueconvert", "-i", "cue", "-o", "toc", "x.cue", "x.toc")
	d, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	c := d.TOC()
	want := []disc.Track{{Number: 1, Length: 300, Control: disc.CopyPermitted}, {Number: 2, Start: 375, Length: 625, Pregap: 75, ISRC: "USRC17607839"}}
	if got := c.Sessions[0].Tracks; fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("%+v", got)
	}
	if c.Catalog != "4006381333931" || len(c.Sessions[0].Text) != 1 || c.Sessions[0].Text[0].Album.Title != "Album" || c.Sessions[0].Text[0].Tracks[1].Title != "One" {
		t.Errorf("%+v", c)
	}
}

// The images of vcdimager are read: a file for each track and for its pre-gap.
func TestFromVcdimager(t *testing.T) {
	dir := imagetest.VideoCD(t)
	peertest.Run(t, dir, "vcdxbuild", "-q", "-T", "2020-01-01 00:00:00", "-i", "cdrdao", "--cdrdao-file=vcd", "videocd.xml")
	want, err := os.ReadFile(filepath.Join(dir, "videocd.bin"))
	if err != nil {
		t.Fatal(err)
	}
	d := imagetest.Open(t, toc.Format, filepath.Join(dir, "vcd.toc"))
	got := make([]byte, len(want))
	if n, err := d.ReadSectors(t.Context(), got, 0, disc.Raw); n != len(want)/raw || err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d sectors of %d, %v", n, len(want)/raw, err)
	}
	for _, k := range d.TOC().Sessions[0].Tracks {
		if k.Mode != disc.XA || k.Control != disc.CopyPermitted || k.Number == 2 && k.Pregap != 150 {
			t.Errorf("%+v", k)
		}
	}
}
