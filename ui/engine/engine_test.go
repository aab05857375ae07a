package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// numbered is a disc of so many sectors, each filled with its number.
func numbered(sectors int) disc.Disc {
	var b bytes.Buffer
	for i := range sectors {
		s := bytes.Repeat([]byte{byte(i)}, disc.SectorSize)
		if i == 16 {
			// What makes it an image: a primary descriptor that claims all sectors
			// (ECMA-119 8.4.8).
			copy(s, "\x01CD001\x01")
			binary.LittleEndian.PutUint32(s[80:], uint32(sectors))
			binary.BigEndian.PutUint32(s[84:], uint32(sectors))
			copy(s[156:], numberedRoot(0))
		}
		if i == 18 {
			clear(s)
			copy(s[copy(s, numberedRoot(0)):], numberedRoot(1))
		}
		b.Write(s)
	}
	return disc.FromReaderAt(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
}

// numberedRoot is the record of an empty root directory in sector 18, of itself (0) or
// of its parent (1) (ECMA-119 9.1).
func numberedRoot(id byte) []byte {
	r := make([]byte, 34)
	r[0], r[25], r[28], r[31], r[32], r[33] = 34, 2, 1, 1, 1, id
	binary.LittleEndian.PutUint32(r[2:], 18)
	binary.BigEndian.PutUint32(r[6:], 18)
	binary.LittleEndian.PutUint32(r[10:], disc.SectorSize)
	binary.BigEndian.PutUint32(r[14:], disc.SectorSize)
	return r
}

func TestWriteImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.iso")
	r, err := New().WriteImage(t.Context(), path, numbered(300), record.Options{}, progress.Discard)
	if err != nil || !r.Verified || r.Written != 300 || len(r.SHA256) != 64 {
		t.Errorf("%+v, %v", r, err)
	}
	if s, err := os.Stat(path); err != nil || s.Size() != 300*disc.SectorSize {
		t.Errorf("%v, %v", s, err)
	}
	if r, err = New().WriteImage(t.Context(), path, numbered(300), record.Options{NoVerify: true}, progress.Discard); err != nil || r.Verified {
		t.Errorf("not compared, and yet %+v, %v", r, err)
	}
}

func TestWriteImageLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := New().WriteImage(ctx, filepath.Join(dir, "x.iso"), numbered(300), record.Options{}, progress.Discard)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestVirtualDisc(t *testing.T) {
	t.Setenv(drive.Environment, "")
	e := New()
	if len(e.VirtualMedia()) < 5 {
		t.Errorf("the media are %v", e.VirtualMedia())
	}
	path := filepath.Join(t.TempDir(), "a disc")
	for _, slow := range []bool{true, false, false} {
		name, err := e.AddVirtual(path, "DVD-R", slow)
		if err != nil || strings.Contains(name, "pace=22160") != slow {
			t.Fatalf("%s, %v", name, err)
		}
	}
	found, err := e.Inserted(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ours []model.Inserted
	for _, in := range found {
		if strings.Contains(in.Drive.Name, path) {
			ours = append(ours, in)
		}
	}
	if len(ours) != 2 || ours[0].Medium != "DVD-R" || ours[0].Status != "blank" || ours[0].Free < 2290000 || len(ours[0].Speeds) == 0 {
		t.Errorf("the drives are %+v", ours)
	}
	if _, err := e.AddVirtual(filepath.Join(t.TempDir(), "b"), "wax", false); err == nil {
		t.Error("a disc of wax was made")
	}
	if _, err := e.OpenDisc(t.Context(), "virtual:"+path); err == nil {
		t.Error("a blank disc can be read")
	}
}

// watched is a disc that tells when it is read for the first time at an address, and
// waits there.
type watched struct {
	disc.Disc
	at        disc.LBA
	reached   chan struct{}
	continues chan struct{}
}

func (w *watched) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	if lba <= w.at && w.at < lba+disc.LBA(len(p)/disc.SectorSize) && w.reached != nil {
		close(w.reached)
		w.reached = nil
		<-w.continues
	}
	return w.Disc.ReadSectors(context.Background(), p, lba, f)
}

// Whoever looks at the drives during a burn gets an answer at once, and the drives are
// left alone.
func TestLookDuringBurn(t *testing.T) {
	t.Setenv(drive.Environment, "")
	e := New()
	name, err := e.AddVirtual(filepath.Join(t.TempDir(), "disc"), "DVD+R", false)
	if err != nil {
		t.Fatal(err)
	}
	src := &watched{Disc: numbered(300), at: 200, reached: make(chan struct{}), continues: make(chan struct{})}
	reached, ended := src.reached, make(chan error)
	go func() {
		_, err := e.Burn(t.Context(), name, src, record.Options{}, progress.Discard)
		ended <- err
	}()
	select {
	case <-reached:
	case err := <-ended:
		t.Fatal(err)
	}
	found, err := e.Inserted(t.Context())
	if err != nil || len(found) == 0 {
		t.Errorf("%v, %v", found, err)
	}
	for _, in := range found {
		if !errors.As(in.Err, new(*scsi.InUseError)) || in.Medium != "" {
			t.Errorf("%+v", in)
		}
	}
	close(src.continues)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if found, _ = e.Inserted(t.Context()); len(found) == 0 || found[len(found)-1].Status != "closed" {
		t.Errorf("after the burn: %+v", found)
	}
}
