package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// grower is a standard output that extends a file when it receives the first bytes.
type grower struct {
	bytes.Buffer
	file string
}

func (g *grower) Write(p []byte) (int, error) {
	if g.Len() == 0 {
		f, err := os.OpenFile(g.file, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		if _, err := f.WriteString("more"); err != nil {
			return 0, err
		}
	}
	return g.Buffer.Write(p)
}

// TestBuildGrowingFile builds an image of a folder with a file that grows meanwhile. The
// image contains the planned number of bytes, and the exit code reports the change.
func TestBuildGrowingFile(t *testing.T) {
	const planned = 3_000_000
	for _, args := range [][]string{nil, {"--keep-going"}, {"--checksums"}, {"--md5"}} {
		dir := t.TempDir()
		log := filepath.Join(dir, "z.log")
		for path, n := range map[string]int{filepath.Join(dir, "a.bin"): 8 << 20, log: planned} {
			if err := os.WriteFile(path, bytes.Repeat([]byte{'x'}, n), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, messages := &grower{file: log}, &bytes.Buffer{}
		code := Run(t.Context(), append([]string{"build", dir, "-o", "-"}, args...), strings.NewReader(""), out, messages)
		if Code(code) != Partly || !strings.Contains(messages.String(), log) {
			t.Errorf("%q: exit code %d, %s", args, code, messages)
		}
		img := filepath.Join(t.TempDir(), "x.iso")
		if err := os.WriteFile(img, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := must(t, OK, "cat", img, "z.log").out; got != strings.Repeat("x", planned) {
			t.Errorf("%q: the image holds %d bytes of the file, %d of them as planned", args, len(got), strings.Count(got, "x"))
		}
	}
}
