package serve_test

import (
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
	"glassmaster/drive/serve"
)

// An initiator that violates the protocol loses its session, and what it had not sent in
// full is never written. Others go on.
func TestHostile(t *testing.T) {
	const blocks = 64
	data := pattern(blocks * 2048)
	// asked begins a WRITE and returns the R2T of the target.
	asked := func(h *host, immediate int) *pdu.PDU {
		c := h.command(pdu.FlagWrite, len(data), write10(0, blocks)...)
		c.Data = data[:immediate]
		h.send(c)
		return h.expect(pdu.OpR2T)
	}
	for name, script := range map[string]func(h *host){
		"data longer than asked for": func(h *host) {
			r := asked(h, 8192)
			h.send(h.dataOut(r.TargetTag(), 0, 8192, true, append(data[8192:], 1, 2, 3, 4)))
		},
		"data for another request": func(h *host) {
			r := asked(h, 0)
			h.send(h.dataOut(r.TargetTag()+1, 0, 0, true, data))
		},
		"data that were not asked for": func(h *host) {
			asked(h, 0)
			h.send(h.dataOut(pdu.NoTag, 0, 0, true, data[:512]))
		},
		"data at another offset": func(h *host) {
			r := asked(h, 0)
			h.send(h.dataOut(r.TargetTag(), 0, 512, true, data[512:1024]))
		},
		"data far beyond": func(h *host) {
			r := asked(h, 0)
			h.send(h.dataOut(r.TargetTag(), 0, 0xFFFFFE00, true, data[:512]))
		},
		"data out of order": func(h *host) {
			r := asked(h, 0)
			h.send(h.dataOut(r.TargetTag(), 1, 0, false, data[:512]))
		},
		"a PDU too long": func(h *host) {
			r := asked(h, 0)
			h.send(h.dataOut(r.TargetTag(), 0, 0, true, make([]byte, 256<<10+4)))
		},
		"a lost connection": func(h *host) {
			r := asked(h, 0)
			h.send(h.dataOut(r.TargetTag(), 0, 0, false, data[:8192]))
			h.conn.Close()
		},
		"a second login": func(h *host) { h.send(pdu.New(pdu.OpLogin|pdu.OpImmediate, pdu.FlagTransit)) },
		"a command without a tag": func(h *host) {
			c := h.command(0, 0, make([]byte, 6)...)
			c.Put32(16, pdu.NoTag)
			h.send(c)
		},
		"text too long": func(h *host) {
			for range 3 {
				p := pdu.New(pdu.OpText|pdu.OpImmediate, pdu.FlagContinue)
				p.Put32(20, pdu.NoTag)
				p.Data = make([]byte, 60<<10)
				if h.conn.Send(p) != nil {
					return // it was closed
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := &funcDrive{}
			x := serveDrives(t, d)
			good := login(t, x.addr)
			good.ready()
			h := dial(t, x.addr)
			h.isid = 2
			h.login()
			h.ready()
			script(h)
			if name != "a lost connection" {
				h.ended()
			}
			x.await(t, serve.Lost, "")
			if d.wrote() {
				t.Error("the drive got a WRITE")
			}
			if r := good.run(0, make([]byte, 6)...); r.status != 0 {
				t.Errorf("another initiator: %+v", r)
			}
		})
	}
}

// Commands whose data are not those that were announced end with an error; the session goes
// on.
func TestWrongData(t *testing.T) {
	data := pattern(4 * 2048)
	for _, c := range []struct {
		name   string
		keys   []string
		script func(h *host)
		sense  string
	}{
		{"shorter than asked for", nil, func(h *host) {
			h.send(h.command(pdu.FlagWrite, len(data), write10(0, 4)...))
			r := h.expect(pdu.OpR2T)
			h.send(h.dataOut(r.TargetTag(), 0, 0, true, data[:2048]))
		}, "B/0C/0D"},
		{"more than announced, with the command", nil, func(h *host) {
			p := h.command(pdu.FlagWrite, 2048, write10(0, 1)...)
			p.Data = data
			h.send(p)
		}, "B/0C/0D"},
		{"immediate data that were not agreed on", []string{"ImmediateData=No"}, func(h *host) {
			p := h.command(pdu.FlagWrite, 2048, write10(0, 1)...)
			p.Data = data[:2048]
			h.send(p)
		}, "B/0C/0C"},
		{"unsolicited data that were not agreed on", nil, func(h *host) {
			p := h.command(pdu.FlagWrite, len(data), write10(0, 4)...)
			p.Header[1] &^= pdu.FlagFinal
			h.send(p)
			h.send(h.dataOut(pdu.NoTag, 0, 0, true, data))
		}, "B/0C/0C"},
		{"data for a command that reads", nil, func(h *host) {
			p := h.command(pdu.FlagRead, 2048, read10(0, 1)...)
			p.Data = data[:2048]
			h.send(p)
		}, "B/0C/0C"},
		{"both directions", nil, func(h *host) { h.send(h.command(pdu.FlagRead|pdu.FlagWrite, 2048, write10(0, 1)...)) }, "5/24/00"},
		{"fewer than in the CDB", nil, func(h *host) {
			p := h.command(pdu.FlagWrite, 2048, write10(0, 2)...)
			p.Data = data[:2048]
			h.send(p)
		}, "5/24/00"},
		{"no data at all", nil, func(h *host) { h.send(h.command(0, 0, write10(0, 2)...)) }, "5/24/00"},
		{"a parameter list too short", nil, func(h *host) {
			p := h.command(pdu.FlagWrite, 8, scsi.OpModeSelect10, 0x10, 0, 0, 0, 0, 0, 0, 60, 0)
			p.Data = data[:8]
			h.send(p)
		}, "5/24/00"},
		{"more than there is memory for", nil, func(h *host) { h.send(h.command(pdu.FlagWrite, 1<<30, write10(0, 1)...)) }, "5/24/00"},
	} {
		d := &funcDrive{}
		x := serveDrives(t, d)
		h := login(t, x.addr, c.keys...)
		h.ready()
		c.script(h)
		if r := h.finish(); r.status != 2 || r.sense != c.sense {
			t.Errorf("%s: status %02X, %s, want %s", c.name, r.status, r.sense, c.sense)
		}
		if len(d.got()) > 0 {
			t.Errorf("%s: the drive got % X", c.name, d.got())
		}
		if r := h.run(0, make([]byte, 6)...); r.status != 0 {
			t.Errorf("%s: afterwards: %+v", c.name, r)
		}
	}
}

// PDUs that the target does not support are rejected, and the session goes on.
func TestRejected(t *testing.T) {
	h := login(t, serveDrives(t, &funcDrive{}).addr)
	h.ready()
	for op, reason := range map[byte]byte{pdu.OpSNACK: 3, 0x1C: 5, pdu.OpSCSIResponse: 5} {
		p := pdu.New(op, pdu.FlagFinal)
		p.Put32(16, 1)
		h.send(p)
		if r := h.expect(pdu.OpReject); r.Header[2] != reason || len(r.Data) != pdu.HeaderLen || r.Data[0] != op {
			t.Errorf("type %02Xh: reason %02X, %d bytes", op, r.Header[2], len(r.Data))
		}
	}
	if r := h.run(0, make([]byte, 6)...); r.status != 0 {
		t.Errorf("afterwards: %+v", r)
	}
}

// A PDU with a wrong checksum ends the session (error recovery level 0).
func TestDigestError(t *testing.T) {
	for _, keys := range [][]string{{"HeaderDigest=CRC32C"}, {"DataDigest=CRC32C"}} {
		d := &funcDrive{}
		h := login(t, serveDrives(t, d).addr, keys...)
		h.conn.HeaderDigest, h.conn.DataDigest = keys[0] == "HeaderDigest=CRC32C", keys[0] == "DataDigest=CRC32C"
		h.ready()
		p := h.command(pdu.FlagWrite, 2048, write10(0, 1)...)
		p.Data = make([]byte, 2048)
		h.conn.HeaderDigest, h.conn.DataDigest = !h.conn.HeaderDigest, !h.conn.DataDigest // wrong ones, of equal length
		h.send(p, p)
		h.conn.HeaderDigest, h.conn.DataDigest = !h.conn.HeaderDigest, !h.conn.DataDigest
		h.ended()
		if d.wrote() {
			t.Errorf("%v: written", keys)
		}
	}
}
