package ecm_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/ecm"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/verify"
)

// encode makes an ECM file as the description of the format says. No program that does is
// packaged.
func encode(p []byte) []byte {
	out := []byte("ECM\x00")
	var pending []byte // of the record that is not written yet
	last, count := 0, 0
	flush := func() {
		if count > 0 {
			out = append(head(out, last, uint64(count-1)), pending...)
		}
		pending, count = nil, 0
	}
	for at := 0; at < len(p); {
		kind, stored, n := identify(p[at:])
		if kind != last {
			flush()
			last = kind
		}
		pending = append(pending, stored...)
		count++
		at += n
	}
	flush()
	out = head(out, 0, 1<<32-1)
	return binary.LittleEndian.AppendUint32(out, sector.UpdateEDC(0, p))
}

func head(out []byte, kind int, v uint64) []byte {
	b := byte(kind) | byte(v&31)<<2
	for v >>= 5; v > 0; v >>= 7 {
		out = append(out, b|0x80)
		b = byte(v & 0x7f)
	}
	return append(out, b)
}

// identify returns the kind of the unit with which p begins, what is stored of it, and its
// size.
func identify(p []byte) (kind int, stored []byte, n int) {
	if len(p) >= sector.Size {
		q := bytes.Clone(p[:sector.Size])
		sector.Complete(q, sector.Mode1)
		if k, ok := sector.Identify(p[:sector.Size]); ok && k == sector.Mode1 && bytes.Equal(q, p[:sector.Size]) {
			return 1, append(bytes.Clone(p[12:15]), p[16:16+2048]...), sector.Size
		}
	}
	if len(p) >= sector.Mode2Size && bytes.Equal(p[:4], p[4:8]) {
		q := make([]byte, sector.Size)
		for kind, k := range map[int]sector.Kind{2: sector.Form1, 3: sector.Form2} {
			copy(q[16:], p[:sector.Mode2Size])
			sector.Complete(q, k)
			if bytes.Equal(q[16:], p[:sector.Mode2Size]) {
				return kind, bytes.Clone(p[4 : 4+map[int]int{2: 4 + 2048, 3: 4 + 2324}[kind]]), sector.Mode2Size
			}
		}
	}
	return 0, p[:1], 1
}

// bin returns the sectors of a disc with mode 1, audio and mode 2.
func bin(t testing.TB) []byte {
	d := sector.AllForms(imagetest.Sessions(t))
	var all []byte
	for _, s := range d.TOC().Sessions {
		for _, k := range s.Tracks {
			n := min(k.Length, 60)
			p := make([]byte, n*sector.Size)
			if _, err := d.ReadSectors(t.Context(), p, k.Start, disc.Raw); err != nil {
				t.Fatal(err)
			}
			all = append(all, p...)
		}
	}
	return all
}

func write(t testing.TB, p []byte) string {
	path := filepath.Join(t.TempDir(), "x.bin.ecm")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestUnpack: what was left out is computed.
func TestUnpack(t *testing.T) {
	want := bin(t)
	p := encode(want)
	if len(p) >= len(want) {
		t.Fatalf("the test packs nothing: %d bytes of %d", len(p), len(want))
	}
	u := imagetest.Unpack(t, ecm.Format, write(t, p))
	imagetest.SameContents(t, want, u, u.Size)
	if n := u.Notices(); len(n) > 0 {
		t.Error(disc.Texts(n))
	}
}

// TestDamage: a changed byte is an error when all is read in order. A truncated file says
// so.
func TestDamage(t *testing.T) {
	want := bin(t)
	whole := encode(want)
	for i := 1; i < 9; i++ {
		bad := bytes.Clone(whole)
		bad[len(bad)*i/9] ^= 1
		u := imagetest.Unpack(t, ecm.Format, write(t, bad))
		if _, err := u.ReadAt(make([]byte, u.Size), 0); err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("byte %d was changed: %v", len(bad)*i/9, err)
		}
	}
	u := imagetest.Unpack(t, ecm.Format, write(t, whole[:len(whole)/2]))
	n := u.Notices()
	if len(n) != 1 || !n[0].Incomplete {
		t.Fatalf("a truncated file: %v", disc.Texts(n))
	}
	imagetest.SameContents(t, want[:u.Size], u, u.Size)
}

func FuzzUnpack(f *testing.F) {
	f.Add(encode(bin(f)[:100000]))
	f.Add([]byte("ECM\x00\xff\xff\xff\xff\x0f"))
	f.Add([]byte("ECM\x00\x00a\x00b\x00c\x00d\xfc\xff\xff\xff\x3f\x00\x00\x00\x00"))
	imagetest.FuzzUnpack(f, ecm.Format, 8<<20)
}

// TestChecksum: the EDC at the end is checked even if the end of the contents is not read.
func TestChecksum(t *testing.T) {
	whole := encode(append(bin(t), "not a sector"...))
	for _, bad := range []int{0, len(whole) / 2, len(whole) - 30, len(whole) - 1} {
		p := bytes.Clone(whole)
		if bad > 0 {
			p[bad] ^= 1
		}
		u := imagetest.Unpack(t, ecm.Format, write(t, p))
		r, err := verify.Read(t.Context(), u.Flat(), nil, progress.Discard)
		if bad == 0 {
			if err != nil || verify.Correct(r.Sums) != "the EDC of the contents of the ECM file is correct" {
				t.Errorf("%v, %+v", err, r.Sums)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "the EDC of the contents of the ECM file is wrong") {
			t.Errorf("byte %d was changed: %v", bad, err)
		}
	}
}
