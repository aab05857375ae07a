package serve_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
	"glassmaster/drive/serve"
)

var (
	testUnitReady = make([]byte, 6)
	prevent       = []byte{scsi.OpPreventAllowMediumRemoval, 0, 0, 0, 1, 0}
	allow         = []byte{scsi.OpPreventAllowMediumRemoval, 0, 0, 0, 0, 0}
	eject         = []byte{scsi.OpStartStopUnit, 0, 0, 0, 2, 0}
	load          = []byte{scsi.OpStartStopUnit, 0, 0, 0, 3, 0}
	mediaEvent    = []byte{scsi.OpGetEventStatus, 1, 0, 0, 16, 0, 0, 0, 8, 0}
)

// two returns two initiators that are ready.
func two(t *testing.T, x *served) (a, b *host) {
	t.Helper()
	a, b = login(t, x.addr), dial(t, x.addr)
	b.isid = 2
	b.login()
	a.ready()
	b.ready()
	return a, b
}

func (h *host) wants(status byte, sense string, cdb []byte) {
	h.t.Helper()
	if r := h.run(0, cdb...); r.status != status || r.sense != sense {
		h.t.Errorf("%s: status %02X %s, want %02X %s", scsi.Describe(cdb), r.status, r.sense, status, sense)
	}
}

// Each session begins with a unit attention, which INQUIRY and REPORT LUNS do not clear and
// REQUEST SENSE returns.
func TestUnitAttention(t *testing.T) {
	x := serveDrives(t, recorder(t, "medium=cd-r"))
	h := login(t, x.addr)
	if r := h.run(36, scsi.OpInquiry, 0, 0, 0, 36, 0); r.status != 0 || r.data[0] != 5 {
		t.Errorf("INQUIRY: %+v", r)
	}
	h.wants(2, "6/29/00", testUnitReady)
	h.wants(0, "", testUnitReady)
	h = dial(t, x.addr)
	h.isid = 2
	h.login()
	r := h.run(18, scsi.OpRequestSense, 0, 0, 0, 18, 0)
	if s := code(scsi.DecodeSense(r.data)); r.status != 0 || s != "6/29/00" {
		t.Errorf("REQUEST SENSE: %s", s)
	}
	h.wants(0, "", testUnitReady)
}

// What one initiator does to the disc or to the mode pages, the other is told.
func TestOthersAreTold(t *testing.T) {
	x := serveDrives(t, recorder(t, "medium=cd-r"))
	a, b := two(t, x)
	a.wants(0, "", eject)
	if r := a.run(8, mediaEvent...); r.data[4]&0xF != 3 {
		t.Errorf("the first is told of the event %d", r.data[4]&0xF)
	}
	if r := b.run(8, mediaEvent...); r.data[4]&0xF != 3 {
		t.Errorf("the second is told of the event %d", r.data[4]&0xF)
	}
	if r := b.run(8, mediaEvent...); r.data[4]&0xF != 0 {
		t.Errorf("the second is told of the event twice")
	}
	a.wants(0, "", load)
	a.wants(2, "6/28/00", testUnitReady)
	a.wants(0, "", testUnitReady)
	b.wants(2, "6/28/00", testUnitReady)
	b.wants(0, "", testUnitReady)

	sense := a.run(68, scsi.OpModeSense10, 0, 5, 0, 0, 0, 0, 0, 68, 0)
	p := a.command(pdu.FlagWrite, 60, scsi.OpModeSelect10, 0x10, 0, 0, 0, 0, 0, 0, 60, 0)
	p.Data = append([]byte(nil), sense.data[:60]...)
	clear(p.Data[:8])
	a.send(p)
	if r := a.finish(); r.status != 0 {
		t.Fatalf("MODE SELECT: %+v", r)
	}
	b.wants(2, "6/2A/01", testUnitReady)
	a.wants(0, "", testUnitReady)
}

// The medium can be removed when no initiator prevents it, by word or by its end.
func TestPrevent(t *testing.T) {
	x := serveDrives(t, recorder(t, "medium=cd-r"))
	a, b := two(t, x)
	a.wants(0, "", prevent)
	b.wants(0, "", prevent)
	a.wants(2, "5/53/02", eject)
	a.wants(0, "", allow)
	a.wants(2, "5/53/02", eject)
	b.conn.Close()
	x.await(t, serve.Lost, "")
	a.wants(0, "", eject)
}

