package compilation

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	imagefile "glassmaster/mastering/image"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// TestOwnersAndDateInUDF checks that owners, permissions and dates of files are the same
// in all trees of a disc.
func TestOwnersAndDateInUDF(t *testing.T) {
	at := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	uid, mode := uint32(1234), uint32(0o640)
	o := master.Options{
		UDF:    &master.UDF{Revision: udfplan.Revision201},
		Owners: &master.Owners{Rational: true, UID: &uid, FileMode: &mode},
		Date:   &at,
	}
	src := t.TempDir()
	write(t, src, "a", "folder/b")
	if err := os.Chmod(filepath.Join(src, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, only := range []bool{false, true} {
		img := masterUDF(t, src, o, only)
		d, _, err := imagefile.Open(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		v, err := volume.OpenDisc(context.Background(), d, volume.Options{View: "UDF"})
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]fs.FileMode{".": fs.ModeDir | 0o555, "folder": fs.ModeDir | 0o555, "a": 0o640, "folder/b": 0o640} {
			i, err := fs.Stat(v, path)
			if err != nil {
				t.Fatal(err)
			}
			a := i.Sys().(*volume.Attributes)
			if i.Mode() != want || a.UID != uid || a.GID != 0 || !i.ModTime().Equal(at) {
				t.Errorf("UDF alone %v: %s: %v of %d:%d, %v", only, path, i.Mode(), a.UID, a.GID, i.ModTime())
			}
		}
	}
}

// TestKernelReadsOwnersInUDF checks the same with the Linux kernel.
func TestKernelReadsOwnersInUDF(t *testing.T) {
	at := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	gid, mode := uint32(77), uint32(0o604)
	src := t.TempDir()
	write(t, src, "folder/b")
	img := masterUDF(t, src, master.Options{
		UDF: &master.UDF{Revision: udfplan.Revision201}, Owners: &master.Owners{Rational: true, GID: &gid, FileMode: &mode}, Date: &at,
	}, false)
	script := fmt.Sprintf(`
	for f in udf iso9660; do
		mount -t $f -o loop,ro %s /run/mnt
		stat -c '%%a %%u %%g %%Y' /run/mnt/folder /run/mnt/folder/b
		umount /run/mnt
	done`, img)
	each := fmt.Sprintf("555 0 77 %[1]d\n604 0 77 %[1]d\n", at.Unix())
	if got := peertest.Kernel(t, filepath.Dir(img), script); got != each+each {
		t.Errorf("the kernel sees\n%s, want twice\n%s", got, each)
	}
}

// TestUDFOnlyIgnoredOptions checks that options without effect on a UDF-only volume give
// warnings.
func TestUDFOnlyIgnoredOptions(t *testing.T) {
	src := t.TempDir()
	write(t, src, "a", "b")
	for want, change := range map[string]func(*Compilation){
		"":                    func(*Compilation) {},
		"are shown":           func(c *Compilation) { c.Options.HideJoliet = []string{"a"} },
		"extended attributes": func(c *Compilation) { c.Options.Attributes = true },
		"times of creation": func(c *Compilation) {
			c.Options.Stamps, c.Options.UDF = true, &master.UDF{Revision: udfplan.Revision150}
		},
	} {
		c := compile(t, src, master.Options{})
		c.Options.UDFOnly = true
		change(c)
		m, err := c.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(disc.Texts(m.Notices), "; ")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("warnings %q, want %q", got, want)
		}
	}
}
