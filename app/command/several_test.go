package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
)

// Several drives are burned at once; the result names each of them, and the exit code is
// the worst one.
func TestBurnSeveral(t *testing.T) {
	image := builtImage(t)
	for _, x := range []struct {
		name    string
		options []string // of the drives
		want    Code
		failed  []int
	}{
		{"good", []string{"", "", ""}, OK, nil},
		{"one cannot write", []string{"", "&fail=2a@3:3/0c/00"}, Failed, []int{1}},
		{"one writes wrong bytes", []string{"&corrupt=40", ""}, Differs, []int{0}},
		{"one of each", []string{"&fail=2a@3:3/0c/00", "", "&corrupt=40"}, Differs, []int{0, 2}},
	} {
		t.Run(x.name, func(t *testing.T) {
			args := []string{"burn", "--json", image}
			var drives []string
			for _, o := range x.options {
				d, _ := blankDisc(t, "dvd+r")
				drives = append(drives, d)
				args = append(args, d+o)
			}
			r := must(t, x.want, args...)
			o := outcomeOf(t, r.out)
			discs := o["data"].(map[string]any)["discs"].([]any)
			if len(discs) != len(drives) {
				t.Fatalf("%d discs: %s", len(discs), r.out)
			}
			bad := map[int]bool{}
			for _, i := range x.failed {
				bad[i] = true
				if !strings.Contains(o["error"].(string), drives[i]) {
					t.Errorf("the error does not name %s: %v", drives[i], o["error"])
				}
			}
			for i, d := range discs {
				d := d.(map[string]any)
				if d["drive"] != drives[i]+x.options[i] || d["verified"] == bad[i] || (d["error"] != nil) != bad[i] || strings.HasPrefix(d["verdict"].(string), "good") == bad[i] {
					t.Errorf("%v", d)
				}
				if !bad[i] {
					must(t, OK, "verify", image, drives[i])
				}
			}
			named := 0
			for _, p := range objects(t, r.out) {
				if p["type"] == "phase" && p["drive"] != nil {
					named++
				}
			}
			if named < 4*len(drives)-3*len(x.failed) {
				t.Errorf("%d phases name a drive", named)
			}
		})
	}
	d, _ := blankDisc(t, "dvd+r")
	if r := must(t, Usage, "burn", image, d, d); !strings.Contains(r.log, "same drive") {
		t.Errorf("%s", r.log)
	}
	other, _ := blankDisc(t, "dvd+r")
	must(t, OK, "burn", image, other)
	if r := must(t, NoMedium, "burn", image, d, other); !strings.Contains(r.log, other) {
		t.Errorf("%s", r.log)
	}
	if out := must(t, OK, "media", d).out; !strings.Contains(out, "blank") {
		t.Errorf("the disc is not blank although the other cannot be written: %s", out)
	}
	text := must(t, OK, "burn", image, d, "--quiet").log + must(t, Usage, "burn", image, d, "--buffer", "3G").log
	if !strings.Contains(text, "1M to 1024M") {
		t.Errorf("%s", text)
	}
}

// exchange is a writer that puts the next disc into a drive when a disc is asked for.
type exchange struct {
	bytes.Buffer
	t     *testing.T
	drive *virtual.Drive
	discs []string // paths
	asked int
}

func (e *exchange) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("insert a blank disc")) && e.asked < len(e.discs) {
		e.drive.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: scsi.OpTestUnitReady, At: 2, Swap: e.discs[e.asked]}}})
		e.asked++
	}
	return e.Buffer.Write(p)
}

// newDisc creates a disc file.
func newDisc(t *testing.T, medium string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "next")
	m, err := virtual.ParseMedium(medium)
	if err != nil {
		t.Fatal(err)
	}
	if err := virtual.Create(path, m, virtual.Options{Sectors: 30000, NoSync: true}); err != nil {
		t.Fatal(err)
	}
	return path
}

// runExchanging runs the program, and exchanges the disc in a drive when it asks for one.
func runExchanging(t *testing.T, name string, discs []string, args ...string) result {
	t.Helper()
	d, err := virtual.OpenName(name)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	log := &exchange{t: t, drive: d, discs: discs}
	var out bytes.Buffer
	code := Run(t.Context(), args, strings.NewReader(""), &out, log)
	return result{Code(code), out.String(), log.String()}
}

