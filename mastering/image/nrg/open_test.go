package nrg_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/nrg"
	"glassmaster/mastering/sector"
)

// The chunks of these tests are made by hand from the public description of the format, for
// images that no program here writes.

// be returns numbers as big-endian bytes: those of int as 4, int16 as 2, int64 as 8, and
// strings as they are.
func be(values ...any) []byte {
	var p []byte
	for _, v := range values {
		switch v := v.(type) {
		case byte:
			p = append(p, v)
		case int16:
			p = binary.BigEndian.AppendUint16(p, uint16(v))
		case int:
			p = binary.BigEndian.AppendUint32(p, uint32(v))
		case int64:
			p = binary.BigEndian.AppendUint64(p, uint64(v))
		case string:
			p = append(p, v...)
		case []byte:
			p = append(p, v...)
		}
	}
	return p
}

func chunk(name string, values ...any) []byte {
	p := be(values...)
	return append(be(name, len(p)), p...)
}

// point is an entry of CUEX, msf one of CUES.
func point(control, track, index byte, lba int) []byte {
	return be(control, track, index, byte(0), lba)
}

func msf(control, track, index, m, s, f byte) []byte {
	return be(control, track, index, byte(0), byte(0), m, s, f)
}

// dao is a track of DAOX, daoOld one of DAOI.
func dao(isrc string, size int16, mode byte, index0, index1, end int64) []byte {
	p := make([]byte, 12)
	copy(p, isrc)
	return be(p, size, mode, byte(0), int16(1), index0, index1, end)
}

func daoOld(size int16, mode byte, index0, index1, end int) []byte {
	return be(make([]byte, 12), size, mode, byte(0), int16(1), index0, index1, end)
}

func head(catalog string, kind, first, last byte) []byte {
	p := make([]byte, 14)
	copy(p, catalog)
	return be(0, p, kind, byte(1), first, last)
}

// write makes an image of n bytes of sectors.
func write(t testing.TB, n int, old bool, chunks ...[]byte) string {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i / 2048)
	}
	return writeSectors(t, p, old, chunks...)
}

