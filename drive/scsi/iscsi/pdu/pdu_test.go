package pdu_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"testing"

	"glassmaster/drive/scsi/iscsi/pdu"
)

// memory is a connection that stores what is written.
type memory struct {
	net.Conn
	buf bytes.Buffer
}

func (m *memory) Write(p []byte) (int, error) { return m.buf.Write(p) }
func (m *memory) Read(p []byte) (int, error)  { return m.buf.Read(p) }

// written returns what is written for a PDU.
func written(t testing.TB, header, data bool, list ...*pdu.PDU) []byte {
	t.Helper()
	m := &memory{}
	c := pdu.NewConn(m)
	c.HeaderDigest, c.DataDigest = header, data
	if err := c.Send(list...); err != nil {
		t.Fatal(err)
	}
	return m.buf.Bytes()
}

func reader(raw []byte) *pdu.Conn {
	m := &memory{}
	m.buf.Write(raw)
	return pdu.NewConn(m)
}

// The digest of 32 zeros is that of RFC 7143 appendix A.4 (and of RFC 3720 B.4).
func TestDigestOfTheStandard(t *testing.T) {
	p := pdu.New(pdu.OpNopOut, pdu.FlagFinal)
	p.Data = make([]byte, 32)
	raw := written(t, false, true, p)
	if got := hex.EncodeToString(raw[len(raw)-4:]); got != "aa36918a" {
		t.Errorf("the digest is %s", got)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, digests := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
		for n := range 9 {
			a, b := pdu.New(pdu.OpDataOut, pdu.FlagFinal), pdu.New(pdu.OpNopOut|pdu.OpImmediate, 0)
			a.Data = bytes.Repeat([]byte{7}, n)
			a.Put32(16, 4711)
			a.PutLUN(3 << 48)
			raw := written(t, digests[0], digests[1], a, b)
			c := reader(raw)
			c.HeaderDigest, c.DataDigest = digests[0], digests[1]
			for _, want := range []*pdu.PDU{a, b} {
				got, err := c.Receive(8)
				if err != nil || got.Header != want.Header || !bytes.Equal(got.Data, want.Data) {
					t.Errorf("digests %v, %d bytes: got %v, %v, want %v", digests, n, got, err, want)
				}
			}
			damaged := slices.Clone(raw)
			damaged[17] ^= 1
			c = reader(damaged)
			if c.HeaderDigest, c.DataDigest = digests[0], digests[1]; digests[0] {
				if _, err := c.Receive(8); !errors.Is(err, pdu.ErrDigest) {
					t.Errorf("a damaged header: %v", err)
				}
			}
			if !digests[1] || n == 0 {
				continue
			}
			at := pdu.HeaderLen
			if digests[0] {
				at += 4
			}
			damaged = slices.Clone(raw)
			damaged[at] ^= 1
			c = reader(damaged)
			c.HeaderDigest, c.DataDigest = digests[0], digests[1]
			if _, err := c.Receive(8); !errors.Is(err, pdu.ErrDigest) {
				t.Errorf("damaged data: %v", err)
			}
		}
	}
}

// An additional header segment is covered by the digest and skipped.
func TestAdditionalHeader(t *testing.T) {
	p := pdu.New(pdu.OpSCSICommand, pdu.FlagFinal)
	raw := written(t, false, false, p)
	raw[4] = 2
	c := reader(append(append(raw, 1, 2, 3, 4, 5, 6, 7, 8), written(t, false, false, p)...))
	for i := range 2 {
		if got, err := c.Receive(0); err != nil || got.Opcode() != pdu.OpSCSICommand {
			t.Errorf("PDU %d: %v, %v", i, got, err)
		}
	}
}

func TestText(t *testing.T) {
	pairs, err := pdu.Split(pdu.Join([]string{"A=1", "B=x=y", "C="}))
	if want := [][2]string{{"A", "1"}, {"B", "x=y"}, {"C", ""}}; err != nil || !slices.Equal(pairs, want) {
		t.Errorf("got %v, %v", pairs, err)
	}
	if _, err := pdu.Split([]byte("nonsense\x00")); err == nil {
		t.Error("text without a value was accepted")
	}
	for value, want := range map[string]int{"512": 512, "0x200": 512, "511": -1, "1e9": -1, "-1": -1, "": -1, "16777216": -1} {
		if n, err := pdu.Number(value, 512, 1<<24-1); (err == nil) != (want > 0) || err == nil && n != want {
			t.Errorf("%q is %d, %v", value, n, err)
		}
	}
	if got := pdu.Choose("X,CRC32C,None", "None", "CRC32C"); got != "CRC32C" {
		t.Errorf("chose %q", got)
	}
}

func FuzzReceive(f *testing.F) {
	seed := make([]byte, pdu.HeaderLen)
	seed[0], seed[4], seed[7] = pdu.OpDataIn, 1, 3
	f.Add(append(seed, 1, 2, 3, 4, 5, 6, 7, 8), false)
	f.Add(written(f, true, true, pdu.New(pdu.OpNopIn, 0)), true)
	f.Fuzz(func(t *testing.T, raw []byte, digests bool) {
		const limit = 4096
		c := reader(raw)
		c.HeaderDigest, c.DataDigest = digests, digests
		p, err := c.Receive(limit)
		if err != nil {
			return
		}
		if len(p.Data) > limit {
			t.Fatalf("%d bytes of data, the limit is %d", len(p.Data), limit)
		}
		again, err := reader(written(t, false, false, p)).Receive(limit)
		if err != nil || !bytes.Equal(again.Data, p.Data) || again.Header[0] != p.Header[0] {
			t.Fatalf("written and read again it differs: %v", err)
		}
	})
}
