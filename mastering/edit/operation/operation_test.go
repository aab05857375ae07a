package operation_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/edit/operation"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// image returns a compilation that was read from a disc, with these files.
func image(t *testing.T, paths ...string) *compilation.Compilation {
	t.Helper()
	var folder func(at string) func() []*tree.Node
	folder = func(at string) func() []*tree.Node {
		return func() (list []*tree.Node) {
			seen := map[string]bool{}
			for _, p := range paths {
				rest, ok := strings.CutPrefix(p, at)
				if !ok {
					continue
				}
				first, _, deeper := strings.Cut(rest, "/")
				switch {
				case seen[first]:
					continue
				case deeper:
					n := tree.NewUnread(first, folder(at+first+"/"))
					n.UID, n.GID = 7, 8
					list = append(list, n)
				default:
					n := tree.NewFile(first, 4, time.Unix(5, 0), &layout.Recorded{})
					n.UID, n.GID = 7, 8
					list = append(list, n)
				}
				seen[first] = true
			}
			return list
		}
	}
	root := tree.NewUnread("", folder(""))
	origin := *root
	root.SetOrigin(&origin)
	return compilation.FromTree(root)
}

// paths lists the paths of a tree, with what is not as it was.
func paths(c *compilation.Compilation) []string {
	var list []string
	_ = c.Root().Walk(func(n *tree.Node) error {
		p := n.Path()
		if n.IsDir() && p != "/" {
			p += "/"
		}
		if n.Mode.IsRegular() && n.Origin() != nil && !n.SameContents() {
			p += " replaced"
		}
		list = append(list, p)
		return nil
	})
	slices.Sort(list)
	return list[1:] // without the root
}

