package sector_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// session returns a session of audio tracks with texts.
func session(first, last int, texts ...disc.CDText) disc.Session {
	s := disc.Session{Number: 1, Text: texts}
	for n := first; n <= last; n++ {
		s.Tracks = append(s.Tracks, disc.Track{Number: n})
	}
	return s
}

func TestEncodeCDText(t *testing.T) {
	full := disc.CDText{
		Language: 9, Genre: "Feline classic music", GenreCode: 5, DiscID: "1234567890", Closed: "This is not to be shown by CD players", Copyright: true,
		Album: disc.Text{Title: "Joyful Nights", Performer: "United Cat Orchestra", Songwriter: "Various", Composer: "Various", Arranger: "Tom Cat", Message: "For all our fans", Code: "1234567890123"},
		Tracks: map[int]disc.Text{
			1: {Title: "Song of Joy", Performer: "Felix and The Purrs", Code: "XYBLG1101234"},
			3: {Title: "Müe äuu\nsecond line", Performer: "Mia Kitten", Message: "Bye"},
		},
		Packs: []byte("\x88\x00\x10\x00\x01\x03\x00\x3f\x02\x12\x00\x00\x00\x00\x00\x00\x12\x00"),
	}
	japanese := disc.CDText{Language: 0x69, Album: disc.Text{Title: "日本の歌 ABC", Performer: "ｱｲ"}, Tracks: map[int]disc.Text{1: {Title: "A"}, 2: {Title: "歌"}, 3: {Title: "a歌"}, 4: {Performer: "歌手"}}}
	russian := disc.CDText{Language: 0x56, Album: disc.Text{Title: "Песни"}, Tracks: map[int]disc.Text{2: {Title: "Вечер, и т. д."}}}
	for _, c := range []struct {
		name string
		s    disc.Session
	}{
		{"all fields", session(1, 3, full)},
		{"MS-JIS", session(1, 4, japanese)},
		{"languages", session(1, 9, full, japanese, russian, full)},
		{"first track 5", session(5, 6, disc.CDText{Album: disc.Text{Title: "A"}, Tracks: map[int]disc.Text{5: {Title: "five"}, 6: {Title: "six"}}})},
		{"tracks without an album", session(1, 2, disc.CDText{Tracks: map[int]disc.Text{2: {Title: "two"}}})},
		{"genre only", session(1, 2, disc.CDText{GenreCode: 0x1B, Tracks: map[int]disc.Text{}})},
	} {
		packs, notices := sector.EncodeCDText(c.s)
		if len(notices) > 0 {
			t.Errorf("%s: %q", c.name, disc.Texts(notices))
		}
		got := sector.DecodeCDText(packs)
		want := c.s.Text
		for i := range got {
			if len(got[i].Packs) != len(want[i].Packs) {
				t.Errorf("%s: %d bytes of packs", c.name, len(got[i].Packs))
			}
			got[i].Packs = want[i].Packs // with another sequence number and CRC
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, want\n%+v\n%x", c.name, got, want, packs)
		}
		checkPacks(t, c.name, packs, c.s)
	}
}

// checkPacks checks what readers other than DecodeCDText rely on.
func checkPacks(t *testing.T, name string, packs []byte, s disc.Session) {
	t.Helper()
	var counts, sizes [8][16]int
	var count [8]int
	for i := 0; i < len(packs); i += 18 {
		p := packs[i : i+18]
		block := p[3] >> 4 & 7
		if int(p[2]) != count[block] {
			t.Errorf("%s: pack %d has the sequence number %d", name, i/18, p[2])
		}
		count[block]++
		counts[block][p[0]-0x80]++
		if p[0] == 0x8F && p[1] == 0 {
			for k := range 8 {
				sizes[block][k] = int(p[8+k])
			}
			for k := range 8 {
				sizes[block][8+k] = int(packs[i+18+4+k])
			}
			if int(p[5]) != s.Tracks[0].Number || int(p[6]) != s.Tracks[len(s.Tracks)-1].Number {
				t.Errorf("%s: tracks %d to %d", name, p[5], p[6])
			}
		}
	}
	if counts != sizes {
		t.Errorf("%s: the size information says %v, the packs are %v", name, sizes, counts)
	}
	for block, n := range count {
		last := packs[len(packs)-36:][4+8+block]
		if block >= 4 {
			last = packs[len(packs)-18:][4+block-4]
		}
		if want := byte(max(n-1, 0)); last != want {
			t.Errorf("%s: the last sequence number of block %d is %d, want %d", name, block, last, want)
		}
	}
}

