package mds_test

import (
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/mds"
)

// What is written is read again.
func TestWritten(t *testing.T) {
	for _, c := range []struct {
		name string
		d    disc.Disc
	}{
		{"audio", imagetest.Audio(t)},
		{"mixed", imagetest.Mixed(t)},
		{"sessions", imagetest.Sessions(t)},
		{"sub-channels", imagetest.SubChannels(t)},
		{"XA", imagetest.XA(t)},
		{"mode 1", imagetest.Mode1(t)},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := imagetest.Create(t, mds.Format, c.d, format.Options{}, "x.mds")
			d := imagetest.Open(t, mds.Format, path)
			for _, n := range disc.Notices(d) {
				t.Errorf("notice: %v", n)
			}
			holds := mds.Format.Holds
			if !disc.HasSubChannels(c.d) {
				holds &^= format.Sub
			}
			imagetest.Same(t, c.d, d, holds)
		})
	}
}