// Each copy needs another disc, which can be written: the discs that are not are refused,
// and another one is asked for.
func TestCopies(t *testing.T) {
	image := builtImage(t)
	name, first := blankDisc(t, "dvd+rw")
	second, third, full := newDisc(t, "dvd+r"), newDisc(t, "dvd+rw"), newDisc(t, "dvd-r")
	must(t, OK, "burn", image, "virtual:"+full)
	report := filepath.Join(t.TempDir(), "report.json")
	r := runExchanging(t, name, []string{second, first, full, third}, "burn", image, name, "--copies", "3", "--blank", "--report", report)
	if r.code != OK {
		t.Fatalf("exit code %d\n%s", r.code, r.log)
	}
	if n := strings.Count(r.log, "insert a blank disc"); n != 4 || strings.Count(r.log, "holds this source already") != 2 {
		t.Errorf("%d discs were asked for:\n%s", n, r.log)
	}
	for _, path := range []string{first, second, third} {
		must(t, OK, "verify", image, "virtual:"+path)
	}
	var saved struct {
		Discs []struct {
			Copy    int
			Medium  string
			Verdict string
		}
	}
	if err := json.Unmarshal(content(t, report), &saved); err != nil || len(saved.Discs) != 3 {
		t.Fatalf("%v: %+v", err, saved)
	}
	for i, d := range saved.Discs {
		if d.Copy != i+1 || d.Medium != []string{"DVD+RW", "DVD+R", "DVD+RW"}[i] || !strings.HasPrefix(d.Verdict, "good") {
			t.Errorf("disc %d: %+v", i, d)
		}
	}
	for _, args := range [][]string{{"--copies", "0"}, {"--copies", "2", "--simulate"}, {"--report", "report.pdf"}, {"--report", "no/folder/report.txt"}} {
		must(t, Usage, append([]string{"burn", image, name}, args...)...)
	}
	must(t, Usage, "burn", "-", name, "--copies", "2")
}

// A disc is copied with a single drive by way of a temporary image, of which nothing is
// left.
func TestCopyOneDrive(t *testing.T) {
	image := builtImage(t)
	for _, medium := range []string{"dvd+r", "cd-r"} {
		temp, cache := t.TempDir(), t.TempDir()
		t.Setenv("XDG_CACHE_HOME", cache)
		name, _ := blankDisc(t, medium)
		must(t, OK, "burn", image, name)
		next := newDisc(t, medium)
		r := runExchanging(t, name, []string{next}, "copy", name, "--temp", temp)
		if r.code != OK || !strings.Contains(r.log, "read back and equal") {
			t.Fatalf("%s: exit code %d\n%s", medium, r.code, r.log)
		}
		must(t, OK, "verify", image, "virtual:"+next)
		isEmpty(t, temp)

		next = newDisc(t, medium)
		if r := runExchanging(t, name, []string{next}, "copy", name, name, "--quiet"); r.code != OK || strings.Contains(r.log, "writing") {
			t.Fatalf("%s: exit code %d\n%s", medium, r.code, r.log)
		}
		isEmpty(t, filepath.Join(cache, "glassmaster"))
	}
	if r := must(t, Usage, "copy", image); !strings.Contains(r.log, "no drive") {
		t.Errorf("%s", r.log)
	}
}

// A disc with sectors that cannot be read is not copied, or with zeros, which is said.
func TestCopyUnreadable(t *testing.T) {
	image, temp := builtImage(t), t.TempDir()
	name, _ := blankDisc(t, "dvd+r")
	must(t, OK, "burn", image, name)
	bad := name + "&unreadable=50"
	if r := must(t, Failed, "copy", bad, "--temp", temp); !strings.Contains(r.log, "--keep-going") {
		t.Errorf("%s", r.log)
	}
	isEmpty(t, temp)
	report := filepath.Join(t.TempDir(), "report.txt")
	next := newDisc(t, "dvd+r")
	if r := runExchanging(t, bad, []string{next}, "copy", bad, "--temp", temp, "--keep-going", "--report", report); r.code != Partly || !strings.Contains(r.log, "zeros") {
		t.Errorf("exit code %d\n%s", r.code, r.log)
	}
	if text := string(content(t, report)); !strings.Contains(text, "Not good") || !strings.Contains(text, "sectors that cannot be read were replaced by zeros") {
		t.Errorf("%s", text)
	}
	must(t, Differs, "verify", image, "virtual:"+next)
	isEmpty(t, temp)
}