// RESERVE keeps others out until RELEASE, a reset, or the end of the session (SPC-2 5.5).
func TestReserve(t *testing.T) {
	for _, op := range []byte{0x16, 0x56} {
		cdb := func(op byte) []byte {
			if op >= 0x20 {
				return append([]byte{op}, make([]byte, 9)...)
			}
			return append([]byte{op}, make([]byte, 5)...)
		}
		d := recorder(t, "medium=cd-r")
		x := serveDrives(t, d)
		a, b := two(t, x)
		a.wants(0, "", cdb(op))
		a.wants(0, "", cdb(op))
		a.wants(0, "", testUnitReady)
		for _, c := range [][]byte{testUnitReady, read10(0, 1), cdb(op), prevent, eject} {
			b.wants(scsi.StatusReservationConflict, "", c)
		}
		b.wants(0, "", allow)
		b.wants(0, "", cdb(op+1)) // does nothing
		b.wants(scsi.StatusReservationConflict, "", testUnitReady)
		if r := b.run(36, scsi.OpInquiry, 0, 0, 0, 36, 0); r.status != 0 {
			t.Errorf("INQUIRY: %+v", r)
		}
		a.wants(0, "", cdb(op+1))
		b.wants(0, "", testUnitReady)

		b.wants(0, "", cdb(op))
		a.wants(scsi.StatusReservationConflict, "", testUnitReady)
		a.manage(5, 0) // LOGICAL UNIT RESET
		a.wants(2, "6/29/03", testUnitReady)
		a.wants(0, "", testUnitReady)
		b.wants(2, "6/29/03", testUnitReady)
		b.wants(0, "", testUnitReady)

		b.wants(0, "", cdb(op))
		b.conn.Close()
		x.await(t, serve.Lost, "")
		a.wants(0, "", testUnitReady)
		a.wants(2, "5/20/00", cdb(0x5E)) // PERSISTENT RESERVE IN
	}
}

// Commands that wait for the drive while the connection of their initiator ends are not
// executed: the drive gets none of them, and a reservation would never end.
func TestWaitingWhenLost(t *testing.T) {
	for _, cdb := range [][]byte{{0x16, 0, 0, 0, 0, 0}, eject} {
		begun, proceed := make(chan bool), make(chan bool)
		d := &funcDrive{run: func(c scsi.Command) (int, error) {
			if c.CDB[0] == scsi.OpRead10 {
				begun <- true
				<-proceed
			}
			return len(c.Data), nil
		}}
		x := serveDrives(t, d)
		a, b := two(t, x)
		a.send(a.command(pdu.FlagRead, 2048, read10(0, 1)...))
		<-begun
		b.send(b.command(0, 0, cdb...))
		for list := x.Sessions(); len(list) < 2 || !list[1].Executing; list = x.Sessions() {
			runtime.Gosched()
		}
		b.conn.Close()
		x.await(t, serve.Lost, "")
		close(proceed)
		if r := a.finish(); r.status != 0 {
			t.Fatalf("READ: %+v", r)
		}
		for range 20 { // the command that waited comes before one of these
			a.wants(0, "", testUnitReady)
		}
		x.stop()
		if got := d.got(); slices.Contains(got, cdb[0]) {
			t.Errorf("the drive got % X", got)
		}
	}
}

// manage sends a task management function and returns the response.
func (h *host) manage(function byte, ref uint32) byte {
	h.t.Helper()
	p := pdu.New(pdu.OpTaskManagement|pdu.OpImmediate, pdu.FlagFinal|function)
	p.Put32(16, 0x7000)
	p.Put32(20, ref)
	p.Put32(24, h.cmdSN)
	h.send(p)
	return h.expect(pdu.OpTaskReply).Header[2]
}

