package record_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi/iscsi"
	"glassmaster/drive/tgtdtest"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
)

// isoOf has xorriso make an image of a file of noise, and returns its bytes.
func isoOf(t *testing.T, kib int) []byte {
	t.Helper()
	dir := t.TempDir()
	noise := make([]byte, kib<<10)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(noise)
	if err := os.MkdirAll(filepath.Join(dir, "tree"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tree", "noise.bin"), noise, 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "xorriso", "-as", "mkisofs", "-quiet", "-V", "BURNED", "-J", "-r", "-o", "a.iso", "tree")
	iso, err := os.ReadFile(filepath.Join(dir, "a.iso"))
	if err != nil {
		t.Fatal(err)
	}
	return iso
}

// A burn on an independent drive emulator: tgtd's DVD+R over iSCSI, read back and
// compared, and read by xorriso.
func TestBurnOnTgtd(t *testing.T) {
	iso := isoOf(t, 3<<10)
	address, file := tgtdtest.Start(t).Blank()
	ctx := context.Background()
	s, err := iscsi.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b, err := record.NewPlan(ctx, s, virtualtest.DiscOf(iso), record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := b.Plan()
	t.Logf("%+v", p)
	if p.Profile != "DVD+R" || p.Capacity != 2295104 || p.Sectors != int64(len(iso)/disc.SectorSize) || p.Padded%16 != 0 || p.Speed != 3324 {
		t.Errorf("plan: %+v", p)
	}
	var m progress.Meter
	r, err := virtualtest.Burn(ctx, b, &m)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Verified || r.Written != p.Padded || len(r.SHA256) != 64 || len(r.Notices) > 0 {
		t.Errorf("result: %+v", r)
	}
	burned, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(burned[:len(iso)], iso) {
		t.Error("the file behind the drive differs from the image")
	}
	out := peertest.Run(t, "", "xorriso", "-indev", file, "-find", "/", "-name", "noise.bin")
	if !bytes.Contains([]byte(out), []byte("/noise.bin")) {
		t.Errorf("xorriso finds no file on the disc: %s", out)
	}
	media, err := read.Media(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	if media.Status != mmc.Closed || len(media.Sessions) != 1 {
		t.Errorf("medium after the burn: %+v", media)
	}
	if _, err := record.NewPlan(ctx, s, virtualtest.DiscOf(iso), record.Options{}); err == nil {
		t.Error("a closed disc was planned for")
	}
}
