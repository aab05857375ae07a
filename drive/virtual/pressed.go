package virtual

import "glassmaster/mastering/image/discfile"

// maxCDSectors is the largest image of a CD-ROM: 80 minutes.
const maxCDSectors = 359849

// pressedState returns the state of a plain image: one session with one data track.
func pressedState(sectors int64) *discfile.State {
	t := discfile.Track{Size: sectors, Next: sectors, Closed: true, Control: 4}
	return &discfile.State{
		Sectors: sectors, Final: true,
		Sessions: []discfile.Session{{Tracks: []discfile.Track{t}, Closed: true, LeadOut: sectors}},
	}
}