func writeSectors(t testing.TB, p []byte, old bool, chunks ...[]byte) string {
	n := len(p)
	p = append(p, bytes.Join(chunks, nil)...)
	if old {
		p = append(p, be("NERO", n)...)
	} else {
		p = append(p, be("NER5", int64(n))...)
	}
	path := filepath.Join(t.TempDir(), "x.nrg")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens an image, and returns the error.
func open(t testing.TB, path string) (disc.Disc, error) {
	files, err := format.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := nrg.Format.Open(t.Context(), files)
	if err != nil {
		files.Close()
		return nil, err
	}
	t.Cleanup(func() { d.Close() })
	return d, nil
}

var (
	end  = chunk("END!")
	sinf = func(n int) []byte { return chunk("SINF", n) }
	cd   = chunk("MTYP", 1)
)

const raw = 2352

func TestOpen(t *testing.T) {
	audio := []disc.Track{{Number: 1, Start: 0, Length: 10, Pregap: 150}, {Number: 2, Start: 15, Length: 20, Pregap: 5, Control: disc.PreEmphasis}}
	old := func(points ...[]byte) string {
		return write(t, 185*raw, true, chunk("CUES", bytes.Join(points, nil)),
			chunk("DAOI", head("", 0, 1, 2), daoOld(raw, 7, 0, 150*raw, 160*raw), daoOld(raw, 7, 160*raw, 165*raw, 185*raw)), sinf(2), end)
	}
	for _, c := range []struct {
		name string
		path string
		want disc.TOC
	}{
		{
			"version 1, binary addresses", old(msf(1, 0, 0, 0, 0, 0), msf(1, 1, 0, 0, 0, 0), msf(1, 1, 1, 0, 2, 0), msf(0x11, 2, 0, 0, 2, 10), msf(0x11, 2, 1, 0, 2, 15), msf(1, 0xAA, 1, 0, 2, 35)),
			disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: audio}}},
		},
		{
			"version 1, decimal addresses", old(msf(1, 0, 0, 0, 0, 0), msf(1, 1, 0, 0, 0, 0), msf(1, 1, 1, 0, 2, 0), msf(0x11, 2, 0, 0, 2, 0x10), msf(0x11, 2, 1, 0, 2, 0x15), msf(1, 0xAA, 1, 0, 2, 0x35)),
			disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: audio}}},
		},
		{
			"track-at-once, three sessions of ETN2",
			write(t, 100*2048, false,
				chunk("ETN2", int64(0), int64(20*2048), 0, 0, 0, 20, int64(20*2048), int64(20*2048), 0, 20, 0, 20), sinf(2),
				chunk("ETN2", int64(40*2048), int64(20*2048), 0, 40, 0, 20), sinf(1),
				chunk("ETN2", int64(60*2048), int64(10*2048), 2, 60, 0, 10), sinf(1), cd, chunk("DINF", 1), chunk("TOCT", int16(0)), chunk("RELO", 0), end),
			disc.TOC{Sessions: []disc.Session{
				{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 20}, {Number: 2, Mode: disc.Mode1, Start: 170, Length: 20, Pregap: 150}}},
				{Number: 2, Tracks: []disc.Track{{Number: 3, Mode: disc.Mode1, Start: 190 + 11400, Length: 20}}},
				{Number: 3, Tracks: []disc.Track{{Number: 4, Mode: disc.XA, Start: 190 + 11400 + 20 + 6900, Length: 10}}},
			}},
		},
		{
			"track-at-once, two sessions of one ETNF",
			write(t, 100*2048, true, chunk("ETNF", 0, 20*2048, 0, 0, 0, 20*2048, 20*2048, 0, 20, 0), sinf(1), sinf(1), end),
			disc.TOC{Sessions: []disc.Session{
				{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 20}}},
				{Number: 2, Tracks: []disc.Track{{Number: 2, Mode: disc.Mode1, Start: 20 + 11400, Length: 20}}},
			}},
		},
		{
			"track-at-once, addresses on the disc",
			write(t, 40*2048, false, chunk("ETN2", int64(0), int64(20*2048), 0, 0, 0, 20, int64(20*2048), int64(20*2048), 0, 172, 0, 20), sinf(2), end),
			disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 20}, {Number: 2, Mode: disc.Mode1, Start: 172, Length: 20, Pregap: 152}}}}},
		},
		{
			"DVD", write(t, 160*2048, false, chunk("CUEX", point(0x41, 0, 0, -150), point(0x41, 1, 0, -150), point(0x41, 1, 1, 0), point(0x41, 0xAA, 1, 10)),
				chunk("DAOX", head("", 0, 1, 1), dao("", 2048, 0, 0, 150*2048, 160*2048)), sinf(1), chunk("MTYP", 0x0C), end),
			disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 10}}}}},
		},
		{
			"CD-i, MCN, ISRC, indexes, a pre-gap that is not stored",
			write(t, 10*2336+30*raw, false, chunk("CUEX", point(0x41, 0, 0, -150), point(0x61, 1, 1, 0), point(0x81, 2, 0, 10), point(0x81, 2, 1, 160), point(0x81, 2, 2, 170), point(0x81, 2, 3, 175), point(1, 0xAA, 1, 190)),
				chunk("DAOX", head("4006381333931", 0x10, 1, 2), dao("", 2336, 3, 0, 0, 10*2336), dao("USRC17607839", raw, 7, 10*2336, 10*2336, 10*2336+30*raw)), sinf(2), cd, end),
			disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{{Number: 1, CDI: true, Tracks: []disc.Track{
				{Number: 1, Mode: disc.XA, Length: 10, Control: disc.CopyPermitted},
				{Number: 2, Start: 160, Length: 30, Pregap: 150, ISRC: "USRC17607839", Control: disc.FourChannels, Indexes: []disc.LBA{170, 175}},
			}}}},
		},
		{
			"without CUEX, first track 3",
			write(t, 30*2048, false, chunk("DAOX", head("", 0, 3, 4), dao("", 2048, 0, 0, 0, 10*2048), dao("", 2048, 0, 10*2048, 15*2048, 30*2048)), sinf(2), end),
			disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
				{Number: 3, Mode: disc.Mode1, Length: 10}, {Number: 4, Mode: disc.Mode1, Start: 15, Length: 15, Pregap: 5},
			}}}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := open(t, c.path)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(d.TOC(), c.want) {
				t.Errorf("%+v\nwant\n%+v", d.TOC(), c.want)
			}
			if n := disc.Notices(d); len(n) > 0 {
				t.Errorf("notices: %v", n)
			}
			for _, s := range d.TOC().Sessions {
				for _, k := range s.Tracks {
					p := make([]byte, raw)
					for lba := k.Start - disc.LBA(k.Pregap); lba < k.End() && len(d.TOC().Sessions[0].Tracks) > 1; lba++ {
						if n, err := d.ReadSectors(t.Context(), p, lba, disc.Raw); n != 1 || err != nil {
							t.Fatalf("track %d, sector %d: %v", k.Number, lba, err)
						}
					}
				}
			}
		})
	}
}

