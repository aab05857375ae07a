package serve_test

import (
	"bytes"
	"testing"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
)

// A command gets its memory, since another one ends, while data arrive that were not asked for:
// none of them are lost.
func TestGrantedWhileReceiving(t *testing.T) {
	release := make(chan struct{})
	d := &funcDrive{run: func(c scsi.Command) (int, error) {
		if c.CDB[5] == 1 {
			<-release
		}
		return len(c.Data), nil
	}}
	o := options(d)
	o.Limits.WriteMemory = 96 << 10
	x := start(t, o)
	h := login(t, x.addr, "InitialR2T=No")
	h.ready()
	first, second := pattern(32<<10), bytes.Repeat([]byte{0xA5}, 96<<10)
	p := h.command(pdu.FlagWrite, len(first), write10(1, 16)...)
	p.Data = first
	h.send(p)
	for !d.wrote() { // the drive executes it
		time.Sleep(time.Millisecond)
	}
	p = h.command(pdu.FlagWrite, len(second), write10(2, 48)...)
	p.Header[1] &^= pdu.FlagFinal
	h.send(p)
	raw := encode(h.dataOut(pdu.NoTag, 0, 0, true, second[:64<<10]))
	half := len(raw) / 2
	if _, err := h.conn.Conn.Write(raw[:half]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond) // the target has read it
	close(release)
	h.expect(pdu.OpSCSIResponse) // of the first: the second has its memory now
	if _, err := h.conn.Conn.Write(raw[half:]); err != nil {
		t.Fatal(err)
	}
	r := h.expect(pdu.OpR2T)
	h.send(h.dataOut(r.TargetTag(), 0, 64<<10, true, second[64<<10:]))
	if r := h.finish(); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	if got := d.written(); !bytes.Equal(got, append(first, second...)) {
		t.Errorf("the drive got %d other bytes", len(got))
	}
}
