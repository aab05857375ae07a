package volume

import (
	"context"
	"io"
	"io/fs"
	"os"
	"sync"

	"glassmaster/mastering/disc"
)

// memory is what this package keeps about a disc while that is open, so that Known,
// OpenDisc, Views and the like do not read the same sectors again.
type memory struct {
	cache cache

	mu       sync.Mutex
	sessions []Session // nil: not searched for yet
}

// memoryOf returns the memory of a disc, or an empty one if the disc keeps none.
func memoryOf(d disc.Disc) *memory {
	if r, ok := d.(interface{ Recall(func() any) any }); ok {
		return r.Recall(func() any { return &memory{} }).(*memory)
	}
	return &memory{}
}

// sessionsOf returns the sessions found in the only track of a disc, or nil if the disc
// itself has a list of sessions. An empty list means that there are none.
func sessionsOf(ctx context.Context, d disc.Disc) []Session {
	t, ok := disc.DataTrack(d)
	if !ok || len(d.TOC().Sessions) > 1 || t.Start != 0 {
		return nil
	}
	m := memoryOf(d)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sessions != nil {
		return m.sessions
	}
	// A search may read as much as a CD holds.
	list := append([]Session{}, FindSessions(userData(ctx, d, t.End()), int64(t.End())*disc.SectorSize, !isImage(d))...)
	if ctx.Err() == nil {
		m.sessions = list
	}
	return list
}

// userData returns the user data of a disc from address 0 to end.
func userData(ctx context.Context, d disc.Disc, end disc.LBA) io.ReaderAt {
	r, ok := d.(io.ReaderAt)
	if !ok {
		r = disc.NewReader(ctx, d, disc.Track{Length: int64(end)})
	}
	if _, ok := d.(disc.Planned); ok {
		return r // its sectors come from memory, and may still change
	}
	return &reader{r, &memoryOf(d).cache}
}

// reader reads the user data of a disc through its cache.
type reader struct {
	io.ReaderAt
	cache *cache
}

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, off int64) (int, error) { return r.cache.readAt(r.ReaderAt, p, off) }

// ReadsFile reports whether the user data is read from a file of the host, for
// disc.ReadsFile.
func (r *reader) ReadsFile(file fs.FileInfo) bool { return disc.ReadsFile(r.ReaderAt, file) }

// HostFile returns the file that holds the user data, for disc.HostFile.
func (r *reader) HostFile() (*os.File, bool) { return disc.HostFile(r.ReaderAt) }
