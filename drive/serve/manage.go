package serve

import (
	"errors"
	"slices"

	"glassmaster/drive/scsi/iscsi/pdu"
)

// Functions of task management: RFC 7143 11.5.1.
const (
	abortTask    = 1
	abortTaskSet = 2
	clearACA     = 3
	clearTaskSet = 4
	unitReset    = 5
	warmReset    = 6
	coldReset    = 7
	reassign     = 8
)

// Responses to them: RFC 7143 11.6.1.
const (
	functionComplete    = 0
	noTask              = 1
	noUnit              = 2
	noReassignment      = 4
	functionUnsupported = 5
	functionRejected    = 255
)

// errColdReset is why sessions end after a TARGET COLD RESET.
var errColdReset = errors.New("an initiator reset the target")

// manage executes a task management function (RFC 7143 11.5: referenced task tag in bytes
// 20 to 23, RefCmdSN in 32 to 35). A command that the drive executes cannot be stopped; the
// answer comes when it has ended.
func (x *session) manage(p *pdu.PDU) error {
	function := p.Flags() & 0x7F
	n := x.nexus(p.LUN())
	var ending []*task
	var reset []*unit
	response := byte(functionComplete)
	switch {
	case function == reassign:
		response = noReassignment
	case function == clearACA:
		response = functionUnsupported
	case function < abortTask || function > reassign:
		response = functionRejected
	case function == abortTask:
		var err error
		if ending, response, err = x.abortOne(p); err != nil {
			return err
		}
	case function == warmReset || function == coldReset:
		reset = x.target.units
	case n == nil:
		response = noUnit
	case function == abortTaskSet:
		ending = n.abortAll()
	case function == clearTaskSet:
		ending = n.unit.abortAll(n)
	case function == unitReset:
		reset = []*unit{n.unit}
	}
	for _, u := range reset {
		ending = append(ending, u.abortAll(nil)...)
	}
	x.mu.Lock()
	many := x.immediate >= maxImmediate
	if !many {
		x.immediate++
	}
	x.mu.Unlock()
	if many {
		return x.reject(p, rejectImmediate)
	}
	x.runner.Go(func() { x.managed(p, function, response, ending, reset) })
	return nil
}

// managed waits until the tasks have ended, and answers.
func (x *session) managed(p *pdu.PDU, function, response byte, ending []*task, reset []*unit) {
	for _, t := range ending {
		select {
		case <-t.ended:
		case <-x.dead:
			return
		}
		t.session.regrant()
	}
	for _, u := range reset {
		u.reset()
	}
	x.mu.Lock()
	x.immediate--
	x.mu.Unlock()
	r := pdu.New(pdu.OpTaskReply, pdu.FlagFinal)
	r.Header[2] = response
	r.Put32(16, p.Tag())
	_ = x.send(r) // the session has then ended
	if function != coldReset {
		return
	}
	for _, other := range x.server.all() {
		if other.target == x.target {
			other.fail(errColdReset)
		}
	}
}

// abortOne aborts the task with the referenced tag. One that has not come yet, but has a
// CmdSN in the window, is skipped when it comes (RFC 7143 11.6.1).
func (x *session) abortOne(p *pdu.PDU) ([]*task, byte, error) {
	x.mu.Lock()
	t := x.tasks[p.TargetTag()]
	if t != nil && t.lun == p.LUN() && !t.aborted {
		t.abort()
		x.mu.Unlock()
		return []*task{t}, functionComplete, nil
	}
	sn := p.U32(32)
	ahead := int64(int32(sn - x.expCmdSN))
	comes := ahead >= 0 && ahead < int64(x.server.limits.Commands-x.open)
	x.mu.Unlock()
	if !comes {
		return nil, noTask, nil
	}
	skip := pdu.New(opSkipped, 0)
	skip.Put32(24, sn)
	return nil, functionComplete, x.inOrder(skip)
}

// abortAll aborts the tasks of a nexus and returns them.
func (n *nexus) abortAll() []*task {
	x := n.session
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []*task
	for _, t := range x.tasks {
		if t.nexus == n {
			list = append(list, t)
		}
	}
	for _, t := range list {
		if !t.aborted {
			t.abort()
		}
	}
	return list
}

// abortAll aborts the tasks of all initiators and returns them. Initiators other than but
// are told, unless it is nil.
func (u *unit) abortAll(but *nexus) []*task {
	u.mu.Lock()
	all := make([]*nexus, 0, len(u.nexuses))
	for n := range u.nexuses {
		all = append(all, n)
	}
	u.mu.Unlock()
	var list []*task
	for _, n := range all {
		ended := n.abortAll()
		if but != nil && n != but && len(ended) > 0 {
			u.mu.Lock()
			n.attend(senseCleared.fixed())
			u.mu.Unlock()
		}
		list = append(list, ended...)
	}
	return slices.Clip(list)
}

// regrant gives memory that has become free to commands that wait for it.
func (x *session) regrant() {
	x.mu.Lock()
	asks := x.grant()
	x.mu.Unlock()
	_ = x.ask(asks) // an error ends the session
}
