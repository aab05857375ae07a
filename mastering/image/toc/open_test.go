package toc_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/toc"
	"glassmaster/mastering/sector"
)

// write writes a description, and beside it "x.bin" of n bytes.
func write(t testing.TB, n int, text string) string {
	t.Helper()
	dir := t.TempDir()
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*3 + i>>8)
	}
	for name, content := range map[string][]byte{"x.toc": []byte(text), "x.bin": p} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "x.toc")
}

// open opens an image, and returns the error.
func open(t testing.TB, path string) (disc.Disc, error) {
	t.Helper()
	files, err := format.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := toc.Format.Open(t.Context(), files)
	if err != nil {
		files.Close()
		return nil, err
	}
	t.Cleanup(func() { d.Close() })
	return d, nil
}

const raw = 2352

func TestTracks(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []disc.Track
	}{
		{"the rest of a file", `TRACK AUDIO FILE "x.bin" 0`, []disc.Track{{Number: 1, Length: 1000}}},
		{"a part of it, in time", `TRACK AUDIO AUDIOFILE "x.bin" 0:0:10 0:1:5`, []disc.Track{{Number: 1, Length: 80}}},
		{"a part of it, in samples", `TRACK AUDIO FILE "x.bin" SWAP #8 588 1176`, []disc.Track{{Number: 1, Length: 2}}},
		{"not whole sectors", `TRACK AUDIO FILE "x.bin" 1 589`, []disc.Track{{Number: 1, Length: 2}}},
		{"length 0", `TRACK AUDIO FILE "x.bin" 0:0:10 0`, []disc.Track{{Number: 1, Length: 990}}},
		{
			"gaps and indexes", "CD_DA\nTRACK AUDIO\nFILE \"x.bin\" 0 0:1:0\nTRACK AUDIO\nSILENCE 0:0:30\nFILE \"x.bin\" 0:1:0 0:0:15\nSTART 0:0:40\nFILE \"x.bin\" 0:1:15 0:2:0\nEND 0:2:30\nINDEX 0:0:50\n",
			[]disc.Track{{Number: 1, Length: 75}, {Number: 2, Start: 115, Length: 155, Pregap: 40, Indexes: []disc.LBA{165, 255}}},
		},
		{"START without a time", `TRACK AUDIO SILENCE 0:0:30 SILENCE 100 START FILE "x.bin" 0 0:0:20`, []disc.Track{{Number: 1, Start: 31, Length: 20, Pregap: 31}}},
		{"END without a time", `TRACK AUDIO FILE "x.bin" 0 0:0:20 END SILENCE 0:0:10`, []disc.Track{{Number: 1, Length: 30, Indexes: []disc.LBA{20}}}},
		{"PREGAP", `TRACK AUDIO PREGAP 0:2:0 FILE "x.bin" 0 0:0:20 TRACK MODE1 PREGAP 0:1:0 DATAFILE "x.bin" 0:0:7`, []disc.Track{
			{Number: 1, Start: 150, Length: 20, Pregap: 150}, {Number: 2, Mode: disc.Mode1, Start: 245, Length: 7, Pregap: 75},
		}},
		{"all modes", `CD_ROM_XA TRACK MODE1 DATAFILE "x.bin" 0:0:5 TRACK MODE1_RAW DATAFILE "x.bin" 11760 TRACK MODE2 DATAFILE "x.bin" 0:0:5
			TRACK MODE2_FORM1 DATAFILE "x.bin" 0:0:5 TRACK MODE2_FORM2 DATAFILE "x.bin" 0:0:5 TRACK MODE2_MIXED DATAFILE "x.bin" 0:0:5 TRACK MODE2_RAW DATAFILE "x.bin" #16 0:0:5`, []disc.Track{
			{Number: 1, Mode: disc.Mode1, Length: 5},
			{Number: 2, Mode: disc.Mode1, Start: 5, Length: 5},
			{Number: 3, Mode: disc.Mode2, Start: 10, Length: 5},
			{Number: 4, Mode: disc.XA, Start: 15, Length: 5},
			{Number: 5, Mode: disc.XA, Start: 20, Length: 5},
			{Number: 6, Mode: disc.XA, Start: 25, Length: 5},
			{Number: 7, Mode: disc.Mode2, Start: 30, Length: 5},
		}},
		{"empty sectors of all modes", `TRACK MODE1 ZERO MODE0 0:0:1 ZERO MODE1 0:0:1 ZERO MODE1_RAW 0:0:1 ZERO MODE2 0:0:1 ZERO MODE2_RAW 0:0:1 ZERO MODE2_FORM1 0:0:1
			ZERO MODE2_FORM2 0:0:1 ZERO MODE2_FORM_MIX 0:0:1 ZERO AUDIO 0:0:1 ZERO RW_RAW 0:0:1 ZERO 2048`, []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 11}}},
		{"flags", `FIRST_TRACK_NO 7 TRACK AUDIO COPY PRE_EMPHASIS FOUR_CHANNEL_AUDIO ISRC "USRC17607839" SILENCE 588
			TRACK AUDIO COPY NO COPY PRE_EMPHASIS NO PRE_EMPHASIS FOUR_CHANNEL_AUDIO TWO_CHANNEL_AUDIO SILENCE 588`, []disc.Track{
			{Number: 7, Length: 1, ISRC: "USRC17607839", Control: disc.CopyPermitted | disc.PreEmphasis | disc.FourChannels}, {Number: 8, Start: 1, Length: 1},
		}},
		{"comments", "\xef\xbb\xbf// a comment\r\nCD_ROM // another\r\nTRACK MODE1//x\nZERO 0:0:1// end", []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 1}}},
	} {
		d, err := open(t, write(t, 1000*raw, c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := d.TOC().Sessions[0].Tracks; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v\nwant %+v", c.name, got, c.want)
		}
		if n := disc.Notices(d); len(n) > 0 {
			t.Errorf("%s: notices %v", c.name, n)
		}
		form := disc.Raw
		p := make([]byte, disc.Sectors(d)*int64(form.Size()))
		if n, err := d.ReadSectors(t.Context(), p, 0, form); int64(n) != disc.Sectors(d) || err != nil {
			t.Errorf("%s: %d sectors are read, %v", c.name, n, err)
		}
	}
}

