package engine_test

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
	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/engine"
	"glassmaster/ui/model"
)

// numbered writes an image of n sectors, each filled with its number.
func numbered(t *testing.T, sectors int) model.Source {
	t.Helper()
	var b bytes.Buffer
	for i := range sectors {
		s := bytes.Repeat([]byte{byte(i)}, disc.SectorSize)
		if i == 16 {
			// The primary descriptor, with a volume of all sectors (ECMA-119 8.4.8).
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
	path := filepath.Join(t.TempDir(), "numbered.iso")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return model.Source{Kind: model.FromImage, Name: path}
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
	e, src := engine.New(), numbered(t, 300)
	path := filepath.Join(t.TempDir(), "x.iso")
	r, err := e.Write(t.Context(), src, model.Target{File: path}, model.Options{}, progress.Discard)
	if err != nil || !r.Verified || r.Written != 300 || len(r.SHA256) != 64 {
		t.Errorf("%+v, %v", r, err)
	}
	want, _ := os.ReadFile(src.Name)
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	r, err = e.Write(t.Context(), src, model.Target{File: path}, model.Options{Options: record.Options{NoVerify: true}}, progress.Discard)
	if err != nil || r.Verified || r.Equal {
		t.Errorf("not compared, but %+v, %v", r, err)
	}
}

func TestWriteImageLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := engine.New().Write(ctx, numbered(t, 300), model.Target{File: filepath.Join(dir, "x.iso")}, model.Options{}, progress.Discard)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// A plan contains how much will be written, or why that is impossible; it writes nothing.
func TestPlanWrite(t *testing.T) {
	e, src := engine.New(), numbered(t, 300)
	small := "virtual:" + filepath.Join(t.TempDir(), "small") + "?medium=dvd-r&sectors=200"
	file := filepath.Join(t.TempDir(), "x.iso")
	for _, c := range []struct {
		name    string
		src     model.Source
		target  model.Target
		sectors int64
		profile string
		fails   bool
	}{
		{"no target", src, model.Target{}, 300, "", false},
		{"an image file", src, model.Target{File: file}, 300, "ISO image", false},
		{"a drive", src, model.Target{Drive: "virtual:" + filepath.Join(t.TempDir(), "disc")}, 300, "DVD+R", false},
		{"a disc that is too small", src, model.Target{Drive: small}, 300, "", true},
		{"no such source", model.Source{Kind: model.FromImage, Name: file}, model.Target{}, 0, "", true},
		{"no compilation", model.Source{Kind: model.FromCompilation}, model.Target{}, 0, "", true},
	} {
		p := e.PlanWrite(t.Context(), c.src, c.target, model.Options{})
		if p.Sectors != c.sectors || p.Plan.Profile != c.profile || (p.Err != nil) != c.fails {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("planning has written the image file")
	}
}

func TestVirtualDisc(t *testing.T) {
	t.Setenv(drive.Environment, "")
	e := engine.New()
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
	if _, err := e.AddVirtual(filepath.Join(t.TempDir(), "b"), "vinyl", false); err == nil {
		t.Error("a disc of an unknown medium was created")
	}
	if _, err := e.OpenDisc(t.Context(), "virtual:"+path, 0); err == nil {
		t.Error("a blank disc can be read")
	}
}

// Only the task that has a drive can use it: all other access fails immediately with the
// title of the task. Other drives can be used.
func TestBusyDrive(t *testing.T) {
	t.Setenv(drive.Environment, "")
	e, src := engine.New(), numbered(t, 300)
	dir := t.TempDir()
	burned, err := e.AddVirtual(filepath.Join(dir, "burned"), "DVD+R", false)
	if err != nil {
		t.Fatal(err)
	}
	other, err := e.AddVirtual(filepath.Join(dir, "other"), "DVD+R", false)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if _, err := e.Write(ctx, src, model.Target{Drive: other}, model.Options{}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Write(ctx, src, model.Target{Drive: burned}, model.Options{Options: record.Options{Appendable: true}}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	shown, err := e.OpenDisc(ctx, burned, 0) // before the task begins
	if err != nil {
		t.Fatal(err)
	}
	defer shown.Close()

	begun, more, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	task := e.Queue().Add("Closing the disc", []string{burned + "?pace=1000"}, func(ctx context.Context, rep progress.Reporter) error {
		close(begun)
		<-more
		_, err := e.RunAction(ctx, burned, model.CloseDisc, rep)
		done <- err
		return err
	})
	<-begun
	p := make([]byte, disc.SectorSize)
	busy := func(what string, err error) {
		t.Helper()
		var b *job.BusyError
		if !errors.As(err, &b) || b.Task != "Closing the disc" {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = shown.ReadSectors(ctx, p, 200, disc.User)
	busy("reading a disc that is shown", err)
	_, err = e.OpenDisc(ctx, burned, 0)
	busy("opening the disc", err)
	_, err = e.Contents(ctx, burned)
	busy("its contents", err)
	_, err = e.PlanAction(ctx, burned, model.CloseDisc)
	busy("planning an action", err)
	_, err = e.RunAction(ctx, burned, model.Eject, progress.Discard)
	busy("an action", err)
	busy("planning to burn", e.PlanWrite(ctx, src, model.Target{Drive: burned}, model.Options{}).Err)
	busy("planning to copy", e.PlanWrite(ctx, model.Source{Kind: model.FromDrive, Name: burned}, model.Target{}, model.Options{}).Err)
	_, err = e.Write(ctx, src, model.Target{Drive: burned}, model.Options{}, progress.Discard)
	busy("burning", err)
	_, err = e.Write(ctx, model.Source{Kind: model.FromDrive, Name: burned}, model.Target{Drive: other}, model.Options{}, progress.Discard)
	busy("copying", err)
	found, err := e.Inserted(ctx)
	if err != nil || len(found) != 2 || found[1].Err != nil || found[1].Status != "closed" {
		t.Fatalf("%+v, %v", found, err)
	}
	busy("the list of drives", found[0].Err)
	if d, err := e.OpenDisc(ctx, other, 0); err != nil {
		t.Errorf("the other drive: %v", err)
	} else {
		d.Close()
	}
	close(more)
	if err := <-done; err != nil {
		t.Errorf("the task itself: %v", err)
	}
	<-task.Ended()
	if n, err := shown.ReadSectors(ctx, p, 200, disc.User); n != 1 && err != nil {
		t.Errorf("after the task: %d, %v", n, err)
	}
	if found, _ = e.Inserted(ctx); len(found) != 2 || found[0].Status != "closed" {
		t.Errorf("after the task: %+v", found)
	}
}
