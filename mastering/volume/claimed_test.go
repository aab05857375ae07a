package volume_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
)

// folder makes a folder with a file of 2 MiB and some small ones.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, p := range map[string][]byte{
		"a": []byte("a"), "docs/b": bytes.Repeat([]byte("b"), 5000), "z": bytes.Repeat([]byte("z"), 2<<20),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// mastered returns an image made by this program.
func mastered(t testing.TB, u *master.UDF, only bool) []byte {
	t.Helper()
	c := compilation.New()
	c.Options.UDF, c.Options.UDFOnly = u, only
	nodes, problems, err := compilation.Scan(context.Background(), []string{folder(t)}, c.ScanOptions(), progress.Discard)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	c.Add(c.Root(), nodes)
	img, err := c.Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "image")
	p := make([]byte, img.Size())
	if _, err := img.ReadAt(p, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return contents(t, path)
}

func contents(t testing.TB, path string) []byte {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// peer returns an image made by another program. IMAGE and FOLDER in the arguments stand
// for the paths of the image and of a folder.
func peer(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	for i := range args {
		args[i] = strings.NewReplacer("IMAGE", path, "FOLDER", folder(t)).Replace(args[i])
	}
	peertest.Run(t, "", program, args...)
	return contents(t, path)
}

func discOf(p []byte) disc.Disc { return disc.FromReaderAt(bytes.NewReader(p), int64(len(p)), nil) }

// The missing end of a volume is found, whichever program wrote it and however much is
// missing. Complete volumes lack nothing.
func TestClaimed(t *testing.T) {
	const sector = disc.SectorSize
	for name, make := range map[string]func(*testing.T) []byte{
		"ISO 9660": func(t *testing.T) []byte { return mastered(t, nil, false) },
		"UDF":      func(t *testing.T) []byte { return mastered(t, &master.UDF{Revision: udfplan.Revision201}, true) },
		"UDF 2.60": func(t *testing.T) []byte { return mastered(t, &master.UDF{Revision: udfplan.Revision260}, true) },
		"bridge":   func(t *testing.T) []byte { return mastered(t, &master.UDF{Revision: udfplan.Revision102}, false) },
		"genisoimage": func(t *testing.T) []byte {
			return peer(t, "genisoimage", "-quiet", "-R", "-J", "-o", "IMAGE", "FOLDER")
		},
		"genisoimage UDF": func(t *testing.T) []byte { return peer(t, "genisoimage", "-quiet", "-udf", "-o", "IMAGE", "FOLDER") },
		"xorriso": func(t *testing.T) []byte {
			return peer(t, "xorriso", "-as", "mkisofs", "-quiet", "-o", "IMAGE", "FOLDER")
		},
		"mkudffs": func(t *testing.T) []byte {
			return peer(t, "mkudffs", "-b", "2048", "--media-type=dvdrw", "--new-file", "IMAGE", "2000")
		},
		"mkudffs blocks of 512": func(t *testing.T) []byte {
			return peer(t, "mkudffs", "-b", "512", "--media-type=hd", "--new-file", "IMAGE", "8000")
		},
	} {
		t.Run(name, func(t *testing.T) {
			whole := make(t)
			sectors := (len(whole) + sector - 1) / sector
			for _, claim := range []func(context.Context, disc.Disc) (volume.Claim, error){volume.Claimed, volume.ClaimedByFiles} {
				c, err := claim(context.Background(), discOf(whole))
				if err != nil || c.Missing() != 0 || c.By == "" || int(c.Have) != sectors || int(c.End) > sectors {
					t.Errorf("complete, %d sectors: %+v", sectors, c)
				}
				end := int(c.End)
				for _, n := range []int{end - 1, end - 10, end / 2, 300} {
					c, err := claim(context.Background(), discOf(whole[:n*sector]))
					least := int64(end - n)
					if strings.HasPrefix(name, "UDF") && least > 10 {
						least -= 240 // a sector that is missing too contains the size
					}
					if err != nil || c.Missing() < least || c.Missing() > int64(end-n) || !strings.HasSuffix(c.By, " volume") {
						t.Errorf("%d of %d sectors: %+v, want %d missing", n, end, c, end-n)
					}
				}
			}
		})
	}
}

// A UDF volume that is cut before its first anchor cannot be opened.
func TestClaimedBeforeAnchor(t *testing.T) {
	p := mastered(t, &master.UDF{Revision: udfplan.Revision201}, true)
	if c, err := volume.Claimed(context.Background(), discOf(p[:100*disc.SectorSize])); err != nil || c.Missing() != 157 || c.By != "the UDF volume" {
		t.Errorf("%+v", c)
	}
}

// sessions is a disc of two sessions in one run of sectors.
type sessions struct {
	disc.Disc
	list []disc.Session
}

func (s sessions) TOC() disc.TOC { return disc.TOC{Sessions: s.list} }

// The size of the volume of a later session counts from the start of that session, and
// each session is checked.
func TestClaimedSessions(t *testing.T) {
	const sector, start, tail = disc.SectorSize, 4096, 300
	dir := t.TempDir()
	first, second := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	peertest.Run(t, "", "genisoimage", "-quiet", "-R", "-o", first, folder(t))
	peertest.Run(t, "", "genisoimage", "-quiet", "-R", "-M", first, "-C", fmt.Sprintf("0,%d", start), "-o", second, folder(t))
	one, two := contents(t, first), contents(t, second)
	for _, c := range []struct {
		name          string
		first, second int // sectors that each track has less than its volume
		missing       int64
	}{
		{"whole", 0, 0, 0},
		{"the second is short", 0, 70, 70},
		{"the first is short", 40, 0, 40},
		{"both are short", 40, 70, 70},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := append(bytes.Clone(one[:len(one)-c.first*sector]), make([]byte, start*sector-len(one)+c.first*sector)...)
			have = append(have, two[:len(two)-c.second*sector]...)
			d := sessions{discOf(have), []disc.Session{
				{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: int64(len(one)/sector - c.first)}}},
				{Number: 2, Tracks: []disc.Track{{Number: 2, Mode: disc.Mode1, Start: start, Length: int64(len(two)/sector - c.second)}}},
			}}
			for _, claim := range []func(context.Context, disc.Disc) (volume.Claim, error){volume.Claimed, volume.ClaimedByFiles} {
				if got, err := claim(context.Background(), d); err != nil || got.Missing() != c.missing || got.By != "the ISO 9660 volume" {
					t.Errorf("%+v: missing %d, want %d", got, got.Missing(), c.missing)
				}
			}
		})
	}
}

