package sector_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// block makes the packs of one block, without CRC. Each part is a text of one type that
// begins with a track; lead is the size information, or nothing.
func block(number int, parts []part, lead []byte) []byte {
	var out []byte
	seq := byte(0)
	add := func(kind byte, track byte, data string) {
		for len(data) > 0 {
			n := min(len(data), 12)
			p := make([]byte, 18)
			p[0], p[1], p[2], p[3] = kind, track, seq, byte(number<<4)
			copy(p[4:], data[:n])
			out = append(out, p...)
			data = data[n:]
			seq++
		}
	}
	for _, x := range parts {
		add(x.kind, x.track, x.text)
	}
	add(0x8F, 0, string(lead))
	return out
}

type part struct {
	kind, track byte
	text        string
}

// size returns size information: a character set, and languages.
func size(chars byte, languages ...byte) []byte {
	p := make([]byte, 36)
	p[0] = chars
	copy(p[28:], languages)
	return p
}

func TestDecodeCDText(t *testing.T) {
	spoiled := block(0, []part{{0x80, 0, "Good\x00"}, {0x81, 0, "Bad\x00"}}, nil)
	spoiled[18+16] = 1
	for _, c := range []struct {
		name  string
		packs []byte
		want  []disc.CDText
	}{
		{"nothing", nil, nil},
		{"half a pack", make([]byte, 17), nil},
		{
			"texts go on from pack to pack, and from track to track",
			block(0, []part{{0x80, 0, "A title of an album\x00One\x00\x00Three, which is long\x00"}, {0x81, 1, "Somebody\x00\t\x00"}}, size(0, 9)),
			[]disc.CDText{{Language: 9, Album: disc.Text{Title: "A title of an album"}, Tracks: map[int]disc.Text{
				1: {Title: "One", Performer: "Somebody"}, 2: {Performer: "Somebody"}, 3: {Title: "Three, which is long"},
			}}},
		},
		{
			"ISO 8859-1 and MS-JIS",
			append(block(0, []part{{0x80, 0, "M\xfcller\x00"}, {0x8E, 0, "4006381333931\x00"}}, size(0, 8, 0x69)),
				block(1, []part{{0x80, 0, "\x93\xfa\x96\x7b\x00\x00"}}, size(0x80, 8, 0x69))...),
			[]disc.CDText{
				{Language: 8, Album: disc.Text{Title: "Müller", Code: "4006381333931"}, Tracks: map[int]disc.Text{}},
				{Language: 0x69, Album: disc.Text{Title: "日本"}, Tracks: map[int]disc.Text{}},
			},
		},
		{
			"a CRC that libburnia computed", []byte("\x80\x00\x00\x00Night Cats I\x38\x3a"),
			[]disc.CDText{{Album: disc.Text{Title: "Night Cats I"}, Tracks: map[int]disc.Text{}}},
		},
		{"the same with another letter", []byte("\x80\x00\x00\x00Night Bats I\x38\x3a"), nil},
		{"a wrong CRC", spoiled, []disc.CDText{{Album: disc.Text{Title: "Good"}, Tracks: map[int]disc.Text{}}}},
		{"endless", block(0, []part{{0x80, 99, "a\x00b\x00c\x00"}}, nil), []disc.CDText{{Tracks: map[int]disc.Text{99: {Title: "a"}}}}},
	} {
		if got := sector.DecodeCDText(c.packs); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// Packs of others, where a collection of them is beside the repository: their CRC is
// right, and they begin with the texts that cd-info of libcdio shows.
func TestDecodeCDTextOfOthers(t *testing.T) {
	for file, want := range map[string]disc.Text{
		"cdtext.cdt": {
			Title: "Joyful Nights", Performer: "United Cat Orchestra", Songwriter: "Various Songwriters", Composer: "Various Composers",
			Arranger: "Tom Cat", Message: "For all our fans", Code: "1234567890123",
		},
		"cdtext-libburnia.cdt": {
			Title: "Night Cats II", Performer: "United Cat Orchestra", Songwriter: "Various Songwriters", Composer: "Various Composers",
			Arranger: "Tom Cat", Message: "For all our fans", Code: "1234567890123",
		},
	} {
		path := filepath.Join("../../../shared/corpus/libcdio+libcdio/test/data", file)
		packs, err := os.ReadFile(path)
		if err != nil {
			t.Skip("no collection of CD-TEXT is here")
		}
		got := sector.DecodeCDText(packs)
		if len(got) == 0 || got[0].Album != want {
			t.Errorf("%s: %+v", file, got)
		}
	}
}
