package cdi_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/cdi"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/sector"
)

// No small image that DiscJuggler itself wrote can be had for the tests. The images here are
// made field by field after cdirip, libMirage and Aaru, without the code of the package.

var le = binary.LittleEndian

// track is a track of an image that is described.
type track struct {
	mode, read  uint32
	start       disc.LBA // of index 1
	gap, length int
	indexes     []int // lengths of further indexes, at the end of the track
	control     uint32
	isrc        string
}

// described is an image.
type described struct {
	version  uint32
	four     bool // with the additions of version 4
	sessions [][]track
	catalog  string
	text     []byte // packs of CD-TEXT
}

const mark = "\x00\x00\x01\x00\x00\x00\xff\xff\xff\xff"

func (d described) header(b []byte) []byte {
	b = append(b, "\x00\x00\x00\x00"+mark+mark+"\x64\x05\x2a\x06\x0aC:\\disc.cd"...)
	b = append(b, make([]byte, 11)...)
	b = append(b, "\x02\x00\x00\x00\x00\x00\x00\x00"...)
	if d.four {
		b = append(b, "\x00\x00\x00\x80\x40\x7e\x05\x00\x00\x00\x98\x00"...)
	} else {
		b = append(b, "\x40\x7e\x05\x00"...)
	}
	return b
}

// track appends the block of a track.
func (d described) track(b []byte, t track, session, number int) []byte {
	u32 := func(n int) { b = le.AppendUint32(b, uint32(n)) }
	b = d.header(b)
	rest := t.length
	for _, n := range t.indexes {
		rest -= n
	}
	b = le.AppendUint16(b, uint16(2+len(t.indexes)))
	u32(t.gap)
	u32(rest)
	for _, n := range t.indexes {
		u32(n)
	}
	if d.four { // texts of the track, of which two are set
		u32(1)
		b = append(b, "\x00\x05Title\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03xyz\x00\x00\x00"...)
	} else {
		u32(0)
	}
	b = append(b, 0, 0)
	u32(int(t.mode))
	u32(0)
	u32(session)
	u32(number)
	u32(int(t.start) + 150 - t.gap)
	u32(t.gap + t.length)
	b = append(b, make([]byte, 16)...)
	u32(int(t.read))
	u32(int(t.control))
	b = append(b, make([]byte, 9)...)
	b = append(b, (t.isrc + strings.Repeat("\x00", 12))[:12]...)
	u32(min(len(t.isrc), 1))
	if d.version == 0x80000004 {
		return b
	}
	if !d.four {
		return append(b, make([]byte, 9)...)
	}
	b = append(b, "\x00\xff\xff\xff\xff\xff\xff\xff\xff"...)
	return append(b, make([]byte, 78)...)
}

// bytes returns an image with this data.
func (d described) bytes(data []byte) []byte {
	b := bytes.Clone(data)
	b = le.AppendUint16(b, uint16(len(d.sessions)))
	end := make([]byte, 13)
	if d.version == 0x80000004 {
		end = end[:12]
	}
	for i, s := range d.sessions {
		b = le.AppendUint16(b, uint16(len(s)))
		for j, t := range s {
			b = d.track(b, t, i, j)
		}
		b = append(b, end...)
	}
	if d.version == 0x80000006 {
		b = append(b, 0, 0)
		b = d.header(b)
		b = append(b, "\x10\x20\x00\x00\x03VOL\x00\x01\x00\x00\x00\x01\x00\x00\x00"...)
		b = append(b, (d.catalog + strings.Repeat("\x00", 13))[:13]...)
		b = le.AppendUint32(b, uint32(min(len(d.catalog), 1)))
		b = le.AppendUint32(b, uint32(len(d.text)))
		b = append(b, d.text...)
		b = append(b, make([]byte, 8)...)
	}
	b = le.AppendUint32(b, d.version)
	if d.version == 0x80000006 {
		return le.AppendUint32(b, uint32(len(b)+4-len(data)))
	}
	return le.AppendUint32(b, uint32(len(data)))
}

