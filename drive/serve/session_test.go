package serve_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi"
	"glassmaster/drive/scsi/iscsi/pdu"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/image"
	"glassmaster/mastering/progress"
)

// Our initiator burns to a served recorder, with digests and without.
func TestBurn(t *testing.T) {
	for _, query := range []string{"", "?digests=crc32c"} {
		x := serveDrives(t, recorder(t, "medium=dvd+r&sectors=2000"))
		ctx := context.Background()
		s, err := iscsi.Open(ctx, "iscsi://"+x.addr+"/"+targetName+"/0"+query)
		if err != nil {
			t.Fatal(err)
		}
		path := t.TempDir() + "/disc.iso"
		writeFile(t, path, pattern(1000*2048))
		src, err := image.OpenPlain(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := record.NewPlan(ctx, s, src, record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(ctx, b, progress.Discard)
		if err != nil || !r.Verified {
			t.Errorf("digests %q: verified: %v, %v", query, r.Verified, err)
		}
		sessions := x.Sessions()
		if len(sessions) != 1 || sessions[0].BytesIn < 1000*2048 || sessions[0].BytesOut < 1000*2048 || sessions[0].LastCommand == "" ||
			sessions[0].Target != targetName || sessions[0].Commands == 0 {
			t.Errorf("the sessions are %+v", sessions)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		src.Close()
		x.await(t, "logged-out", "")
	}
}

// The answers to operational keys are those of RFC 7143 13.
func TestNegotiation(t *testing.T) {
	x := serveDrives(t, &funcDrive{})
	for _, c := range []struct{ offer, key, want string }{
		{"HeaderDigest=None,CRC32C", "HeaderDigest", "None"},
		{"DataDigest=X-y,None", "DataDigest", "None"},
		{"HeaderDigest=X-y", "HeaderDigest", "Reject"},
		{"InitialR2T=No", "InitialR2T", "No"},
		{"InitialR2T=Yes", "InitialR2T", "Yes"},
		{"ImmediateData=No", "ImmediateData", "No"},
		{"ImmediateData=Yes", "ImmediateData", "Yes"},
		{"MaxBurstLength=16776192", "MaxBurstLength", "1048576"},
		{"MaxBurstLength=512", "MaxBurstLength", "512"},
		{"FirstBurstLength=0x200", "FirstBurstLength", "512"},
		{"FirstBurstLength=262144", "FirstBurstLength", "65536"},
		{"MaxConnections=8", "MaxConnections", "1"},
		{"MaxOutstandingR2T=16", "MaxOutstandingR2T", "1"},
		{"ErrorRecoveryLevel=2", "ErrorRecoveryLevel", "0"},
		{"DataPDUInOrder=No", "DataPDUInOrder", "Yes"},
		{"DataSequenceInOrder=No", "DataSequenceInOrder", "Yes"},
		{"DefaultTime2Wait=2", "DefaultTime2Wait", "2"},
		{"DefaultTime2Retain=20", "DefaultTime2Retain", "0"},
		{"OFMarker=Yes", "OFMarker", "No"},
		{"X-com.example.Colour=blue", "X-com.example.Colour", "NotUnderstood"},
		{"MaxRecvDataSegmentLength=512", "MaxRecvDataSegmentLength", "262144"},
		{"ImmediateData=Yes", "TargetPortalGroupTag", "1"},
	} {
		h := login(t, x.addr, c.offer)
		if got := h.keys[c.key]; got != c.want {
			t.Errorf("%s: %s=%q, want %q", c.offer, c.key, got, c.want)
		}
		h.conn.Close()
	}
}

// Each way to send data writes the same.
func TestWriteForms(t *testing.T) {
	data := pattern(64 * 2048)
	for _, c := range []struct {
		keys        []string
		immediate   int // bytes with the command
		unsolicited int // bytes in Data-Out that were not asked for
	}{
		{nil, 0, 0},
		{nil, 8192, 0},
		{nil, 65536, 0},
		{[]string{"ImmediateData=No"}, 0, 0},
		{[]string{"InitialR2T=No"}, 0, 65536},
		{[]string{"InitialR2T=No"}, 1000, 3000},
		{[]string{"InitialR2T=No", "ImmediateData=No", "FirstBurstLength=512"}, 0, 512},
		{[]string{"MaxBurstLength=2000"}, 512, 0},
	} {
		d := &funcDrive{}
		x := serveDrives(t, d)
		h := login(t, x.addr, c.keys...)
		h.ready()
		cmd := h.command(pdu.FlagWrite, len(data), write10(0, 64)...)
		cmd.Data = data[:c.immediate]
		if c.unsolicited > 0 {
			cmd.Header[1] &^= pdu.FlagFinal
		}
		h.send(cmd)
		at := c.immediate
		for sn, end := uint32(0), at+c.unsolicited; at < end; sn++ {
			n := min(end-at, 700)
			h.send(h.dataOut(pdu.NoTag, sn, at, at+n == end, data[at:at+n]))
			at += n
		}
		for at < len(data) {
			r := h.expect(pdu.OpR2T)
			if int(r.U32(40)) != at || r.U32(44) == 0 || at+int(r.U32(44)) > len(data) {
				t.Fatalf("%+v: an R2T of %d bytes at %d after %d", c, r.U32(44), r.U32(40), at)
			}
			for sn, end := uint32(0), at+int(r.U32(44)); at < end; sn++ {
				n := min(end-at, 8192)
				h.send(h.dataOut(r.TargetTag(), sn, at, at+n == end, data[at:at+n]))
				at += n
			}
		}
		if r := h.finish(); r.status != 0 || r.overflow != 0 {
			t.Errorf("%+v: %+v", c, r)
		}
		if got := d.written(); !bytes.Equal(got, data) {
			t.Errorf("%+v: %d bytes written, equal: %v", c, len(got), bytes.Equal(got, data))
		}
		h.conn.Close()
	}
}

// Data are sent in PDUs and sequences of the negotiated lengths.
func TestReadForms(t *testing.T) {
	content := pattern(300 * 2048)
	for _, keys := range [][]string{
		nil,
		{"MaxRecvDataSegmentLength=512"},
		{"MaxRecvDataSegmentLength=1000", "MaxBurstLength=2500"},
		{"MaxRecvDataSegmentLength=262144", "MaxBurstLength=16776192"},
	} {
		x := serveDrives(t, pressed(t, content))
		h := login(t, x.addr, keys...)
		h.ready()
		if r := h.run(len(content), read10(0, 300)...); r.status != 0 || !bytes.Equal(r.data, content) || r.overflow != 0 {
			t.Errorf("%v: status %02X, %d bytes, residual %d, equal %v", keys, r.status, len(r.data), r.overflow, bytes.Equal(r.data, content))
		}
		h.conn.Close()
	}
}

// The residual counts say how the lengths of CDB and host differ (RFC 7143 11.4.5).
func TestResiduals(t *testing.T) {
	x := serveDrives(t, pressed(t, pattern(300*2048)))
	h := login(t, x.addr)
	h.ready()
	for _, c := range []struct {
		length, bytes, overflow int
		cdb                     []byte
	}{
		{2048, 2048, 2048, read10(0, 2)},
		{10000, 2048, 2048 - 10000, read10(0, 1)},
		{200, 200, 2048 - 200, read10(0, 1)},
		{0, 0, 2048, read10(0, 1)},
		{100, 96, -4, []byte{scsi.OpInquiry, 0, 0, 0, 100, 0}},
		{36, 36, 60, []byte{scsi.OpInquiry, 0, 0, 0, 100, 0}},
		{100, 36, -64, []byte{scsi.OpInquiry, 0, 0, 0, 36, 0}},
		{8, 8, 0, append([]byte{scsi.OpReadCapacity}, make([]byte, 9)...)},
		{4, 4, 4, append([]byte{scsi.OpReadCapacity}, make([]byte, 9)...)},
		{32, 8, -24, append([]byte{scsi.OpReadCapacity}, make([]byte, 9)...)},
	} {
		if r := h.run(c.length, c.cdb...); r.status != 0 || len(r.data) != c.bytes || r.overflow != c.overflow {
			t.Errorf("%s into %d bytes: status %02X %s, %d bytes, residual %d, want %d bytes and %d",
				scsi.Describe(c.cdb), c.length, r.status, r.sense, len(r.data), r.overflow, c.bytes, c.overflow)
		}
	}
	if r := h.run(2048, read10(299, 2)...); r.sense != "5/21/00" || r.status != 2 {
		t.Errorf("a READ past the end: %+v", r)
	}
}

// Discovery lists the targets, and nothing else is possible in its session.
func TestDiscovery(t *testing.T) {
	x := serveDrives(t, &funcDrive{})
	h := dial(t, x.addr)
	h.request(pdu.FlagTransit|pdu.StageOperational<<2|pdu.StageFull, "InitiatorName="+hostName, "SessionType=Discovery", "MaxRecvDataSegmentLength=512")
	p := pdu.New(pdu.OpText|pdu.OpImmediate, pdu.FlagFinal)
	p.Put32(16, 7)
	p.Put32(20, pdu.NoTag)
	p.Data = []byte("SendTargets=All\x00")
	h.send(p)
	r := h.expect(pdu.OpTextReply)
	if want := "TargetName=" + targetName + "\x00TargetAddress=" + x.addr + ",1\x00"; string(r.Data) != want || r.Tag() != 7 {
		t.Errorf("got %q, want %q", r.Data, want)
	}
	h.send(h.command(0, 0, make([]byte, 6)...))
	h.ended()
}

// A long list of targets comes in pieces.
func TestDiscoveryInPieces(t *testing.T) {
	o := options(&funcDrive{})
	want := "TargetName=" + targetName + "\x00TargetAddress=%[1]s,1\x00"
	for i := range 40 {
		tg := o.Targets[0]
		tg.Name = fmt.Sprintf("%s-%d", targetName, i)
		o.Targets = append(o.Targets, tg)
		want += "TargetName=" + tg.Name + "\x00TargetAddress=%[1]s,1\x00"
	}
	x := start(t, o)
	h := dial(t, x.addr)
	h.request(pdu.FlagTransit|pdu.StageOperational<<2|pdu.StageFull, "InitiatorName="+hostName, "SessionType=Discovery", "MaxRecvDataSegmentLength=512")
	var got []byte
	p := pdu.New(pdu.OpText|pdu.OpImmediate, pdu.FlagFinal)
	p.Put32(16, 7)
	p.Put32(20, pdu.NoTag)
	p.Data = []byte("SendTargets=All\x00")
	for {
		h.send(p)
		r := h.expect(pdu.OpTextReply)
		got = append(got, r.Data...)
		if r.Has(pdu.FlagFinal) {
			break
		}
		p.Data = nil
		p.Put32(20, r.TargetTag())
	}
	if want := fmt.Sprintf(want, x.addr); string(got) != want {
		t.Errorf("got %q", got)
	}
}

// Pings are answered with their data.
func TestPing(t *testing.T) {
	h := login(t, serveDrives(t, &funcDrive{}).addr)
	p := pdu.New(pdu.OpNopOut|pdu.OpImmediate, pdu.FlagFinal)
	p.Put32(16, 5)
	p.Put32(20, pdu.NoTag)
	p.Data = []byte("hello")
	h.send(p)
	if r := h.expect(pdu.OpNopIn); string(r.Data) != "hello" || r.Tag() != 5 || r.TargetTag() != pdu.NoTag {
		t.Errorf("got %q for tag %d", r.Data, r.Tag())
	}
}

func TestLogout(t *testing.T) {
	x := serveDrives(t, &funcDrive{})
	for reason, want := range map[byte]byte{0: 0, 1: 0, 2: 2} {
		h := login(t, x.addr)
		p := pdu.New(pdu.OpLogout|pdu.OpImmediate, pdu.FlagFinal|reason)
		p.Put32(16, 9)
		h.send(p)
		if r := h.expect(pdu.OpLogoutReply); r.Header[2] != want || r.Tag() != 9 {
			t.Errorf("reason %d: response %d", reason, r.Header[2])
		}
		if want == 0 {
			h.ended()
		}
		h.conn.Close()
	}
}
