package browse

import (
	"fmt"
	"strings"
	"testing"

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
		"Size: 12 B\n", "Owner: 7, group 8", "Access list: user::rw- other::r--", "Stream: icon",
		fmt.Sprintf("Attribute: user.a = %q … (200 bytes)\nAttribute: user.b = %q", strings.Repeat("long", 20), "2\x00"),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	link := tree.NewNode("y", 0o777, tree.Symlink("../x"))
	if got := factsOf(link, nil); got[len(got)-1].Value != "../x" {
		t.Errorf("a link: %v", got)
	}
}
