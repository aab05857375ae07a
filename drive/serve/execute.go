package serve

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"glassmaster/drive/scsi"
)

// Timeouts of the commands of initiators, which have timeouts of their own and do not tell
// them. Blanking and formatting take hours, and a damaged sector minutes.
const (
	readTimeout   = 10 * time.Minute
	changeTimeout = 4 * time.Hour
)

// execute executes a command and sends its data and status. Only the goroutine of the nexus
// calls it.
func (t *task) execute() {
	x := t.session
	x.counters.last.Store(t)
	x.counters.commands.Add(1)
	x.counters.executing.Add(1)
	defer x.counters.executing.Add(-1)
	if t.sense != nil {
		t.end(failed(t.sense))
		return
	}
	total, blocks, known := scsi.TransferLength(t.trimmed())
	switch {
	case t.write:
		t.executeWrite(total, blocks, known)
	case t.read || known && total > 0:
		t.executeRead(total, blocks, known)
	default:
		t.once(scsi.Command{CDB: t.trimmed()}, t.length)
	}
}

// trimmed returns the CDB with the length that its operation code has (SPC-4 4.2.5.1).
func (t *task) trimmed() []byte {
	switch t.cdb[0] >> 5 {
	case 0:
		return t.cdb[:6]
	case 1, 2:
		return t.cdb[:10]
	case 4:
		return t.cdb[:16]
	}
	return t.cdb[:12]
}

// outcome is how a command ended.
type outcome struct {
	status byte
	sense  []byte
	moved  int // bytes of data that the drive transferred, or would have
}

func failed(sense []byte) outcome { return outcome{status: scsi.StatusCheckCondition, sense: sense} }

// executeRead executes a command that reads. Reads of many blocks are sent to the drive in
// pieces as large as it takes.
func (t *task) executeRead(total int, blocks, known bool) {
	most := t.nexus.unit.drive.MaxTransfer()
	size := t.length // of the buffer
	switch {
	case known && !blocks:
		size = total
	case known && blocks && total > 0:
		if n := t.blockSize(total); n > 0 {
			t.readBlocks(total, n, most)
			return
		}
	case known:
		size = 0
	case size < minBuffer:
		size = minBuffer // some replies have a length of their own, such as 8 bytes
	}
	if size > most {
		t.end(failed(senseField.fixed()))
		return
	}
	buf := takeBuffer(size)
	defer returnBuffer(buf)
	c := scsi.Command{CDB: t.trimmed(), Direction: scsi.In, Data: (*buf)[:size]}
	if size == 0 {
		c.Direction, c.Data = scsi.None, nil
	}
	o := t.perform(c)
	t.sendData(c.Data[:o.moved], o)
}

// minBuffer is more than the replies have whose length is not in the CDB.
const minBuffer = 64

// blockSize returns the size of the blocks of a command that transfers a number of them, in
// bytes, or 0 if it is not known. The initiator expects their sum.
func (t *task) blockSize(blocks int) int {
	switch t.cdb[0] {
	case scsi.OpRead10, scsi.OpRead12:
		return 2048 // data tracks only
	case scsi.OpReadCD, scsi.OpWrite10, scsi.OpWrite12, scsi.OpWriteAndVerify:
		if t.length%blocks == 0 && t.length/blocks <= 4096 {
			return t.length / blocks
		}
	}
	return 0
}

// readBlocks reads blocks of a size and sends them.
func (t *task) readBlocks(blocks, size, most int) {
	per := max(most/size, 1)
	buf := takeBuffer(min(blocks, per) * size)
	defer returnBuffer(buf)
	for done := 0; ; {
		n := min(blocks-done, per)
		c := scsi.Command{CDB: t.part(done, n), Direction: scsi.In, Data: (*buf)[:n*size]}
		o := t.perform(c)
		data := c.Data[:o.moved]
		done += n
		if o.status != scsi.StatusGood || done == blocks || t.stopped() {
			o.moved += (done - n) * size
			t.sendData(data, o)
			return
		}
		if !t.sendPart(data) {
			return
		}
	}
}

// part returns the CDB for some blocks of the command, from the block with an index on.
func (t *task) part(from, blocks int) []byte {
	cdb := append([]byte(nil), t.trimmed()...)
	binary.BigEndian.PutUint32(cdb[2:], binary.BigEndian.Uint32(cdb[2:])+uint32(from))
	switch cdb[0] {
	case scsi.OpReadCD:
		cdb[6], cdb[7], cdb[8] = byte(blocks>>16), byte(blocks>>8), byte(blocks)
	case scsi.OpRead12, scsi.OpWrite12:
		binary.BigEndian.PutUint32(cdb[6:], uint32(blocks))
	default:
		binary.BigEndian.PutUint16(cdb[7:], uint16(blocks))
	}
	return cdb
}

