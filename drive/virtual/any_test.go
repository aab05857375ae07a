package virtual

import (
	"context"
	"math/rand/v2"
	"testing"

	"glassmaster/drive/scsi"
)

// TestAnyCommand sends commands of every kind with bytes of every kind. The
// drive answers, does not panic, and its disc stays one that can be opened.
func TestAnyCommand(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var ops []byte
	for op := 0; op < 256; op++ {
		if _, known := commandFor(byte(op)); known {
			ops = append(ops, byte(op))
		}
	}
	for _, m := range Media() {
		b := insertBlank(t, m.Name, 2400)
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
			if n := wanted(cdb); n >= 0 {
				c.Direction, c.Data = scsi.Out, make([]byte, min(n, maxTransfer))
				for i := range min(len(c.Data), 64) {
					c.Data[i] = byte(rnd.IntN(256) >> rnd.IntN(8))
				}
				if op == scsi.OpModeSelect10 && n == 60 {
					copy(c.Data, []byte{0, 0, 0, 0, 0, 0, 0, 0, 5, 50, byte(rnd.IntN(3)), byte(rnd.IntN(8)), byte(rnd.IntN(2) * 8)})
				}
			}
			b.d.Execute(context.Background(), c)
			if err := b.d.rec.checkState(); err != nil {
				t.Fatalf("%s: % x left a state that makes no sense: %v", m.Name, cdb, err)
			}
		}
	}
}

// checkState checks the state of the disc, if there is one.
func (d *recorder) checkState() error {
	if d.store == nil {
		return nil
	}
	return d.disc.Valid()
}

// wanted returns how many bytes of data a CDB announces, -1 when it has none.
func wanted(cdb []byte) int {
	switch cdb[0] {
	case scsi.OpWrite10, scsi.OpWriteAndVerify, scsi.OpWrite12:
		_, n := rwAddress(cdb)
		return int(min(n*2048, maxTransfer))
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
		return int(cdb[8])<<8 | int(cdb[9])
	}
	return -1
}
