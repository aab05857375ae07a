package volume

import (
	"context"
	"io"
	"os"
	"sync"

	"glassmaster/mastering/disc"
)

// memory is what this package remembers of a disc, so that what needs the same things
// one after another does not read them again: what is known of its volumes, their
// claims, the list of views, and the volume that is shown.
type memory struct {
	cache cache

	mu       sync.Mutex
	sessions []Session // nil: not searched for yet
}

// memoryOf returns the memory of a disc, an empty one where the disc keeps none.
func memoryOf(d disc.Disc) *memory {
	if r, ok := d.(interface{ Recall(func() any) any }); ok {
		return r.Recall(func() any { return &memory{} }).(*memory)
	}
	return &memory{}
}

// sessionsOf returns the sessions that are found in the only track of a disc, nil
// where the disc tells its sessions itself. An empty list says that there are none,
// so that they are not searched for again.
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
	_, image := d.(io.ReaderAt)
	// A search may read as much as a CD holds.
	list := append([]Session{}, FindSessions(userData(ctx, d, t.End()), int64(t.End())*disc.SectorSize, !image)...)
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
		return r // it reads from memory, and what it delivers may still be settled
	}
	return &reader{r, &memoryOf(d).cache}
}

// reader reads the user data of a disc through a cache.
type reader struct {
	io.ReaderAt
	cache *cache
}

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, off int64) (int, error) { return r.cache.readAt(r.ReaderAt, p, off) }

// HostFile returns the file of the host that holds the user data, for disc.HostFile.
func (r *reader) HostFile() (*os.File, bool) { return disc.HostFile(r.ReaderAt) }
