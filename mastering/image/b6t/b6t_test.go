package b6t_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/b6t"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/sector"
)

// No image that BlindWrite itself wrote can be had for the tests. The descriptors here are
// made field by field after the parsers of libMirage and Aaru, without the code of the
// package.

var le = binary.LittleEndian

type block struct {
	bytes, offset, start, sectors int
	name                          string
}

type track struct{ kind, control, number, pregap, start, length int }

// described is a descriptor.
type described struct {
	profile    int
	catalog    string
	text       []byte // packs of CD-TEXT
	structures []byte
	bca, dpm   int
	blocks     []block
	sessions   [][]track
	kind       byte // of the sessions, as at point A0h
}

// bytes returns the descriptor.
func (d described) bytes() []byte {
	h := make([]byte, 260)
	copy(h, "BWT5 STREAM SIGN\x02\x00\x00\x00\x02\x00\x00\x00\x06")
	le.PutUint16(h[48:], uint16(d.profile))
	le.PutUint16(h[50:], uint16(len(d.sessions)))
	if d.catalog != "" {
		h[64] = 1
		copy(h[65:], d.catalog)
	}
	le.PutUint16(h[96:], 11)
	le.PutUint16(h[98:], 12)
	le.PutUint16(h[100:], uint16(len(d.text)))
	le.PutUint32(h[104:], uint32(d.bca))
	le.PutUint32(h[120:], uint32(len(d.structures)))
	info := 102
	if d.profile >= 0x10 {
		info = 124
	}
	le.PutUint16(h[info:], 56)
	copy(h[160:], "VENDOR  PRODUCT         1.00")
	le.PutUint32(h[240:], 70)
	le.PutUint32(h[244:], 4)
	le.PutUint32(h[256:], uint32(d.dpm))
	b := append(h, make([]byte, 70+4+11+12)...)
	b = append(append(b, d.text...), make([]byte, d.bca)...)
	b = append(append(b, d.structures...), make([]byte, 56)...)
	u32 := func(n int) { b = le.AppendUint32(b, uint32(n)) }
	text := func(s string) []byte {
		var p []byte
		for _, c := range utf16.Encode([]rune(s)) {
			p = le.AppendUint16(p, c)
		}
		return p
	}
	begin := len(b)
	u32(len(d.blocks))
	path := text(`D:\images\`)
	u32(len(path))
	b = append(b, path...)
	for _, k := range d.blocks {
		u32(0x8000)
		u32(k.bytes)
		b = append(b, make([]byte, 16)...)
		u32(k.offset)
		b = append(b, make([]byte, 12)...)
		u32(k.start)
		u32(k.sectors)
		name := text(k.name)
		u32(len(name))
		b = append(b, name...)
		u32(0)
	}
	le.PutUint32(b[248:], uint32(len(b)-begin))
	begin = len(b)
	for i, s := range d.sessions {
		last := s[len(s)-1]
		b = append(b, byte(i+1), 0, byte(len(s)+3), 3)
		u32(s[0].start)
		u32(last.start + last.length)
		b = append(b, byte(s[0].number), 0, byte(last.number), 0)
		for p := range 3 {
			e := make([]byte, 64)
			e[11], e[12], e[18], e[58] = 1, byte(0xA0+p), 1, byte(i+1)
			if p == 0 {
				e[19] = d.kind
			}
			b = append(b, e...)
		}
		for _, t := range s {
			e := make([]byte, 72)
			e[0], e[10], e[11], e[12], e[21], e[58] = byte(t.kind), byte(t.control), 1, byte(t.number), 1, byte(i+1)
			le.PutUint32(e[22:], uint32(t.pregap))
			le.PutUint32(e[42:], uint32(t.start))
			le.PutUint32(e[46:], uint32(t.length))
			if t.kind == 6 {
				e = e[:64]
			}
			b = append(b, e...)
		}
	}
	le.PutUint32(b[252:], uint32(len(b)-begin))
	b = append(b, make([]byte, d.dpm)...)
	u32(len(b) + 20)
	return append(b, "BWT5 STREAM FOOT"...)
}

// write writes a descriptor x.b6t and data files, and returns its path.
func write(t testing.TB, descriptor []byte, files map[string][]byte) string {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.b6t")
	if err := os.WriteFile(path, descriptor, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, p := range files {
		if err := os.WriteFile(filepath.Join(dir, name), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// stored returns sectors as they are stored: 2352 bytes, or also P and Q, or P to W with one
// channel after the other. Sectors before address 0 and between sessions are zero.
func stored(t testing.TB, d disc.Disc, start, end disc.LBA, size int) []byte {
	var p []byte
	one := make([]byte, disc.RawSub.Size())
	for at := start; at < end; at++ {
		clear(one)
		if _, ok := d.TOC().TrackAt(at); ok {
			if _, err := sector.AllForms(d).ReadSectors(t.Context(), one, at, disc.RawSub); err != nil {
				t.Fatalf("read sector %d: %v", at, err)
			}
		}
		p = append(p, one[:2352]...)
		switch size {
		case 2368:
			q := sector.ReadQ(one[2352:])
			p = append(append(p, q[:]...), 0, 0, 0, one[2352]&0x80)
		case 2448:
			var planar [96]byte
			sector.Deinterleave(planar[:], one[2352:])
			p = append(p, planar[:]...)
		}
	}
	return p
}

func noNotices(t *testing.T, d disc.Disc) {
	t.Helper()
	for _, n := range disc.Notices(d) {
		t.Errorf("notice: %v", n)
	}
}

// otherTOC is a disc with another table of contents.
type otherTOC struct {
	disc.Disc
	toc disc.TOC
}

func (d otherTOC) TOC() disc.TOC { return d.toc }

// The disc of imagetest.SubChannels in two data blocks, of which one has several tracks. The
// pre-gaps after the lead-ins are stored.
func twoSessions(size int) described {
	return described{profile: 8, catalog: "4006381333931", blocks: []block{
		{(150 + 1408) * size, 0, -150, 150 + 1408, "x.b6i"},
		{470 * size, (150 + 1408) * size, 12658, 470, "x.b6i"},
	}, sessions: [][]track{{
		{2, 4, 1, 150, -150, 457},
		{1, 2, 2, 150, 307, 450},
		{1, 1, 3, 0, 757, 311},
		{1, 0, 4, 40, 1068, 340},
	}, {
		{3, 4, 5, 150, 12658, 470},
	}}}
}

func TestTwoSessions(t *testing.T) {
	want := imagetest.SubChannels(t)
	for _, size := range []int{2352, 2368, 2448} {
		data := append(stored(t, want, -150, 1408, size), stored(t, want, 12658, 13128, size)...)
		d := imagetest.Open(t, b6t.Format, write(t, twoSessions(size).bytes(), map[string][]byte{"x.b6i": data}))
		noNotices(t, d)
		toc := d.TOC()
		if p := toc.Sessions[1].Tracks[0].Pregap; p != 150 || toc.Sessions[0].Tracks[0].Pregap != 150 {
			t.Errorf("the pre-gaps of the sessions are %d and %d", toc.Sessions[0].Tracks[0].Pregap, p)
		}
		toc.Sessions[1].Tracks[0].Pregap = 0 // as the sample has it
		holds := b6t.Format.Holds &^ format.Text
		if size != 2448 {
			holds &^= format.Sub
		}
		if size == 2352 { // nothing records them
			holds &^= format.Codes
			w := want.TOC()
			w.Sessions[0].Tracks[1].Indexes = nil
			imagetest.Same(t, otherTOC{want, w}, otherTOC{d, toc}, holds)
			want = imagetest.SubChannels(t)
			continue
		}
		imagetest.Same(t, want, otherTOC{d, toc}, holds)
	}
}

// The pre-gaps after the lead-ins, and that between the data track and the first audio
// track, are not stored. The data is in three files, of which one ends within a track.
func TestBlocks(t *testing.T) {
	want := imagetest.Sessions(t)
	image := twoSessions(2352)
	image.blocks = []block{
		{320 * 2352, 100, 12808, 320, `C:\x.b01`},
		{500 * 2352, 307 * 2352, 457, 500, "x.b00"},
		{307 * 2352, 0, 0, 307, "x.b00"},
		{451 * 2352, 0, 957, 451, "x.b02"},
	}
	d := imagetest.Open(t, b6t.Format, write(t, image.bytes(), map[string][]byte{
		"x.b00": append(stored(t, want, 0, 307, 2352), stored(t, want, 457, 957, 2352)...),
		"X.B01": append(make([]byte, 100), stored(t, want, 12808, 13128, 2352)...),
		"x.b02": stored(t, want, 957, 1408, 2352),
	}))
	if n := disc.Texts(disc.Notices(d)); len(n) != 2 || !strings.Contains(n[0], "in the folder of the image") || !strings.Contains(n[1], `"X.B01" is used instead`) {
		t.Errorf("notices %q", n)
	}
	s := d.TOC().Sessions
	if a, b := s[0].Tracks[0], s[1].Tracks[0]; a.Pregap != 0 || b.Pregap != 0 || a.Start != 0 || b.Start != 12808 || b.Mode != disc.XA {
		t.Errorf("the first tracks are %+v and %+v", a, b)
	}
	if k := s[0].Tracks[1]; k.Pregap != 150 || k.Start != 457 {
		t.Errorf("track 2 is %+v", k)
	}
	for _, r := range [][2]disc.LBA{{0, 307}, {457, 1408}, {12808, 13128}} {
		if !bytes.Equal(stored(t, d, r[0], r[1], 2352), stored(t, want, r[0], r[1], 2352)) {
			t.Errorf("sectors %d to %d differ", r[0], r[1])
		}
	}
	if !bytes.Equal(stored(t, d, 307, 457, 2352), make([]byte, 150*2352)) {
		t.Error("the pre-gap of track 2 is not silent")
	}
}

// A DVD in two files, with structures of the lead-in and positions of sectors.
func TestDVD(t *testing.T) {
	data := make([]byte, 500*2048)
	for i := range data {
		data[i] = byte(i >> 3)
	}
	physical := make([]byte, 2048)
	copy(physical, "\x02\x0f\x31\x10\x00\x03\x00\x00\x00\xfc\xff\xff\x00\x03\x00\xf9")
	structures := append([]byte("\x00\x00\x01\x00\x00\x06\x00\x00\x01\x02\x03\x04\x00\x00\x08\x02\x00\x00"), physical...)
	image := described{profile: 0x10, structures: structures, bca: 188, dpm: 64, blocks: []block{
		{300 * 2048, 0, 0, 300, "x.b00"}, {200 * 2048, 0, 300, 200, "x.b01"},
	}, sessions: [][]track{{{6, 4, 1, 0, 0, 500}}}}
	d := imagetest.Open(t, b6t.Format, write(t, image.bytes(), map[string][]byte{"x.b00": data[:300*2048], "x.b01": data[300*2048:]}))
	n := disc.Texts(disc.Notices(d))
	if len(n) != 3 || !strings.Contains(n[0], "DPM") || !strings.Contains(n[1], "first layer has 250 sectors") || !strings.Contains(n[2], "188 bytes") {
		t.Errorf("notices %q", n)
	}
	got := make([]byte, len(data))
	if k, err := d.ReadSectors(t.Context(), got, 0, disc.User); k != 500 || err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d sectors, %v", k, err)
	}
}

// A CD-i, sectors of 2336 bytes, and a descriptor without its end.
func TestOther(t *testing.T) {
	want := imagetest.XA(t)
	var data []byte
	for at := range disc.LBA(307) {
		data = append(data, stored(t, want, at, at+1, 2352)[16:]...)
	}
	image := described{profile: 9, kind: 0x10, blocks: []block{{307 * 2336, 0, 0, 307, "x.b6i"}}, sessions: [][]track{{{3, 4, 1, 150, -150, 457}}}}
	p := image.bytes()
	d := imagetest.Open(t, b6t.Format, write(t, p[:len(p)-3], map[string][]byte{"x.b6i": data[:300*2336]}))
	if n := disc.Texts(disc.Notices(d)); len(n) != 2 || !strings.Contains(n[0], "7 sectors are missing from address 300 on") || !strings.Contains(n[1], "does not end") {
		t.Errorf("notices %q", n)
	}
	if s := d.TOC().Sessions[0]; !s.CDI || s.Tracks[0].Mode != disc.XA || s.Tracks[0].Length != 300 {
		t.Errorf("the session is %+v", s)
	}
	if !bytes.Equal(stored(t, d, 0, 300, 2352), stored(t, want, 0, 300, 2352)) {
		t.Error("the sectors differ")
	}
}

// Invalid images are refused, with the reason.
func TestRefused(t *testing.T) {
	good := twoSessions(2352).bytes()
	firstBlock := bytes.Index(good, []byte("i\x00m\x00a\x00")) + 14
	firstTrack := len(good) - 20 - (16 + 3*64 + 72) - 4*72
	for _, c := range []struct {
		at    int
		bytes string
		want  string
	}{
		{0, "BWT4", format.ErrUnknown.Error()},
		{50, "\x00\x00", "0 sessions"},
		{240, "\xff\xff\xff\x7f", "ends within the mode page"},
		{firstBlock + 4, "\x01\x00\x00\x00", "a data block has 1 bytes for 1558 sectors"},
		{firstBlock + 44, "\xff\xff\xff\xff", "for -1 sectors"},
		{firstBlock + 48, "\xff\xff\xff\xff", "ends within the name of a data file"},
		{firstBlock + 4, "\x20\x5c\x2f\x00", "sectors of 1992 bytes"},
		{firstBlock + 52 + 4, "i\x00s\x00o\x00", "does not exist"},
		{firstBlock + 44, "\x00\x01\x00\x00", "from address 106 on"},
		{firstTrack, "\x07", "unknown track mode 7"},
		{firstTrack + 12, "\x00", "track numbers are 1 to 99"},
		{firstTrack + 12, "\x02", "track 2: two tracks have this number"},
		{firstTrack + 46, "\xff\xff\xff\x7f", "2147483647 sectors"},
		{firstTrack + 22, "\x01\x00\x00\x00", "a pre-gap of 1"},
		{firstTrack + 72 + 42, "\x00\x00\x00\x00", "the track before it ends at 307"},
	} {
		p := bytes.Clone(good)
		copy(p[c.at:], c.bytes)
		if strings.HasPrefix(c.want, "sectors of") || strings.HasPrefix(c.want, "from address") {
			le.PutUint32(p[firstBlock+4:], le.Uint32(p[firstBlock+44:])*2352)
			if strings.HasPrefix(c.want, "sectors of") {
				le.PutUint32(p[firstBlock+4:], 1558*1992)
			}
		}
		f, err := format.OpenFiles(write(t, p, map[string][]byte{"x.b6i": nil}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = b6t.Format.Open(t.Context(), f)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%x at %d: %v, want %q", c.bytes, c.at, err, c.want)
		}
		f.Close()
	}
}

// Any descriptor is refused or makes a disc.
func FuzzOpen(f *testing.F) {
	f.Add(twoSessions(2448).bytes())
	f.Add(described{profile: 0x10, structures: make([]byte, 40), blocks: []block{{100 * 2048, 0, 0, 100, "x.b6i"}}, sessions: [][]track{{{6, 4, 1, 0, 0, 100}}}}.bytes())
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.b6i"), make([]byte, 300*2448), 0o600); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, "x.b6t")
	imagetest.FuzzOpen(f, b6t.Format, path)
}
