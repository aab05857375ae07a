package dmg_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/dmg"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
)

// TestChecksums: the checksums of the partition, of the stored data, and of the checksums are
// checked. 7-Zip agrees as far as it checks them: it does not use that of the stored data.
func TestChecksums(t *testing.T) {
	peertest.Need(t, "7z")
	whole := build(t, "raw", contents(700))
	k := len(whole) - 512
	for _, c := range []struct {
		name, want string
		at         int // 0: nothing is changed
		seven      bool
	}{
		{"nothing", "", 0, true},
		{"a stored chunk", `the CRC-32 of the partition "whole disk" is wrong; the CRC-32 of the stored data of the DMG is wrong`, 41*2048 + 7, false},
		{"the checksum of the data", "the image is damaged: the CRC-32 of the stored data of the DMG is wrong", k + 88, true},
		{"the master checksum", "the image is damaged: the master checksum of the DMG is wrong", k + 360, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := bytes.Clone(whole)
			if c.at > 0 {
				p[c.at] ^= 1
			}
			path := write(t, p)
			d, _, err := image.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			r, err := verify.Read(t.Context(), d, nil, progress.Discard)
			if c.want == "" {
				if err != nil || len(r.Sums) != 3 {
					t.Errorf("%v, %+v", err, r.Sums)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			out, err := exec.CommandContext(t.Context(), "7z", "t", path).CombinedOutput()
			if good := err == nil && !bytes.Contains(out, []byte("Master CRC error")); good != c.seven { // a warning
				t.Errorf("7z t: %v: %s", err, out)
			}
		})
	}
}

// TestAppleChecksums: the checksums of images that Apple's programs made are right, also of
// partitions with parts that are not recorded.
func TestAppleChecksums(t *testing.T) {
	list, _ := filepath.Glob("../../../../shared/corpus/jhermsmeier+node-udif/test/data/[cgz]*.dmg")
	if len(list) == 0 {
		t.Skip("there is no corpus")
	}
	for _, path := range list {
		u := imagetest.Unpack(t, dmg.Format, path)
		r, err := verify.Read(t.Context(), u.Flat(), nil, progress.Discard)
		if err != nil || len(r.Sums) < 3 {
			t.Errorf("%s: %v, %d checksums", filepath.Base(path), err, len(r.Sums))
		}
		if n := len(disc.Checksums(u.Flat())); n != len(r.Sums) {
			t.Errorf("%s: %d of %d checksums", filepath.Base(path), len(r.Sums), n)
		}
	}
}