func TestApply(t *testing.T) {
	host := t.TempDir()
	for _, name := range []string{"new.txt", "a=b", "folder/x", "folder/y"} {
		p := filepath.Join(host, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(name), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	for script, want := range map[string]string{
		"add HOST/new.txt":                             "/a.txt /boot/ /boot/grub.cfg /boot/x.cfg /new.txt",
		"add HOST/new.txt=/boot/":                      "/a.txt /boot/ /boot/grub.cfg /boot/new.txt /boot/x.cfg",
		"add HOST/new.txt=/boot/grub.cfg":              "/a.txt /boot/ /boot/grub.cfg replaced /boot/x.cfg",
		"add HOST/new.txt=/deep/er/file":               "/a.txt /boot/ /boot/grub.cfg /boot/x.cfg /deep/ /deep/er/ /deep/er/file",
		"add 'HOST/a=b'":                               "/a.txt /a=b /boot/ /boot/grub.cfg /boot/x.cfg",
		"add 'HOST/a=b=/c'":                            "/a.txt /boot/ /boot/grub.cfg /boot/x.cfg /c",
		"add HOST/folder":                              "/a.txt /boot/ /boot/grub.cfg /boot/x.cfg /folder/ /folder/x /folder/y",
		"add HOST/folder/=/boot":                       "/a.txt /boot/ /boot/grub.cfg /boot/x /boot/x.cfg /boot/y",
		"add HOST/folder=/boot":                        "/a.txt /boot/ /boot/grub.cfg /boot/x /boot/x.cfg /boot/y",
		"add HOST/folder=/boot/":                       "/a.txt /boot/ /boot/folder/ /boot/folder/x /boot/folder/y /boot/grub.cfg /boot/x.cfg",
		"replace HOST/new.txt=/boot/x.cfg":             "/a.txt /boot/ /boot/grub.cfg /boot/x.cfg replaced",
		"remove /boot":                                 "/a.txt",
		"remove *.cfg":                                 "/a.txt /boot/",
		"remove /boot/g*":                              "/a.txt /boot/ /boot/x.cfg",
		"rename /a.txt=/b.txt":                         "/b.txt /boot/ /boot/grub.cfg /boot/x.cfg",
		"rename /a.txt=/boot":                          "/boot/ /boot/a.txt /boot/grub.cfg /boot/x.cfg",
		"rename boot/x.cfg=other/":                     "/a.txt /boot/ /boot/grub.cfg /other/ /other/x.cfg",
		"rename /boot/x.cfg=/y\nrename /y=/boot/a.txt": "/a.txt /boot/ /boot/a.txt /boot/grub.cfg",
		"mkdir /a/b":                                   "/a.txt /a/ /a/b/ /boot/ /boot/grub.cfg /boot/x.cfg",
		"# nothing\n\n   \n":                           "/a.txt /boot/ /boot/grub.cfg /boot/x.cfg",
		"--remove /a.txt # a comment":                  "/boot/ /boot/grub.cfg /boot/x.cfg",
	} {
		c := image(t, "a.txt", "boot/grub.cfg", "boot/x.cfg")
		list, err := operation.Parse(strings.ReplaceAll(script, "HOST", host))
		if err == nil {
			_, err = operation.Apply(t.Context(), c, list, nil)
		}
		if err != nil {
			t.Errorf("%s: %v", script, err)
			continue
		}
		if got := strings.Join(paths(c), " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", script, got, want)
		}
	}
}

func TestAttributes(t *testing.T) {
	c := image(t, "a.txt", "boot/grub.cfg")
	list, err := operation.Parse("chmod 4711=/a.txt\nchown 1:2=/a.txt\nchown :9=*.cfg\ntouch 1970-01-02T00:00:00Z=/a.txt\nhide /a.txt\nlabel 'MY DISC'")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := operation.Apply(t.Context(), c, list, nil); err != nil {
		t.Fatal(err)
	}
	a, cfg := c.Root().Child("a.txt"), c.Root().Lookup("boot/grub.cfg")
	if a.Mode != 0o711|fs.ModeSetuid || a.UID != 1 || a.GID != 2 || a.ModTime().Unix() != 86400 || !a.Extra().Hidden {
		t.Errorf("a.txt: %v %d:%d %v %+v", a.Mode, a.UID, a.GID, a.ModTime(), a.Extra())
	}
	if cfg.UID != 7 || cfg.GID != 9 || c.Label != "MY DISC" {
		t.Errorf("grub.cfg has owner %d:%d, the label is %q", cfg.UID, cfg.GID, c.Label)
	}
	if _, err := operation.Apply(t.Context(), c, []operation.Operation{{Verb: "show", Argument: "a.txt"}}, nil); err != nil || a.Extra().Hidden {
		t.Errorf("shown: %+v, %v", a.Extra(), err)
	}
}

// TestUnread checks that operations with paths do not read other folders.
func TestUnread(t *testing.T) {
	c := image(t, "a/b/c", "d/e/f", "g")
	if _, err := operation.Apply(t.Context(), c, []operation.Operation{{Verb: "remove", Argument: "/a/b/*"}, {Verb: "mkdir", Argument: "/d/new"}}, nil); err != nil {
		t.Fatal(err)
	}
	if c.Root().Child("d").Unread() || !c.Root().Lookup("d/e").Unread() {
		t.Error("folders were read that no operation names, or not those that one names")
	}
}

func TestRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for script, want := range map[string]string{
		"add /no/such/file":              "no such file",
		"replace FILE=/nothing":          "there is no file",
		"replace FILE=/boot":             "not a regular file",
		"remove /nothing":                "nothing in the image matches",
		"remove [":                       "syntax error in pattern",
		"rename /nothing=/x":             "there is no /nothing",
		"rename /boot=/boot/sub/":        "into itself",
		"rename /a.txt=/boot/grub.cfg":   "exists already",
		"mkdir /boot":                    "exists already",
		"mkdir /a.txt/x":                 "not a folder",
		"chmod 9=/a.txt":                 "octal",
		"chown x=/a.txt":                 "not the number",
		"touch yesterday=/a.txt":         "is not a time",
		"erase /a.txt":                   "no operation",
		"remove":                         "one argument, not 0",
		"remove a b":                     "one argument, not 2",
		"remove 'a":                      "not closed",
		"add FILE=/boot/grub.cfg/deeper": "not a folder",
		"add FILE=/boot":                 "is a folder: put a slash at its end",
	} {
		c := image(t, "a.txt", "boot/grub.cfg")
		list, err := operation.Parse(strings.ReplaceAll(script, "FILE", file))
		if err == nil {
			_, err = operation.Apply(t.Context(), c, list, nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", script, err, want)
		}
	}
}

// TestReplaceHardLink replaces the contents of a file with two names.
func TestReplaceHardLink(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("longer than before"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := image(t, "a.txt", "boot/grub.cfg")
	shared := &tree.Shared{Source: &layout.Recorded{}, Links: 2}
	one, two := tree.NewNode("one", 0o644, shared), tree.NewNode("two", 0o644, shared)
	c.Root().Append(one)
	c.Root().Child("boot").Append(two)
	if _, err := operation.Apply(t.Context(), c, []operation.Operation{{Verb: "replace", Argument: file + "=/one"}}, nil); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*tree.Node{one, two} {
		if f, ok := n.Source().(*layout.File); !ok || f.Path() != file || n.Size != 18 {
			t.Errorf("%s has %d bytes of %v", n.Path(), n.Size, n.Source())
		}
	}
}

func TestParse(t *testing.T) {
	list, err := operation.Parse(`remove "a b"` + "\r\n" + `remove 'c"d'` + "\n" + `remove e\ f\#g` + "\nlabel ''")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%q", list), `["remove a b" "remove c\"d" "remove e f#g" "label "]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("add 'a b'=c\nremove \\#x # y\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := operation.Parse(text)
		if err == nil && len(list) > strings.Count(text, "\n")+1 {
			t.Errorf("%d operations from %d lines", len(list), strings.Count(text, "\n")+1)
		}
	})
}
