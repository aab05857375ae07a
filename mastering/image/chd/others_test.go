package chd_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/chd"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/sector"
)

// Tracks of every type that chdman supports are read unchanged.
func TestTypes(t *testing.T) {
	for _, c := range []struct {
		kind, cue string
		form      disc.Form
		mode      disc.Mode
	}{
		{"2048", "MODE1/2048", disc.User, disc.Mode1},
		{"2352", "MODE1/2352", disc.Raw, disc.Mode1},
		{"xa", "MODE2/2352", disc.Raw, disc.XA},
		{"2336", "MODE2/2336", disc.Raw, disc.XA},
		{"audio", "AUDIO", disc.Raw, disc.Audio},
	} {
		t.Run(c.cue, func(t *testing.T) {
			p := piece{c.kind, 0, 61}
			s := source{"FILE \"x.bin\" BINARY\n TRACK 01 " + c.cue + "\n  INDEX 01 00:00:00\n", p.sectors()}
			// Not compressed, since chdman 0.251 cannot open what it writes if all hunks
			// use the first codec.
			d := imagetest.Open(t, chd.Format, convert(t, s.write(t), "createcd", "-c", "none"))
			if k := d.TOC().Sessions[0].Tracks[0]; k.Mode != c.mode || k.Length != 61 {
				t.Errorf("the track is %+v", k)
			}
			want := s.bin
			if c.kind == "2336" {
				want = piece{"xa", 0, 61}.sectors()
			}
			same(t, d, c.form, 0, want)
		})
	}
}

// A DVD, and the codecs that are not those of a CD.
func TestDVD(t *testing.T) {
	s := source{"", append(piece{"2048", 0, 99}.sectors(), piece{"audio", 99, 64}.sectors()...)}
	s.bin = s.bin[:len(s.bin)/disc.SectorSize*disc.SectorSize]
	in := filepath.Join(filepath.Dir(s.write(t)), "x.bin")
	for _, codecs := range []string{"none", "zlib", "lzma", "huff", "flac", "lzma,zlib,huff,flac"} {
		t.Run(codecs, func(t *testing.T) {
			path := convert(t, in, "createraw", "-hs", "4096", "-us", "2048", "-c", codecs)
			d := imagetest.Open(t, chd.Format, path)
			if n := disc.Sectors(d); n != int64(len(s.bin)/disc.SectorSize) {
				t.Errorf("%d sectors", n)
			}
			same(t, d, disc.User, 0, s.bin)
		})
	}
}

// A CHD that contains only what differs from another one is opened if that is beside it.
func TestParent(t *testing.T) {
	s := mixed()
	in := s.write(t)
	dir := t.TempDir()
	parent, child := filepath.Join(dir, "parent.chd"), filepath.Join(dir, "child.chd")
	peertest.Run(t, filepath.Dir(in), "chdman", "createcd", "-i", in, "-o", parent)
	copy(s.bin[50*sector.Size:], "something else")
	in = s.write(t)
	peertest.Run(t, filepath.Dir(in), "chdman", "createcd", "-i", in, "-o", child, "-op", parent)
	d := imagetest.Open(t, chd.Format, child)
	same(t, d, disc.Raw, 0, s.bin[:403*sector.Size])
	same(t, d, disc.Raw, 403+150, s.bin[403*sector.Size:])
	if err := os.Rename(parent, parent+".old"); err != nil {
		t.Fatal(err)
	}
	if err := openError(t, child); err == nil || !strings.Contains(err.Error(), "parent") {
		t.Errorf("without the parent: %v", err)
	}
}

// openError returns the error of opening a file.
func openError(t testing.TB, path string) error {
	t.Helper()
	files, err := format.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	d, err := chd.Format.Open(t.Context(), files)
	if err == nil {
		d.Close()
	}
	return err
}

