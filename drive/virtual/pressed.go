package virtual

import "glassmaster/mastering/image/discfile"

// mediaCD is the largest image that is taken for a CD: 80 minutes.
const mediaCD = 359849

// pressedState is the state of a plain image: one session, one data track.
func pressedState(sectors int64) *discfile.State {
	t := discfile.Track{Size: sectors, Next: sectors, Closed: true, Control: 4}
	return &discfile.State{
		Sectors: sectors, Final: true,
		Sessions: []discfile.Session{{Tracks: []discfile.Track{t}, Closed: true, LeadOut: sectors}},
	}
}
