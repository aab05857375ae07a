package layout

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"glassmaster/mastering/progress"
)

// copyFile copies a big extent from a file of the host. The kernel copies it if both
// file systems allow that. Holes of a sparse file become holes.
func (o *output) copyFile(ctx context.Context, f *os.File, e Extent, rep progress.Reporter) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return sourceError(e.Source, err, false)
	}
	sparse := st.Blocks*512 < st.Size
	for off, end := e.Offset, e.Offset+e.Length; off < end; {
		data, hole := off, end
		if sparse {
			data, hole = nextData(f, off, end)
		}
		if data > off {
			rep.Add(data - off)
			if err := o.zeros(ctx, data-off); err != nil {
				return err
			}
		}
		if err := o.copyData(ctx, f, e, data, hole-data, rep); err != nil {
			return err
		}
		off = hole
	}
	return nil
}

// nextData returns the next range of data in a sparse file at or after off.
func nextData(f *os.File, off, end int64) (data, hole int64) {
	data, err := unix.Seek(int(f.Fd()), off, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) || err == nil && data >= end {
		return end, end
	}
	if err != nil {
		return off, end // not supported by this file system
	}
	hole, err = unix.Seek(int(f.Fd()), data, unix.SEEK_HOLE)
	if err != nil || hole > end {
		hole = end
	}
	return data, hole
}

// copyStep is how many bytes the kernel copies between two checks of the context.
const copyStep = 8 << 20

func (o *output) copyData(ctx context.Context, f *os.File, e Extent, off, n int64, rep progress.Reporter) error {
	for o.file != nil && o.copy && n > 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		from, to := off, o.off
		k, err := unix.CopyFileRange(int(f.Fd()), &from, int(o.file.Fd()), &to, int(min(n, copyStep)), 0)
		if err != nil || k == 0 {
			// Not possible between these file systems, or for a file of /proc: read and
			// write instead, which also gives the actual error if there is one.
			o.copy = k != 0 || !errors.Is(err, unix.EXDEV) && !errors.Is(err, unix.ENOSYS)
			break
		}
		rep.Add(int64(k))
		off, o.off, n = off+int64(k), o.off+int64(k), n-int64(k)
	}
	return o.copyReader(ctx, f, e, off, n, rep)
}

// appends reports whether f was opened for appending.
func appends(f *os.File) bool {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err != nil || flags&unix.O_APPEND != 0
}
