package verify

import (
	"context"
	"io/fs"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// Mender is a disc in whose whole sectors damage is corrected as far as their P and Q parity
// allow that. User data is corrected by every disc that stores whole sectors.
type Mender struct {
	disc.Disc
	disc.Memo
	toc    disc.TOC
	mended disc.Set
	left   disc.Set

	mu    sync.Mutex
	fault FaultError // of the sectors that remain damaged
}

// NewMender returns the disc d, corrected. Closing it closes d.
func NewMender(d disc.Disc) *Mender { return &Mender{Disc: d, toc: d.TOC()} }

// Mended returns how many different sectors that were read were corrected, and the first of
// them.
func (m *Mender) Mended() (int64, disc.LBA) { return m.mended.First() }

// Left returns a *FaultError with the sectors that were read and remain damaged, or nil if
// there are none. locate, which may be nil, returns the file at an address.
func (m *Mender) Left(locate func(disc.LBA) string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault.Count == 0 {
		return nil
	}
	m.fault.locate(locate)
	return &m.fault
}

// ReadSectors implements disc.Disc.
func (m *Mender) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	n, err := m.Disc.ReadSectors(ctx, p, lba, f)
	if f == disc.User {
		return n, err
	}
	var t disc.Track
	ok := false
	for i := range n {
		at := lba + disc.LBA(i)
		if !ok || at >= t.End() {
			t, ok = m.toc.TrackAt(at)
		}
		if ok && t.Mode != disc.Audio && disc.StoresRaw(m.Disc, at) {
			m.mend(p[i*f.Size():][:sector.Size], at, t)
		}
	}
	return n, err
}

// mend corrects a sector of a track.
func (m *Mender) mend(p []byte, lba disc.LBA, t disc.Track) {
	if _, ok := sector.Identify(p); !ok && lba < t.Start {
		return // the pre-gap of a data track can begin with that of the track before it
	}
	f := sector.Check(p, lba)
	switch {
	case f == 0:
	case Mend(p, lba):
		m.mended.Add(lba)
	case m.left.Add(lba):
		m.mu.Lock()
		defer m.mu.Unlock()
		m.fault.add(faults{list: []Faulty{{LBA: lba, Fault: f}}})
	}
}

// HasSubChannels implements disc.SubChanneler.
func (m *Mender) HasSubChannels() bool { return disc.HasSubChannels(m.Disc) }

// StoresRaw implements disc.Storer.
func (m *Mender) StoresRaw(lba disc.LBA) bool { return disc.StoresRaw(m.Disc, lba) }

// Notices implements disc.Noticer.
func (m *Mender) Notices() []disc.Notice { return disc.Notices(m.Disc) }

// ReadsFile implements the ability of disc.ReadsFile.
func (m *Mender) ReadsFile(file fs.FileInfo) bool { return disc.ReadsFile(m.Disc, file) }

// Files implements the ability of disc.Files.
func (m *Mender) Files() []string { return disc.Files(m.Disc) }

// Corrected implements disc.Corrector.
func (m *Mender) Corrected() (int64, disc.LBA) { return disc.Corrected(m.Disc) }