// Raw sound is big-endian unless SWAP is set, at any place in a track and in the file.
func TestSound(t *testing.T) {
	path := write(t, 10*raw, "TRACK AUDIO\nSILENCE 100\nFILE \"x.bin\" #3 7 1000\nFILE \"x.bin\" SWAP 0 200\nDATAFILE \"x.bin\" #1 21\n")
	d, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(filepath.Dir(path), "x.bin"))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 400)
	big := bytes.Clone(file[3+28 : 3+28+4000])
	odd := bytes.Clone(file[1:22])
	for _, p := range [][]byte{big, odd[:20]} {
		for i := 0; i < len(p); i += 2 {
			p[i], p[i+1] = p[i+1], p[i]
		}
	}
	want = append(append(append(want, big...), file[:800]...), odd...)
	want = append(want, make([]byte, 3*raw-len(want))...)
	got := make([]byte, 3*raw)
	if n, err := d.ReadSectors(t.Context(), got, 0, disc.Raw); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	if !bytes.Equal(got, want) {
		at := 0
		for got[at] == want[at] {
			at++
		}
		t.Errorf("the sound differs from byte %d on", at)
	}
}

// Sound files are little-endian samples after a header.
func TestSoundFile(t *testing.T) {
	samples := make([]byte, 2*raw)
	for i := range samples {
		samples[i] = byte(i * 7)
	}
	head := []byte("RIFF\x84\x12\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x44\xac\x00\x00\x10\xb1\x02\x00\x04\x00\x10\x00data\x60\x12\x00\x00")
	for _, c := range []struct{ text, fails, notice string }{
		{`TRACK AUDIO FILE "x.WAV" 0`, "", ""},
		{`TRACK AUDIO FILE "x.WAV" 588 588 FILE "x.WAV" SWAP 0 0:0:1`, "", ""},
		{`TRACK AUDIO FILE "x.WAV" #44 0`, "line 1: \"x.WAV\" is a sound file", ""},
		{`TRACK AUDIO RW_RAW DATAFILE "x.WAV"`, "line 1: \"x.WAV\" is a sound file", ""},
		{`TRACK AUDIO FILE "x.WAV" 0:0:2`, "has 4704 bytes, but the data begins at byte 4704", ""},
		{`TRACK AUDIO FILE "x.mp3" 0`, `line 1: the sound file "x.mp3": not a sound file`, ""},
		{`TRACK AUDIO FILE "x.bin" 0`, "", "is a WAV file, but its name does not end in .wav"},
	} {
		path := write(t, 0, c.text)
		for name, p := range map[string][]byte{"x.WAV": append(bytes.Clone(head), samples...), "x.mp3": []byte("text"), "x.bin": append(bytes.Clone(head), samples...)} {
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), p, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d, err := open(t, path)
		if c.fails != "" || err != nil {
			if err == nil || c.fails == "" || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v", c.text, err)
			}
			continue
		}
		if all := strings.Join(disc.Texts(disc.Notices(d)), "\n"); c.notice == "" && all != "" || !strings.Contains(all, c.notice) {
			t.Errorf("%s: notices %q", c.text, all)
		}
		want := bytes.Clone(samples)
		if strings.Contains(c.text, "SWAP") {
			want = append(want[raw:], samples[:raw]...)
			for i := raw; i < 2*raw; i += 2 {
				want[i], want[i+1] = want[i+1], want[i]
			}
		}
		got := make([]byte, 2*raw)
		if n, err := d.ReadSectors(t.Context(), got, 0, disc.Raw); n != 2 || err != nil || c.notice == "" && !bytes.Equal(got, want) {
			t.Errorf("%s: %d sectors, %v, equal: %v", c.text, n, err, bytes.Equal(got, want))
		}
	}
}