// With two drives a disc is copied on the fly.
func TestCopyTwoDrives(t *testing.T) {
	image, cache := builtImage(t), t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	from, _ := blankDisc(t, "dvd+r")
	must(t, OK, "burn", image, from)
	to, _ := blankDisc(t, "bd-re")
	also, _ := blankDisc(t, "dvd-r")
	must(t, OK, "copy", from, to, also)
	must(t, OK, "verify", image, to)
	must(t, OK, "verify", image, also)
	isEmpty(t, cache)
}

// The report of a burn is written when it fails, too.
func TestReport(t *testing.T) {
	image, dir := builtImage(t), t.TempDir()
	for _, x := range []struct {
		options string
		want    Code
		text    []string
	}{
		{"", OK, []string{"Verdict          Good", "Glassmaster", "DVD+R", "SHA-256", "every sector, equal"}},
		{"&fail=2a@3:3/0c/00", Failed, []string{"Verdict          Failed", "Error", "0C/00"}},
		{"&corrupt=40", Differs, []string{"Verdict          Failed", "differs in 1 sector; the first is 40"}},
	} {
		for _, extension := range []string{".txt", ".json"} {
			recorder, _ := blankDisc(t, "dvd+r")
			path := filepath.Join(dir, fmt.Sprint(x.want)+extension)
			must(t, x.want, "burn", image, recorder+x.options, "--report", path)
			p := content(t, path)
			if extension == ".json" {
				var r struct{ Discs []struct{ Error string } }
				if err := json.Unmarshal(p, &r); err != nil || len(r.Discs) != 1 || (r.Discs[0].Error == "") != (x.want == OK) {
					t.Errorf("%v: %s", err, p)
				}
				continue
			}
			for _, want := range x.text {
				if !strings.Contains(string(p), want) {
					t.Errorf("%q is missing in\n%s", want, p)
				}
			}
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 6 {
		t.Errorf("%d files, %v", len(left), err)
	}
}

// sameSectors checks that the disc in a drive has the sectors of a disc, also those of its
// pre-gaps.
func sameSectors(t *testing.T, want disc.Disc, name string) {
	t.Helper()
	got, err := source.Open(t.Context(), name, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	p, q := make([]byte, disc.RawSectorSize), make([]byte, disc.RawSectorSize)
	for lba := range disc.LBA(disc.Sectors(want)) {
		n, _ := want.ReadSectors(t.Context(), p, lba, disc.Raw)
		m, err := got.ReadSectors(t.Context(), q, lba, disc.Raw)
		if n == 1 && (m != 1 || !bytes.Equal(p, q)) {
			t.Fatalf("sector %d differs: %v", lba, err)
		}
	}
}

// A CD with audio is copied with a single drive and loses nothing.
func TestCopyCD(t *testing.T) {
	for name, make := range map[string]func(testing.TB) disc.Disc{"audio": imagetest.Audio, "mixed": imagetest.Mixed, "XA": imagetest.XA} {
		t.Run(name, func(t *testing.T) {
			image, temp := imagetest.Create(t, cue.Format, make(t), format.Options{}, "x.cue"), t.TempDir()
			first := newDisc(t, "cd-r")
			must(t, OK, "burn", image, "virtual:"+first)
			next := newDisc(t, "cd-r")
			r := runExchanging(t, "virtual:"+first, []string{next}, "copy", "virtual:"+first, "--temp", temp)
			if r.code != OK {
				t.Fatalf("exit code %d\n%s", r.code, r.log)
			}
			sameSectors(t, make(t), "virtual:"+next)
			if r := must(t, OK, "info", "virtual:"+next); name != "XA" && !strings.Contains(r.out, "First song") {
				t.Errorf("%s", r.out)
			}
			isEmpty(t, temp)
		})
	}
}
