package record_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// killedProgram is a program that is killed: after the given number of commands nothing reaches
// the drive.
type killedProgram struct {
	*virtual.Drive
	left  int
	wrote bool // a WRITE has reached the drive
}

func (m *killedProgram) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if m.left--; m.left < 0 {
		return 0, scsi.ErrConnection
	}
	m.wrote = m.wrote || c.CDB[0] == scsi.OpWrite10
	return m.Drive.Execute(ctx, c)
}

// overwritten contains the media that are overwritten in place, and how a blank disc is
// prepared.
var overwritten = []struct {
	name, medium string
	format       mmc.Format
}{
	{"DVD+RW", "dvd+rw", mmc.Format{}},
	{"BD-RE", "bd-re", mmc.Format{}},
	{"DVD-RW, restricted overwrite", "dvd-rw", mmc.Format{Type: 0x10, Blocks: 1024, Parameter: 16}},
	{"DVD-RW, formatted quickly", "dvd-rw", mmc.Format{Type: 0x15, Parameter: 16}},
}

// udfImage has mkudffs make an image of a UDF volume that fills that many sectors.
func udfImage(t *testing.T, sectors int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "old.udf")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(sectors)*disc.SectorSize); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, "", "mkudffs", "--media-type=hd", "--blocksize=2048", "--label=OLD", path)
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A burn over an old volume that is interrupted at any command leaves the old volume
// intact, the new one complete, or a marked disc, with and without power loss of the
// drive.
func TestKilledOverwrite(t *testing.T) {
	const sectors = 1024
	old, fresh := udfImage(t, sectors-64), isoOf(t, 64)
	for _, m := range overwritten {
		for _, power := range []bool{true, false} {
			if !power && m.medium == "dvd-rw" {
				continue // the order in which data reaches the disc is that of DVD+RW
			}
			t.Run(fmt.Sprintf("%s, power stays %v", m.name, power), func(t *testing.T) {
				var before, marked, complete int
				used := formatted(t, m.medium, m.format, sectors)
				if _, err := burn(t, used, virtualtest.DiscOf(old), record.Options{}); err != nil {
					t.Fatal(err)
				}
				if err := used.Close(); err != nil {
					t.Fatal(err)
				}
				file, err := os.ReadFile(used.Path())
				if err != nil {
					t.Fatal(err)
				}
				for at := 1; ; at++ {
					d := copyOf(t, file)
					k := &killedProgram{Drive: d, left: 1 << 30}
					b, err := record.NewPlan(context.Background(), k, virtualtest.DiscOf(fresh), record.Options{Blank: true})
					if err != nil {
						t.Fatal(err)
					}
					k.left, k.wrote = at, false
					_, err = virtualtest.Burn(context.Background(), b, progress.Discard)
					if !power {
						if err := d.DropPower(); err != nil {
							t.Fatal(err)
						}
					}
					now, openErr := read.Open(context.Background(), d)
					if openErr != nil {
						t.Fatalf("after command %d: %v", at, openErr)
					}
					switch vol, volErr := volume.OpenDisc(context.Background(), now, volume.Options{}); {
					case disc.Unfinished(context.Background(), now):
						marked++
						if !errors.Is(volErr, volume.ErrUnfinished) {
							t.Errorf("after command %d: the volume is opened: %v", at, volErr)
						}
					case bytes.Equal(content(t, d, len(fresh)/disc.SectorSize), fresh):
						complete++
						if volErr != nil || vol.Volume().Label != "BURNED" {
							t.Errorf("after command %d: %v", at, volErr)
						}
					case bytes.Equal(content(t, d, len(old)/disc.SectorSize), old):
						before++
						if k.wrote && power {
							t.Errorf("after command %d: the disc was written to, and shows the old volume", at)
						}
					default:
						t.Errorf("after command %d: the disc is neither the old one, nor the new one, nor marked", at)
					}
					_ = d.Close()
					if k.left >= 0 {
						if err != nil {
							t.Errorf("a burn that is not interrupted: %v", err)
						}
						break
					}
				}
				if before == 0 || marked < 10 || complete == 0 {
					t.Errorf("%d times the old disc, %d times marked, %d times complete", before, marked, complete)
				}
			})
		}
	}
}

// copyOf opens a recorder with a copy of a disc; p are the bytes of its file.
func copyOf(t *testing.T, p []byte) *virtual.Drive {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "disc"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = f.Truncate(int64(len(p)))
	const block = 64 << 10
	zeros := make([]byte, block)
	for at := 0; at < len(p) && err == nil; at += block { // most of it is holes
		if q := p[at:min(at+block, len(p))]; !bytes.Equal(q, zeros[:len(q)]) {
			_, err = f.WriteAt(q, int64(at))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return virtualtest.Open(t, f.Name())
}

// formatted opens a recorder with a disc that is overwritten in place.
func formatted(t *testing.T, medium string, f mmc.Format, sectors int64) *virtual.Drive {
	t.Helper()
	d := virtualtest.Blank(t, medium, sectors)
	if f.Type == 0 {
		return d
	}
	ctx := context.Background()
	if err := read.Ready(ctx, d); err != nil {
		t.Fatal(err)
	}
	if err := mmc.FormatUnit(ctx, d, f); err != nil {
		t.Fatal(err)
	}
	if err := read.Ready(ctx, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// After a shorter burn, no anchor of an old UDF volume is left.
func TestOldAnchors(t *testing.T) {
	const sectors = 1024
	for _, m := range overwritten[:3] {
		t.Run(m.name, func(t *testing.T) {
			d := formatted(t, m.medium, m.format, sectors)
			b, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(virtualtest.Noise(64, 1)), record.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := burn(t, d, virtualtest.DiscOf(udfImage(t, int(b.Plan().Capacity))), record.Options{}); err != nil {
				t.Fatal(err)
			}
			if got := anchorsOf(t, d); got < 2 {
				t.Fatalf("the old volume has %d anchors", got)
			}
			if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(100, 2)), record.Options{Blank: true}); err != nil {
				t.Fatal(err)
			}
			if got := anchorsOf(t, d); got != 0 {
				t.Errorf("%d anchors of the old volume are left", got)
			}
		})
	}
}

// anchorsOf counts the anchor volume descriptor pointers in the file of a disc.
func anchorsOf(t *testing.T, d *virtual.Drive) int {
	t.Helper()
	p, err := os.ReadFile(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for at := 0; at+disc.SectorSize <= len(p); at += disc.SectorSize {
		if s := p[at:]; binary.LittleEndian.Uint16(s) == 2 && binary.LittleEndian.Uint32(s[12:]) == uint32(at/disc.SectorSize) {
			n++
		}
	}
	return n
}