// Empty sectors are right in their mode.
func TestEmpty(t *testing.T) {
	d, err := open(t, write(t, 1, `TRACK MODE1 ZERO MODE0 0:0:1 ZERO 0:0:1 ZERO MODE2 0:0:1 ZERO MODE2_FORM1 0:0:1 ZERO MODE2_FORM2 0:0:1 ZERO AUDIO 0:0:1`))
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, raw)
	for i, want := range []sector.Kind{sector.Mode0, sector.Mode1, sector.Form1, sector.Form1, sector.Form2} {
		if _, err := d.ReadSectors(t.Context(), p, disc.LBA(i), disc.Raw); err != nil {
			t.Fatal(err)
		}
		// The sub-headers of an empty sector in mode 2 without a form are equal.
		if k, ok := sector.Identify(p); !ok || k != want || want != sector.Form1 && sector.Check(p, disc.LBA(i)) != 0 {
			t.Errorf("sector %d: %v, faults %x", i, k, sector.Check(p, disc.LBA(i)))
		}
	}
	if _, err := d.ReadSectors(t.Context(), p, 5, disc.Raw); err != nil || !bytes.Equal(p, make([]byte, raw)) {
		t.Errorf("no silence: %v", err)
	}
}

// Invalid sheets are refused, with the line.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"CD_DA\n", "line 2: the sheet describes no tracks"},
		{"CD_DA\nFOO", `line 2: expected TRACK, found "FOO"`},
		{"CD_DA\nTRACK AUDIO", "line 2: the track in line 2 has no data"},
		{"CD_DA\nTRACK 01 AUDIO", `line 2: unknown track mode`},
		{"CD_DA\nTRACK MODE0 ZERO 0:0:1", `line 2: unknown track mode`},
		{"CD_DA\nTRACK \"AUDIO\"", `line 2: unknown track mode`},
		{"CD_DA\nCATALOG\nTRACK AUDIO SILENCE 1", "line 3: expected the media catalogue number in quotation marks"},
		{"CD_DA\nCATALOG \"12\"\nTRACK AUDIO SILENCE 1", `line 2: the media catalogue number "12"`},
		{"CD_DA FIRST_TRACK_NO 0 TRACK AUDIO SILENCE 1", "line 1: invalid track number 0"},
		{"CD_DA FIRST_TRACK_NO 99 TRACK AUDIO SILENCE 1\nTRACK AUDIO SILENCE 1", "line 2: there are more than 99 tracks"},
		{"CD_DA TRACK AUDIO NO\nISRC", "line 1: expected COPY or PRE_EMPHASIS"},
		{"CD_DA TRACK AUDIO\nISRC \"x\"", `line 2: the ISRC "x" is invalid`},
		{"CD_DA TRACK AUDIO\nSILENCE 0", "line 2: SILENCE has no length"},
		{"CD_DA TRACK AUDIO\nPREGAP 0:0:0", "line 2: the pre-gap has no length"},
		{"CD_DA TRACK AUDIO\nSILENCE 0:60:0", "line 2: the time 00:60:00 has 60 seconds"},
		{"CD_DA TRACK AUDIO\nSILENCE 0:0:75", "line 2: the time 00:00:75 has 75 frames"},
		{"CD_DA TRACK AUDIO\nSILENCE 0:1", `line 2: expected ":", found the end of the file`},
		{"CD_DA TRACK AUDIO\nSILENCE 99999999999999999999", "line 2: expected a length"},
		{"CD_DA TRACK AUDIO\nSILENCE 9999999999:0:0", "too long"},
		{"CD_DA TRACK AUDIO\nSILENCE 100:0:0", "line 1: track 1 ends at address 450000, which is beyond the end of a CD"},
		{"CD_DA TRACK AUDIO\nSILENCE 1099511627776", "line 2: the length of SILENCE is more than a CD can have"},
		{"CD_DA TRACK AUDIO\nSILENCE 0:0:9 START 0:0:9", "line 2: the pre-gap has 9 sectors, but the whole track has 9"},
		{"CD_DA TRACK AUDIO\nSILENCE 0:0:9 START 0:0:1\nSTART 0:0:2", "line 3: START of the track is already in line 2"},
		{"CD_DA TRACK AUDIO\nSILENCE 0:0:9 END 0:0:9", "line 2: the post-gap begins at 9 sectors"},
		{"CD_DA TRACK AUDIO\nSILENCE 0:0:9\nINDEX 0:0:9", "line 3: the index at 9 sectors"},
		{"CD_DA TRACK AUDIO\nSILENCE 0:0:9\nINDEX 0:0:5\nINDEX 0:0:5", "line 4: the index at 5 sectors"},
		{"CD_DA TRACK AUDIO\nSILENCE 0:0:9\nINDEX 5", `line 3: expected ":"`},
		{"CD_DA TRACK AUDIO\nSILENCE 10:0:0" + strings.Repeat(" INDEX 0:0:1", 99), "more than 99 indexes"},
		{"CD_DA TRACK AUDIO\nFIFO \"x\" 0:1:0", "line 2: FIFO names a pipe"},
		{"CD_DA TRACK AUDIO\nFILE \"-\" 0", "line 2: the file \"-\""},
		{"CD_DA TRACK AUDIO\nFILE \"y.dat\" 0", `line 2: the file "y.dat", which the image names, is missing`},
		{"CD_DA TRACK AUDIO\nFILE \"../x.bin\" 0", "line 2: the image names the file \"../x.bin\", which is outside its folder"},
		{"CD_DA TRACK AUDIO\nFILE \"x.bin\" 1:0:0", "line 2: the file \"x.bin\" has 23520 bytes, but the data begins at byte 10584000"},
		{"CD_DA TRACK AUDIO\nFILE \"x.bin\" 0 0:0:11 SILENCE 0:0:1\nFILE \"x.bin\" 0 0:0:1", "line 2: the file \"x.bin\" has 23520 bytes, but 25872 from byte 0 on are needed"},
		{"CD_DA TRACK AUDIO\nSILENCE 1 FILE \"x.bin\" 0 0:0:11", "but 25872 from byte 0 on"},
		{"CD_DA TRACK MODE1\nZERO MODE0 7", "line 2: 7 bytes are not whole sectors"},
		{"CD_DA TRACK AUDIO\nFILE \"x.bin\n0", "line 2: expected the name of a file in quotation marks, found a text without a quotation mark at its end"},
		{"CD_DA TRACK AUDIO\n@", "line 2: the track in line 1 has no data: expected FILE, DATAFILE, SILENCE or ZERO, found the character '@'"},
		{"CD_DA CD_TEXT { LANGUAGE 8 { } } TRACK AUDIO SILENCE 1", "language 8 does not exist"},
		{"CD_DA CD_TEXT { LANGUAGE_MAP { 8 : 9 } } TRACK AUDIO SILENCE 1", "language 8 with code 9"},
		{"CD_DA CD_TEXT { LANGUAGE 0 { TITEL \"x\" } } TRACK AUDIO SILENCE 1", `"TITEL" is not an item`},
		{"CD_DA CD_TEXT { LANGUAGE 0 { TITLE x } } TRACK AUDIO SILENCE 1", "a text, or numbers in braces, in quotation marks"},
		{"CD_DA CD_TEXT { LANGUAGE 0 { GENRE { 256 } } } TRACK AUDIO SILENCE 1", "numbers of 0 to 255"},
		{"CD_DA CD_TEXT { LANGUAGE 0 { GENRE { 1 2 } } } TRACK AUDIO SILENCE 1", `expected ","`},
		{"CD_DA TRACK AUDIO CD_TEXT { LANGUAGE 0 { DISC_ID \"x\" } } SILENCE 1", "DISC_ID is an item of the disc"},
		{"CD_DA CD_TEXT { LANGUAGE 0 {", `expected "}"`},
	} {
		_, err := open(t, write(t, 10*raw, c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v\nwant %s", c.text, err, c.want)
		}
	}
}

