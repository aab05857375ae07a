package command

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// meddler is a log that changes a file when a text is written to it.
type meddler struct {
	bytes.Buffer
	at     string
	meddle func()
}

func (m *meddler) Write(p []byte) (int, error) {
	if m.meddle != nil && bytes.Contains(p, []byte(m.at)) {
		m.meddle()
		m.meddle = nil
	}
	return m.Buffer.Write(p)
}

// An image that another program puts in the place of the one that is rewritten is not lost.
func TestRewriteChanged(t *testing.T) {
	image := builtImage(t)
	added := sourceFile(t, "added.txt", "added\n")
	b := content(t, image)
	b[100] ^= 1
	log := &meddler{at: "comparing", meddle: func() {
		put(t, image+".new", string(b))
		if err := os.Rename(image+".new", image); err != nil {
			t.Error(err)
		}
	}}
	var out bytes.Buffer
	code := Code(Run(t.Context(), []string{"edit", image, "--add", added, "--in-place", "--rewrite"}, strings.NewReader(""), &out, log))
	if log.meddle != nil {
		t.Fatalf("the image was not changed in between:\n%s", log)
	}
	if code == OK || !strings.Contains(log.String(), "changed by another program") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	if !bytes.Equal(content(t, image), b) {
		t.Error("the image was replaced")
	}
}

// An image of which something cannot be read is not replaced by one that lacks it.
func TestCompactDamagedInPlace(t *testing.T) {
	image := filepath.Join(t.TempDir(), "udf.iso")
	must(t, OK, "build", sample(t), "--udf-only", "-o", image)
	must(t, OK, "edit", image, "--remove", "/readme.txt", "--in-place")
	b := content(t, image)
	damaged := 0
	for at := 0; at+2048 <= len(b); at += 2048 {
		// A file entry (ECMA-167 4/14.9) or an extended one of a regular file: the type is at BP 27.
		if id := binary.LittleEndian.Uint16(b[at:]); (id == 261 || id == 266) && b[at+27] == 5 && damaged == 0 {
			b[at+4] ^= 0xFF
			damaged++
		}
	}
	if damaged == 0 {
		t.Fatal("there is no file entry")
	}
	if err := os.WriteFile(image, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, "compact", image)
	if r.code == OK || !bytes.Equal(content(t, image), b) {
		t.Errorf("exit code %d: the damaged image was replaced\n%s", r.code, r.log)
	}
	saved := filepath.Join(t.TempDir(), "saved.iso")
	must(t, OK, "compact", image, "-o", saved, "--force")
}
