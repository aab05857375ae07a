package toc_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/toc"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
)

func TestCDText(t *testing.T) {
	const track = ` TRACK AUDIO SILENCE 588`
	one := func(l byte, album disc.Text) []disc.CDText {
		return []disc.CDText{{Language: l, Album: album, Tracks: map[int]disc.Text{}}}
	}
	for _, c := range []struct {
		name, text string
		want       []disc.CDText
	}{
		{"every item", `CD_DA CD_TEXT { LANGUAGE_MAP { 0 : EN } LANGUAGE 0 { TITLE "T" PERFORMER "P" SONGWRITER "S" COMPOSER "C" ARRANGER "A" MESSAGE "M" UPC_EAN "4006381333931"
			DISC_ID "XY12345" GENRE { 0, 5, 82, 111, 99, 107, 0 } TOC_INFO1 { 1, 2, 3 } RESERVED4 "closed" SIZE_INFO { 0, 1, 1, 3 } } }` + track, []disc.CDText{{
			Language: 9, Tracks: map[int]disc.Text{}, DiscID: "XY12345", Genre: "Rock", GenreCode: 5, Closed: "closed", Copyright: true,
			Album: disc.Text{Title: "T", Performer: "P", Songwriter: "S", Composer: "C", Arranger: "A", Message: "M", Code: "4006381333931"},
			Packs: append([]byte("\x88\x00\x00\x00\x01\x02\x03"), make([]byte, 11)...),
		}}},
		{"texts of tracks, one without", `CD_DA CD_TEXT { LANGUAGE_MAP { 0 : 9 } }` + track + ` TRACK AUDIO CD_TEXT { LANGUAGE 0 { TITLE "x" PERFORMER "" ISRC "USRC17607839" } } SILENCE 588 TRACK AUDIO CD_TEXT { LANGUAGE 0 { TITLE "" } } SILENCE 588`, []disc.CDText{{
			Language: 9, Tracks: map[int]disc.Text{2: {Title: "x", Code: "USRC17607839"}},
		}}},
		{"escapes", `CD_DA CD_TEXT { LANGUAGE_MAP { 0 : 9 } LANGUAGE 0 { TITLE "a\"b\\c\134d\101e\e" } }` + track, one(9, disc.Text{Title: `a"b\c\dAe\e`})},
		{"octal numbers are ISO 8859-1", `CD_DA CD_TEXT { LANGUAGE_MAP { 0 : 9 } LANGUAGE 0 { TITLE "caf\351 \303\251" } }` + track, one(9, disc.Text{Title: "café Ã©"})},
		{"UTF-8", `CD_DA CD_TEXT { LANGUAGE_MAP { 0 : 9 } LANGUAGE 0 { TITLE "café" } }` + track, one(9, disc.Text{Title: "café"})},
		{"ISO 8859-1", "CD_DA CD_TEXT { LANGUAGE_MAP { 0 : 9 } LANGUAGE 0 { TITLE \"caf\xe9\" } }" + track, one(9, disc.Text{Title: "café"})},
		{"MS-JIS", `CD_DA CD_TEXT { LANGUAGE_MAP { 0 : 105 } LANGUAGE 0 { ENCODING_MS_JIS TITLE "\223\372\226\173" PERFORMER "日本" } }` + track, one(105, disc.Text{Title: "日本", Performer: "日本"})},
		{"MS-JIS by the size information", `CD_DA CD_TEXT { LANGUAGE_MAP { 0 : 105 } LANGUAGE 0 { TITLE "\223\372\226\173" SIZE_INFO { 128, 1, 1, 0 } } }` + track, one(105, disc.Text{Title: "日本"})},
		{"no text", `CD_DA CD_TEXT { LANGUAGE_MAP { 0 : 9 } LANGUAGE 0 { TITLE "" } }` + track, nil},
	} {
		d, err := open(t, write(t, 1, c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := d.TOC().Sessions[0].Text; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v\nwant %+v", c.name, got, c.want)
		}
		if n := disc.Notices(d); len(n) > 0 {
			t.Errorf("%s: notices %v", c.name, n)
		}
	}
}

// All kinds of CD-TEXT are the same after they were written and opened.
func TestWriteText(t *testing.T) {
	pack := func(kind byte, data string) []byte {
		p := make([]byte, 18)
		p[0] = kind
		copy(p[4:16], data)
		return p
	}
	texts := []disc.CDText{
		{
			Language: 9, Album: disc.Text{Title: "Tab\tand \"quotes\" and \\ and Ã©", Code: "4006381333931"}, Tracks: map[int]disc.Text{1: {Title: "ÿ"}, 3: {Message: "m", Code: "USRC17607839"}},
			Genre: "Rök", GenreCode: 5, DiscID: "XY12345", Closed: "geschlossen", Copyright: true,
			Packs: append(append(pack(0x88, "a table of contents"), pack(0x88, "goes on")...), pack(0x8A, "reserved")...),
		},
		{Language: 105, Album: disc.Text{Title: "日本", Performer: `\表`}, Tracks: map[int]disc.Text{2: {Title: "東京"}}, Genre: "音楽", GenreCode: 1},
		{Language: 0x65, Album: disc.Text{Title: "한국"}, Tracks: map[int]disc.Text{}},
		{Language: 0x75, Album: disc.Text{Title: "日本 한국 €"}, Tracks: map[int]disc.Text{}},
	}
	d := imagetest.Audio(t)
	c := d.TOC()
	c.Sessions[0].Text = texts
	path := imagetest.Create(t, toc.Format, changed{d, c}, format.Options{}, "x.toc")
	got := imagetest.Open(t, toc.Format, path).TOC().Sessions[0].Text
	for i := range got {
		for p := got[i].Packs; len(p) > 0; p = p[18:] {
			p[3] = 0 // the block, which is not recorded in a disc.CDText either
		}
	}
	if !reflect.DeepEqual(got, texts) {
		t.Errorf("%+v\nwant\n%+v", got, texts)
	}
}

// CD-TEXT that a sheet cannot hold is reported.
func TestTextLost(t *testing.T) {
	d := imagetest.Sessions(t)
	c := d.TOC()
	texts := []disc.CDText{{Language: 9, Tracks: map[int]disc.Text{9: {Title: "x"}}, Packs: append([]byte{0x88, 1}, make([]byte, 16)...)}}
	for range 8 {
		texts = append(texts, disc.CDText{Language: 1, Album: disc.Text{Title: "x"}})
	}
	c.Sessions[0].Text, c.Sessions[1].Text = texts, texts
	all := strings.Join(disc.Texts(toc.Format.Loss(changed{d, c})), "\n")
	for _, want := range []string{"holds at most 8 languages", "CD-TEXT of track 9", "lose their track numbers", "CD-TEXT of session 2"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
}

// A later session remains at its address, after a long pre-gap.
func TestSessions(t *testing.T) {
	d := imagetest.Sessions(t)
	got := imagetest.Open(t, toc.Format, imagetest.Create(t, toc.Format, d, format.Options{}, "x.toc"))
	tracks := got.TOC().Sessions[0].Tracks
	last, want := tracks[len(tracks)-1], d.TOC().Sessions[1].Tracks[0]
	if last.Start != want.Start || last.Length != want.Length || last.Mode != want.Mode || last.Pregap != imagetest.SessionGap {
		t.Errorf("%+v, want %+v", last, want)
	}
	a, b := make([]byte, disc.RawSectorSize), make([]byte, disc.RawSectorSize)
	for lba := last.Start; lba < last.End(); lba++ {
		if _, err := d.ReadSectors(t.Context(), a, lba, disc.Raw); err != nil {
			t.Fatal(err)
		}
		if _, err := got.ReadSectors(t.Context(), b, lba, disc.Raw); err != nil || !bytes.Equal(a, b) {
			t.Fatalf("sector %d: %v, equal: %v", lba, err, bytes.Equal(a, b))
		}
	}
	if lost := toc.Format.Loss(d); len(lost) != 1 || !strings.Contains(lost[0].Text, "2 sessions") {
		t.Errorf("lost: %v", lost)
	}
}

// Discs that a sheet cannot hold are refused.
func TestNotWritten(t *testing.T) {
	for _, c := range []struct {
		tracks []disc.Track
		want   string
	}{
		{nil, "no tracks"},
		{[]disc.Track{{Number: 1, Length: 300}, {Number: 3, Start: 300, Length: 300}}, "track 3 follows track 1"},
		{[]disc.Track{{Number: 1, Length: 300}, {Number: 2, Start: 299, Length: 300}}, "track 2 begins at address 299"},
		{[]disc.Track{{Number: 1, Mode: disc.Mode1, Length: 500000}}, "which is beyond the end of a CD"},
	} {
		out := newfile.NewSet(t.TempDir() + "/x.toc")
		d := changed{imagetest.Audio(t), disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: c.tracks}}}}
		if err := toc.Format.Create(t.Context(), out, d, format.Options{}, progress.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.tracks, err)
		}
		out.Discard()
	}
}
