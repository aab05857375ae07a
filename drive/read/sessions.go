package read

import (
	"context"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// maxTracks is more than any medium has: a DVD-R can have 2302.
const maxTracks = 2400

// sessions returns the readable part of the medium: closed sessions, and the written part
// of an open one. A blank medium has none.
func sessions(ctx context.Context, t scsi.Transport, p mmc.Profile) ([]disc.Session, error) {
	if p.IsCD() {
		return cdSessions(ctx, t)
	}
	info, err := mmc.ReadDiscInformation(ctx, t)
	if err == nil {
		if info.Status == mmc.Blank {
			return nil, nil
		}
		if !overwritable(p) {
			if all := trackSessions(ctx, t, info); len(all) > 1 || len(all) > 0 && !pressed(p) {
				return all, nil
			}
		}
	}
	last, size, err := mmc.ReadCapacity(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("read the capacity of the disc: %w", err)
	}
	if size != disc.SectorSize {
		return nil, fmt.Errorf("the drive reads sectors of %d bytes; only %d are supported", size, disc.SectorSize)
	}
	if last <= 0 {
		return nil, nil
	}
	return []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: last + 1}}}}, nil
}

// overwritable reports whether the medium is one track that can be written at
// any address.
func overwritable(p mmc.Profile) bool {
	switch p {
	case mmc.DVDRAM, mmc.DVDRWRO, mmc.DVDPRW, mmc.DVDPRWDL, mmc.BDRE, mmc.BDRRRM:
		return true
	}
	return false
}

// pressed reports whether the medium is, or is reported as, a pressed one. The capacity
// of those is more reliable than the size of the only track.
func pressed(p mmc.Profile) bool { return p == mmc.DVDROM || p == mmc.BDROM || p == mmc.NoProfile }

// trackSessions returns the sessions of a DVD or BD from its tracks.
func trackSessions(ctx context.Context, t scsi.Transport, info mmc.DiscInformation) []disc.Session {
	var all []disc.Session
	for n := max(info.FirstTrack, 1); n <= min(info.LastInLast, maxTracks); n++ {
		ti, err := mmc.ReadTrackInformation(ctx, t, n)
		if err != nil {
			break
		}
		size := written(ti)
		if size <= 0 || ti.Start < 0 {
			continue
		}
		tr := disc.Track{Number: n, Mode: disc.Mode1, Start: disc.LBA(ti.Start), Length: size}
		all = join(all, max(ti.Session, 1), tr)
	}
	return all
}

// join puts a track into its session, which is the last one or a new one.
func join(all []disc.Session, session int, t disc.Track) []disc.Session {
	if n := len(all); n > 0 && all[n-1].Number == session {
		all[n-1].Tracks = append(all[n-1].Tracks, t)
		return all
	}
	return append(all, disc.Session{Number: session, Tracks: []disc.Track{t}})
}

// cdSessions reads the lead-ins of a CD or, if the drive does not support that, the
// tracks alone.
func cdSessions(ctx context.Context, t scsi.Transport) ([]disc.Session, error) {
	raw, err := mmc.ReadFullTOC(ctx, t)
	if err == nil {
		if all := fromFullTOC(raw); len(all) > 0 {
			setModes(ctx, t, all)
			return all, nil
		}
	}
	toc, err := mmc.ReadTOC(ctx, t)
	if err != nil {
		if info, other := mmc.ReadDiscInformation(ctx, t); other == nil && info.Status == mmc.Blank {
			return nil, nil
		}
		if key, _, _, ok := scsi.Code(err); ok && key == scsi.KeyIllegalRequest {
			return nil, nil // no session is closed yet
		}
		return nil, fmt.Errorf("read the table of contents: %w", err)
	}
	all := fromTOC(toc)
	setModes(ctx, t, all)
	return all, nil
}

// fromFullTOC makes sessions of the Q sub-channel of the lead-ins (MMC-6
// 6.25, format 0010b): points 1 to 99 start a track, A2h the lead-out.
func fromFullTOC(raw []mmc.FullTOCEntry) []disc.Session {
	leadOut := map[int]disc.LBA{}
	kind := map[int]int{} // 00h CD-DA or CD-ROM, 10h CD-i, 20h XA
	for _, e := range raw {
		if e.ADR == 1 && e.Point == 0xA2 {
			leadOut[e.Session] = e.PMin.LBA()
		}
		if e.ADR == 1 && e.Point == 0xA0 {
			kind[e.Session] = e.PMin.S
		}
	}
	var all []disc.Session
	for _, e := range raw {
		if e.ADR != 1 || e.Point < 1 || e.Point > 99 {
			continue
		}
		tr := disc.Track{Number: int(e.Point), Mode: mode(e.Control), Control: control(e.Control), Start: e.PMin.LBA()}
		if tr.Mode == disc.Mode1 && (kind[e.Session] == 0x10 || kind[e.Session] == 0x20) {
			tr.Mode = disc.XA
		}
		all = join(all, e.Session, tr)
	}
	for i := range all {
		all[i].CDI = kind[all[i].Number] == 0x10
		end, ok := leadOut[all[i].Number]
		if !ok {
			return nil
		}
		setLengths(all[i].Tracks, end)
	}
	return all
}

// fromTOC makes one session of a plain table of contents.
func fromTOC(toc []mmc.TOCEntry) []disc.Session {
	s := disc.Session{Number: 1}
	end, ok := disc.LBA(0), false
	for _, e := range toc {
		if e.Track == mmc.LeadOut {
			end, ok = e.Start, true
			continue
		}
		s.Tracks = append(s.Tracks, disc.Track{Number: e.Track, Mode: mode(e.Control), Control: control(e.Control), Start: e.Start})
	}
	if !ok || len(s.Tracks) == 0 {
		return nil
	}
	setLengths(s.Tracks, end)
	return []disc.Session{s}
}

// setLengths makes each track end where the next one starts.
func setLengths(tracks []disc.Track, end disc.LBA) {
	for i := len(tracks) - 1; i >= 0; i-- {
		tracks[i].Length = max(int64(end-tracks[i].Start), 0)
		end = tracks[i].Start
	}
}

// control returns the control bits of a track that are not part of its mode.
func control(bits byte) disc.Control {
	return disc.Control(bits) & (disc.PreEmphasis | disc.CopyPermitted | disc.FourChannels)
}

func mode(control byte) disc.Mode {
	if control&4 != 0 {
		return disc.Mode1
	}
	return disc.Audio
}

// setModes reads the mode of the data tracks, which the table of contents does not
// contain.
func setModes(ctx context.Context, t scsi.Transport, all []disc.Session) {
	for _, s := range all {
		for i := range s.Tracks {
			tr := &s.Tracks[i]
			if tr.Mode == disc.Audio {
				continue
			}
			ti, err := mmc.ReadTrackInformation(ctx, t, tr.Number)
			switch {
			case err != nil:
			case ti.DataMode == 1:
				tr.Mode = disc.Mode1
			case ti.DataMode == 2 && tr.Mode != disc.XA:
				tr.Mode = disc.Mode2
			}
		}
	}
}