// Each mode stores another part of a sector.
func TestModes(t *testing.T) {
	const count = 40
	for _, c := range []struct {
		mode     byte
		of       disc.Mode
		kind     sector.Kind
		at, size int
		sub      bool
	}{
		{0x00, disc.Mode1, sector.Mode1, 16, 2048, false},
		{0x02, disc.XA, sector.Form1, 24, 2048, false},
		{0x03, disc.XA, sector.Form1, 16, 2336, false},
		{0x03, disc.Mode2, sector.Mode2, 16, 2336, false},
		{0x05, disc.Mode1, sector.Mode1, 0, raw, false},
		{0x06, disc.XA, sector.Form1, 0, raw, false},
		{0x06, disc.Mode2, sector.Mode2, 0, raw, false},
		{0x07, disc.Audio, 0, 0, raw, false},
		{0x0F, disc.Mode1, sector.Mode1, 0, raw, true},
		{0x10, disc.Audio, 0, 0, raw, true},
		{0x11, disc.XA, sector.Form1, 0, raw, true},
	} {
		var stored, whole []byte
		for n := range count {
			p := make([]byte, raw+96)
			for i := range p {
				p[i] = byte(n*7 + i*i>>4)
			}
			if c.kind == sector.Form1 {
				copy(p[16:], "\x00\x00\x08\x00\x00\x00\x08\x00")
			}
			if c.of != disc.Audio {
				sector.Generate(p[:raw], disc.LBA(n), c.kind)
			}
			stored = append(stored, p[c.at:c.at+c.size]...)
			if c.sub {
				stored = append(stored, p[raw:]...)
				whole = append(whole, p...)
			} else {
				whole = append(whole, p[:raw]...)
			}
		}
		size := int16(len(stored) / count)
		control := byte(0x41)
		if c.of == disc.Audio {
			control = 1
		}
		d, err := open(t, writeSectors(t, stored, false, chunk("CUEX", point(control, 0, 0, -150), point(control, 1, 0, 0), point(control, 1, 1, 0), point(control, 0xAA, 1, count)),
			chunk("DAOX", head("", 0, 1, 1), dao("", size, c.mode, 0, 0, int64(count)*int64(size))), sinf(1), cd, end))
		if err != nil {
			t.Errorf("mode %02Xh: %v", c.mode, err)
			continue
		}
		if got := d.TOC().Sessions[0].Tracks[0].Mode; got != c.of || disc.HasSubChannels(d) != c.sub {
			t.Errorf("mode %02Xh: %v, sub-channels: %v", c.mode, got, disc.HasSubChannels(d))
		}
		form := disc.Raw
		if c.sub {
			form = disc.RawSub
		}
		got := make([]byte, len(whole))
		if n, err := d.ReadSectors(t.Context(), got, 0, form); n != count || err != nil || !bytes.Equal(got, whole) {
			t.Errorf("mode %02Xh of %v: %d sectors, %v, equal: %v", c.mode, c.of, n, err, bytes.Equal(got, whole))
		}
	}
}

