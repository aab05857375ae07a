package audio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// oggPage is a page of an Ogg file (RFC 3533 6): 0 "OggS", 4 version, 5 flags, 6 granule
// position (u64), 14 serial number (u32), 18 page number (u32), 22 CRC (u32), 26 number of
// segments, then the size of each, then their contents. A packet ends with a segment of less
// than 255 bytes.
type oggPage struct {
	off, end int64
	granule  int64 // position of the last packet that ends on the page; -1: none does
	flags    byte
	serial   uint32
	head     int64 // bytes before the contents
	sizes    []byte
}

// Flags of a page.
const (
	oggContinued = 1
	oggFirst     = 2
	oggLast      = 4
)

// readPage reads the header of the page at off.
func readPage(r io.ReaderAt, size, off int64) (oggPage, error) {
	var p [27 + 255]byte
	n, err := r.ReadAt(p[:min(int64(len(p)), size-off)], off)
	if n < 27 {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return oggPage{}, err
	}
	if string(p[:4]) != "OggS" || p[4] != 0 {
		return oggPage{}, errors.New("there is no Ogg page")
	}
	g := oggPage{off: off, flags: p[5], granule: int64(binary.LittleEndian.Uint64(p[6:])), serial: binary.LittleEndian.Uint32(p[14:])}
	g.head = 27 + int64(p[26])
	if int64(n) < g.head {
		return oggPage{}, io.ErrUnexpectedEOF
	}
	g.sizes = append([]byte(nil), p[27:g.head]...)
	g.end = off + g.head
	for _, s := range g.sizes {
		g.end += int64(s)
	}
	if g.end > size {
		return oggPage{}, io.ErrUnexpectedEOF
	}
	return g, nil
}

// contents reads the contents of a page, and checks its CRC.
func (g oggPage) contents(r io.ReaderAt) ([]byte, error) {
	p := make([]byte, g.end-g.off)
	if n, err := r.ReadAt(p, g.off); n < len(p) {
		return nil, err
	}
	want := binary.LittleEndian.Uint32(p[22:])
	clear(p[22:26])
	if oggCRC(p) != want {
		return nil, errors.New("the page does not match its checksum")
	}
	return p[g.head:], nil
}

// oggCRC returns the checksum of a page: a CRC-32 with the polynomial 04C11DB7h, not
// reflected, initial value 0, no final inversion.
func oggCRC(p []byte) uint32 {
	table := oggTable()
	var crc uint32
	for _, b := range p {
		crc = crc<<8 ^ table[byte(crc>>24)^b]
	}
	return crc
}

// oggTable is the table of the checksum of Ogg.
var oggTable = sync.OnceValue(func() *[256]uint32 {
	var t [256]uint32
	for i := range t {
		c := uint32(i) << 24
		for range 8 {
			c = c<<1 ^ c>>31*0x04C11DB7
		}
		t[i] = c
	}
	return &t
})

// packets reads the packets of a logical stream from a page on.
type packets struct {
	r       io.ReaderAt
	size    int64
	serial  uint32
	off     int64 // of the next page
	page    oggPage
	segment int    // of the next one
	rest    []byte // of the contents
	part    []byte // of a packet whose end is on the next page
	skip    bool   // the packet that is continued on the page is not wanted
}

// maxPacket is the largest size of a packet, in bytes. Pictures in comments may be large.
const maxPacket = 16 << 20

// next returns the next packet. last says that it is the last one that ends on its page.
func (s *packets) next() (packet []byte, last bool, err error) {
	for {
		for s.segment < len(s.page.sizes) {
			n := s.page.sizes[s.segment]
			s.segment++
			s.part, s.rest = append(s.part, s.rest[:n]...), s.rest[n:]
			if len(s.part) > maxPacket {
				return nil, false, fmt.Errorf("byte %d: a packet is larger than the format allows", s.page.off)
			}
			if n == 255 {
				continue
			}
			packet, s.part = s.part, nil
			if s.skip {
				s.skip = false
				continue
			}
			return packet, !s.more(), nil
		}
		if err := s.turn(); err != nil {
			return nil, false, err
		}
	}
}

// more reports whether another packet ends on the page.
func (s *packets) more() bool {
	for _, n := range s.page.sizes[s.segment:] {
		if n < 255 {
			return true
		}
	}
	return false
}

// turn goes to the next page of the stream.
func (s *packets) turn() error {
	for {
		if s.off >= s.size {
			return io.EOF
		}
		g, err := readPage(s.r, s.size, s.off)
		if err != nil {
			return fmt.Errorf("byte %d: %w", s.off, err)
		}
		s.off = g.end
		if g.serial != s.serial {
			continue
		}
		if s.rest, err = g.contents(s.r); err != nil {
			return fmt.Errorf("byte %d: %w", g.off, err)
		}
		s.page, s.segment = g, 0
		switch continued := g.flags&oggContinued != 0; {
		case continued && len(s.part) == 0:
			s.skip = true
		case !continued && len(s.part) > 0:
			return fmt.Errorf("byte %d: a packet is incomplete", g.off)
		}
		return nil
	}
}
