package mds_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/mds"
	"glassmaster/mastering/sector"
)

// No image that Alcohol 120% itself wrote can be had for the tests. The descriptors here are
// made field by field after the parsers of libMirage and Aaru, without the code of the
// package.

// block is a track block of a descriptor that is described.
type block struct {
	mode, sub, control, point byte
	msf                       [3]byte
	size                      uint16
	start                     uint32
	offset                    uint64
	pregap, length            uint32
}

// described is a descriptor.
type described struct {
	medium   uint16
	sessions [][]block
	names    []string // of the data files
	wide     bool
	dpm      uint32
	cdi      bool
}

var le = binary.LittleEndian

// bytes returns the descriptor. The blocks are in the order in which Alcohol writes them.
func (d described) bytes() []byte {
	var b []byte
	u16 := func(n int) { b = le.AppendUint16(b, uint16(n)) }
	u32 := func(n int) { b = le.AppendUint32(b, uint32(n)) }
	all := 0
	for _, s := range d.sessions {
		all += len(s) + 3
	}
	tracks := 88 + 24*len(d.sessions)
	extras := tracks + 80*all
	footers := extras + 8*all
	b = append(b, "MEDIA DESCRIPTOR\x01\x04"...)
	u16(int(d.medium))
	u16(len(d.sessions))
	b = append(b, make([]byte, 80-len(b))...)
	u32(88)
	u32(int(d.dpm))
	at := tracks
	for i, s := range d.sessions {
		last := s[len(s)-1]
		u32(int(s[0].start) - 150)
		u32(int(last.start + last.length))
		u16(i + 1)
		b = append(b, byte(len(s)+3), 3)
		u16(int(s[0].point))
		u16(int(last.point))
		u32(0)
		u32(at)
		at += 80 * (len(s) + 3)
	}
	extra := extras
	for _, s := range d.sessions {
		kind := byte(0)
		if d.cdi {
			kind = 0x10
		}
		lead := []block{{point: 0xA0, control: 0x14, msf: [3]byte{1, kind}}, {point: 0xA1, msf: [3]byte{2}}, {point: 0xA2}}
		for _, k := range append(lead, s...) {
			q := make([]byte, 80)
			q[0], q[1], q[2], q[4] = k.mode, k.sub, k.control, k.point
			copy(q[9:], k.msf[:])
			if k.point < 0xA0 {
				le.PutUint32(q[12:], uint32(extra))
				if d.medium >= 0x10 {
					le.PutUint32(q[12:], k.length)
				}
				le.PutUint16(q[16:], k.size)
				le.PutUint32(q[36:], k.start)
				le.PutUint64(q[40:], k.offset)
				le.PutUint32(q[48:], uint32(len(d.names)))
				le.PutUint32(q[52:], uint32(footers))
			}
			b = append(b, q...)
			extra += 8
		}
	}
	for _, s := range d.sessions {
		b = append(b, make([]byte, 24)...)
		for _, k := range s {
			u32(int(k.pregap))
			u32(int(k.length))
		}
	}
	at = footers + 16*len(d.names)
	var names []byte
	for _, n := range d.names {
		u32(at + len(names))
		wide := 0
		if d.wide {
			wide = 1
			for _, c := range utf16.Encode([]rune(n + "\x00")) {
				names = le.AppendUint16(names, c)
			}
		} else {
			names = append(names, n+"\x00"...)
		}
		u32(wide)
		u32(0)
		u32(0)
	}
	return append(b, names...)
}

