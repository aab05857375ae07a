package read

import (
	"context"
	"fmt"
	"slices"

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
	Maker        string           // see MediumID
	Protection   mmc.WriteProtection
	Spare        mmc.SpareArea // zero: none
	Defects      int           // blocks of a DVD-RAM or BD-RE that are known to be defective
	Speeds       []int         // kB/s for writing, highest first
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
	m.Maker = MediumID(ctx, t, m.Profile)
	m.wear(ctx, t)
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

// MediumID returns what identifies the type of a medium, with the company that made it if that
// is known: the start of the lead-in of a CD, "97m34s22f (Mitsubishi Chemical)", and a name and a
// type of DVD and BD, "MCC-004-00 (Mitsubishi Chemical)". It is empty if nothing is recorded, or
// the drive does not report it.
func MediumID(ctx context.Context, t scsi.Transport, p mmc.Profile) string {
	var id, maker string
	switch p {
	case mmc.CDR, mmc.CDRW:
		if a, err := mmc.ReadATIP(ctx, t); err == nil && a.LeadIn.M >= 90 {
			id, maker = a.Code(), a.Maker()
		}
	default:
		if m, err := mmc.ReadMediaIdentity(ctx, t, p); err == nil {
			id, maker = m.String(), m.Maker()
		}
	}
	if id == "" || maker == "" {
		return id
	}
	return fmt.Sprintf("%s (%s)", id, maker)
}

// wear sets the write protection, the spare areas and the number of defects of a DVD or BD, as
// far as the drive reports them.
func (m *MediaInfo) wear(ctx context.Context, t scsi.Transport) {
	if m.Profile.IsCD() {
		return
	}
	bd := m.Profile.IsBD()
	m.Protection, _ = mmc.ReadWriteProtection(ctx, t, bd)
	switch m.Profile {
	case mmc.DVDRAM, mmc.BDRE, mmc.BDRSRM, mmc.BDRRRM:
		m.Spare, _ = mmc.ReadSpareArea(ctx, t, bd)
	}
	if m.Profile == mmc.DVDRAM || m.Profile == mmc.BDRE {
		m.Defects = defects(ctx, t, m.Capacity)
	}
}

// defects returns how many blocks of a medium are known to be defective. The drive reports them
// for an area at a time; drives that make the areas very small are not asked to the end.
func defects(ctx context.Context, t scsi.Transport, sectors int64) int {
	const areas = 1000
	n, at := 0, int64(0)
	for range areas {
		d, err := mmc.DefectStatus(ctx, t, at)
		if err != nil {
			return n
		}
		n += len(d.Blocks)
		if d.End < at || d.End+1 >= sectors {
			return n
		}
		at = d.End + 1
	}
	return n
}
