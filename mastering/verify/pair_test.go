package verify_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
	_ "glassmaster/mastering/volume/formats"
)

const sector = disc.SectorSize

// image returns an image made by this program, whose last file has the given bytes.
func image(t *testing.T, udfOnly bool, last byte) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "z"), bytes.Repeat([]byte{last}, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	c := compilation.New()
	c.Options.UDFOnly = udfOnly
	nodes, problems, err := compilation.Scan(t.Context(), []string{dir + "/"}, c.ScanOptions(), progress.Discard)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	c.Add(c.Root(), nodes)
	img, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	p := make([]byte, img.Size())
	if _, err := img.ReadAt(p, 0); err != nil {
		t.Fatal(err)
	}
	return p
}

func flat(p []byte) disc.Disc { return disc.FromReaderAt(bytes.NewReader(p), int64(len(p)), nil) }

// withZeros returns p, extended with zeros to that many sectors.
func withZeros(p []byte, sectors int) []byte {
	return append(bytes.Clone(p), make([]byte, sectors*sector-len(p))...)
}

// Zeros that only one disc has are padding after the end of the volume, and missing
// contents before it.
func TestPair(t *testing.T) {
	iso, zeros, udf := image(t, false, 'z'), image(t, false, 0), image(t, true, 0)
	n := len(iso) / sector
	raw := bytes.Repeat([]byte("x"), 400*sector)
	junk := append(bytes.Clone(iso), bytes.Repeat([]byte("x"), 64*sector)...)
	for _, c := range []struct {
		name      string
		want, got []byte
		rewritten bool
		tail      int64
		lacks     string // the side that is incomplete
		missing   int64
		differs   int64 // address of the difference, 0 if there is none
	}{
		{"equal", iso, iso, false, 0, "", 0, 0},
		{"padded", iso, withZeros(iso, n+16), false, 16, "", 0, 0},
		{"padded much", iso, withZeros(iso, n+5000), false, 5000, "", 0, 0},
		{"the image is padded", withZeros(iso, n+150), iso, false, 150, "", 0, 0},
		{"something after the volume", iso, junk, false, 0, "", 0, int64(n)},
		{"older contents after the volume", iso, junk, true, 64, "", 0, 0},
		{"the disc lacks zeros", zeros, zeros[:len(zeros)-20*sector], false, 0, "got", 20, 0},
		{"the disc lacks zeros, UDF", udf, udf[:len(udf)-20*sector], false, 0, "got", 20, 0},
		{"the image lacks zeros", zeros[:len(zeros)-20*sector], zeros, false, 0, "want", 20, 0},
		{"the disc lacks contents", iso, iso[:len(iso)-300*sector], false, 0, "got", 300, 0},
		{"both lack the same", zeros[:len(zeros)-20*sector], zeros[:len(zeros)-20*sector], false, 0, "want", 20, 0},
		{"older contents and too short", zeros[:len(zeros)-20*sector], zeros, true, 0, "want", 20, 0},
		{"no volume, a little padding", raw, withZeros(raw, 700), false, 300, "", 0, 0},
		{"no volume, many zeros", raw, withZeros(raw, 701), false, 0, "", 0, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, tail, err := verify.Pair(t.Context(), verify.Side{Disc: flat(c.want), Name: "want"},
				verify.Side{Disc: flat(c.got), Name: "got", Rewritten: c.rewritten}, progress.Discard)
			var short *verify.TruncatedError
			var bad *verify.Mismatch
			switch {
			case c.lacks != "":
				if !errors.As(err, &short) || short.Name != c.lacks || short.Missing() != c.missing {
					t.Errorf("%v", err)
				}
			case c.differs != 0:
				if !errors.As(err, &bad) || int64(bad.LBA) != c.differs {
					t.Errorf("%v", err)
				}
			case err != nil:
				t.Error(err)
			}
			if tail.Sectors != c.tail || c.tail > 0 && tail.Compared == c.rewritten {
				t.Errorf("%+v", tail)
			}
		})
	}
}