func write(t testing.TB, p []byte) string {
	path := filepath.Join(t.TempDir(), "x.cdi")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// stored returns sectors with sub-channels as an image has them. Sectors before address 0
// and between sessions are zero.
func stored(t testing.TB, d disc.Disc, start, end disc.LBA, f disc.Form) []byte {
	p := make([]byte, int(end-start)*f.Size())
	for at := start; at < end; at++ {
		q := p[int(at-start)*f.Size():][:f.Size()]
		if _, ok := d.TOC().TrackAt(at); !ok {
			continue
		}
		if _, err := sector.AllForms(d).ReadSectors(t.Context(), q, at, f); err != nil {
			t.Fatalf("read sector %d: %v", at, err)
		}
	}
	return p
}

// otherTOC is a disc with another table of contents.
type otherTOC struct {
	disc.Disc
	toc disc.TOC
}

func (d otherTOC) TOC() disc.TOC     { return d.toc }
func (d otherTOC) Unwrap() disc.Disc { return d.Disc }

// The disc of imagetest.SubChannels in each version of the format, with P to W, with P and Q
// only, and without sub-channels.
func TestTwoSessions(t *testing.T) {
	want := imagetest.SubChannels(t)
	for _, c := range []struct {
		name    string
		version uint32
		four    bool
		read    uint32
	}{
		{"2", 0x80000004, false, 2},
		{"3", 0x80000005, false, 2},
		{"3.5", 0x80000006, false, 3},
		{"4", 0x80000006, true, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.read
			image := described{version: c.version, four: c.four, sessions: [][]track{{
				{mode: 1, read: r, start: 0, gap: 150, length: 307, control: 4},
				{mode: 0, read: r, start: 457, gap: 150, length: 300, indexes: []int{85, 140}, control: 2, isrc: "USRC17607839"},
				{mode: 0, read: r, start: 757, length: 311, control: 1},
				{mode: 0, read: r, start: 1108, gap: 40, length: 300, isrc: "DEA459900001"},
			}, {
				{mode: 2, read: r, start: 12808, gap: 150, length: 320, control: 4},
			}}, catalog: "4006381333931"}
			data := append(stored(t, want, -150, 1408, disc.RawSub), stored(t, want, 12658, 13128, disc.RawSub)...)
			d := imagetest.Open(t, cdi.Format, write(t, image.bytes(pack(data, int(r)))))
			for _, n := range disc.Notices(d) {
				t.Errorf("notice: %v", n)
			}
			toc := d.TOC()
			if p := toc.Sessions[1].Tracks[0].Pregap; p != 150 || toc.Sessions[0].Tracks[0].Pregap != 150 {
				t.Errorf("the pre-gaps of the sessions are %d and %d", toc.Sessions[0].Tracks[0].Pregap, p)
			}
			toc.Sessions[1].Tracks[0].Pregap = 0 // as the sample has it
			holds := cdi.Format.Holds &^ format.Text
			if c.read != 4 {
				holds &^= format.Sub
			}
			if c.version != 0x80000006 { // these have no catalogue number
				toc.Catalog = "4006381333931"
			}
			imagetest.Same(t, want, otherTOC{d, toc}, holds)
		})
	}
}

// pack makes sectors with P to W into those that are stored in one way.
func pack(p []byte, read int) []byte {
	if read == 4 {
		return p
	}
	var out []byte
	for ; len(p) > 0; p = p[2448:] {
		out = append(out, p[:2352]...)
		if read == 3 {
			q := sector.ReadQ(p[2352:2448])
			out = append(append(out, q[:]...), 0, 0, 0, p[2352]&0x80)
		}
	}
	return out
}

// A disc for the Dreamcast: an audio session, and one with sectors of 2336 bytes at 11702.
func TestDreamcast(t *testing.T) {
	xa := imagetest.XA(t)
	image := described{version: 0x80000006, four: true, sessions: [][]track{
		{{mode: 0, read: 2, start: 0, gap: 150, length: 302}},
		{{mode: 2, read: 1, start: 11702, gap: 150, length: 307, control: 4}},
	}}
	data := make([]byte, (150+302)*2352+150*2336)
	for at := range disc.LBA(307) {
		one := stored(t, xa, at, at+1, disc.Raw)
		data = append(data, one[16:]...)
	}
	d := imagetest.Open(t, cdi.Format, write(t, image.bytes(data)))
	if n := disc.Notices(d); len(n) > 0 {
		t.Errorf("notices %v", n)
	}
	k, ok := disc.DataTrack(d)
	if !ok || k.Number != 2 || k.Mode != disc.XA || k.Start != 11702 || k.Length != 307 {
		t.Errorf("the data track is %+v", k)
	}
	user, want := make([]byte, 2048), make([]byte, 2048)
	for _, at := range []disc.LBA{0, 150, 306} {
		if _, err := d.ReadSectors(t.Context(), user, 11702+at, disc.User); err != nil {
			t.Fatal(err)
		}
		if _, err := sector.AllForms(xa).ReadSectors(t.Context(), want, at, disc.User); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(user, want) {
			t.Errorf("sector %d differs", at)
		}
	}
	if _, err := d.ReadSectors(t.Context(), user, 5000, disc.User); err == nil {
		t.Error("a sector between the sessions was read")
	}
}

