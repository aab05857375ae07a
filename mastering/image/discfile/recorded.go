package discfile

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
)

// recorded is a disc of any number of tracks.
type recorded struct {
	disc.Memo
	file         *File
	st           *State
	toc          disc.TOC
	files        *format.Files
	overwritable bool
	notices      []disc.Notice

	once      sync.Once
	cd        *Reader
	corrected disc.Set // sectors whose user data was corrected
}

func (r *recorded) TOC() disc.TOC { return r.toc }

// Overwritable implements disc.Overwritable.
func (r *recorded) Overwritable() bool { return r.overwritable }

// Notices implements disc.Noticer.
func (r *recorded) Notices() []disc.Notice { return r.notices }

// HasSubChannels implements disc.SubChanneler.
func (r *recorded) HasSubChannels() bool { return r.st.hasSub() }

// StoresRaw implements disc.Storer.
func (r *recorded) StoresRaw(lba disc.LBA) bool {
	_, ok := r.st.AreaAt(int64(lba))
	return ok
}

// Corrected implements disc.Corrector.
func (r *recorded) Corrected() (int64, disc.LBA) { return r.corrected.First() }

// ReadsFile implements the ability of disc.ReadsFile.
func (r *recorded) ReadsFile(file fs.FileInfo) bool {
	return r.files.ReadsFile(file)
}

func (r *recorded) Close() error { return r.files.Close() }

// ReadSectors delivers the user data of data tracks and the whole sectors of audio tracks. It
// delivers whole data sectors and sub-channels as far as the file has them: the rest is
// disc.ErrForm.
func (r *recorded) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	size := f.Size()
	for n := 0; n*size < len(p); {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		at := lba + disc.LBA(n)
		t, ok := r.toc.TrackAt(at)
		switch {
		case int64(at) >= disc.Sectors(r):
			return n, io.EOF
		case !ok:
			return n, fmt.Errorf("read sector %d: it is not part of a track", at)
		}
		end := t.End()
		if at < t.Start { // in the pre-gap
			end = t.Start
		}
		end, stored := r.same(at, end)
		if !delivers(f, t.Mode, stored) {
			return n, disc.ErrForm
		}
		k := min(len(p)/size-n, int(end-at))
		done, err := r.read(p[n*size:(n+k)*size], at, f, stored != nil)
		n += done
		switch {
		case err == disc.ErrForm:
			return n, err
		case err != nil:
			return n, fmt.Errorf("read sector %d: %w", lba+disc.LBA(n), err)
		}
	}
	return len(p) / size, nil
}

// same returns the area that contains a sector, or nil, and the address before end up to which
// that is so.
func (r *recorded) same(lba, end disc.LBA) (disc.LBA, *Area) {
	if a, ok := r.st.AreaAt(int64(lba)); ok {
		return min(end, disc.LBA(a.End)), &a
	}
	for _, a := range r.st.Areas {
		if a.Start > int64(lba) {
			return min(end, disc.LBA(a.Start)), nil
		}
	}
	return end, nil
}

// delivers reports whether the sectors of a track can be read in a form. stored is the area
// that they are in, or nil.
func delivers(f disc.Form, m disc.Mode, stored *Area) bool {
	switch f {
	case disc.User:
		return m != disc.Audio
	case disc.Raw:
		return m == disc.Audio || stored != nil
	}
	return stored != nil && stored.Sub
}

// read fills p with sectors of one track that are stored in the same way.
func (r *recorded) read(p []byte, lba disc.LBA, f disc.Form, whole bool) (int, error) {
	r.once.Do(func() { r.cd = NewReader(r.file, r.st) })
	size := f.Size()
	if f == disc.User && !whole && lba >= 0 {
		return len(p) / size, r.file.ReadUser(p, int64(lba))
	}
	var one [disc.RawSectorSize]byte
	for n := range len(p) / size {
		q, at := p[n*size:(n+1)*size], lba+disc.LBA(n)
		if err := r.cd.Whole(one[:], int64(at)); err != nil {
			return n, err
		}
		switch f {
		case disc.User:
			if _, err := sector.CorrectedUserData(q, one[:], at, func(at disc.LBA) { r.corrected.Add(at) }); err != nil {
				return n, err
			}
		case disc.RawSub:
			if err := r.cd.Sub(q[disc.RawSectorSize:], int64(at)); err != nil {
				return n, err
			}
			fallthrough
		default:
			copy(q, one[:])
		}
	}
	return len(p) / size, nil
}
