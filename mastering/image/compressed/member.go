package compressed

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// members unpacks the members of a gzip file one after the other (RFC 1952 2.2).
type members struct {
	inf      inflater
	r        io.ReaderAt
	size     int64
	inMember bool
	partial  bool   // it began in a member, whose checksum cannot be verified
	crc      uint32 // of the member
	n        uint32 // its size modulo 2^32
	any      bool   // there was a member
	ended    int64  // where the last member ended
}

// newMembers starts at a bit of the file: 0, or one that is in a member, after the bytes of
// window.
func newMembers(r io.ReaderAt, size, bit int64, window []byte) (*members, error) {
	m := &members{r: r, size: size, inMember: bit > 0, partial: bit > 0}
	return m, m.inf.reset(r, bit, window)
}

// next returns the next bytes of the contents, which are valid until the call that follows.
// It returns io.EOF after the last member, and io.ErrUnexpectedEOF where the file is
// truncated. There can be bytes besides an error.
func (m *members) next() ([]byte, error) {
	if !m.inMember {
		if err := m.begin(); err != nil {
			return nil, err
		}
		m.inMember, m.any = true, true
		return nil, nil
	}
	if m.inf.state == atEnd {
		return nil, m.end()
	}
	err := m.inf.more()
	p := m.inf.pending()
	m.crc = crc32.Update(m.crc, crc32.IEEETable, p)
	m.n += uint32(len(p))
	return p, err
}

// begin reads the header of a member (RFC 1952 2.3). At the end of the file, or before
// bytes that are not a member, it returns io.EOF.
func (m *members) begin() error {
	in := &m.inf.in
	at := in.position() / 8
	if m.any && at == m.size {
		return io.EOF
	}
	var h [10]byte
	n, err := in.bytes(h[:])
	if m.any && (n < 2 || h[0] != 0x1f || h[1] != 0x8b) {
		if m.zeros(at) {
			m.ended = m.size
		}
		return io.EOF
	}
	if err != nil {
		return err
	}
	if string(h[:3]) != "\x1f\x8b\x08" || h[3]&0xe0 != 0 {
		return corrupt("invalid member header")
	}
	flags := h[3]
	if flags&4 != 0 { // extra fields
		if n, err := in.take(16); err != nil {
			return err
		} else if err := m.skip(int(n)); err != nil {
			return err
		}
	}
	for _, f := range []byte{8, 16} { // name, comment
		if flags&f == 0 {
			continue
		}
		for {
			c, err := in.take(8)
			if err != nil {
				return err
			}
			if c == 0 {
				break
			}
		}
	}
	if flags&2 != 0 { // checksum of the header
		if _, err := in.take(16); err != nil {
			return err
		}
	}
	m.inf.restart()
	m.crc, m.n, m.partial = 0, 0, false
	return nil
}

func (m *members) skip(n int) error {
	_, err := m.inf.in.bytes(make([]byte, n)) // at most 64 KiB
	return err
}

// end verifies the trailer of a member.
func (m *members) end() error {
	var t [8]byte
	m.inf.in.align()
	if _, err := m.inf.in.bytes(t[:]); err != nil {
		return err
	}
	if !m.partial && (binary.LittleEndian.Uint32(t[:]) != m.crc || binary.LittleEndian.Uint32(t[4:]) != m.n) {
		return corrupt("the checksum or the size of the contents is wrong")
	}
	m.inMember, m.any = false, true
	m.ended = m.inf.in.position() / 8
	return nil
}

// zeros reports whether the file consists of zeros from at on: programs that write tapes
// pad with them.
func (m *members) zeros(at int64) bool {
	p := make([]byte, 64<<10)
	for at < m.size {
		n, err := m.r.ReadAt(p[:min(int64(len(p)), m.size-at)], at)
		if n == 0 || err != nil && !errors.Is(err, io.EOF) {
			return false
		}
		for _, b := range p[:n] {
			if b != 0 {
				return false
			}
		}
		at += int64(n)
	}
	return true
}