// A file that extends beyond the end of its volume is checked too.
func TestClaimedByFiles(t *testing.T) {
	const sector = disc.SectorSize
	p := mastered(t, nil, false)
	for _, at := range []int{16, 17} { // the primary descriptor, and that of Joliet
		d := p[at*sector:]
		binary.LittleEndian.PutUint32(d[80:], 100)
		binary.BigEndian.PutUint32(d[84:], 100)
	}
	last := len(p)/sector - 200
	d := discOf(p[:last*sector])
	if c, err := volume.Claimed(context.Background(), d); err != nil || c.Missing() != 0 || c.End != 100 {
		t.Errorf("the descriptors: %+v", c)
	}
	if c, err := volume.ClaimedByFiles(context.Background(), d); err != nil || c.Missing() < 1 || c.Missing() > 200 || !strings.HasPrefix(c.By, "the file ") {
		t.Errorf("the files: %+v", c)
	}
}

// Discs without a known volume or without data have no Claim.
func TestClaimedNone(t *testing.T) {
	audio := sessions{discOf(make([]byte, 400*disc.SectorSize)), []disc.Session{
		{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Audio, Length: 400}}},
	}}
	for _, d := range []disc.Disc{discOf(make([]byte, 400*disc.SectorSize)), discOf(nil), audio, sessions{discOf(nil), nil}} {
		for _, claim := range []func(context.Context, disc.Disc) (volume.Claim, error){volume.Claimed, volume.ClaimedByFiles} {
			if c, err := claim(context.Background(), d); err != nil || c.Missing() != 0 || c.By != "" || c.End != 0 {
				t.Errorf("%+v", c)
			}
		}
	}
}

// The walk through all folders ends when the context does.
func TestClaimedStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := discOf(mastered(t, nil, false))
	if _, err := volume.ClaimedByFiles(ctx, d); !errors.Is(err, context.Canceled) {
		t.Errorf("claimed: %v", err)
	}
	if _, err := volume.KnownByFiles(ctx, d); !errors.Is(err, context.Canceled) {
		t.Errorf("known: %v", err)
	}
}