// byHand makes a CHD of hunks that are compressed with one codec, by the description in the
// documentation of the package.
func byHand(codec string, hunk, unit int, size int64, meta string, hunks, stored [][]byte) []byte {
	head := make([]byte, 124)
	copy(head, "MComprHD")
	binary.BigEndian.PutUint32(head[8:], 124)
	binary.BigEndian.PutUint32(head[12:], 5)
	copy(head[16:], codec)
	binary.BigEndian.PutUint64(head[32:], uint64(size))
	binary.BigEndian.PutUint64(head[48:], 124)
	binary.BigEndian.PutUint32(head[56:], uint32(hunk))
	binary.BigEndian.PutUint32(head[60:], uint32(unit))
	out := append(head, meta[:4]...)
	out = binary.BigEndian.AppendUint32(out, 1<<24|uint32(len(meta)-4))
	out = binary.BigEndian.AppendUint64(out, 0)
	out = append(out, meta[4:]...)
	first := len(out)
	var raw []byte
	for i, p := range stored {
		raw = binary.BigEndian.AppendUint32(raw, uint32(len(p)))
		raw = binary.BigEndian.AppendUint16(raw, 0)
		raw = binary.BigEndian.AppendUint32(raw, uint32(len(out)))
		raw = binary.BigEndian.AppendUint16(raw, ccitt(hunks[i]))
		out = append(out, p...)
	}
	binary.BigEndian.PutUint64(out[40:], uint64(len(out)))
	// The code of kind 0 has one bit; the others have none. Then follow a bit for each hunk,
	// and 24 bits of length and 16 bits of checksum.
	bits := "00010001" + strings.Repeat("0000", 15) + strings.Repeat("0", len(hunks))
	for i, p := range stored {
		bits += fmt.Sprintf("%024b%016b", len(p), ccitt(hunks[i]))
	}
	bits += strings.Repeat("0", -len(bits)&7)
	out = binary.BigEndian.AppendUint32(out, uint32(len(bits)/8))
	out = binary.BigEndian.AppendUint16(out, 0)
	out = binary.BigEndian.AppendUint32(out, uint32(first))
	out = binary.BigEndian.AppendUint16(out, ccitt(raw))
	out = append(out, 24, 0, 0, 0)
	for ; bits != ""; bits = bits[8:] {
		var b byte
		fmt.Sscanf(bits[:8], "%b", &b)
		out = append(out, b)
	}
	return out
}

// ccitt returns the CRC-16 of the polynomial 1021h with the initial value FFFFh.
func ccitt(p []byte) uint16 {
	c := uint16(0xFFFF)
	for _, b := range p {
		c ^= uint16(b) << 8
		for range 8 {
			c = c<<1 ^ c>>15*0x1021
		}
	}
	return c
}

// zstandard compresses bytes with the program zstd.
func zstandard(t *testing.T, p []byte) []byte {
	peertest.Need(t, "zstd")
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, "", "zstd", "-q", "-19", path)
	return read(t, path+".zst")
}

// The codecs of Zstandard, which the installed chdman may not know yet.
func TestZstandard(t *testing.T) {
	const hunk, unit = 8 * 2448, 2448
	bin := piece{"2352", 0, 24}.sectors()
	var hunks, stored [][]byte
	for i := 0; i < len(bin); i += 8 * sector.Size {
		var whole, base []byte
		flags := byte(0)
		for j := range 8 {
			s := bytes.Clone(bin[i+j*sector.Size:][:sector.Size])
			whole = append(append(whole, s...), make([]byte, 96)...)
			if sector.HasParity(s) {
				flags |= 1 << j
				copy(s, make([]byte, 12))
				copy(s[2076:], make([]byte, 276))
			}
			base = append(base, s...)
		}
		z := zstandard(t, base)
		p := append([]byte{flags, byte(len(z) >> 8), byte(len(z))}, z...)
		hunks, stored = append(hunks, whole), append(stored, append(p, zstandard(t, make([]byte, 8*96))...))
	}
	meta := "CHT2TRACK:1 TYPE:MODE1_RAW SUBTYPE:NONE FRAMES:24 PREGAP:0 PGTYPE:MODE1 PGSUB:NONE POSTGAP:0\x00"
	path := filepath.Join(t.TempDir(), "x.chd")
	if err := os.WriteFile(path, byHand("cdzs", hunk, unit, 24*unit, meta, hunks, stored), 0o600); err != nil {
		t.Fatal(err)
	}
	same(t, imagetest.Open(t, chd.Format, path), disc.Raw, 0, bin)

	user := piece{"2048", 0, 6}.sectors()
	hunks, stored = nil, nil
	for i := 0; i < len(user); i += 4096 {
		hunks, stored = append(hunks, user[i:i+4096]), append(stored, zstandard(t, user[i:i+4096]))
	}
	if err := os.WriteFile(path, byHand("zstd", 4096, 2048, int64(len(user)), "DVD \x00", hunks, stored), 0o600); err != nil {
		t.Fatal(err)
	}
	same(t, imagetest.Open(t, chd.Format, path), disc.User, 0, user)
}

