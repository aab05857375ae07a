//go:build linux

package compilation

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
)

// attributedTree has extended attributes of all lengths, and access control
// lists of files and folders.
func attributedTree(t *testing.T) string {
	t.Helper()
	peertest.Need(t, "setfacl", "getfattr")
	src := t.TempDir()
	write(t, src, "plain", "mime", "long", "many", "acl", "folder/inside", "odd")
	if err := os.Symlink("mime", filepath.Join(src, "link")); err != nil {
		t.Fatal(err)
	}
	set := func(name, attr string, value []byte) {
		t.Helper()
		err := unix.Setxattr(filepath.Join(src, name), attr, value, 0)
		if err == unix.ENOTSUP {
			peertest.Skip(t, "this file system has no extended attributes")
		}
		if err != nil {
			t.Fatal(name, attr, err)
		}
	}
	set("mime", "user.mime_type", []byte("text/plain"))
	set("mime", "user.empty", nil)
	set("long", "user.long", bytes.Repeat([]byte("0123456789abcdef"), 150))
	set("long", "user."+strings.Repeat("n", 240), []byte("v"))
	for i := range 20 {
		set("many", "user.number."+string(rune('a'+i)), noise(int64(i), 100+i))
	}
	set("folder", "user.of.folder", []byte{0, 1, 2, 255})
	set("", "user.of.root", []byte("root"))
	set("odd", "user.\x01\x7F", []byte("odd"))
	peertest.Run(t, src, "setfacl", "-m", "u:1000:rw,g:4:r,u:70000:x", "acl")
	peertest.Run(t, src, "setfacl", "-m", "u:300:rwx", "-m", "d:u:300:rwx,d:g:77:-", "folder")
	return src
}

func TestAttributes(t *testing.T) {
	src := attributedTree(t)
	nodes := func(o master.Options) *Compilation {
		c := New()
		c.Label, c.Options = "ATTRIBUTES", o
		list, problems, err := Scan(t.Context(), []string{src}, c.ScanOptions(), nil)
		if err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
		c.Add(c.Root(), list)
		return c
	}
	image := func(o master.Options) string { return writeImage(t, nodes(o)) }
	img := image(master.Options{Features: isoplan.Features{Attributes: true}})
	top := filepath.Base(src)

	// This program.
	v := view(t, img, "")
	for path, want := range map[string]map[string][]byte{
		"plain": nil,
		"mime":  {"user.mime_type": []byte("text/plain"), "user.empty": {}},
		"long": {
			"user.long":                        bytes.Repeat([]byte("0123456789abcdef"), 150),
			"user." + strings.Repeat("n", 240): []byte("v"),
		},
		"folder": {"user.of.folder": {0, 1, 2, 255}},
		".":      {"user.of.root": []byte("root")},
		"odd":    {"user.\x01\x7F": []byte("odd")},
	} {
		_, a := attributes(t, v, filepath.Join(top, path))
		if len(a.Xattr) != len(want) {
			t.Errorf("%s has %d attributes, want %d", path, len(a.Xattr), len(want))
		}
		for name, value := range want {
			if got, ok := a.Xattr[name]; !ok || !bytes.Equal(got, value) {
				t.Errorf("%s: %s is %q (%v), want %q", path, name, got, ok, value)
			}
		}
	}
	for path, want := range map[string]string{
		"plain":  "",
		"acl":    "user::rw-,user:1000:rw-,user:70000:--x,group::r--,group:4:r--,mask::rwx,other::r--",
		"folder": "user::rwx,user:300:rwx,group::r-x,mask::rwx,other::r-x,default:user::rwx,default:user:300:rwx,default:group::r-x,default:group:77:---,default:mask::rwx,default:other::r-x",
	} {
		if _, a := attributes(t, v, filepath.Join(top, path)); a.ACL != want {
			t.Errorf("%s: the list is\n%s, want\n%s", path, a.ACL, want)
		}
	}

	// xorriso restores them as it restores its own. Files in a folder with a default list
	// do not get their original attributes back.
	out, theirs := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "out")
	its := filepath.Join(t.TempDir(), "its.iso")
	both := []string{"-abort_on", "WARNING", "-report_about", "WARNING", "-xattr", "on", "-acl", "on"}
	peertest.Run(t, "", "xorriso", append(both, "-outdev", its,
		"-map", filepath.Join(src, "acl"), "/"+top+"/acl", "-map", filepath.Join(src, "folder"), "/"+top+"/folder", "-commit")...)
	peertest.Run(t, "", "xorriso", append(both, "-osirrox", "on", "-indev", its, "-extract", "/"+top, theirs)...)
	peertest.Run(t, "", "xorriso", append(both, "-osirrox", "on", "-indev", img, "-extract", "/"+top, out)...)
	for _, p := range []string{"plain", "mime", "long", "many", "acl", "folder", "odd"} {
		args := []string{"-d", "-m", "^user", p}
		if want, got := peertest.Run(t, src, "getfattr", args...), peertest.Run(t, out, "getfattr", args...); want != got {
			t.Errorf("xorriso extracts\n%s\nwant\n%s", got, want)
		}
	}
	for _, p := range []string{"acl", "folder", "folder/inside"} {
		if want, got := peertest.Run(t, theirs, "getfacl", "-n", p), peertest.Run(t, out, "getfacl", "-n", p); want != got {
			t.Errorf("xorriso extracts\n%s\nof its own\n%s", got, want)
		}
	}
	list := peertest.Run(t, "", "xorriso", "-report_about", "WARNING", "-xattr", "on", "-acl", "on", "-indev", img, "-getfattr", "/"+top+"/mime", "--", "-getfacl", "/"+top+"/acl", "--")
	for _, want := range []string{`user.mime_type="text/plain"`, "70000:--x"} {
		if !strings.Contains(list, want) {
			t.Errorf("xorriso does not list %s:\n%s", want, list)
		}
	}
	peertest.Run(t, t.TempDir(), "bsdtar", "-xpf", img)

	// Without the option there are no attributes; with other owners there are no lists.
	v = view(t, image(master.Options{}), "")
	if _, a := attributes(t, v, top+"/mime"); len(a.Xattr) > 0 {
		t.Error("there are attributes without the option")
	}
	v = view(t, image(master.Options{Features: isoplan.Features{Attributes: true}, Owners: &master.Owners{Rational: true}}), "")
	if _, a := attributes(t, v, top+"/folder"); a.ACL != "" || len(a.Xattr) != 1 {
		t.Errorf("with other owners: %q, %v", a.ACL, a.Xattr)
	}
}

