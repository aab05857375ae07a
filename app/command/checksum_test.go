package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/image/chd"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
)

// TestVerifyChecksums: verify says that the checksums of an image are right, and fails if one
// is wrong although every sector can be read; also in a compressed file, and when it repairs.
func TestVerifyChecksums(t *testing.T) {
	peertest.Need(t, "gzip")
	path := imagetest.Create(t, chd.Format, imagetest.Mixed(t), format.Options{}, "disc.chd")
	const right = "the SHA-1 of the contents of the CHD and the SHA-1 of the metadata of the CHD are correct"
	if r := must(t, OK, "verify", path); !strings.Contains(r.out, right) || !strings.Contains(r.out, "1101 audio sectors") {
		t.Errorf("%s", r.out)
	}
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p[70] ^= 1 // of the SHA-1 of the contents
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, filepath.Dir(path), "gzip", "-k", "disc.chd")
	for _, name := range []string{path, path + ".gz"} {
		r := must(t, Differs, "verify", name)
		if !strings.Contains(r.log, "the image is damaged: the SHA-1 of the contents of the CHD is wrong") || strings.Contains(r.out, "correct") {
			t.Errorf("%s: %s%s", name, r.out, r.log)
		}
	}
	sums := outcomeOf(t, must(t, Differs, "verify", "--json", path+".gz").out)["data"].(map[string]any)["checksums"].([]any)
	if len(sums) != 3 {
		t.Fatalf("%v", sums)
	}
	for i, want := range []bool{true, false, false} { // gzip, contents, metadata, whose SHA-1 covers the other one
		if one := sums[i].(map[string]any); one["correct"] != want || (one["problem"] == nil) != want {
			t.Errorf("%v", one)
		}
	}
	mended := filepath.Join(t.TempDir(), "mended.chd")
	if r := must(t, Differs, "verify", "--repair", path, "-o", mended); !strings.Contains(r.log, "may be damaged") {
		t.Errorf("%s", r.log)
	}
}
