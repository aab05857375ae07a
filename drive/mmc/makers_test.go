package mmc

import (
	"testing"

	"glassmaster/mastering/disc"
)

func TestATIPMaker(t *testing.T) {
	for code, want := range map[disc.MSF]string{
		{M: 97, S: 24, F: 1}:  "Taiyo Yuden",
		{M: 97, S: 27, F: 28}: "Princo",
		{M: 97, S: 27, F: 31}: "Pioneer",
		{M: 97, S: 26, F: 66}: "CMC Magnetics",
		{M: 97, S: 34, F: 23}: "Mitsubishi Chemical",
		{M: 97, S: 33, F: 0}:  "",
		{M: 96, S: 24, F: 1}:  "",
	} {
		if got := (ATIP{LeadIn: code}).Maker(); got != want {
			t.Errorf("%v: %q, want %q", code, got, want)
		}
	}
}
