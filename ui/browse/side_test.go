package browse

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

func TestFactsOf(t *testing.T) {
	n := tree.NewNode("x", 0o640, nil)
	n.Size = 12
	a := &volume.Attributes{
		UID: 7, GID: 8, ACL: "user::rw-,other::r--", Streams: []string{"icon"},
		Xattr: map[string][]byte{"user.b": []byte("2\x00"), "user.a": []byte(strings.Repeat("long", 50))},
	}
	var got []string
	for _, f := range factsOf(n, a) {
		if f.Value != "" {
			got = append(got, f.Name+": "+f.Value)
		}
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{
		"Size: 12 B\n", "Owner: 7, group 8", "ACL: user::rw- other::r--", "Stream: icon",
		fmt.Sprintf("Attribute: user.a = %q … (200 bytes)\nAttribute: user.b = %q", strings.Repeat("long", 20), "2\x00"),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// linked is a file system with a link, of which Stat tells the target.
type linked struct{ volume.FS }

func (linked) Stat(string) (fs.FileInfo, error)  { return about{&volume.Attributes{UID: 1}}, nil }
func (linked) Lstat(string) (fs.FileInfo, error) { return about{&volume.Attributes{UID: 2}}, nil }

type about struct{ *volume.Attributes }

func (about) Name() string       { return "link" }
func (about) Size() int64        { return 0 }
func (about) Mode() fs.FileMode  { return fs.ModeSymlink }
func (about) ModTime() time.Time { return time.Time{} }
func (about) IsDir() bool        { return false }
func (a about) Sys() any         { return a.Attributes }

// TestAttributesOf asks for those of a link itself.
func TestAttributesOf(t *testing.T) {
	if a := attributesOf(linked{}, tree.NewNode("link", fs.ModeSymlink, tree.Symlink("x"))); a == nil || a.UID != 2 {
		t.Errorf("got %+v", a)
	}
}