// write writes a descriptor x.mds and data files, and returns its path.
func (d described) write(t testing.TB, data ...[]byte) string {
	dir := t.TempDir()
	for i, p := range data {
		name := strings.Replace(d.names[i], "*", "x", 1)
		if err := os.WriteFile(filepath.Join(dir, name), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "x.mds")
	if err := os.WriteFile(path, d.bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// stored returns whole sectors from start to before end as a data file has them, with
// sub-channels if they are wanted.
func stored(t testing.TB, d disc.Disc, start, end disc.LBA, f disc.Form) []byte {
	p := make([]byte, int(end-start)*f.Size())
	if n, err := sector.AllForms(d).ReadSectors(t.Context(), p, start, f); err != nil || n != int(end-start) {
		t.Fatalf("read sectors %d to %d: %d, %v", start, end, n, err)
	}
	return p
}

// twoSessions describes the disc of imagetest.SubChannels as Aaru writes it: with the
// pre-gaps in the data file.
func twoSessions() described {
	msf := func(a int) [3]byte {
		return [3]byte{byte((a + 150) / 4500), byte((a + 150) / 75 % 60), byte((a + 150) % 75)}
	}
	const s = 2448
	return described{names: []string{"*.mdf"}, sessions: [][]block{{
		{mode: 0xAA, sub: 8, control: 0x14, point: 1, msf: msf(0), size: s, start: 0, offset: 0, pregap: 150, length: 307},
		{mode: 0xA9, sub: 8, control: 0x12, point: 2, msf: msf(457), size: s, start: 457, offset: 457 * s, pregap: 150, length: 300},
		{mode: 0xE9, sub: 8, control: 0x11, point: 3, msf: msf(757), size: s, start: 757, offset: 757 * s, length: 311},
		{mode: 0xA9, sub: 8, control: 0x10, point: 4, msf: msf(1108), size: s, start: 1108, offset: 1108 * s, pregap: 40, length: 300},
	}, {
		{mode: 0xAB, sub: 8, control: 0x14, point: 5, msf: msf(12808), size: s, start: 12808, offset: 1408 * s, pregap: 150, length: 320},
	}}}
}

func TestTwoSessions(t *testing.T) {
	want := imagetest.SubChannels(t)
	data := append(stored(t, want, 0, 1408, disc.RawSub), stored(t, want, 12808, 13128, disc.RawSub)...)
	for _, wide := range []bool{false, true} {
		image := twoSessions()
		image.wide = wide
		d := imagetest.Open(t, mds.Format, image.write(t, data))
		if !disc.HasSubChannels(d) {
			t.Error("no sub-channels")
		}
		noNotices(t, d)
		imagetest.Same(t, want, d, mds.Format.Holds)
	}

	// Alcohol counts the pre-gap between two audio tracks into the first one. Q tells it.
	image := twoSessions()
	image.sessions[0][2].length += 40
	image.sessions[0][3].pregap = 0
	merged := imagetest.Open(t, mds.Format, image.write(t, data))
	noNotices(t, merged)
	imagetest.Same(t, want, merged, mds.Format.Holds)

	// Split into three files.
	image = twoSessions()
	image.names = []string{"*.mdf", "*.md1", "*.md2"}
	d := imagetest.Open(t, mds.Format, image.write(t, data[:100*2448+17], data[100*2448+17:5e5], data[5e5:]))
	noNotices(t, d)
	imagetest.Same(t, want, d, mds.Format.Holds)
}

// Alcohol does not store the pre-gap between a data track and an audio track.
func TestPregapNotStored(t *testing.T) {
	want := imagetest.Mixed(t)
	data := append(stored(t, want, 0, 307, disc.Raw), stored(t, want, 457, 757, disc.Raw)...)
	image := described{names: []string{"X.MDF"}, sessions: [][]block{{
		{mode: 0xAA, control: 0x14, point: 1, msf: [3]byte{0, 2, 0}, size: 2352, pregap: 150, length: 307},
		{mode: 0xA9, control: 0x10, point: 2, msf: [3]byte{0, 8, 7}, size: 2352, start: 457, offset: 307 * 2352, pregap: 150, length: 300},
	}}}
	d := imagetest.Open(t, mds.Format, image.write(t, data))
	noNotices(t, d)
	if k := d.TOC().Sessions[0].Tracks[1]; k.Pregap != 150 || k.Start != 457 || k.Length != 300 {
		t.Errorf("track 2 is %+v", k)
	}
	p := stored(t, d, 307, 757, disc.Raw)
	if !bytes.Equal(p[:150*2352], make([]byte, 150*2352)) {
		t.Error("the pre-gap is not silent")
	}
	if !bytes.Equal(p[150*2352:], data[307*2352:]) {
		t.Error("track 2 differs")
	}
}

// A whole path is taken for the name in the folder of the descriptor.
func TestPath(t *testing.T) {
	image := described{names: []string{`C:\images\x.mdf`}, sessions: [][]block{{{mode: 0xAA, control: 0x14, point: 1, msf: [3]byte{0, 2, 0}, size: 2048, pregap: 150, length: 20}}}}
	path := image.write(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "X.mdf"), make([]byte, 20*2048), 0o600); err != nil {
		t.Fatal(err)
	}
	d := imagetest.Open(t, mds.Format, path)
	if n := disc.Notices(d); len(n) != 2 || !strings.Contains(n[0].Text, `C:\\images\\x.mdf`) || !strings.Contains(n[1].Text, `"X.mdf" is used instead`) {
		t.Errorf("notices %v", n)
	}
}

// A DVD: user data only, and structures of the lead-in, whose layer break is reported.
func TestDVD(t *testing.T) {
	image := described{medium: 0x10, names: []string{"*.I00", "*.I01"}, dpm: 1, sessions: [][]block{{{mode: 0x02, control: 0x14, point: 1, size: 2048, length: 500}}}}
	data := make([]byte, 500*2048)
	for i := range data {
		data[i] = byte(i >> 3)
	}
	path := image.write(t, data[:300*2048], data[300*2048:])
	p := image.bytes()
	le.PutUint32(p[64:], uint32(len(p)))
	structures := make([]byte, 4+2048+2048)
	copy(structures[4+2048:], "\x02\x0f\x31\x10\x00\x03\x00\x00\x00\xfc\xff\xff\x00\x03\x00\xf9")
	if err := os.WriteFile(path, append(p, structures...), 0o600); err != nil {
		t.Fatal(err)
	}
	d := imagetest.Open(t, mds.Format, path)
	if n := disc.Notices(d); len(n) != 2 || !strings.Contains(n[0].Text, "DPM") || !strings.Contains(n[1].Text, "first layer has 250 sectors") {
		t.Errorf("notices %v", n)
	}
	if at := d.TOC().LayerBreak; at != 250 {
		t.Errorf("the layer break is at %d, want 250", at)
	}
	got := make([]byte, len(data))
	if n, err := d.ReadSectors(t.Context(), got, 0, disc.User); n != 500 || err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d sectors, %v", n, err)
	}
}

// Each mode with each size of sectors.
func TestModes(t *testing.T) {
	want := imagetest.XA(t)
	whole := stored(t, want, 0, 2, disc.Raw) // of form 1
	for _, c := range []struct {
		mode     byte
		at, size int
		is       disc.Mode
	}{
		{0xAB, 0, 2352, disc.XA},
		{0xAB, 16, 2336, disc.XA},
		{0xA8, 0, 2352, disc.XA},
		{0xAC, 0, 2352, disc.XA},
		{0xEC, 16, 2336, disc.XA},
		{0xAC, 24, 2048, disc.XA},
		{0xED, 0, 2352, disc.XA},
	} {
		image := described{cdi: c.size == 2336, names: []string{"*.mdf"}, sessions: [][]block{{{mode: c.mode, control: 0x14, point: 1, msf: [3]byte{0, 2, 0}, size: uint16(c.size), pregap: 150, length: 2}}}}
		data := append(bytes.Clone(whole[c.at:c.at+c.size]), whole[2352+c.at:2352+c.at+c.size]...)
		d := imagetest.Open(t, mds.Format, image.write(t, data))
		noNotices(t, d)
		s := d.TOC().Sessions[0]
		if s.Tracks[0].Mode != c.is || s.CDI != (c.size == 2336) {
			t.Errorf("mode %x, %d bytes: %v, CD-i %v", c.mode, c.size, s.Tracks[0].Mode, s.CDI)
		}
		if got := stored(t, d, 0, 2, disc.Raw); !bytes.Equal(got, whole) {
			t.Errorf("mode %x, %d bytes: the sectors differ", c.mode, c.size)
		}
	}
}

// Audio that is hidden before track 1, as Aaru writes it: as a part of the track.
func TestHidden(t *testing.T) {
	data := make([]byte, 100*2352)
	for i := range data {
		data[i] = byte(i * 7)
	}
	image := described{names: []string{"*.mdf"}, sessions: [][]block{{{mode: 0xA9, control: 0x10, point: 1, msf: [3]byte{0, 2, 33}, size: 2352, pregap: 150, length: 100}}}}
	d := imagetest.Open(t, mds.Format, image.write(t, data))
	noNotices(t, d)
	if k := d.TOC().Sessions[0].Tracks[0]; k.Start != 33 || k.Pregap != 33 || k.Length != 67 {
		t.Errorf("the track is %+v", k)
	}
	if !bytes.Equal(stored(t, d, 0, 100, disc.Raw), data) {
		t.Error("the sectors differ")
	}
}

// The last sectors are missing.
func TestShort(t *testing.T) {
	image := twoSessions()
	d := imagetest.Open(t, mds.Format, image.write(t, make([]byte, 1300*2448+100)))
	s := d.TOC().Sessions
	if n := disc.Errors(disc.Notices(d)); len(n) != 1 || !n[0].Incomplete || !strings.Contains(n[0].Text, "428 sectors are missing from address 1300 on") {
		t.Errorf("notices %v", disc.Notices(d))
	}
	if len(s) != 1 || s[0].Tracks[3].Length != 192 {
		t.Errorf("sessions %+v", s)
	}
}

// Invalid images are refused, with the reason.
func TestRefused(t *testing.T) {
	good := twoSessions().bytes()
	firstTrack := 88 + 2*24 + 3*80
	extra := int(le.Uint32(good[firstTrack+12:]))
	for _, c := range []struct {
		at    int
		bytes string
		want  string
	}{
		{20, "\x00\x00", "0 sessions"},
		{80, "\xff\xff\xff\x00", "the block of session 1 at byte 16777215 is outside of the descriptor"},
		{88 + 20, "\xff\xff\xff\x00", "outside of the descriptor"},
		{88 + 10, "\x03", "session 1 has no tracks"},
		{firstTrack + 80 + 4, "\x01", "two tracks have this number"},
		{firstTrack, "\x06", "unknown track mode 06h"},
		{firstTrack + 1, "\x04", "unknown sub-channel mode 04h"},
		{firstTrack + 16, "\x00\x09", "2304 bytes"},
		{firstTrack + 12, "\x00\x00\x00\x00", "no extra block"},
		{firstTrack + 80 + 36, "\x01\x00\x00\x00", "the track before it ends at 307"},
		{firstTrack + 80 + 40, "\x01\x00\x00\x00", "that of the track before it ends"},
		{firstTrack + 40 + 7, "\x7f", "begins at byte"},
		{firstTrack + 48, "\xff\xff\x00\x00", "65535 files"},
		{firstTrack + 52, "\xff\xff\xff\x00", "the footer of track 1 at byte 16777215"},
		{extra + 4, "\xff\xff\xff\x7f", "which is impossible"},
		{extra + 4, "\x00\x00\x00\x00", "no sectors"},
		{len(good) - 6, "../x\x00", "is missing"},
		{len(good) - 6, "y.iso", "file does not exist"},
		{len(good) - 6, "\x00", "empty"},
	} {
		p := bytes.Clone(good)
		copy(p[c.at:], c.bytes)
		dir := t.TempDir()
		path := filepath.Join(dir, "x.mds")
		if os.WriteFile(path, p, 0o600) != nil || os.WriteFile(filepath.Join(dir, "x.mdf"), make([]byte, 1728*2448), 0o600) != nil {
			t.Fatal("no space")
		}
		f, err := format.OpenFiles(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = mds.Format.Open(t.Context(), f)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%x at %d: %v, want %q", c.bytes, c.at, err, c.want)
		}
		f.Close()
	}
}

func noNotices(t *testing.T, d disc.Disc) {
	t.Helper()
	for _, n := range disc.Notices(d) {
		t.Errorf("notice: %v", n)
	}
}
