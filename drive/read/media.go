package read

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// MediaInfo is what a drive reports about itself and the medium in it.
type MediaInfo struct {
	Drive        scsi.Identity
	Profiles     []mmc.Profile // that the drive supports
	Profile      mmc.Profile   // of the medium; mmc.NoProfile without one
	Status       mmc.DiscStatus
	Erasable     bool
	InPlace      bool             // it can be overwritten at any address
	Sessions     []disc.Session   // that can be read
	Count        int              // of sessions; an open or empty last one counts
	Last         mmc.SessionState // of the last session
	Tracks       []Track          // of media that are written sequentially: all, closed or not
	Unfinished   bool             // it is overwritten in place, and a burn was not completed
	Capacity     int64            // total sectors, 0: unknown
	Free         int64            // sectors that can be written now
	NextWritable disc.LBA         // next writable address, -1: none
	Format       string           // of rewritable media: "formatted", "not formatted", "format interrupted", "format not ended", ...
	Formats      []mmc.Format     // that the drive offers
	Maker        string           // manufacturer and type as recorded on the medium; empty: not recorded
	Speeds       []int            // kB/s for writing, highest first
}

// Media returns information about a drive and the medium in it. Without a medium it
// returns what is known, and ErrNoMedium.
func Media(ctx context.Context, t scsi.Transport) (MediaInfo, error) {
	t = scsi.Guard(t)
	m := MediaInfo{NextWritable: -1}
	var err error
	if m.Drive, err = scsi.Identify(ctx, t); err != nil {
		return m, fmt.Errorf("identify the drive: %w", err)
	}
	ready := Ready(ctx, t)
	if scsi.Gone(ready) {
		return m, ready
	}
	config, err := mmc.GetConfiguration(ctx, t)
	if err != nil && !scsi.Unsupported(err) {
		return m, fmt.Errorf("read the features of the drive: %w", err)
	}
	m.Profiles, m.Profile = config.Profiles(), config.Profile
	if ready != nil {
		m.Profile = mmc.NoProfile
		return m, ready
	}
	m.InPlace = overwritable(m.Profile)
	info, err := mmc.ReadDiscInformation(ctx, t)
	if err == nil {
		m.Status, m.Erasable, m.Count, m.Last = info.Status, info.Erasable, info.Sessions, info.Session
		m.Tracks = tracks(ctx, t, m.Profile, info)
	} else {
		m.Status, m.Last = mmc.Closed, mmc.SessionComplete // a drive that cannot write
	}
	if m.Sessions, err = sessions(ctx, t, m.Profile); err != nil {
		return m, err
	}
	splitLayers(ctx, t, m.Profile, m.Sessions)
	if overwritable(m.Profile) && len(m.Sessions) > 0 {
		d := &medium{t: t, profile: m.Profile, toc: disc.TOC{Sessions: m.Sessions}, open: -1, end: disc.LBA(disc.Sectors(sessionList(m.Sessions)))}
		m.Unfinished = disc.Unfinished(ctx, d)
	}
	speeds, _ := mmc.WriteSpeeds(ctx, t) // a drive that offers no choice need not support the command
	m.Speeds = Speeds(speeds)
	if f, err := mmc.ReadFormatCapacities(ctx, t); err == nil {
		m.Formats = f.Formats
		m.Format = FormatState(m.Profile, info, f)
		if overwritable(m.Profile) && (f.State != mmc.NoMedium || m.Profile == mmc.DVDRWRO) {
			m.Capacity = max(FormattedSize(m.Profile, info, f, speeds), GrownSize(m.Profile, f))
		}
	}
	m.room(ctx, t, info)
	m.Maker = maker(ctx, t, m.Profile)
	return m, scsi.Hangs(t)
}

// room sets what can still be written, and the capacity.
func (m *MediaInfo) room(ctx context.Context, t scsi.Transport, info mmc.DiscInformation) {
	used := disc.Sectors(sessionList(m.Sessions))
	switch {
	case overwritable(m.Profile):
		m.NextWritable, m.Free = 0, m.Capacity
	case m.Status == mmc.Blank || m.Status == mmc.Appendable:
		if ti, err := NextTrack(ctx, t, m.Profile, info); err == nil && ti.Writable {
			m.NextWritable, m.Free = disc.LBA(ti.NextWritable), ti.Free
		}
		m.Capacity = max(m.Capacity, int64(max(m.NextWritable, 0))+m.Free)
	}
	if m.Capacity == 0 {
		m.Capacity = used
	}
}