// Other texts are not images of cdrdao.
func TestUnknown(t *testing.T) {
	for _, text := range []string{
		"", "x", "FILE \"x.bin\" BINARY\n  TRACK 01 AUDIO\n", "CATALOG 4006381333931\nFILE \"x.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n",
		"TRACK 01 AUDIO\n", "CD_DA\x00", "\"CD_DA\"", "CATALOG", strings.Repeat(" ", 1<<20) + "CD_DA",
	} {
		path := write(t, 1, text)
		if _, err := open(t, path); err == nil || !strings.Contains(err.Error(), format.ErrUnknown.Error()) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// Sheets that cdrdao would refuse but that are unambiguous are read, with a notice.
func TestTolerated(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`CD_ROM TRACK MODE1 FILE "x.bin" 0:0:1 0:0:2`, "Line 1: FILE is for sound"},
		{`CD_ROM TRACK MODE1 DATAFILE "x.bin" 2049`, "not whole sectors of 2048 bytes"},
		{`CD_ROM TRACK MODE1 DATAFILE "X.BIN" 0:0:1`, `"x.bin" is used instead`},
		{`CD_ROM TRACK MODE1 DATAFILE "old.bin" 0:0:1`, `"x.bin" is used instead`},
		{`CD_ROM TRACK MODE1 RW DATAFILE "x.bin" 0:0:2`, "stored as packs (RW)"},
		{`CD_DA CD_TEXT { LANGUAGE 0 { TITLE "x" } } TRACK AUDIO SILENCE 1`, "no LANGUAGE_MAP"},
		{`CD_DA CD_TEXT { LANGUAGE_MAP { 0 : EN } LANGUAGE 1 { TITLE "x" } } TRACK AUDIO SILENCE 1`, "does not contain language 1"},
		{`CD_DA TRACK AUDIO FILE "x.bin" 0 0:0:12 INDEX 0:0:11`, "2 sectors are missing from address 10 on"},
	} {
		d, err := open(t, write(t, 10*raw, c.text))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		all := disc.Notices(d)
		if len(all) != 1 || !strings.Contains(all[0].Text, c.want) {
			t.Errorf("%s: notices %q", c.text, all)
		}
		if incomplete := strings.Contains(c.want, "missing from"); len(all) == 1 && all[0].Incomplete != incomplete {
			t.Errorf("%s: incomplete: %v", c.text, all[0].Incomplete)
		}
	}
}

