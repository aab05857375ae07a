package compressed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
)

// Gzip is the format of files that gzip compressed (RFC 1952).
var Gzip = format.Format{Name: "gzip", Extensions: []string{".gz"}, Unpack: unpackGzip}

const (
	// spacing is the distance of the first places where unpacking can start, in bytes of
	// the contents. It doubles when there are maxPlaces.
	spacing   = 1 << 20
	maxPlaces = 512
	// sumSpacing is for how many bytes there is a checksum of what the pass over the file
	// saw.
	sumSpacing = 1 << 20
)

// place is a place of the file where unpacking can start.
type place struct {
	bit    int64  // of the file
	at     int64  // in the contents
	window []byte // the bytes before it to which it can refer
}

// sum is the checksum of the bytes of the contents before end, from the one before on.
type sum struct {
	end int64
	crc uint32
}

// gzipFile is a gzip file that was read once.
type gzipFile struct {
	spans
	r      io.ReaderAt
	size   int64 // of the file
	places []place
	sums   []sum
}

// unpackGzip reads the file once, which finds the size of the contents: the one that is
// stored in the file is only its remainder modulo 4 GiB, and of the last member.
func unpackGzip(ctx context.Context, f *format.Files) (*format.Files, error) {
	p := make([]byte, 10)
	if _, err := f.ReadAt(p, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(p[:3]) != "\x1f\x8b\x08" || p[3]&0xe0 != 0 {
		return nil, format.ErrUnknown
	}
	g := &gzipFile{r: f, size: f.Size}
	total, end, err := g.scan(ctx)
	cut := errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !cut {
		return nil, err
	}
	for i, x := range g.places {
		to := total
		if i+1 < len(g.places) {
			to = g.places[i+1].at
		}
		if to > x.at {
			g.spans = append(g.spans, span{start: x.at, end: to, from: int64(i)})
		}
	}
	if cut {
		if g.spans, err = g.cutToSectors(f, "gzip"); err != nil {
			return nil, err
		}
	} else {
		trailing(f, "gzip", end)
	}
	return open(f, "gzip", g, g.spans, byOpening)
}

// scan reads the whole file, verifies its checksums, and finds the places. It returns the
// size of the contents, and where the compressed data ends in the file. The error is
// io.ErrUnexpectedEOF if the file is truncated.
func (g *gzipFile) scan(ctx context.Context) (total, end int64, err error) {
	m, err := newMembers(g.r, g.size, 0, nil)
	if err != nil {
		return 0, 0, err
	}
	distance := int64(spacing)
	last := int64(-distance)
	s := sum{}
	for {
		if err := ctx.Err(); err != nil {
			return total, 0, err
		}
		if m.inf.state == atBlock && m.inMember && total-last >= distance {
			g.places = append(g.places, place{m.inf.in.position(), total, bytes.Clone(m.inf.window())})
			last = total
			if len(g.places) == maxPlaces {
				for i := range maxPlaces / 2 {
					g.places[i] = g.places[2*i]
				}
				clear(g.places[maxPlaces/2:])
				g.places = g.places[:maxPlaces/2]
				distance *= 2
			}
		}
		p, e := m.next()
		total += int64(len(p))
		for len(p) > 0 {
			n := min(int64(len(p)), sumSpacing-(total-int64(len(p)))%sumSpacing)
			s.crc = crc32.Update(s.crc, crc32.IEEETable, p[:n])
			p = p[n:]
			if at := total - int64(len(p)); at%sumSpacing == 0 {
				g.sums = append(g.sums, sum{at, s.crc})
				s.crc = 0
			}
		}
		if total > packed.MaxSize {
			return total, 0, packed.CheckSize(total)
		}
		if e != nil {
			if total%sumSpacing != 0 {
				g.sums = append(g.sums, sum{total, s.crc})
			}
			if errors.Is(e, io.EOF) {
				return total, m.ended, nil
			}
			if !errors.Is(e, io.ErrUnexpectedEOF) {
				e = fmt.Errorf("byte %d of the file: %w", m.inf.in.position()/8, e)
			}
			return total, 0, e
		}
	}
}

// Open implements packed.Streams.
func (g *gzipFile) Open(b packed.Block) (io.ReadCloser, error) {
	u := g.spans[b.Index]
	x := g.places[u.from]
	m, err := newMembers(g.r, g.size, x.bit, x.window)
	if err != nil {
		return nil, err
	}
	r := &gzipReader{g: g, m: m, at: x.at, end: u.end}
	for r.sum < len(g.sums) && g.sums[r.sum].end <= x.at {
		r.sum++
	}
	// The checksum of a sum that begins before the place cannot be verified.
	r.verify = r.sum == 0 && x.at == 0 || r.sum > 0 && g.sums[r.sum-1].end == x.at
	return io.NopCloser(r), nil
}

// gzipReader reads a unit.
type gzipReader struct {
	g       *gzipFile
	m       *members
	pending []byte
	at, end int64
	sum     int // index of the checksum for the next bytes
	crc     uint32
	verify  bool
}

// Read implements io.Reader. What differs from what the pass over the file saw is an error.
func (r *gzipReader) Read(p []byte) (int, error) {
	if r.at == r.end {
		return 0, io.EOF
	}
	for len(r.pending) == 0 {
		var err error
		if r.pending, err = r.m.next(); err != nil && len(r.pending) == 0 {
			return 0, packed.NoEOF(err)
		}
	}
	n := int(min(int64(len(p)), int64(len(r.pending)), r.end-r.at, r.g.sums[r.sum].end-r.at))
	copy(p, r.pending[:n])
	r.crc = crc32.Update(r.crc, crc32.IEEETable, r.pending[:n])
	r.pending = r.pending[n:]
	r.at += int64(n)
	if s := r.g.sums[r.sum]; r.at == s.end {
		if r.verify && r.crc != s.crc {
			return 0, errors.New("the file was changed while it was open")
		}
		r.crc, r.verify = 0, true
		r.sum++
	}
	return n, nil
}
