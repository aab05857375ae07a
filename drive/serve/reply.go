package serve

import (
	"encoding/binary"
	"sync"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
)

// buffers are buffers for the data of reads.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// takeBuffer returns a buffer of at least n bytes. Its contents are not cleared.
func takeBuffer(n int) *[]byte {
	b := buffers.Get().(*[]byte)
	if cap(*b) < n {
		*b = make([]byte, n)
	}
	*b = (*b)[:cap(*b)]
	return b
}

func returnBuffer(b *[]byte) { buffers.Put(b) }

// dataIn returns the PDUs for data: RFC 7143 11.7, DataSN in bytes 36 to 39, offset in 40 to
// 43. A sequence ends after MaxBurstLength, and at the end of the data.
func (t *task) dataIn(data []byte, last bool) []*pdu.PDU {
	params := &t.session.params
	var list []*pdu.PDU
	for len(data) > 0 {
		inBurst := params.burst - t.got%params.burst
		n := min(len(data), params.maxSend, inBurst)
		p := pdu.New(pdu.OpDataIn, 0)
		if n == inBurst || last && n == len(data) {
			p.Header[1] = pdu.FlagFinal
		}
		p.PutLUN(t.lun)
		p.Put32(16, t.tag)
		p.Put32(20, pdu.NoTag)
		p.Put32(36, t.dataSN)
		p.Put32(40, uint32(t.got))
		p.Data = data[:n]
		list = append(list, p)
		data = data[n:]
		t.got += n
		t.dataSN++
	}
	return list
}

// sendPart sends data of a read that goes on. It reports whether that is of use.
func (t *task) sendPart(data []byte) bool {
	data = data[:min(len(data), t.length-t.got)]
	if len(data) == 0 {
		return true
	}
	t.session.counters.out.Add(int64(len(data)))
	return t.session.send(t.dataIn(data, false)...) == nil
}

// sendData sends the last data of a read and its status. o.moved counts the data of the
// whole read.
func (t *task) sendData(data []byte, o outcome) {
	data = data[:min(len(data), t.length-t.got)]
	t.session.counters.out.Add(int64(len(data)))
	t.respond(o, t.dataIn(data, true))
}

// end sends the status of a command without data for the initiator.
func (t *task) end(o outcome) { t.respond(o, nil) }

// respond sends the last data and the status: with the data if it is GOOD, otherwise in a
// response of its own (RFC 7143 11.4 and 11.7.4).
func (t *task) respond(o outcome, list []*pdu.PDU) {
	x := t.session
	x.mu.Lock()
	stopped := t.aborted
	x.forget(t) // the answer tells the initiator that another command can come
	asks := x.grant()
	x.mu.Unlock()
	defer func() { _ = x.ask(asks) }() // an error ends the session
	if stopped {
		return
	}
	var p *pdu.PDU
	if len(list) > 0 && o.status == scsi.StatusGood {
		p = list[len(list)-1]
		p.Header[1] |= pdu.FlagStatus
	} else {
		p = pdu.New(pdu.OpSCSIResponse, pdu.FlagFinal)
		p.Put32(16, t.tag)
		p.Put32(36, t.dataSN) // ExpDataSN
		if t.write {
			p.Put32(36, t.r2tSN)
		}
		if len(o.sense) > 0 {
			p.Data = append(binary.BigEndian.AppendUint16(nil, uint16(len(o.sense))), o.sense...)
		}
		list = append(list, p)
	}
	p.Header[3] = o.status
	switch {
	case o.moved < t.length:
		p.Header[1] |= pdu.FlagUnderflow
		p.Put32(44, uint32(t.length-o.moved))
	case o.moved > t.length:
		p.Header[1] |= pdu.FlagOverflow
		p.Put32(44, uint32(o.moved-t.length))
	}
	_ = x.send(list...) // an error ends the session
}

// finish ends a task that was executed.
func (t *task) finish() {
	x := t.session
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.tasks[t.tag] == t { // no answer was sent
		x.forget(t)
	}
	close(t.ended)
}