func TestEncodeCDTextLoss(t *testing.T) {
	long := disc.CDText{Language: 9, Tracks: map[int]disc.Text{}}
	same := disc.CDText{Language: 9, Tracks: map[int]disc.Text{}}
	for n := 1; n <= 99; n++ {
		long.Tracks[n] = disc.Text{Title: fmt.Sprintf("A title of some length, number %d", n), Message: "A message"}
		same.Tracks[n] = disc.Text{Title: "The same title for each of them", Message: "The same message too"}
	}
	many := make([]disc.CDText, 9)
	for i := range many {
		many[i] = disc.CDText{Album: disc.Text{Title: "A"}, Tracks: map[int]disc.Text{}}
	}
	for _, c := range []struct {
		name  string
		s     disc.Session
		title string // of the first track
		want  []string
	}{
		{"too long", session(1, 99, long), "", []string{"messages are left out", "shortened to"}},
		{"repeated", session(1, 99, same), "The same title for each of them", nil},
		{"languages", session(1, 1, many...), "", []string{"8 languages"}},
		{
			"characters", session(1, 1, disc.CDText{Tracks: map[int]disc.Text{1: {Title: "Łódź – naïve café 😀\x00 žluť"}}}), "Lódz - naïve café ?  zlut",
			[]string{`'\x00'`, "'Ł'", "'ź'", "'ť'", "'ž'", "'–'", "'😀'"},
		},
		{"a TAB", session(1, 1, disc.CDText{Album: disc.Text{Title: "A"}, Tracks: map[int]disc.Text{1: {Title: "\t"}}}), " ", nil},
		{"a track too many", session(1, 1, disc.CDText{Tracks: map[int]disc.Text{1: {Title: "A"}, 2: {Title: "B"}}}), "A", []string{"track 2"}},
	} {
		packs, notices := sector.EncodeCDText(c.s)
		got := sector.DecodeCDText(packs)
		if len(got) == 0 || len(packs) > 8*256*18 {
			t.Errorf("%s: %d texts in %d bytes", c.name, len(got), len(packs))
			continue
		}
		if title := got[0].Tracks[1].Title; c.title != "" && title != c.title {
			t.Errorf("%s: %q, want %q", c.name, title, c.title)
		}
		lines := strings.Join(disc.Texts(notices), "\n")
		if len(c.want) == 0 && lines != "" {
			t.Errorf("%s: %s", c.name, lines)
		}
		for _, w := range c.want {
			if !strings.Contains(lines, w) {
				t.Errorf("%s: %s, want %s", c.name, lines, w)
			}
		}
		checkPacks(t, c.name, packs, c.s)
	}
}

// A text of which a pack is missing or damaged is left out, and the others keep their tracks.
func TestDecodeDamagedCDText(t *testing.T) {
	text := disc.CDText{Tracks: map[int]disc.Text{}}
	for n := 1; n <= 20; n++ {
		text.Tracks[n] = disc.Text{Title: fmt.Sprintf("Title %d of a disc", n)}
	}
	packs, _ := sector.EncodeCDText(session(1, 20, text))
	for i := 0; i < len(packs)/18; i++ {
		damaged := append([]byte{}, packs...)
		damaged[i*18+6] ^= 1
		cut := append(append([]byte{}, packs[:i*18]...), packs[i*18+18:]...)
		for _, p := range [][]byte{damaged, cut} {
			found := 0
			for _, c := range sector.DecodeCDText(p) {
				for n, got := range c.Tracks {
					if got.Title != text.Tracks[n].Title {
						t.Errorf("pack %d: track %d is %q", i, n, got.Title)
					}
					found++
				}
			}
			if found < 17 {
				t.Errorf("pack %d: only %d titles are left", i, found)
			}
		}
	}
}