// The metadata determines the tracks of an image, or why it cannot be opened.
func TestMetadata(t *testing.T) {
	const unit = 2448
	hunk := make([]byte, 8*unit)
	z := deflate(make([]byte, 8*2352))
	stored := append([]byte{0, byte(len(z) >> 8), byte(len(z))}, append(z, deflate(make([]byte, 8*96))...)...)
	for _, c := range []struct{ name, meta, want string }{
		{"old", "CHTRTRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:8\x00", "1: [{Number:1 Mode:audio Control:0 Start:0 Length:8 Pregap:0 Indexes:[] ISRC:}]"},
		{"post-gap", "CHT2TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:8 PREGAP:0 PGTYPE:MODE1 PGSUB:NONE POSTGAP:5\x00", "1: [{Number:1 Mode:audio Control:0 Start:0 Length:13 Pregap:0 Indexes:[] ISRC:}]"},
		{"hidden audio", "CHT2TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:8 PREGAP:3 PGTYPE:VAUDIO PGSUB:NONE POSTGAP:0\x00", "1: [{Number:1 Mode:audio Control:0 Start:3 Length:5 Pregap:3 Indexes:[] ISRC:}]"},
		{"GD-ROM", "CHGDTRACK:1 TYPE:MODE1_RAW SUBTYPE:NONE FRAMES:8 PAD:2 PREGAP:0 PGTYPE:MODE1 PGSUB:NONE POSTGAP:0\x00", "1: [{Number:1 Mode:mode 1 Control:0 Start:0 Length:6 Pregap:0 Indexes:[] ISRC:}]"},
		{"binary", "CHCD" + oldTracks(binary.LittleEndian), "1: [{Number:1 Mode:audio Control:0 Start:0 Length:8 Pregap:0 Indexes:[] ISRC:}]"},
		{"binary, big-endian", "CHCD" + oldTracks(binary.BigEndian), "1: [{Number:1 Mode:audio Control:0 Start:0 Length:8 Pregap:0 Indexes:[] ISRC:}]"},
		{"unknown track mode", "CHT2TRACK:1 TYPE:MODE3 SUBTYPE:NONE FRAMES:8 PREGAP:0 PGTYPE:MODE1 PGSUB:NONE POSTGAP:0\x00", "unknown track mode"},
		{"number", "CHT2TRACK:100 TYPE:AUDIO SUBTYPE:NONE FRAMES:8 PREGAP:0 PGTYPE:MODE1 PGSUB:NONE POSTGAP:0\x00", "invalid number"},
		{"too many sectors", "CHT2TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:9 PREGAP:0 PGTYPE:MODE1 PGSUB:NONE POSTGAP:0\x00", "contains only 8"},
		{"hard disk", "GDDDCYLS:1,HEADS:1,SECS:1,BPS:512\x00", "hard disk"},
		{"LaserDisc", "AVAVFPS:29.970000\x00", "LaserDisc"},
		{"none", "IDNTx", "no tracks"},
	} {
		path := filepath.Join(t.TempDir(), "x.chd")
		if err := os.WriteFile(path, byHand("cdzl", 8*unit, unit, 8*unit, c.meta, [][]byte{hunk}, [][]byte{stored}), 0o600); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := openError(t, path); err != nil {
			got = err.Error()
		} else {
			s := imagetest.Open(t, chd.Format, path).TOC().Sessions
			got = fmt.Sprintf("%d: %+v", len(s), s[0].Tracks)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// oldTracks are the metadata CHCD of one audio track.
func oldTracks(order binary.AppendByteOrder) string {
	b := order.AppendUint32(nil, 1)
	for _, v := range []uint32{7, 2, 2352, 0, 8, 0} {
		b = order.AppendUint32(b, v)
	}
	return string(append(b, make([]byte, 98*24)...))
}

// A file that is damaged or not complete is refused, or the hunk that is damaged is an error.
func TestDamaged(t *testing.T) {
	path := imagetest.Create(t, chd.Format, imagetest.Mixed(t), format.Options{}, "x.chd")
	good := read(t, path)
	for _, c := range []struct {
		name   string
		damage func(p []byte) []byte
		want   string
	}{
		{"version 4", func(p []byte) []byte { p[15] = 4; return p }, "chdman copy"},
		{"version 6", func(p []byte) []byte { p[15] = 6; return p }, "version 6"},
		{"header", func(p []byte) []byte { return p[:100] }, "truncated within the header"},
		{"half", func(p []byte) []byte { return p[:len(p)/2] }, "truncated"},
		{"all but the last byte", func(p []byte) []byte { return p[:len(p)-1] }, "ends within the hunk map"},
		{"map", func(p []byte) []byte { p[len(p)-3] ^= 4; return p }, "hunk map is damaged"},
		{"hunk size", func(p []byte) []byte { p[56] = 0x7F; return p }, "offset 56"},
		{"size", func(p []byte) []byte { p[32] = 0x7F; return p }, "offset 32"},
		{"codec", func(p []byte) []byte { copy(p[16:], "xyzw"); return p }, "xyzw"},
	} {
		p := c.damage(bytes.Clone(good))
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := openError(t, path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	p := bytes.Clone(good)
	p[len(p)/3] ^= 0x10
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	d := imagetest.Open(t, chd.Format, path)
	q := make([]byte, sector.Size)
	bad := 0
	for lba := range disc.LBA(disc.Sectors(d)) {
		if _, err := d.ReadSectors(t.Context(), q, lba, disc.Raw); err != nil {
			if bad++; !strings.Contains(err.Error(), "damaged") {
				t.Fatalf("sector %d: %v", lba, err)
			}
		}
	}
	if bad < 4 || bad > 8 {
		t.Errorf("%d sectors cannot be read, instead of those of a hunk", bad)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(openError(t, path), format.ErrUnknown) {
		t.Error("an empty file was recognized")
	}
}