func TestLogicalUnits(t *testing.T) {
	x := serveDrives(t, recorder(t, "medium=cd-r"), pressed(t, pattern(2048*300)))
	h := login(t, x.addr)
	at := func(lun byte, length int, cdb ...byte) result {
		c := h.command(pdu.FlagRead, length, cdb...)
		c.Header[9] = lun
		h.send(c)
		return h.finish()
	}
	reportLUNs := []byte{0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0}
	want := []byte{0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for _, lun := range []byte{0, 1, 2, 200} {
		if r := at(lun, 64, reportLUNs...); r.status != 0 || !slices.Equal(r.data, want) {
			t.Errorf("REPORT LUNS to %d: %+v", lun, r)
		}
	}
	for lun, kind := range map[byte]byte{0: 5, 1: 5, 2: 0x7F, 77: 0x7F} {
		if r := at(lun, 36, scsi.OpInquiry, 0, 0, 0, 36, 0); r.status != 0 || len(r.data) != 36 || r.data[0] != kind {
			t.Errorf("INQUIRY to %d: %+v", lun, r)
		}
	}
	if r := at(2, 0, testUnitReady...); r.sense != "5/25/00" {
		t.Errorf("TEST UNIT READY to 2: %+v", r)
	}
	if r := at(2, 2048, read10(0, 1)...); r.sense != "5/25/00" || len(r.data) > 0 {
		t.Errorf("READ from 2: %+v", r)
	}
	if r := at(2, 18, scsi.OpRequestSense, 0, 0, 0, 18, 0); r.status != 0 || code(scsi.DecodeSense(r.data)) != "5/25/00" {
		t.Errorf("REQUEST SENSE to 2: %+v", r)
	}
	c := h.command(pdu.FlagWrite, 8192, write10(0, 4)...)
	c.Header[9] = 2
	h.send(c)
	if r := h.finish(); r.sense != "5/25/00" {
		t.Errorf("WRITE to 2: %+v", r)
	}
	// Flat space addressing of unit 1.
	c = h.command(pdu.FlagRead, 36, scsi.OpInquiry, 0, 0, 0, 36, 0)
	c.Header[8], c.Header[9] = 0x40, 1
	h.send(c)
	if r := h.finish(); r.data[0] != 5 {
		t.Errorf("INQUIRY with a flat address: %+v", r)
	}
}

// Drives of one model are told apart by the identification page.
func TestIdentification(t *testing.T) {
	h := login(t, serveDrives(t, recorder(t, "medium=cd-r"), recorder(t, "medium=cd-r")).addr)
	var pages []string
	for lun := range 2 {
		c := h.command(pdu.FlagRead, 252, scsi.OpInquiry, 1, 0x83, 0, 252, 0)
		c.Header[9] = byte(lun)
		h.send(c)
		r := h.finish()
		if r.status != 0 || len(r.data) != 4+int(r.data[3]) || !strings.Contains(string(r.data), targetName) {
			t.Errorf("page 83h: %+v", r)
		}
		pages = append(pages, string(r.data))
	}
	if pages[0] == pages[1] {
		t.Errorf("both drives have the page %q", pages[0])
	}
	if r := h.run(252, scsi.OpInquiry, 1, 0, 0, 252, 0); !slices.Equal(r.data, []byte{5, 0, 0, 3, 0, 0x80, 0x83}) {
		t.Errorf("page 00h: % X", r.data)
	}
}

// A read-only target lets nothing through that could change a disc or the drive.
func TestReadOnly(t *testing.T) {
	d := &funcDrive{}
	o := options(d)
	o.Targets[0].ReadOnly = true
	h := login(t, start(t, o).addr)
	h.ready()
	for _, cdb := range [][]byte{
		write10(0, 0), make12(scsi.OpWrite12), make10(scsi.OpWriteAndVerify), make12(scsi.OpBlank), make6(scsi.OpFormatUnit), make10(scsi.OpCloseTrackSession),
		make10(scsi.OpReserveTrack), make10(scsi.OpSendCueSheet), make10(0x3B), make12(0xA6), make12(0xB5), make10(0x4C), make12(0xC0), make10(0xF9), make12(scsi.OpSendDiscStructure),
		{0xA3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0},
		make10(scsi.OpSendOPCInformation), make10(scsi.OpRepairTrack),
	} {
		h.wants(2, "7/27/00", cdb)
	}
	if len(d.got()) > 0 {
		t.Errorf("the drive got % X", d.got())
	}
	for _, cdb := range [][]byte{read10(0, 0), eject, make12(scsi.OpReadCD), make10(scsi.OpReadTOC), make10(scsi.OpSynchronizeCache)} {
		h.wants(0, "", cdb)
	}
}

func make6(op byte) []byte  { return append([]byte{op}, make([]byte, 5)...) }
func make10(op byte) []byte { return append([]byte{op}, make([]byte, 9)...) }
func make12(op byte) []byte { return append([]byte{op}, make([]byte, 11)...) }

// Firmware is never written over the network.
func TestFirmware(t *testing.T) {
	d := &funcDrive{}
	h := login(t, serveDrives(t, d).addr)
	h.ready()
	for _, mode := range []byte{4, 5, 6, 7, 0x0D, 0x0E, 0x0F} {
		h.wants(2, "5/24/00", []byte{0x3B, mode, 0, 0, 0, 0, 0, 0, 0, 0})
	}
	if len(d.got()) > 0 {
		t.Errorf("the drive got % X", d.got())
	}
}

// What the host cannot do is told with sense data that fit.
func TestDriveFails(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{scsi.NewError(read10(0, 1), 2, []byte{0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 5, 0, 0, 0, 0}), "3/11/05"},
		{errors.New("input/output error"), "3/11/00"},
		{scsi.ErrTimeout, "4/3E/02"},
		{scsi.ErrConnection, "4/08/00"},
		{scsi.NewError(read10(0, 1), 2, nil), "3/11/00"},
	} {
		h := login(t, serveDrives(t, &funcDrive{run: func(scsi.Command) (int, error) { return 0, c.err }}).addr)
		h.ready()
		if r := h.run(2048, read10(0, 1)...); r.status != 2 || r.sense != c.want || len(r.data) > 0 {
			t.Errorf("%v: status %02X %s, %d bytes; want %s", c.err, r.status, r.sense, len(r.data), c.want)
		}
		h.conn.Close()
	}
	h := login(t, serveDrives(t, &funcDrive{run: func(c scsi.Command) (int, error) {
		return 0, &scsi.Error{CDB: c.CDB, Status: scsi.StatusBusy}
	}}).addr)
	h.ready()
	if r := h.run(2048, read10(0, 1)...); r.status != scsi.StatusBusy {
		t.Errorf("a drive that is busy: %+v", r)
	}
}