// Files of CD-TEXT of others, where a collection of them is beside the repository: they say
// what cd-info of libcdio shows, and are the same after they were encoded again.
func TestCDTextOfOthers(t *testing.T) {
	const folder = "../../../shared/corpus/libcdio+libcdio/test"
	for _, name := range []string{"cdtext", "cdtext-libburnia", "cdtext-krosis"} {
		packs, err := os.ReadFile(filepath.Join(folder, "data", name+".cdt"))
		if err != nil {
			t.Skip("no collection of CD-TEXT is here")
		}
		right, err := os.ReadFile(filepath.Join(folder, name+".right"))
		if err != nil {
			t.Fatal(err)
		}
		got := sector.DecodeCDText(packs)
		if want := lines(string(right)); !reflect.DeepEqual(lines(show(got)), want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(lines(show(got)), "\n"), strings.Join(want, "\n"))
		}
		last := 0
		for n := range got[0].Tracks {
			last = max(last, n)
		}
		again, notices := sector.EncodeCDText(session(1, last, got...))
		if second := sector.DecodeCDText(again); !reflect.DeepEqual(second, got) || len(notices) > 0 {
			t.Errorf("%s encoded again:\n%+v, want\n%+v\n%q", name, second, got, disc.Texts(notices))
		}
		if name == "cdtext" { // without TABs
			same := 0
			for i := range len(packs) / 18 {
				if string(again[i*18:i*18+18]) == string(packs[i*18:i*18+18]) {
					same++
				}
			}
			if want := len(packs)/18 - 1; same < want || len(again) != len(packs)/18*18 { // one says ASCII
				t.Errorf("%d of %d packs are the same, %d are expected", same, len(packs)/18, want)
			}
		}
	}
}

// lines returns the lines of a text without indentation and empty lines.
func lines(s string) []string {
	var list []string
	for _, l := range strings.Split(s, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			list = append(list, l)
		}
	}
	return list
}

// show formats texts as cd-info does.
func show(all []disc.CDText) string {
	var b strings.Builder
	for i, c := range all {
		fmt.Fprintf(&b, "Language %d '%s':\nCD-TEXT for Disc:\n", i, map[byte]string{8: "German", 9: "English"}[c.Language])
		showText(&b, c.Album, "UPC_EAN")
		for _, f := range []struct{ name, value string }{{"GENRE", c.Genre}, {"DISC_ID", c.DiscID}} {
			if f.value != "" {
				fmt.Fprintf(&b, "%s: %s\n", f.name, f.value)
			}
		}
		if c.GenreCode == 5 {
			b.WriteString("GENRE_CODE: 5 (Classical)\n")
		}
		for n := 1; n <= len(c.Tracks); n++ {
			fmt.Fprintf(&b, "CD-TEXT for Track %2d:\n", n)
			showText(&b, c.Tracks[n], "ISRC")
		}
	}
	return b.String()
}

func showText(b *strings.Builder, t disc.Text, code string) {
	for _, f := range []struct{ name, value string }{
		{"TITLE", t.Title},
		{"PERFORMER", t.Performer},
		{"SONGWRITER", t.Songwriter},
		{"COMPOSER", t.Composer},
		{"MESSAGE", t.Message},
		{"ARRANGER", t.Arranger},
		{code, t.Code},
	} {
		if f.value != "" {
			fmt.Fprintf(b, "%s: %s\n", f.name, f.value)
		}
	}
}

// A decoded text is the same after encoding and decoding.
func FuzzCDText(f *testing.F) {
	packs, _ := sector.EncodeCDText(session(1, 2, disc.CDText{Genre: "g", GenreCode: 3, Album: disc.Text{Title: "Title of 日"}, Tracks: map[int]disc.Text{2: {Title: "Two", Code: "USRC17607839"}}}))
	f.Add(packs)
	f.Add(block(0, []part{{0x80, 0, "A title\x00One\x00\t\x00"}}, size(0x80, 9)))
	f.Fuzz(func(t *testing.T, packs []byte) {
		first := sector.DecodeCDText(packs)
		bytes := 0
		for _, c := range first {
			bytes += len(c.Packs) + len(c.Genre) + len(c.Closed) + len(c.DiscID)
			if len(c.Tracks) > 99 {
				t.Errorf("%d tracks", len(c.Tracks))
			}
		}
		if bytes > 8*256*18*3 {
			t.Errorf("%d bytes", bytes)
		}
		again, notices := sector.EncodeCDText(session(1, 99, first...))
		second := sector.DecodeCDText(again)
		if len(notices) > 0 || len(first) != len(second) {
			return
		}
		third, _ := sector.EncodeCDText(session(1, 99, second...))
		if string(again) != string(third) {
			t.Errorf("%+v, then %+v", first, second)
		}
	})
}
