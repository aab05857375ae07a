package serve

import (
	"slices"

	"glassmaster/drive/scsi/iscsi/pdu"
)

// task is a SCSI command. Its fields are guarded by the mutex of the session, except for
// those that only the goroutine uses that executes it.
type task struct {
	session     *session
	nexus       *nexus // nil: there is no such logical unit
	tag         uint32
	lun         uint64
	cdb         [16]byte
	read, write bool
	immediate   bool
	length      int // that the initiator expects to be transferred, in bytes

	sense   []byte // with which it ends instead of being executed
	ready   bool   // all data to write are here
	running bool   // it is being executed
	aborted bool   // no answer is sent
	ended   chan struct{}

	data        []byte // to write
	got         int    // bytes of data that have come; of a read, that were sent
	want        int    // until where the initiator was asked to send them
	unsolicited bool   // data come that were not asked for
	granted     bool   // there is memory for all data
	ttt         uint32 // target transfer tag of the last R2T, NoTag: none
	r2tSN       uint32
	dataSN      uint32 // of the next Data-Out, or Data-In
}

// command begins a SCSI command: RFC 7143 11.3. LUN in bytes 8 to 15, task tag 16 to
// 19, expected data transfer length 20 to 23, CDB from byte 32.
func (x *session) command(p *pdu.PDU) error {
	t := &task{
		session: x, nexus: x.nexus(p.LUN()), tag: p.Tag(), lun: p.LUN(), cdb: [16]byte(p.Header[32:]),
		read: p.Has(pdu.FlagRead), write: p.Has(pdu.FlagWrite), immediate: p.Immediate(), length: int(p.U32(20)),
		ttt: pdu.NoTag, ended: make(chan struct{}),
	}
	x.mu.Lock()
	switch {
	case t.tag == pdu.NoTag:
		x.mu.Unlock()
		return violation("the initiator sent a command without a task tag")
	case x.tasks[t.tag] != nil:
		x.mu.Unlock()
		return x.reject(p, rejectTask)
	case t.immediate && x.immediate >= maxImmediate:
		x.mu.Unlock()
		return x.reject(p, rejectImmediate)
	}
	x.tasks[t.tag] = t
	if t.immediate {
		x.immediate++
	} else {
		x.open++
	}
	t.admit(p)
	if t.nexus == nil {
		x.mu.Unlock()
		t.answerNoUnit()
		return nil
	}
	t.nexus.queue = append(t.nexus.queue, t)
	if t.nexus.start() {
		x.runner.Add(1)
		go t.nexus.run()
	}
	if !t.ready {
		x.order = append(x.order, t)
	}
	asks := x.grant()
	x.mu.Unlock()
	t.nexus.notify()
	return x.ask(asks)
}

// admit checks the data that came with the command and determines which will come. The
// caller holds the mutex.
func (t *task) admit(p *pdu.PDU) {
	params := &t.session.params
	final := p.Has(pdu.FlagFinal)
	switch {
	case t.read && t.write || p.Header[4] != 0: // bidirectional, or with an extended CDB
		t.sense = senseField.fixed()
	case !t.write && len(p.Data) > 0, len(p.Data) > 0 && !params.immediateData, t.write && !final && params.initialR2T:
		t.sense = senseUnexpected.fixed()
	case len(p.Data) > min(t.length, params.first):
		t.sense = senseAmount.fixed()
	case t.write && t.length > t.session.server.limits.WriteMemory:
		t.sense = senseField.fixed()
	}
	if t.sense != nil || !t.write {
		t.ready = true
		return
	}
	t.session.counters.in.Add(int64(len(p.Data)))
	t.data, t.got = p.Data, len(p.Data)
	t.unsolicited, t.want = !final, t.got
	if t.unsolicited {
		t.want = min(t.length, params.first)
		t.data = make([]byte, t.want)
		copy(t.data, p.Data)
	}
	t.session.memory += cap(t.data)
	t.ready = t.got == t.length && !t.unsolicited
}

// grant gives memory to commands that wait for it, in the order of their arrival, and
// returns those whose initiator can be asked for data. The caller holds the mutex.
func (x *session) grant() []*task {
	var asks []*task
	for _, t := range x.order {
		if t.granted {
			continue
		}
		if others := x.memory - cap(t.data); others > 0 && others+t.length > x.server.limits.WriteMemory {
			break
		}
		x.memory -= cap(t.data)
		whole := make([]byte, t.length)
		copy(whole, t.data[:t.got])
		t.data, t.granted = whole, true
		x.memory += cap(t.data)
		if !t.unsolicited {
			asks = append(asks, t)
		}
	}
	return asks
}

