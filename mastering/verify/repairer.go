package verify

import (
	"context"
	"io/fs"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// Repairer is a disc in whose whole sectors damage is corrected as far as their P and Q parity
// allow that. User data is corrected by every disc that stores whole sectors.
type Repairer struct {
	disc.Disc
	disc.Memo
	toc      disc.TOC
	repaired disc.Set
	left     disc.Set

	mu    sync.Mutex
	fault FaultError // of the sectors that remain damaged
}

// NewRepairer returns the disc d, corrected. Closing it closes d.
func NewRepairer(d disc.Disc) *Repairer { return &Repairer{Disc: d, toc: d.TOC()} }

// Repaired returns how many different sectors that were read were corrected, and the first of
// them.
func (m *Repairer) Repaired() (int64, disc.LBA) { return m.repaired.First() }

// Left returns a *FaultError with the sectors that were read and remain damaged, or nil if
// there are none. locate, which may be nil, returns the file at an address.
func (m *Repairer) Left(locate func(disc.LBA) string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault.Count == 0 {
		return nil
	}
	m.fault.locate(locate)
	return &m.fault
}

// ReadSectors implements disc.Disc.
func (m *Repairer) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
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
			m.repair(p[i*f.Size():][:sector.Size], at, t)
		}
	}
	return n, err
}

// repair corrects a sector of a track.
func (m *Repairer) repair(p []byte, lba disc.LBA, t disc.Track) {
	if _, ok := sector.Identify(p); !ok && lba < t.Start {
		return // the pre-gap of a data track can begin with that of the track before it
	}
	f := sector.Check(p, lba)
	switch {
	case f == 0:
	case Repair(p, lba):
		m.repaired.Add(lba)
	case m.left.Add(lba):
		m.mu.Lock()
		defer m.mu.Unlock()
		m.fault.add(faults{list: []Faulty{{LBA: lba, Fault: f}}})
	}
}

// HasSubChannels implements disc.SubChanneler.
func (m *Repairer) HasSubChannels() bool { return disc.HasSubChannels(m.Disc) }

// StoresRaw implements disc.Storer.
func (m *Repairer) StoresRaw(lba disc.LBA) bool { return disc.StoresRaw(m.Disc, lba) }

// Notices implements disc.Noticer.
func (m *Repairer) Notices() []disc.Notice { return disc.Notices(m.Disc) }

// ReadsFile implements the ability of disc.ReadsFile.
func (m *Repairer) ReadsFile(file fs.FileInfo) bool { return disc.ReadsFile(m.Disc, file) }

// Files implements the ability of disc.Files.
func (m *Repairer) Files() []string { return disc.Files(m.Disc) }

// Corrected implements disc.Corrector.
func (m *Repairer) Corrected() (int64, disc.LBA) { return disc.Corrected(m.Disc) }
