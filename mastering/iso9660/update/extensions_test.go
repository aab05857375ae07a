package update_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// TestCompressed moves, copies and replaces files that xorriso has compressed (zisofs).
func TestCompressed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "z.iso")
	top := t.TempDir()
	b := []byte(strings.Repeat("compressible ", 20000))
	for _, n := range []string{"moved", "copied", "replaced", "changed"} {
		must(t, os.WriteFile(filepath.Join(top, n), append(bytes.Clone(b), n...), 0o600))
	}
	peertest.Run(t, "", "xorriso", "-report_about", "WARNING", "-joliet", "on", "-outdev", name, "-map", top, "/", "-set_filter_r", "--zisofs", "/", "--", "-commit")
	m := openFile(t, name, "")
	d := tree.NewFolder("folder", when)
	m.root.Append(d)
	n := m.root.Child("moved")
	n.Detach()
	n.Name = "renamed"
	d.Append(n)
	c := m.root.Child("copied").Clone()
	c.Name = "a copy"
	d.Append(c)
	m.contents(m.root.Child("replaced"), "plain")
	m.root.Child("changed").Mode = 0o600
	_, err := m.update()
	must(t, err)
	m.hides = true // Joliet shows the compressed files
	m.verify()
	for path, want := range map[string]string{"folder/renamed": "moved", "folder/a copy": "copied", "copied": "copied", "changed": "changed"} {
		got, err := fs.ReadFile(m.open(""), path)
		must(t, err)
		if !bytes.Equal(got, append(bytes.Clone(b), want...)) {
			t.Errorf("%s has other contents", path)
		}
	}
	out := t.TempDir()
	peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-osirrox", "on", "-indev", m.store(), "-extract", "/", out)
	compare(t, "xorriso", onDisk(t, out), m.asOnDisk())
}

// TestAttributes changes extended attributes, and adds a file that has some.
func TestAttributes(t *testing.T) {
	root := tree.NewFolder("", when)
	with := func(n *tree.Node, value string) *tree.Node {
		n.SetExtra(&tree.Extra{Attributes: map[string][]byte{"user.test": []byte(value)}})
		return n
	}
	with(root, "of the root")
	for _, name := range []string{"kept", "changed", "renamed", "long"} {
		value := name
		if name == "long" {
			value = strings.Repeat("long ", 500)
		}
		root.Append(with(tree.NewFile(name, 1, when, layout.Bytes("x")), value))
	}
	l, _, err := master.Plan(root, master.Options{Label: "TEST", Time: when, Features: plan.Features{Attributes: true, Stamps: true}})
	must(t, err)
	m := edit(t, l, l.Size(), "")
	with(m.root.Child("changed"), strings.Repeat("changed ", 100))
	m.root.Child("renamed").Name = "has another name"
	m.root.Child("long").Mode = 0o600
	m.root.Append(with(m.file("added", "y"), "added"))
	_, err = m.update()
	must(t, err)
	m.verify()
	for name, want := range map[string]string{
		"kept": "kept", "changed": strings.Repeat("changed ", 100),
		"has another name": "renamed", "long": strings.Repeat("long ", 500), "added": "added",
	} {
		info, err := fs.Stat(m.open(""), name)
		must(t, err)
		if got := string(info.Sys().(*volume.Attributes).Xattr["user.test"]); got != want {
			t.Errorf("%s has %q", name, got)
		}
	}
}

// TestXA keeps the data of CD-ROM XA in system use areas.
func TestXA(t *testing.T) {
	m := openFile(t, isotest.Genisoimage(t, isotest.SampleTree(t), "-R", "-XA"), "")
	m.root.Append(m.file("added", "y"))
	m.root.Child("many").Name = "renamed"
	d := tree.NewFolder("folder", when)
	d.Append(m.file("inside", "z"))
	m.root.Append(d)
	_, err := m.update()
	must(t, err)
	m.verify()
}