// TestTooManyAttributes uses a file with more attributes than readers support.
func TestTooManyAttributes(t *testing.T) {
	c := New()
	n := tree.NewFile("big", 0, time.Unix(1e9, 0), nil)
	n.SetExtra(&tree.Extra{Attributes: map[string][]byte{"user.big": make([]byte, 64<<10)}})
	m := tree.NewFile("large", 0, time.Unix(1e9, 0), nil)
	m.SetExtra(&tree.Extra{Attributes: map[string][]byte{"user.large": bytes.Repeat([]byte("x"), 50<<10)}})
	c.Add(c.Root(), []*tree.Node{n, m})
	c.Options.Attributes = true
	img, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(img.Notices) != 1 || !strings.Contains(img.Notices[0].Text, "extended attributes") {
		t.Errorf("warnings: %q", img.Notices)
	}
	path := filepath.Join(t.TempDir(), "x.iso")
	if err := writeFile(t.Context(), img, path); err != nil {
		t.Fatal(err)
	}
	v := view(t, path, "")
	if _, a := attributes(t, v, "large"); len(a.Xattr["user.large"]) != 50<<10 {
		t.Errorf("large has %d bytes", len(a.Xattr["user.large"]))
	}
	if _, a := attributes(t, v, "big"); len(a.Xattr) != 0 {
		t.Error("big has attributes")
	}
	list := peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-report_about", "WARNING", "-xattr", "on", "-indev", path, "-getfattr", "/large", "--")
	if !strings.Contains(list, "value 51200 bytes") { // too long for it to show
		t.Errorf("xorriso reads %s", list)
	}
}

func TestStamps(t *testing.T) {
	src := t.TempDir()
	write(t, src, "file", "folder/inside")
	accessed, modified := time.Unix(1111111111, 0), time.Unix(999999999, 0)
	for _, p := range []string{"file", "folder/inside", "folder"} {
		if err := os.Chtimes(filepath.Join(src, p), accessed, modified); err != nil {
			t.Fatal(err)
		}
	}
	c := New()
	c.Options.Stamps = true
	c.Contents.Checksums = true // reading must not change the access times that were recorded
	nodes, problems, err := Scan(t.Context(), []string{src + "/"}, c.ScanOptions(), nil)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	c.Add(c.Root(), nodes)
	img := writeImage(t, c)
	v := view(t, img, "")
	for _, p := range []string{"file", "folder/inside"} {
		i, a := attributes(t, v, p)
		if !i.ModTime().Equal(modified) || !a.Accessed.Equal(accessed) || a.Changed.Before(time.Unix(1600000000, 0)) {
			t.Errorf("%s: modified %v, accessed %v, changed %v", p, i.ModTime(), a.Accessed, a.Changed)
		}
	}
	out := t.TempDir()
	peertest.Run(t, out, "bsdtar", "-xpf", img)
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(out, "file"), &st); err != nil || st.Mtim.Sec != modified.Unix() || st.Atim.Sec != accessed.Unix() {
		t.Errorf("bsdtar restores %v, %v (%v)", st.Mtim, st.Atim, err)
	}
}

// TestExtraIsSaved checks that extended attributes of folders and data are in the saved
// compilation; those of files of the host are read again.
func TestExtraIsSaved(t *testing.T) {
	src := attributedTree(t)
	c := New()
	c.Options.Attributes, c.Options.Stamps = true, true
	nodes, _, err := Scan(t.Context(), []string{src + "/"}, c.ScanOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Add(c.Root(), nodes)
	path := filepath.Join(t.TempDir(), "x"+Extension)
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	got, problems, err := Load(path)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	for _, p := range []string{"mime", "many", "folder", "folder/inside", "acl"} {
		a, b := c.Root().Lookup(p).Extra(), got.Root().Lookup(p).Extra()
		if a == nil || b == nil || len(a.Attributes) != len(b.Attributes) || a.Created != b.Created ||
			len(a.Attributes) > 0 && !reflect.DeepEqual(a.Attributes, b.Attributes) {
			t.Errorf("%s: %+v became %+v", p, a, b)
		}
	}
}
