package read

import (
	"context"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// TrackState is how far a track is written.
type TrackState uint8

// States of a track (MMC-6 6.26: the bits RT, Blank, NWA_V and Damage).
const (
	TrackComplete     TrackState = iota // nothing more can be written to it
	TrackInvisible                      // not begun: it becomes a track when it is written
	TrackOpen                           // begun and not closed
	TrackReserved                       // its size is reserved, and nothing is written
	TrackReservedOpen                   // its size is reserved, and a part of it is written
	TrackDamaged                        // it was not closed properly, and has to be repaired
)

func (s TrackState) String() string {
	return [...]string{"complete", "not begun", "open", "reserved, empty", "reserved, partly written", "damaged"}[s]
}

// Track is a track as the drive reports it, closed or not.
type Track struct {
	Number, Session int
	State           TrackState
	Audio           bool
	Start           disc.LBA
	Size            int64    // sectors it has, or will have
	Written         int64    // of them written, as far as the drive reports it
	Next            disc.LBA // next writable address, -1: none
}

// tracks returns all tracks of a disc that is written sequentially, including those of
// an open session and the one that is written next.
func tracks(ctx context.Context, t scsi.Transport, p mmc.Profile, info mmc.DiscInformation) []Track {
	if overwritable(p) || pressed(p) || p == mmc.CDROM {
		return nil
	}
	var all []Track
	known := map[int]bool{}
	for n := max(info.FirstTrack, 1); n <= min(info.LastInLast, maxTracks); n++ {
		ti, err := mmc.ReadTrackInformation(ctx, t, n)
		if err != nil {
			continue // the invisible track may be counted, and have another number
		}
		ti.Number = n
		known[n] = true
		all = append(all, trackOf(ti))
	}
	if info.Status == mmc.Closed {
		return all
	}
	if ti, err := NextTrack(ctx, t, p, info); err == nil && !known[ti.Number] && (ti.Writable || ti.Damage) {
		all = append(all, trackOf(ti))
	}
	return all
}

// trackOf interprets track information.
func trackOf(ti mmc.TrackInformation) Track {
	t := Track{
		Number: ti.Number, Session: max(ti.Session, 1), Audio: ti.Mode&4 == 0,
		State: StateOf(ti), Start: disc.LBA(ti.Start), Size: ti.Size, Written: written(ti), Next: -1,
	}
	if ti.Writable {
		t.Next = disc.LBA(ti.NextWritable)
	}
	return t
}

// StateOf returns how far a track is written.
func StateOf(ti mmc.TrackInformation) TrackState {
	switch {
	case ti.Damage:
		return TrackDamaged
	case ti.Reserved && ti.Blank:
		return TrackReserved
	case ti.Reserved && ti.Writable:
		return TrackReservedOpen
	case ti.Blank || ti.Writable && ti.NextWritable == ti.Start:
		return TrackInvisible
	case ti.Writable:
		return TrackOpen
	}
	return TrackComplete
}

// written returns how many sectors of a track are written, as far as the drive reports it.
func written(ti mmc.TrackInformation) int64 {
	switch {
	case ti.Blank:
		return 0
	case ti.Recorded && ti.LastRecorded >= ti.Start:
		return min(ti.Size, ti.LastRecorded-ti.Start+1)
	case ti.Writable && ti.NextWritable >= ti.Start:
		return min(ti.Size, ti.NextWritable-ti.Start)
	}
	return ti.Size
}