// stopped reports whether the task was aborted, or its session has ended.
func (t *task) stopped() bool {
	t.session.mu.Lock()
	defer t.session.mu.Unlock()
	return t.aborted || t.session.err != nil
}

// executeWrite executes a command that writes, whose data are all here.
func (t *task) executeWrite(total int, blocks, known bool) {
	most := t.nexus.unit.drive.MaxTransfer()
	data := t.data
	switch {
	case known && blocks && total > 0:
		if size := t.blockSize(total); size > 0 && len(data) > most {
			t.writeBlocks(data, total, size, most)
			return
		}
	case known && total > len(data): // never execute half a parameter list
		t.end(failed(senseField.fixed()))
		return
	case known:
		data = data[:total]
	}
	if len(data) > most {
		t.end(failed(senseField.fixed()))
		return
	}
	c := scsi.Command{CDB: t.trimmed(), Direction: scsi.Out, Data: data}
	if len(data) == 0 {
		c.Direction, c.Data = scsi.None, nil
	}
	t.once(c, t.length)
}

// writeBlocks writes blocks in pieces as large as the drive takes. No other command comes
// between them.
func (t *task) writeBlocks(data []byte, blocks, size, most int) {
	per := max(most/size, 1)
	var o outcome
	t.use(func() {
		for done := 0; done < blocks; {
			n := min(blocks-done, per)
			c := scsi.Command{CDB: t.part(done, n), Direction: scsi.Out, Data: data[done*size : (done+n)*size]}
			o = t.permitted(c)
			if done > 0 {
				for tries := 0; longWrite(o) && tries < maxLongWrites; tries++ { // its buffer is full
					time.Sleep(longWriteWait)
					o = t.permitted(c)
				}
			}
			o.moved += done * size
			if done += n; o.status != scsi.StatusGood {
				return
			}
		}
	})
	t.end(o)
}

// A drive whose buffer is full refuses a WRITE (2/04/08). The rest of a WRITE that was
// begun is then sent again, after a pause, for up to 5 minutes.
const (
	longWriteWait = 20 * time.Millisecond
	maxLongWrites = 15000
)

func longWrite(o outcome) bool {
	s := scsi.DecodeSense(o.sense)
	return o.status == scsi.StatusCheckCondition && s.Key == scsi.KeyNotReady && s.ASC == 0x04 && s.ASCQ == 0x08
}

// once executes one command without data for the initiator.
func (t *task) once(c scsi.Command, length int) {
	o := t.perform(c)
	if c.Direction != scsi.Out {
		o.moved = length
	}
	t.end(o)
}

// perform executes a command when the drive is free.
func (t *task) perform(c scsi.Command) (o outcome) {
	t.use(func() { o = t.permitted(c) })
	return o
}

// use calls f when the drive is free, unless the task was stopped while it waited for that.
func (t *task) use(f func()) {
	t.nexus.unit.use(func() {
		if !t.stopped() {
			f()
		}
	})
}

// send sends a command to the drive. The caller uses the drive.
func (u *unit) send(c scsi.Command) (outcome, error) {
	c.Timeout = readTimeout
	if scsi.Changes(c.CDB) {
		c.Timeout = changeTimeout
	}
	n, err := u.drive.Execute(context.Background(), c)
	o := outcome{moved: min(max(n, 0), len(c.Data))}
	if err == nil {
		return o, nil
	}
	var e *scsi.Error
	switch {
	case errors.As(err, &e) && (e.Status != scsi.StatusCheckCondition || len(e.Raw) > 0):
		o.status, o.sense = e.Status, e.Raw
		return o, nil
	case errors.Is(err, scsi.ErrTimeout):
		o.sense = senseTimeout.fixed()
	case errors.Is(err, scsi.ErrConnection):
		o.sense = senseCommunication.fixed()
	case c.Direction == scsi.In && (c.CDB[0] == scsi.OpRead10 || c.CDB[0] == scsi.OpRead12 || c.CDB[0] == scsi.OpReadCD):
		o.sense = senseUnreadable.fixed()
	default:
		o.sense = senseInternal.fixed()
	}
	o.status = scsi.StatusCheckCondition
	return o, err
}