// Images of others, where a collection of them is beside the repository: those that have to
// be refused are, with the line. So are those whose files are missing or too short.
func TestOthers(t *testing.T) {
	const folder = "../../../../shared/corpus/libcdio+libcdio/test/data/"
	good := map[string]int64{"cdda.toc": 25, "cdtext.toc": 4500, "data1.toc": 4499, "data2.toc": 5299, "data6.toc": 132, "isofs-m1.toc": 302, "t1.toc": 74}
	list, _ := filepath.Glob(folder + "*.toc")
	if len(list) == 0 {
		t.Skip("no collection of images is here")
	}
	for _, path := range list {
		name := filepath.Base(path)
		d, err := open(t, path)
		switch n, ok := good[name]; {
		case !ok && (err == nil || !strings.HasPrefix(err.Error(), "line ")):
			t.Errorf("%s: %v", name, err)
		case ok && (err != nil || disc.Sectors(d) != n):
			t.Errorf("%s: %v", name, err)
		case ok:
			imagetest.Same(t, d, d, format.Raw)
		}
	}
}

// FuzzOpen opens any description.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{
		"CD_DA CATALOG \"4006381333931\" FIRST_TRACK_NO 2 CD_TEXT { LANGUAGE_MAP { 0 : EN 1 : 8 } LANGUAGE 0 { ENCODING_MS_JIS TITLE \"\\223\\372\" GENRE { 0, 0x5, 65, 0 } TOC_INFO1 { 1, 2 } } }\n" +
			"TRACK AUDIO COPY NO PRE_EMPHASIS ISRC \"USRC17607839\" CD_TEXT { LANGUAGE 0 { TITLE \"x\" } } SILENCE 100 FILE \"x.bin\" SWAP #3 7 1000 START INDEX 0:0:1",
		"CD_ROM TRACK MODE1_RAW RW_RAW ZERO MODE0 0:0:1 DATAFILE \"x.bin\" #1 END ZERO 0:0:2",
		"CD_I TRACK MODE2_FORM_MIX RW PREGAP 0:2:0 DATAFILE \"x.bin\"",
		"TRACK AUDIO FILE \"x.bin\" 0:0:1 0:0:30",
	} {
		f.Add(s)
	}
	path := write(f, 20*raw, "")
	f.Fuzz(func(t *testing.T, s string) {
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := open(t, path)
		if err != nil {
			return
		}
		p := make([]byte, 4*disc.RawSub.Size())
		for _, k := range d.TOC().Sessions[0].Tracks {
			if k.Length <= 0 || k.Number < 1 || k.Number > 99 || k.Pregap < 0 {
				t.Errorf("track %+v", k)
			}
			if n, err := d.ReadSectors(t.Context(), p, k.Start-disc.LBA(k.Pregap), disc.RawSub); n == 0 {
				t.Errorf("track %+v: %v", k, err)
			}
		}
	})
}