// User data only, from address 0 on without a pre-gap, as tools for the Dreamcast write it,
// without the number of indexes.
func TestOtherWriters(t *testing.T) {
	data := make([]byte, 20*2048)
	for i := range data {
		data[i] = byte(i >> 4)
	}
	p := described{version: 0x80000006, sessions: [][]track{{{mode: 1, read: 0, start: -150, length: 20, control: 4}}}}.bytes(data)
	le.PutUint16(p[len(data)+4+24+4+1+10+19+4:], 0)
	d := imagetest.Open(t, cdi.Format, write(t, p))
	if n := disc.Texts(disc.Notices(d)); len(n) != 1 || !strings.Contains(n[0], "150 sectors before address 0") {
		t.Errorf("notices %q", n)
	}
	got := make([]byte, len(data))
	if n, err := d.ReadSectors(t.Context(), got, 0, disc.User); n != 20 || err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d sectors, %v", n, err)
	}
}

// Invalid images are refused, with the reason. Files of other formats are left to those.
func TestRefused(t *testing.T) {
	data := make([]byte, 170*2352)
	image := described{version: 0x80000006, four: true, sessions: [][]track{{{mode: 0, read: 2, start: 0, gap: 150, length: 20}}}}
	good := image.bytes(data)
	at := len(data)
	block := at + 4 + 4 + 20 + 4 + 1 + 10 + 19 + 12 // the number of indexes
	mode := block + 2 + 8 + 4 + 26 + 2
	for _, c := range []struct {
		at    int
		bytes string
		want  string
	}{
		{len(good) - 8, "\x07", format.ErrUnknown.Error()},
		{len(good) - 4, "\xff\xff\xff\x7f", format.ErrUnknown.Error()},
		{len(good) - 4, "\x00\x00\x00\x00", format.ErrUnknown.Error()},
		{at, "\x00\x00", format.ErrUnknown.Error()},
		{at + 2, "\x02", "a track block was expected"},
		{block + 10, "\xff\xff\xff\x7f", "the descriptor ends within a field"},
		{at + 9, "\x77", "a track block was expected"},
		{block, "\xff\xff", "a track has 65535 indexes"},
		{block + 2, "\xaa\x00\x00\x00", "a pre-gap of 170"},
		{mode, "\x03", "unknown track mode 3"},
		{mode + 16 + 4, "\xff\xff\x00\x00", "do not fit"},
		{mode + 16 + 24, "\x05", "with read mode 5"},
		{mode + 16 + 24, "\x00", "with read mode 0"},
	} {
		p := bytes.Clone(good)
		copy(p[c.at:], c.bytes)
		f, err := format.OpenFiles(write(t, p))
		if err != nil {
			t.Fatal(err)
		}
		_, err = cdi.Format.Open(t.Context(), f)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%x at %d: %v, want %q", c.bytes, c.at, err, c.want)
		}
		f.Close()
	}

	// A track of which sectors are missing.
	p := bytes.Clone(good)
	le.PutUint32(p[mode+16+4:], 165)
	d := imagetest.Open(t, cdi.Format, write(t, p))
	if n := disc.Errors(disc.Notices(d)); len(n) != 1 || !strings.Contains(n[0].Text, "170 sectors, but the image contains only 165") {
		t.Errorf("notices %v", n)
	}
}

// Any file is refused or makes a disc.
func FuzzOpen(f *testing.F) {
	data := make([]byte, 3*2448)
	for _, version := range []uint32{0x80000004, 0x80000005, 0x80000006} {
		f.Add(described{version: version, four: version == 0x80000006, sessions: [][]track{{{mode: 0, read: 4, start: 0, gap: 1, length: 2}}}, catalog: "1234567890123"}.bytes(data))
	}
	path := filepath.Join(f.TempDir(), "x.cdi")
	imagetest.FuzzOpen(f, cdi.Format, path)
}

// An image whose file begins with a data sector is not taken for one of raw sectors.
func TestRecognized(t *testing.T) {
	data := make([]byte, 170*2352)
	sector.EncodeMode1(data, make([]byte, 170*2048), -150)
	p := described{version: 0x80000006, four: true, sessions: [][]track{{{mode: 1, read: 2, gap: 150, length: 20, control: 4}}}}.bytes(data)
	d, f, err := image.Open(t.Context(), write(t, p))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if f.Name != cdi.Format.Name || disc.Sectors(d) != 20 {
		t.Errorf("%s, %d sectors", f.Name, disc.Sectors(d))
	}
}