// Commands larger than the drive takes are sent to it in pieces. An error in one ends the
// command there, with what was read before.
func TestPieces(t *testing.T) {
	d := &funcDrive{}
	d.run = func(c scsi.Command) (int, error) {
		if err := scsi.Check(c); err != nil {
			t.Errorf("% X: %v", c.CDB, err)
		}
		if c.CDB[5] == 100+64 && c.CDB[0] == scsi.OpRead10 {
			return 2048, scsi.NewError(c.CDB, 2, []byte{0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 5, 0, 0, 0, 0})
		}
		return len(c.Data), nil
	}
	h := login(t, serveDrives(t, d).addr)
	h.ready()
	r := h.run(200*2048, read10(300, 200)...)
	lbas := d.addresses()
	if r.status != 0 || len(r.data) != 200*2048 || !slices.Equal(lbas, []uint32{300, 332, 364, 396, 428, 460, 492}) {
		t.Errorf("READ(10): status %02X, %d bytes, pieces %v", r.status, len(r.data), lbas)
	}
	if r := h.run(200*2048, read10(100, 200)...); r.sense != "3/11/05" || len(r.data) != 65*2048 || r.overflow != -135*2048 {
		t.Errorf("READ(10) with an error: %s, %d bytes, residual %d", r.sense, len(r.data), r.overflow)
	}
	d.addresses()
	r = h.run(50*2352, scsi.OpReadCD, 0, 0, 0, 0, 10, 0, 0, 50, 0xF8, 0, 0)
	if lbas = d.addresses(); r.status != 0 || len(r.data) != 50*2352 || !slices.Equal(lbas, []uint32{10, 37}) {
		t.Errorf("READ CD: %s, %d bytes, pieces %v", r.sense, len(r.data), lbas)
	}
}
