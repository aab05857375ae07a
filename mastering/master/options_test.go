package master_test

import (
	"encoding/json"
	"io/fs"
	"reflect"
	"testing"
	"time"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// TestOptionsAsJSON reads and writes options in the form of saved compilations, whose
// format must not change.
func TestOptionsAsJSON(t *testing.T) {
	const text = `{"set":"S","publisher":"P","preparer":"R","application":"A","system":"Y",` +
		`"date":"2020-01-02T03:04:05Z","owners":{"rational":true,"uid":7},` +
		`"hide":["a"],"hideJoliet":["b"],"hideUDF":["c"],"order":[{"pattern":"d","weight":-1}],` +
		`"boot":{"images":[{"path":"/x","platform":"efi"}]},"noPadding":true,` +
		`"level":4,"joliet":1,"noRockRidge":true,"rockRidge112":true,"deep":true,"stamps":true,"attributes":true,` +
		`"udf":{"revision":258,"owner":"O","contact":"C","dvdVideo":true}}`
	uid, date := uint32(7), time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	want := master.Options{
		Set: "S", Publisher: "P", Preparer: "R", Application: "A", System: "Y",
		Date: &date, Owners: &master.Owners{Rational: true, UID: &uid},
		Hide: []string{"a"}, HideJoliet: []string{"b"}, HideUDF: []string{"c"}, Order: []master.Weight{{Pattern: "d", Weight: -1}},
		Boot: &boot.Options{Images: []boot.Image{{Path: "/x", Platform: boot.EFI}}}, NoPadding: true,
		Features: plan.Features{Level: 4, Joliet: plan.JolietLong, NoRockRidge: true, RockRidge112: true, Deep: true, Stamps: true, Attributes: true},
		UDF:      &master.UDF{Revision: udfplan.Revision102, Owner: "O", Contact: "C", DVDVideo: true},
	}
	var got master.Options
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if b, err := json.Marshal(want); err != nil || string(b) != text {
		t.Errorf("got  %s (%v)\nwant %s", b, err, text)
	}
}

// TestAttributes applies owners, dates and the clamping of times to a tree, in all
// combinations of volumes.
func TestAttributes(t *testing.T) {
	mode, late, early := uint32(0o640), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	made := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, o := range volumesOf() {
		for what, c := range map[string]struct {
			change          func(*master.Options)
			late, early     time.Time
			mode            uint32
			attributes, acl bool
		}{
			"nothing": {func(*master.Options) {}, late, early, 0o600, true, true},
			"clamped": {func(o *master.Options) { o.Clamp = true }, made, early, 0o600, true, true},
			"dated":   {func(o *master.Options) { o.Date = &early; o.Clamp = true }, early, early, 0o600, true, true},
			"owned":   {func(o *master.Options) { o.Owners = &master.Owners{FileMode: &mode} }, late, early, 0o640, true, false},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				root := bootFiles(t, nil)
				for file, at := range map[string]time.Time{"late": late, "early": early} {
					n := tree.NewFile(file, 1, at, layout.Bytes("x"))
					n.Mode = 0o600
					n.SetExtra(&tree.Extra{Attributes: map[string][]byte{
						"user.a": []byte("b"), tree.AccessACL: []byte("\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x04\x00\x04\x00\xff\xff\xff\xff\x20\x00\x00\x00\xff\xff\xff\xff"),
					}})
					root.Append(n)
				}
				o := o
				o.Time, o.Attributes = made, true
				c.change(&o)
				for view, v := range viewsOf(t, root, o) {
					if view == "Joliet" {
						continue
					}
					for file, want := range map[string]time.Time{"late": c.late, "early": c.early} {
						info, err := v.Stat(file)
						if err != nil {
							t.Fatal(err)
						}
						if !info.ModTime().Equal(want) || uint32(info.Mode().Perm()) != c.mode {
							t.Errorf("%s: %s has %v, %v; want %v, %o", view, file, info.ModTime(), info.Mode(), want, c.mode)
						}
						if view == "Rock Ridge" {
							a := attributes(info)
							if (len(a.Xattr) > 0) != c.attributes || (a.ACL != "") != c.acl {
								t.Errorf("%s: %s has attributes %v and the access control list %q", view, file, a.Xattr, a.ACL)
							}
						}
					}
				}
			})
		}
	}
}

func attributes(info fs.FileInfo) *volume.Attributes { return info.Sys().(*volume.Attributes) }
