package virtual

import (
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
)

// TestFullBuffer: with full=busy a WRITE for which the buffer has no space is refused with
// 2/04/08, and can be repeated when there is space. A synchronization that does not wait
// reports progress until the buffer is empty.
func TestFullBuffer(t *testing.T) {
	d, err := OpenName(Prefix + filepath.Join(t.TempDir(), "disc") + "?medium=dvd%2br&sectors=4000&pace=4096&full=busy")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.SetNoSync()
	if !d.rec.pace.busy || d.rec.pace.rate != 4096 {
		t.Fatalf("pace %+v", d.rec.pace)
	}
	c := &fakeClock{at: time.Unix(1000, 0)}
	d.rec.pace.clock = c
	_ = mmc.TestUnitReady(t.Context(), d) // the unit attention
	const block = 16
	write := func(lba int) error {
		cdb := binary.BigEndian.AppendUint32([]byte{0x2A, 0}, uint32(lba))
		_, err := d.Execute(t.Context(), scsi.Command{CDB: append(cdb, 0, 0, block, 0), Data: make([]byte, block*2048), Direction: scsi.Out})
		return err
	}
	lba := 0
	for ; lba < bufferSize/2048; lba += block {
		if err := write(lba); err != nil {
			t.Fatalf("WRITE at %d while the buffer had space: %v", lba, err)
		}
	}
	blocks := func(want int64) {
		t.Helper()
		p := make([]byte, 12)
		cdb := []byte{scsi.OpReadBufferCapacity, 1, 0, 0, 0, 0, 0, 0, 12, 0} // in blocks
		_, err := d.Execute(t.Context(), scsi.Command{CDB: cdb, Data: p, Direction: scsi.In})
		if got := int64(binary.BigEndian.Uint32(p[8:])); err != nil || got != want || p[3] != 1 {
			t.Errorf("%d blocks are free, %v, want %d", got, err, want)
		}
	}
	blocks(0)
	if err := write(lba); !scsi.InProgress(err) {
		t.Fatalf("WRITE with a full buffer: %v", err)
	}
	c.at = c.at.Add(4 * time.Millisecond) // half a block is written
	if err := write(lba); !scsi.InProgress(err) {
		t.Fatalf("WRITE with too little space: %v", err)
	}
	c.at = c.at.Add(4 * time.Millisecond)
	blocks(block)
	if err := write(lba); err != nil {
		t.Fatal(err)
	}
	if c.slept != 0 {
		t.Errorf("the drive waited %v", c.slept)
	}
	if err := mmc.SynchronizeCache(t.Context(), d, true); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the operation itself
		_ = mmc.TestUnitReady(t.Context(), d)
	}
	c.at = c.at.Add(256 * time.Millisecond)
	err = mmc.TestUnitReady(t.Context(), d)
	if part, ok := scsi.Progress(err); !ok || part < 0.49 || part > 0.51 {
		t.Errorf("progress %v, %v; want a half: %v", part, ok, err)
	}
	c.at = c.at.Add(300 * time.Millisecond)
	if err := mmc.TestUnitReady(t.Context(), d); err != nil {
		t.Errorf("the buffer is empty, and the drive reports %v", err)
	}
}
