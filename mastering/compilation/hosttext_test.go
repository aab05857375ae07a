package compilation

import (
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
)

// TestSaveNamesNotUTF8 saves and loads names, folders and link targets that are not UTF-8.
func TestSaveNamesNotUTF8(t *testing.T) {
	src := t.TempDir()
	if err := os.MkdirAll(filepath.Join(src, "folder \xe9t\xe9", "sub"), 0o755); err != nil {
		t.Skipf("the file system takes no such names: %v", err)
	}
	write(t, src, "plain", "caf\xe9", "folder \xe9t\xe9/a", "folder \xe9t\xe9/\x80", "folder \xe9t\xe9/sub/b", "\xef\xbf\xbd")
	if err := os.Symlink("caf\xe9", filepath.Join(src, "link")); err != nil {
		t.Fatal(err)
	}
	c := compile(t, src, master.Options{})
	path := filepath.Join(t.TempDir(), "x.glassmaster")
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	got, problems, err := Load(path)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	list := func(c *Compilation) map[string]string {
		m := map[string]string{}
		_ = c.Root().Walk(func(n *tree.Node) error {
			m[n.Path()] = n.Mode.String() + " " + n.Target()
			if s := n.Source(); s != nil {
				m[n.Path()] += s.String()
			}
			return nil
		})
		return m
	}
	equalTrees(t, list(got), list(c))
	out := t.TempDir()
	peertest.Run(t, out, "bsdtar", "-xf", writeImage(t, got))
	equalTrees(t, describe(t, out), describe(t, src))
}