// NextTrack returns the information of the track that is written next: on CD, DVD+R and
// BD-R that is the invisible track, on DVD-R the last one.
func NextTrack(ctx context.Context, t scsi.Transport, p mmc.Profile, info mmc.DiscInformation) (mmc.TrackInformation, error) {
	last := max(info.LastInLast, 1)
	switch p {
	case mmc.DVDR, mmc.DVDRW, mmc.DVDRDL, mmc.DVDRDLJ, mmc.DVDRWDL:
		return mmc.ReadTrackInformation(ctx, t, last)
	}
	ti, err := mmc.ReadTrackInformation(ctx, t, mmc.InvisibleTrack)
	if err != nil {
		return mmc.ReadTrackInformation(ctx, t, last)
	}
	return ti, nil
}

// sessionList is a disc with only a list of sessions.
type sessionList []disc.Session

func (s sessionList) TOC() disc.TOC { return disc.TOC{Sessions: s} }
func (sessionList) ReadSectors(context.Context, []byte, disc.LBA, disc.Form) (int, error) {
	return 0, disc.ErrForm
}
func (sessionList) Close() error { return nil }

// FormatState describes how much of a medium is formatted. It is empty for other media:
// drives report a written BD-R as formatted, with or without spare areas.
func FormatState(p mmc.Profile, info mmc.DiscInformation, f mmc.FormatCapacities) string {
	if p == mmc.DVDPRW || p == mmc.DVDPRWDL {
		return [...]string{"not formatted", "format interrupted", "format running", "formatted"}[info.Background]
	}
	switch {
	case !overwritable(p) && (p != mmc.BDRSRM || info.Status != mmc.Blank):
		return ""
	case p == mmc.DVDRWRO && f.State == mmc.NoMedium:
		return "format not ended"
	case f.State == mmc.Unformatted:
		return "not formatted"
	case f.State == mmc.Formatted:
		return "formatted"
	}
	return ""
}

// Speeds returns the different speeds for writing in kB/s, highest first.
func Speeds(s []mmc.WriteSpeed) []int {
	var all []int
	for _, w := range s {
		if w.Write > 0 {
			all = append(all, w.Write)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	slices.Reverse(all)
	return all
}

// maker reads the manufacturer that is recorded on the medium: the start of the lead-in
// on CD, a name and a type on DVD and BD (MMC-6 6.22, formats 0Eh, 11h, 00h).
func maker(ctx context.Context, t scsi.Transport, p mmc.Profile) string {
	switch p {
	case mmc.CDR, mmc.CDRW:
		if a, err := mmc.ReadATIP(ctx, t); err == nil && a.LeadIn.M >= 90 {
			return a.Code()
		}
	case mmc.DVDR, mmc.DVDRW, mmc.DVDRWRO, mmc.DVDRDL, mmc.DVDRDLJ, mmc.DVDRWDL:
		// Pre-recorded information: six bytes in each of the fields 3 and 4.
		if s, err := mmc.ReadDiscStructure(ctx, t, false, 0, 0x0E, 40); err == nil && len(s) >= 31 {
			return joinPadded(s[17:23], s[25:31])
		}
	case mmc.DVDPR, mmc.DVDPRW, mmc.DVDPRDL, mmc.DVDPRWDL:
		// ADIP: eight bytes of maker, three of type.
		if s, err := mmc.ReadDiscStructure(ctx, t, false, 0, 0x11, 256); err == nil && len(s) >= 30 {
			return joinPadded(s[19:27], s[27:30])
		}
	case mmc.BDRSRM, mmc.BDRRRM, mmc.BDRE:
		// Disc information unit: six bytes of maker, three of type.
		if s, err := mmc.ReadDiscStructure(ctx, t, true, 0, 0, 4096); err == nil && len(s) >= 109 && string(s[:2]) == "DI" {
			return joinPadded(s[100:106], s[106:109])
		}
	}
	return ""
}

// joinPadded joins texts that are padded with spaces or zeros.
func joinPadded(parts ...[]byte) string {
	var all []string
	for _, p := range parts {
		s := strings.TrimSpace(strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return ' '
			}
			return r
		}, string(p)))
		if s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(all, "/")
}
