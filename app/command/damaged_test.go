package command

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBurnDamagedImage burns an image whose root directory is lost. The disc is equal to
// it, but neither the exit code nor the last line reports success.
func TestBurnDamagedImage(t *testing.T) {
	img := filepath.Join(t.TempDir(), "a.iso")
	must(t, OK, "build", sample(t), "-o", img, "--joliet", "off", "--rock-ridge", "off")
	p := []byte(content(t, img))
	root := binary.LittleEndian.Uint32(p[16*2048+158:]) // ECMA-119 8.4.18, 9.1.3
	clear(p[root*2048:][:2048])
	if err := os.WriteFile(img, p, 0o600); err != nil {
		t.Fatal(err)
	}
	drive := "virtual:" + filepath.Join(t.TempDir(), "disc") + "?medium=dvd+r&sectors=4000"
	r := must(t, Partly, "burn", "-y", img, drive)
	for _, want := range []string{"warning: the source is damaged", "equal to its source, which is damaged", "as damaged as its source"} {
		if !strings.Contains(r.log, want) {
			t.Errorf("%q is not in\n%s", want, r.log)
		}
	}
	must(t, Differs, "verify", drive)
	must(t, OK, "burn", "-y", "--simulate", img, "virtual:"+filepath.Join(t.TempDir(), "disc")+"?medium=dvd-r&sectors=4000")
}
