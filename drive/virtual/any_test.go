package virtual_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/discfile"
)

// TestAnyCommand sends all commands with random bytes. The drive answers without a panic, and the file of the disc can always be opened.
func TestAnyCommand(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	ops := knownCommands(t)
	for _, m := range virtual.Media() {
		path := filepath.Join(t.TempDir(), "disc")
		if err := virtual.Create(path, m, virtual.Options{Sectors: 2400, NoSync: true}); err != nil {
			t.Fatal(err)
		}
		d := virtualtest.Open(t, path)
		for range 1500 {
			op := ops[rnd.IntN(len(ops))]
			cdb := make([]byte, cdbLength(op))
			for i := range cdb {
				if rnd.IntN(3) == 0 {
					cdb[i] = byte(rnd.IntN(256) >> rnd.IntN(8))
				}
			}
			cdb[0] = op
			c := scsi.Command{CDB: cdb, Data: make([]byte, 65536), Direction: scsi.In}
			if n := dataOut(cdb, d.MaxTransfer()); n >= 0 {
				c.Direction, c.Data = scsi.Out, make([]byte, min(n, d.MaxTransfer()))
				for i := range min(len(c.Data), 64) {
					c.Data[i] = byte(rnd.IntN(256) >> rnd.IntN(8))
				}
				if op == scsi.OpSendDiscStructure && n == 12 && rnd.IntN(2) == 0 { // a layer boundary, or jumps
					cdb[7] = 0x20 + byte(rnd.IntN(4))
					copy(c.Data, []byte{0, 10, 0, 0, 0, 0, 0, 0, 0, 0, byte(rnd.IntN(5)), byte(rnd.IntN(16) << 4)})
				}
				if op == scsi.OpModeSelect10 && n == 60 {
					copy(c.Data, []byte{0, 0, 0, 0, 0, 0, 0, 0, 5, 50, byte(rnd.IntN(5)), byte(rnd.IntN(8)), [...]byte{0, 8, 8, 3, 13, 1}[rnd.IntN(6)]})
				}
			}
			d.Execute(context.Background(), c)
			if err := openable(t, path); err != nil {
				t.Fatalf("%s: after % x the file of the disc cannot be opened: %v", m.Name, cdb, err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		virtualtest.Open(t, path)
	}
}

// knownCommands returns the operation codes that the drive supports.
func knownCommands(t *testing.T) []byte {
	var ops []byte
	for op := range 256 {
		b := insertBlank(t, "cd-r", 2400)
		_, err := b.d.Execute(t.Context(), scsi.Command{CDB: append([]byte{byte(op)}, make([]byte, cdbLength(byte(op))-1)...)})
		if code(err) != "5/20/00" {
			ops = append(ops, byte(op))
		}
	}
	if len(ops) < 35 {
		t.Fatalf("only %d commands are known: % x", len(ops), ops)
	}
	return ops
}

// openable opens the file of the disc, in the state that was committed last, as an image.
func openable(t *testing.T, path string) error {
	d, _, err := image.Open(t.Context(), path)
	switch {
	case errors.Is(err, discfile.ErrBlank), errors.Is(err, discfile.ErrNotClosed):
		return nil
	case err == nil:
		return d.Close()
	}
	return err
}

// cdbLength returns the length of a CDB by its operation code (SPC-3 4.3.4.1).
func cdbLength(op byte) int { return [...]int{6, 10, 10, 10, 16, 12, 10, 10}[op>>5] }

// writeRange returns the address and the number of blocks of a READ or WRITE command.
func writeRange(cdb []byte) (lba, blocks int64) {
	lba = int64(int32(binary.BigEndian.Uint32(cdb[2:])))
	if cdb[0] >= 0xA0 {
		return lba, int64(binary.BigEndian.Uint32(cdb[6:]))
	}
	return lba, int64(binary.BigEndian.Uint16(cdb[7:]))
}

// dataOut returns how many bytes of data a command sends to the drive, -1 if it sends none.
// It changes some CDBs so that they are valid.
func dataOut(cdb []byte, maxTransfer int) int {
	switch cdb[0] {
	case scsi.OpWrite10, scsi.OpWriteAndVerify, scsi.OpWrite12:
		_, n := writeRange(cdb)
		return int(min(n*2048, int64(maxTransfer)))
	case scsi.OpFormatUnit:
		return 12
	case scsi.OpModeSelect10:
		cdb[7], cdb[8], cdb[1] = 0, 60, 0x10
		return 60
	case scsi.OpSendCueSheet:
		return int(cdb[6])<<16 | int(cdb[7])<<8 | int(cdb[8])
	case scsi.OpSetStreaming:
		return int(cdb[9])<<8 | int(cdb[10])
	case scsi.OpSendDiscStructure:
		cdb[8], cdb[9] = 0, 12
		return int(cdb[8])<<8 | int(cdb[9])
	}
	return -1
}