// tracks is a disc with other tracks; sectors outside of them cannot be read.
type tracks struct {
	disc.Disc
	list []disc.Session
}

func (d tracks) TOC() disc.TOC { return disc.TOC{Sessions: d.list} }

func (d tracks) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	for _, s := range d.list {
		for _, t := range s.Tracks {
			if lba >= t.Start && lba < t.End() {
				n := min(int64(len(p)/sector), int64(t.End()-lba))
				return d.Disc.ReadSectors(context.Background(), p[:n*sector], lba, f)
			}
		}
	}
	return 0, errors.New("unrecovered read error")
}

// An image of a disc with several sessions has zeros between the sessions.
func TestPairSessions(t *testing.T) {
	p := bytes.Repeat([]byte("x"), 600*sector)
	clear(p[200*sector : 350*sector])
	d := tracks{flat(p), []disc.Session{
		{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 200}}},
		{Number: 2, Tracks: []disc.Track{{Number: 2, Mode: disc.Mode1, Start: 350, Length: 250}}},
	}}
	for _, flip := range []int{-1, 0, 199, 200, 349, 350, 599} {
		img := bytes.Clone(p)
		if flip >= 0 {
			img[flip*sector] ^= 1
		}
		for _, turned := range []bool{false, true} {
			a, b := verify.Side{Disc: flat(img)}, verify.Side{Disc: d}
			if turned {
				a, b = b, a
			}
			_, _, err := verify.Pair(t.Context(), a, b, progress.Discard)
			var bad *verify.Mismatch
			if errors.As(err, &bad) != (flip >= 0) || flip >= 0 && int(bad.LBA) != flip || flip < 0 && err != nil {
				t.Errorf("sector %d: %v", flip, err)
			}
		}
	}
}

// Two images that store whole sectors are compared in whole sectors, with the pre-gaps of
// audio: also what has no user data.
func TestPairWholeSectors(t *testing.T) {
	flip := func(at int) func([]byte) { return func(p []byte) { p[at] ^= 0x55 } }
	d := imagetest.Sessions(t)
	toc := d.TOC()
	second, form2 := toc.Sessions[0].Tracks[1], toc.Sessions[1].Tracks[0].Start
	for ; form2%5 != 3; form2++ {
	}
	for _, c := range []struct {
		name string
		lba  disc.LBA
		at   int
	}{
		{"nothing", -1, 0},
		{"EDC", 10, 2065},
		{"audio", second.Start + 3, 7},
		{"pre-gap of audio", second.Start - 3, 7},
		{"form 2", form2, 1000},
	} {
		got := damagedDisc{d, map[disc.LBA]func([]byte){c.lba: flip(c.at)}}
		_, _, err := verify.Pair(t.Context(), verify.Side{Disc: d}, verify.Side{Disc: got}, progress.Discard)
		var bad *verify.Mismatch
		if errors.As(err, &bad) != (c.lba >= 0) || bad != nil && (bad.LBA != c.lba || bad.Offset != c.at) {
			t.Errorf("%s: %v", c.name, err)
		}
		both, _, err := verify.Pair(t.Context(), verify.Side{Disc: got}, verify.Side{Disc: got}, progress.Discard)
		if damage := c.name == "EDC" || c.name == "form 2"; err != nil || (both.Damaged != nil) != damage {
			t.Errorf("%s: equal discs: %v, damage %v", c.name, err, both.Damaged)
		}
	}
}

// An image of user data has nothing that sectors of form 2 could be compared with.
func TestPairFormless(t *testing.T) {
	d := imagetest.XA(t)
	n := disc.Sectors(d)
	for _, turned := range []bool{false, true} {
		a, b := verify.Side{Disc: d}, verify.Side{Disc: flat(make([]byte, n*sector))}
		if turned {
			a, b = b, a
		}
		_, _, err := verify.Pair(t.Context(), a, b, progress.Discard)
		var bad *verify.Mismatch
		if !errors.As(err, &bad) || bad.Count != n {
			t.Errorf("%v", err)
		}
	}
}