// Invalid images are refused; the error contains the offset.
func TestRefused(t *testing.T) {
	cue := chunk("CUEX", point(1, 0, 0, -150), point(1, 1, 0, 0), point(1, 1, 1, 0), point(1, 0xAA, 1, 10))
	const n = 10 * raw
	one := func(values ...any) []byte { return chunk("DAOX", append([]any{head("", 0, 1, 1)}, values...)...) }
	good := one(dao("", raw, 7, 0, 0, n))
	for _, c := range []struct {
		name   string
		chunks [][]byte
		want   string
	}{
		{"nothing", nil, "without sectors"},
		{"a mode that is unknown", [][]byte{cue, one(dao("", raw, 9, 0, 0, n))}, "byte 23560: track 1: unknown track mode 09h"},
		{"another size of sectors", [][]byte{cue, one(dao("", 2448, 7, 0, 0, n))}, "sectors have 2448 bytes, but those of mode 07h have 2352"},
		{"a track after the end", [][]byte{cue, one(dao("", raw, 7, 0, 0, n+raw))}, "the sectors of the image end at byte 23520"},
		{"a track that ends before it begins", [][]byte{cue, one(dao("", raw, 7, 0, raw, raw))}, "it is stored in bytes"},
		{"an offset that no file has", [][]byte{cue, one(dao("", raw, 7, -1, -1, n))}, "it is stored in bytes"},
		{"half a sector", [][]byte{cue, one(dao("", raw, 7, 0, 0, n-7))}, "is not whole sectors of 2352 bytes"},
		{"another last track", [][]byte{cue, chunk("DAOX", head("", 0, 1, 2), dao("", raw, 7, 0, 0, n))}, "the last one is 2"},
		{"a DAOX of half an entry", [][]byte{cue, one("abc")}, "25 bytes, is not a multiple of the entry size"},
		{"a CUEX of half an entry", [][]byte{chunk("CUEX", "abc")}, "3 bytes, is not a multiple of the entry size"},
		{"an ETN2 of half an entry", [][]byte{chunk("ETN2", "abc")}, "3 bytes, is not a multiple of the entry size"},
		{"track numbers that are not decimal", [][]byte{chunk("CUEX", point(1, 0x1F, 1, 0)), good}, "track 1Fh"},
		{"two tracks of one number", [][]byte{good, good}, "track 1 cannot follow track 1"},
		{"tracks that overlap", [][]byte{
			chunk("CUEX", point(1, 1, 1, 0), point(1, 2, 1, 4)),
			chunk("DAOX", head("", 0, 1, 2), dao("", raw, 7, 0, 0, 5*raw), dao("", raw, 7, 5*raw, 5*raw, 10*raw)),
		}, "begins at address 4, but the sectors before it end at 5"},
		{"an index after the end", [][]byte{chunk("CUEX", point(1, 1, 1, 0), point(1, 1, 2, 10)), good}, "index 2 at address 10"},
		{"an index that is skipped", [][]byte{chunk("CUEX", point(1, 1, 1, 0), point(1, 1, 3, 5)), good}, "index 3 cannot follow index 1"},
		{"no index 1", [][]byte{chunk("CUEX", point(1, 1, 0, 0)), good}, "no index 1"},
		{"an address beyond the end of a CD", [][]byte{chunk("CUEX", point(1, 1, 1, 500000)), good, cd}, "beyond the end of a CD"},
		{"an address before -150", [][]byte{chunk("CUEX", point(1, 1, 1, -151)), good}, "begins at address -151"},
		{"addresses of two sessions in a row", [][]byte{cue, cue}, "are not described"},
		{"CD-TEXT before the tracks", [][]byte{chunk("CDTX", make([]byte, 18))}, "precedes the tracks"},
		{"a SINF of one byte", [][]byte{chunk("SINF", byte(1))}, "1 bytes instead of 4"},
		{"a truncated chunk", [][]byte{be("CUEX", 1000)}, "CUEX at byte 23520 has 1000 bytes, which is impossible"},
		{"a truncated name", [][]byte{be("CUE")}, "the chunk at byte 23520 is truncated"},
		{"zeros", [][]byte{make([]byte, 100)}, "a chunk was expected at byte 23520"},
		{"too many chunks", [][]byte{bytes.Repeat(chunk("RELO"), 1001)}, "more than 1000 chunks"},
	} {
		_, err := open(t, write(t, n, false, append(c.chunks, end)...))
		if c.name == "a truncated name" || c.name == "a truncated chunk" {
			_, err = open(t, write(t, n, false, c.chunks...))
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	far := write(t, n, false, end)
	if err := os.WriteFile(far, be("xxxx", "NER5", int64(1<<40)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, far); err == nil || !strings.Contains(err.Error(), "but the file has only 16 bytes") {
		t.Errorf("a footer that points after the end: %v", err)
	}
}

// Harmless errors in an image are reported.
func TestTolerated(t *testing.T) {
	const n = 10 * raw
	cue := chunk("CUEX", point(1, 0, 0, -150), point(1, 1, 0, 0), point(1, 1, 1, 0), point(1, 0xAA, 1, 10))
	good := chunk("DAOX", head("", 0, 1, 1), dao("", raw, 7, 0, 0, n))
	for _, c := range []struct {
		chunks [][]byte
		want   string
	}{
		{[][]byte{cue, good, sinf(1)}, "no end mark"},
		{[][]byte{cue, good, sinf(1), chunk("WHAT", 1), end}, `"WHAT" at byte`},
		{[][]byte{cue, good, end}, "(SINF)"},
		{[][]byte{cue, good, sinf(2), end}, "have [2] tracks"},
		{[][]byte{chunk("CUEX", point(1, 1, 1, 0), point(1, 0xAA, 1, 11)), good, sinf(1), end}, "lead-out of session 1 begins at address 11"},
		{[][]byte{chunk("CUEX", point(1, 2, 1, 0)), good, sinf(1), end}, "Track 1 of session 1 is track 2"},
		{[][]byte{chunk("CUEX", point(0x41, 1, 1, 0)), good, sinf(1), end}, "control bits of track 1"},
		{[][]byte{chunk("CUEX", point(1, 1, 0, -33), point(1, 1, 1, 0)), good, sinf(1), end}, "Index 0 of track 1"},
		{[][]byte{cue, chunk("DAOX", head("12345", 0, 1, 1), dao("", raw, 7, 0, 0, n)), sinf(1), end}, `"12345" does not have 13 digits`},
		{[][]byte{cue, chunk("DAOX", head("", 0, 1, 1), dao("not an ISRC", raw, 7, 0, 0, n)), sinf(1), end}, "ISRC \"not an ISRC\" of track 1"},
	} {
		d, err := open(t, write(t, n, false, c.chunks...))
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		if all := disc.Texts(disc.Notices(d)); len(all) != 1 || !strings.Contains(all[0], c.want) {
			t.Errorf("notices %q, want %q", all, c.want)
		}
	}
}

// More tracks, indexes or chunks than a disc can have are refused before they cost time.
func TestTooMany(t *testing.T) {
	var tracks, points []byte
	for range 20000 {
		tracks = append(tracks, be(dao("", raw, 7, 0, 0, raw))...)
	}
	for range 100_000 {
		points = append(points, be(point(1, 1, 1, 0))...)
	}
	big := chunk("WHAT", make([]byte, 1<<20))
	for name, list := range map[string][][]byte{
		"tracks": {chunk("CUEX", point(1, 1, 1, 0)), chunk("DAOX", head("", 0, 1, 1), tracks), sinf(1), end},
		"points": {chunk("CUEX", points), chunk("DAOX", head("", 0, 1, 1), dao("", raw, 7, 0, 0, raw)), sinf(1), end},
		"both":   {chunk("CUEX", points), chunk("DAOX", head("", 0, 1, 1), tracks), sinf(1), end},
		"taos":   {chunk("ETN2", make([]byte, 32*1000)), sinf(1), end},
		"chunks": {big, big, big, big, big, big, big, big, big, big, big, big, big, big, big, big, big, end},
	} {
		if _, err := open(t, write(t, 10*raw, false, list...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzOpen opens images with any chunks.
func FuzzOpen(f *testing.F) {
	f.Add(be(chunk("CUEX", point(1, 0, 0, -150), point(1, 1, 0, 0), point(1, 1, 1, 0), point(1, 1, 2, 1), point(1, 0xAA, 1, 3)),
		chunk("DAOX", head("4006381333931", 0, 1, 1), dao("USRC17607839", raw, 7, 0, 0, 3*raw)), chunk("CDTX", make([]byte, 36)), sinf(1), cd, end))
	f.Add(be(chunk("CUES", msf(1, 1, 1, 0, 2, 0)), chunk("DAOI", head("", 0, 1, 1), daoOld(raw, 7, 0, 0, 3*raw)), sinf(1), end))
	f.Add(be(chunk("ETN2", int64(0), int64(2048), 0, 0, 0, 1, int64(2048), int64(2048), 0, 1, 0, 1), sinf(1), sinf(1), end))
	f.Add(be(chunk("ETNF", 0, 2336, 3, 0, 0), sinf(1), chunk("MTYP", 4), end))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, p []byte) {
		path := filepath.Join(dir, "x.nrg")
		all := append(make([]byte, 3*raw), p...)
		if err := os.WriteFile(path, append(all, be("NER5", int64(3*raw))...), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := open(t, path)
		if err != nil {
			return
		}
		sectors := make([]byte, 4*disc.RawSub.Size())
		for _, s := range d.TOC().Sessions {
			for _, k := range s.Tracks {
				if k.Length <= 0 || k.Number < 1 || k.Number > 99 {
					t.Errorf("track %+v", k)
				}
				if n, err := d.ReadSectors(t.Context(), sectors, k.Start-disc.LBA(k.Pregap), disc.RawSub); n == 0 && disc.Sectors(d) <= format.MaxCDSectors && err != disc.ErrForm {
					t.Errorf("track %+v: %v", k, err)
				}
			}
		}
	})
}