// ask sends an R2T (RFC 7143 11.8) for the next data of each task: R2TSN in bytes 36 to 39,
// offset in 40 to 43, length in 44 to 47.
func (x *session) ask(tasks []*task) error {
	var list []*pdu.PDU
	x.mu.Lock()
	for _, t := range tasks {
		if t.aborted || t.ready {
			continue
		}
		if x.lastTag++; x.lastTag == pdu.NoTag {
			x.lastTag = 0
		}
		t.ttt, t.dataSN = x.lastTag, 0
		t.want = t.got + min(t.length-t.got, x.params.burst)
		p := pdu.New(pdu.OpR2T, pdu.FlagFinal)
		p.PutLUN(t.lun)
		p.Put32(16, t.tag)
		p.Put32(20, t.ttt)
		p.Put32(36, t.r2tSN)
		p.Put32(40, uint32(t.got))
		p.Put32(44, uint32(t.want-t.got))
		t.r2tSN++
		list = append(list, p)
	}
	x.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	return x.send(list...)
}

// dataOut reads the data of a Data-Out into the buffer of its command: RFC 7143 11.7, DataSN
// in bytes 36 to 39, offset in 40 to 43. As negotiated, they are in order.
func (x *session) dataOut(p *pdu.PDU, n int) error {
	x.mu.Lock()
	t, err := x.expects(p, n)
	var into []byte
	if t != nil {
		into = t.data[t.got : t.got+n]
	}
	x.mu.Unlock()
	switch {
	case err != nil:
		return err
	case t == nil: // of a command that has ended
		return x.conn.ReadData(make([]byte, n))
	}
	if err := x.conn.ReadData(into); err != nil {
		return err
	}
	x.counters.in.Add(int64(n))
	x.mu.Lock()
	var asks []*task
	if !t.aborted {
		if n > 0 && &t.data[t.got] != &into[0] { // grant has replaced the buffer in the meantime
			copy(t.data[t.got:], into)
		}
		t.got += n
		t.dataSN++
		if p.Has(pdu.FlagFinal) {
			asks = t.sequenceEnds()
		}
	}
	x.mu.Unlock()
	t.nexus.notify()
	return x.ask(asks)
}

// expects returns the task that a Data-Out belongs to, or nil if it has ended. The caller
// holds the mutex.
func (x *session) expects(p *pdu.PDU, n int) (*task, error) {
	t, ttt := x.tasks[p.Tag()], p.TargetTag()
	if ttt != pdu.NoTag && int32(x.lastTag-ttt) < 0 {
		return nil, violation("the initiator sent data for a request that was never made")
	}
	if t == nil || t.ready || t.aborted {
		return nil, nil
	}
	switch {
	case ttt == pdu.NoTag && !t.unsolicited, ttt != pdu.NoTag && ttt != t.ttt:
		return nil, violation("the initiator sent data that were not asked for")
	case p.U32(36) != t.dataSN || int64(p.U32(40)) != int64(t.got):
		return nil, violation("the initiator sent data out of order")
	case n > t.want-t.got:
		return nil, violation("the initiator sent more data than it was asked for")
	}
	return t, nil
}

// sequenceEnds handles the end of the data that were asked for, and returns the task if
// more are needed. The caller holds the mutex.
func (t *task) sequenceEnds() []*task {
	switch {
	case t.got == t.length:
		t.ready = true
	case !t.unsolicited && t.got < t.want:
		t.sense, t.ready = senseAmount.fixed(), true
	case t.unsolicited && !t.granted:
		t.unsolicited = false // it is asked when there is memory
		t.want = t.got
		return nil
	default:
		t.unsolicited = false
		return []*task{t}
	}
	t.unsolicited = false
	return nil
}

// abort ends a task without an answer. One that is being executed ends when the drive has
// done so. The caller holds the mutex.
func (t *task) abort() {
	t.aborted = true
	if t.running {
		return
	}
	if n := t.nexus; n != nil {
		if i := slices.Index(n.queue, t); i >= 0 {
			n.queue = slices.Delete(n.queue, i, i+1)
		}
	}
	t.session.forget(t)
	close(t.ended)
}

// start reports whether the goroutine of the nexus is still to be started, and is true
// once. The caller holds the mutex of the session.
func (n *nexus) start() bool {
	first := !n.started
	n.started = true
	return first
}

// notify makes the goroutine of the nexus look at its queue.
func (n *nexus) notify() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// run executes the commands of a nexus in their order, until the session ends.
func (n *nexus) run() {
	defer n.session.runner.Done()
	for {
		t := n.next()
		if t == nil {
			return
		}
		t.execute()
		t.finish()
	}
}

// next waits for the next command, and returns nil at the end of the session.
func (n *nexus) next() *task {
	x := n.session
	for {
		x.mu.Lock()
		if x.err != nil {
			x.mu.Unlock()
			return nil
		}
		if len(n.queue) > 0 && n.queue[0].ready && !x.draining {
			t := n.queue[0]
			n.queue = slices.Delete(n.queue, 0, 1)
			t.running = true
			x.mu.Unlock()
			return t
		}
		x.mu.Unlock()
		select {
		case <-n.wake:
		case <-x.dead:
		}
	}
}
