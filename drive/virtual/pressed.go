package virtual

// mediaCD is the largest image that is taken for a CD: 80 minutes.
const mediaCD = 359849

// pressedState is the state of a plain image: one session, one data track.
func pressedState(sectors int64) *state {
	t := track{Size: sectors, Next: sectors, Closed: true, Control: 4}
	return &state{
		Sectors: sectors, Final: true,
		Sessions: []session{{Tracks: []track{t}, Closed: true, LeadOut: sectors}},
	}
}
