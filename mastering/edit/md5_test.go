package edit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/peertest"
)

// TestEmbeddedChecksum edits an image with an embedded checksum. It is right afterwards if it
// was before; that of a damaged image still shows the damage.
func TestEmbeddedChecksum(t *testing.T) {
	peertest.Need(t, "genisoimage", "implantisomd5")
	dir := t.TempDir()
	isotest.Must(t, os.WriteFile(filepath.Join(dir, "file"), bytes.Repeat([]byte("contents "), 99_999), 0o644))
	for _, damaged := range []bool{false, true} {
		image := isotest.Genisoimage(t, dir, "-R")
		peertest.Run(t, "", "implantisomd5", image)
		if damaged {
			b, err := os.ReadFile(image)
			isotest.Must(t, err)
			b[len(b)/2]++
			isotest.Must(t, os.WriteFile(image, b, 0o644))
		}
		m, _ := open(t, image)
		m.Compilation().Root().Child("file").Name = "other"
		p, err := m.Plan(t.Context(), nil)
		isotest.Must(t, err)
		defer p.Close()
		isotest.Must(t, p.Prepare(t.Context(), nil))
		warned := false
		for _, n := range p.Notices {
			warned = warned || n.Severity == disc.Warning && strings.Contains(n.Text, "MD5 checksum does not fit")
		}
		track, _ := disc.DataTrack(p.Disc())
		_, err = isomd5.Check(t.Context(), disc.NewReader(t.Context(), p.Disc(), track), nil)
		if (err != nil) != damaged || warned != damaged {
			t.Errorf("damaged %v: check of the result: %v; notices %v", damaged, err, p.Notices)
		}
	}
}
