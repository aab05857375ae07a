package command

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// blankWith returns a drive with a blank disc of 4000 sectors and further options.
func blankWith(t *testing.T, medium, options string) string {
	t.Helper()
	return fmt.Sprintf("virtual:%s?medium=%s&sectors=4000%s", filepath.Join(t.TempDir(), "disc"), medium, options)
}

// What the options of a DVD or BD ask for is in the plan and in the result, and what is not
// possible is refused, with the reason, before anything is written.
func TestBurnDVDOptions(t *testing.T) {
	image := builtImage(t)
	for _, c := range []struct {
		medium, options string
		args            []string
		code            Code
		want            string // in the log
		data            string // in the JSON
	}{
		{"dvd+r dl", "", []string{"--layer-break", "1600"}, OK, "layer break (chosen) after 1600 sectors", `"layers":[1600,`},
		{"dvd+r dl", "", []string{"--layer-break", "auto"}, OK, "the middle of the data", `"what":"layer break"`},
		{"dvd-r dl", "", []string{"--layer-break", "1600"}, OK, "layer break (chosen) after 1600 sectors", `"layers":[1600,`},
		{"dvd+r dl", "", []string{"--layer-break", "1601"}, NoMedium, "not a multiple of 16", ""},
		{"dvd+r dl", "", []string{"--layer-break", "none"}, Usage, "neither a number of sectors nor auto", ""},
		{"dvd+r", "", []string{"--layer-break", "1600"}, NoMedium, "cannot be chosen", ""},
		{"dvd+r", "&booktype=benq", []string{"--book-type", "dvd-rom"}, OK, "set the book type of DVD+R to DVD-ROM", `"what":"book type"`},
		{"dvd+r", "", []string{"--book-type", "dvd-rom"}, NoMedium, "no way is known to set the book type", ""},
		{"dvd-r", "", []string{"--book-type", "dvd-rom"}, NoMedium, "only that of DVD+R", ""},
		{"dvd+r", "", []string{"--book-type", "cd"}, Usage, "dvd-rom", ""},
		{"bd-re", "", []string{"--spare", "none"}, OK, "spare areas (chosen): none, 0 sectors; room for 4000", `"capacity_sectors":4000,"chosen":true`},
		{"bd-r", "", []string{"--spare", "usual"}, OK, "let the drive verify what it writes", `"spare":"usual","sectors":128,"capacity_sectors":3872,"chosen":true`},
		{"bd-r", "", []string{"--spare", "64000"}, NoMedium, "they can have", ""},
		{"dvd+r", "", []string{"--spare", "usual"}, NoMedium, "cannot be chosen", ""},
		{"bd-re", "", []string{"--drive-verify"}, OK, "let the drive verify what it writes", ""},
		{"bd-re", "", nil, OK, "write without verification by the drive", ""},
		{"dvd-ram", "", []string{"--drive-verify"}, OK, "let the drive verify what it writes", ""},
		{"bd-r", "", []string{"--drive-verify"}, NoMedium, "only if the disc has spare areas", ""},
		{"dvd-r", "", []string{"--drive-verify"}, NoMedium, "no drive verifies", ""},
		{"dvd-r", "", []string{"--mode", "dao"}, OK, "disc at once, as requested", `"mode":"disc at once"`},
		{"dvd-r dl", "", []string{"--mode", "jump"}, OK, "set the layer jump", `"mode":"layer jump"`},
		{"dvd+r", "", []string{"--mode", "dao"}, NoMedium, "use sequential", ""},
	} {
		t.Run(strings.Join(append([]string{c.medium}, c.args...), " "), func(t *testing.T) {
			drive := blankWith(t, c.medium, c.options)
			args := append([]string{"burn", "--yes"}, c.args...)
			if r := must(t, c.code, append(args, image, drive)...); !strings.Contains(r.log, c.want) {
				t.Errorf("%q is missing in\n%s", c.want, r.log)
			}
			if c.data == "" {
				return
			}
			r := must(t, c.code, append(args, "--json", image, blankWith(t, c.medium, c.options))...)
			if !strings.Contains(r.out, c.data) {
				t.Errorf("%q is missing in\n%s", c.data, r.out)
			}
		})
	}
}

// A DVD is written beyond the capacity that it reports only on request, and a BD never.
func TestOverburnDVD(t *testing.T) {
	image := builtImage(t)
	for medium, code := range map[string]Code{"dvd-r": OK, "dvd+r": OK, "dvd+r dl": NoMedium, "bd-r": NoMedium} {
		drive := blankWith(t, medium, "&capacity=160")
		if r := must(t, NoMedium, "burn", "--yes", image, drive); !strings.Contains(r.log, "does not fit") {
			t.Errorf("%s: %s", medium, r.log)
		}
		r := must(t, code, "burn", "--yes", "--overburn", image, drive)
		if want := map[bool]string{true: "more than the disc says that it holds", false: "no room after its end for overburning"}[code == OK]; !strings.Contains(r.log, want) {
			t.Errorf("%s: %q is missing in %s", medium, want, r.log)
		}
	}
}

// A BD-R that is formatted for pseudo-overwrite is burned like any other, and a format that is
// not one of BD-R is refused.
func TestFormatPOW(t *testing.T) {
	image, drive := builtImage(t), blankWith(t, "bd-r", "")
	r := must(t, OK, "format", "--yes", "--pow", "--spare", "most", "--json", drive)
	if data := dataOf(t, r); data["medium"] != "BD-R" || data["capacity_sectors"] != 2016.0 {
		t.Errorf("%v", data)
	}
	must(t, NoMedium, "format", "--yes", "--pow", drive) // only once
	must(t, OK, "burn", "--yes", "--append", image, drive)
	must(t, OK, "verify", drive, image)
	must(t, NoMedium, "format", "--yes", "--pow", blankWith(t, "bd-re", ""))
	// A write error leaves what was written, and further sessions are possible.
	drive = blankWith(t, "bd-r", "")
	if r := must(t, OK, "format", "--yes", "--pow", drive); !strings.Contains(r.log, "use up the spare areas") {
		t.Errorf("%s", r.log)
	}
	if r := must(t, Failed, "burn", "--yes", image, drive+"&fail=2A@1:3/0C/00"); !strings.Contains(r.log, "WRITE ERROR") {
		t.Errorf("%s", r.log)
	}
	must(t, OK, "media", drive)
}
