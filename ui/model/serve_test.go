package model

import (
	"strings"
	"testing"
)

// TestConnectText checks the commands with which systems connect. With CHAP the list of
// targets cannot be read without a login, either.
func TestConnectText(t *testing.T) {
	served := Served{Address: "192.0.2.1:3260", Targets: []ServedTarget{{Name: "iqn.x:a"}}}
	for _, c := range []struct {
		system, user string
		want, not    []string
	}{
		{"linux", "", []string{"-m discovery -t sendtargets -p 192.0.2.1:3260\n", "-T iqn.x:a -p 192.0.2.1:3260 --login"}, []string{"CHAP", "SECRET"}},
		{"linux", "me", []string{"-o new\n", "authmethod -v CHAP\n", "username -v me\n", "# SECRET stands for the secret of me\n"}, []string{"discovery"}},
		{"windows", "", []string{"-TargetPortalPortNumber 3260\n", "-NodeAddress iqn.x:a\n"}, []string{"CHAP", "SECRET"}},
		{"windows", "me", []string{"-TargetPortalPortNumber 3260 -AuthenticationType ONEWAYCHAP -ChapUsername me", "# SECRET"}, nil},
	} {
		got := ConnectText(c.system, served, ServeOptions{User: c.user, Secret: "not to be shown"})
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s, user %q: %q is missing in\n%s", c.system, c.user, want, got)
			}
		}
		for _, not := range append(c.not, "not to be shown") {
			if strings.Contains(got, not) {
				t.Errorf("%s, user %q: %q is in\n%s", c.system, c.user, not, got)
			}
		}
	}
}
