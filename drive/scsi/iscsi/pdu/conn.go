package pdu

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"sync"
)

// ErrDigest is in the chain of the error of a PDU whose header or data do not have the
// checksum that was sent with them.
var ErrDigest = errors.New("the checksum (CRC32C digest) of a PDU is wrong")

// Conn reads and writes the PDUs of a connection. Reading and writing may happen at the
// same time, but each only in one goroutine.
type Conn struct {
	net.Conn
	r *bufio.Reader

	// HeaderDigest and DataDigest say that headers and data are followed by a CRC32C
	// (RFC 7143 13.1). They are set when the login has ended.
	HeaderDigest, DataDigest bool

	heads [][HeaderLen + 4]byte // that are being written
	tails [][8]byte             // padding and digests that are being written
	parts net.Buffers
}

// NewConn returns a connection that reads through a buffer.
func NewConn(c net.Conn) *Conn { return &Conn{Conn: c, r: bufio.NewReaderSize(c, 64<<10)} }

// castagnoli is the table of CRC32C.
var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// ReadHeader reads a header with what follows it until the data segment. The data segment
// is then read with ReadData.
func (c *Conn) ReadHeader(p *PDU) error {
	if _, err := io.ReadFull(c.r, p.Header[:]); err != nil {
		return err
	}
	n := int(p.Header[4]) * 4
	end := n
	if c.HeaderDigest {
		end += 4
	}
	if end == 0 { // as usual; the array below costs an allocation
		return nil
	}
	var extra [255*4 + 4]byte // additional header segments, and the digest
	if _, err := io.ReadFull(c.r, extra[:end]); err != nil {
		return noEOF(err)
	}
	if c.HeaderDigest {
		sum := crc32.Update(crc32.Checksum(p.Header[:], castagnoli()), castagnoli(), extra[:n])
		if sum != binary.LittleEndian.Uint32(extra[n:]) {
			return fmt.Errorf("header: %w", ErrDigest)
		}
	}
	return nil
}

// ReadData reads the data segment into b, which has exactly its length.
func (c *Conn) ReadData(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if _, err := io.ReadFull(c.r, b); err != nil {
		return noEOF(err)
	}
	var extra [8]byte // padding, and the digest
	pad := padding(len(b))
	n := pad
	if c.DataDigest {
		n += 4
	}
	if _, err := io.ReadFull(c.r, extra[:n]); err != nil {
		return noEOF(err)
	}
	if c.DataDigest {
		sum := crc32.Update(crc32.Checksum(b, castagnoli()), castagnoli(), extra[:pad])
		if sum != binary.LittleEndian.Uint32(extra[pad:]) {
			return fmt.Errorf("data: %w", ErrDigest)
		}
	}
	return nil
}

// Receive reads a PDU. It returns an error, and allocates nothing, if the data segment is
// longer than limit bytes.
func (c *Conn) Receive(limit int) (*PDU, error) {
	p := &PDU{}
	if err := c.ReadHeader(p); err != nil {
		return nil, err
	}
	n := p.DataLen()
	if n > limit {
		return nil, fmt.Errorf("a PDU of type %02Xh has %d bytes of data, the negotiated limit is %d", p.Opcode(), n, limit)
	}
	p.Data = make([]byte, n)
	return p, c.ReadData(p.Data)
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Send writes PDUs with one system call, so that they are sent in as few packets as
// possible and their data are not copied. It sets the lengths in their headers.
func (c *Conn) Send(pdus ...*PDU) error {
	for len(c.heads) < len(pdus) {
		c.heads, c.tails = append(c.heads, [HeaderLen + 4]byte{}), append(c.tails, [8]byte{})
	}
	parts := c.parts[:0]
	for i, p := range pdus {
		p.Put32(4, uint32(len(p.Data))) // TotalAHSLength is 0
		head := append(c.heads[i][:0], p.Header[:]...)
		if c.HeaderDigest {
			head = binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, castagnoli()))
		}
		parts = append(parts, head)
		if len(p.Data) == 0 {
			continue
		}
		c.tails[i] = [8]byte{}
		pad := padding(len(p.Data))
		tail := c.tails[i][:pad]
		if c.DataDigest {
			sum := crc32.Update(crc32.Checksum(p.Data, castagnoli()), castagnoli(), tail)
			tail = binary.LittleEndian.AppendUint32(tail, sum)
		}
		if parts = append(parts, p.Data); len(tail) > 0 {
			parts = append(parts, tail)
		}
	}
	c.parts = parts // WriteTo consumes its own copy of the slice
	_, err := parts.WriteTo(c.Conn)
	clear(c.parts) // do not keep the data
	return err
}
