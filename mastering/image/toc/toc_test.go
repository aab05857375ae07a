package toc_test

import (
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/toc"
)

// Discs of every kind are the same after they were written and opened.
func TestWriteAndOpen(t *testing.T) {
	for name, sample := range map[string]func(testing.TB) disc.Disc{
		"audio": imagetest.Audio, "mixed": imagetest.Mixed, "XA": imagetest.XA, "mode 1": imagetest.Mode1,
		"sub-channels": func(t testing.TB) disc.Disc { return oneSession(imagetest.SubChannels(t)) },
		"sessions":     func(t testing.TB) disc.Disc { return oneSession(imagetest.Sessions(t)) },
	} {
		for _, o := range []format.Options{{}, {FilePerTrack: true}} {
			t.Run(name, func(t *testing.T) {
				d := sample(t)
				got := imagetest.Open(t, toc.Format, imagetest.Create(t, toc.Format, d, o, "x.toc"))
				imagetest.Same(t, d, got, toc.Format.Holds)
				for _, n := range disc.Notices(got) {
					t.Errorf("notice: %v", n)
				}
				if disc.HasSubChannels(got) != disc.HasSubChannels(d) {
					t.Errorf("sub-channels: %v", disc.HasSubChannels(got))
				}
			})
		}
	}
}

// The file with the sectors never has the name of the description.
func TestNames(t *testing.T) {
	d := imagetest.XA(t)
	for _, main := range []string{"x", "x.TOC", "x.bin", "X.BIN", "a \"b\" c.toc", "ä.toc"} {
		imagetest.Same(t, d, imagetest.Open(t, toc.Format, imagetest.Create(t, toc.Format, d, format.Options{}, main)), toc.Format.Holds)
	}
}

// changed is a disc with another table of contents.
type changed struct {
	disc.Disc
	toc disc.TOC
}

func (c changed) TOC() disc.TOC { return c.toc }

func (c changed) HasSubChannels() bool { return disc.HasSubChannels(c.Disc) }

// oneSession returns the first session of a disc.
func oneSession(d disc.Disc) disc.Disc {
	toc := d.TOC()
	toc.Sessions = toc.Sessions[:1]
	return changed{d, toc}
}
