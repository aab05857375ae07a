package compilation

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sync"

	"glassmaster/mastering/disc"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/progress"
)

// implant is the embedded checksum of an image, in its application use field. Until it is
// computed, the field is filled with spaces.
type implant struct {
	mu   sync.Mutex
	use  isoplan.ApplicationUse
	done bool
}

func newImplant() *implant {
	i := &implant{}
	for k := range i.use {
		i.use[k] = ' '
	}
	return i
}

// Prepare computes the checksums that Contents ask for: the file of checksums, and the
// embedded checksum of the image. It reads all files. It must be called before an image is
// burned or read in pieces, since a recorder cannot wait for it. CopyUserData of the disc
// computes them itself.
func (m *Image) Prepare(ctx context.Context, rep progress.Reporter) error {
	if rep == nil {
		rep = progress.Discard
	}
	if err := m.implantAhead(ctx, rep); err != nil {
		return err
	}
	return m.sumFiles(ctx, rep)
}

// implantAhead computes the embedded checksum, if there is one, before the image is
// written.
func (m *Image) implantAhead(ctx context.Context, rep progress.Reporter) error {
	if m.sum == nil {
		return nil
	}
	m.sum.mu.Lock()
	defer m.sum.mu.Unlock()
	if m.sum.done {
		return nil
	}
	h, err := m.newHash()
	if err != nil {
		return err
	}
	var met changes
	if err := m.write(ctx, h, DiscOptions{}, &met, rep); err != nil {
		return fmt.Errorf("compute the checksum of the image: %w", err)
	}
	return m.implant(h)
}

// implant puts the computed checksum into the image.
func (m *Image) implant(h *isomd5.Hash) error {
	h.Sum().Put((*[len(m.sum.use)]byte)(&m.sum.use))
	m.sum.done = true
	return m.layout.Close() // so that no descriptor without it stays cached
}

// newHash returns the hash of the volume, whose size is in its descriptor (ECMA-119
// 8.4.8): partitions may follow it in the image.
func (m *Image) newHash() (*isomd5.Hash, error) {
	var sectors [4]byte
	if _, err := m.layout.ReadAt(sectors[:], 16*disc.SectorSize+84); err != nil {
		return nil, fmt.Errorf("compute the checksum of the image: %w", err)
	}
	return isomd5.NewHash(int64(binary.BigEndian.Uint32(sectors[:])) * disc.SectorSize), nil
}

// copyTo writes the image to w. If w is a new file, the embedded checksum is computed on
// the way; else the files are read twice.
func (m *Image) copyTo(ctx context.Context, w io.Writer, o DiscOptions, met *changes, rep progress.Reporter) error {
	if f, ok := w.(*os.File); ok && isNew(f) {
		return m.writeSummed(ctx, f, o, met, rep)
	}
	if err := m.implantAhead(ctx, rep); err != nil && (!o.KeepGoing || ctx.Err() != nil) {
		return err
	}
	return m.write(ctx, w, o, met, rep)
}

// isNew reports whether f is an empty file in which bytes can be written again. Standard
// output is excluded, since it may be a file in append mode.
func isNew(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular() && info.Size() == 0 && f != os.Stdout
}

// writeSummed writes the image to a file, computing the checksum on the way.
func (m *Image) writeSummed(ctx context.Context, f *os.File, o DiscOptions, met *changes, rep progress.Reporter) error {
	if m.sum == nil {
		return m.write(ctx, f, o, met, rep)
	}
	m.sum.mu.Lock()
	defer m.sum.mu.Unlock()
	if m.sum.done {
		return m.write(ctx, f, o, met, rep)
	}
	h, err := m.newHash()
	if err != nil {
		return err
	}
	if err := m.write(ctx, &summed{f, h}, o, met, rep); err != nil {
		return err
	}
	if len(disc.Errors(m.notices(met))) > 0 {
		return nil // a checksum would confirm a bad image
	}
	if err := m.implant(h); err != nil {
		return err
	}
	if _, err := f.WriteAt(m.sum.use[:], useOffset); err != nil {
		return fmt.Errorf("embed the checksum: %w", err)
	}
	return nil
}

// summed writes to a file and computes the checksum of the same bytes.
type summed struct {
	f *os.File
	h *isomd5.Hash
}

func (s *summed) Write(p []byte) (int, error) {
	done := make(chan struct{})
	go func() {
		s.h.Write(p)
		close(done)
	}()
	n, err := s.f.Write(p)
	<-done
	return n, err
}

// useOffset is the offset of the application use field in an image (ECMA-119 8.4).
const useOffset = 16*disc.SectorSize + 883
