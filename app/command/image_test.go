package command

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// listed are the files and folders of the sample as "ls -R" prints them, in
// alphabetical order.
func listed() []string {
	all := map[string]bool{}
	for name := range files {
		all[name] = true
		for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
			all[dir+"/"] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func sortedLines(s string) []string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	slices.Sort(lines)
	return lines
}

func TestBuiltImageIsReadByOthers(t *testing.T) {
	image := builtImage(t)
	want := listed()
	for i := range want { // bsdtar does not mark the folders of an image
		want[i] = strings.TrimSuffix(want[i], "/")
	}
	got := sortedLines(peertest.Run(t, "", "bsdtar", "tf", image))
	got = slices.DeleteFunc(got, func(s string) bool { return s == "." })
	if !slices.Equal(got, want) {
		t.Errorf("bsdtar lists\n%q, want\n%q", got, want)
	}
	for name, text := range files {
		if got := peertest.Run(t, "", "bsdtar", "xOf", image, name); got != text {
			t.Errorf("bsdtar: %s differs: %d bytes, want %d", name, len(got), len(text))
		}
	}
	if label := peertest.Run(t, "", "isoinfo", "-d", "-i", image); !strings.Contains(label, "Volume id: Sample") && !strings.Contains(label, "Volume id: SAMPLE") {
		t.Errorf("isoinfo does not see the label:\n%s", label)
	}
}

// Images made by other programs are listed and printed, each view with its own names.
func TestForeignImages(t *testing.T) {
	dir := sample(t)
	image := filepath.Join(t.TempDir(), "theirs.iso")
	peertest.Run(t, dir, "genisoimage", "-quiet", "-R", "-J", "-input-charset", "utf-8", "-V", "THEIRS", "-o", image, ".")
	if got, want := sortedLines(must(t, OK, "ls", "-R", image).out), listed(); !slices.Equal(got, want) {
		t.Errorf("ls -R: %q, want %q", got, want)
	}
	if got, want := sortedLines(must(t, OK, "ls", "-R", "--view=joliet", image).out), listed(); !slices.Equal(got, want) {
		t.Errorf("ls -R --view=joliet: %q, want %q", got, want)
	}
	plain := must(t, OK, "ls", "-R", "--view=iso9660", image).out
	if strings.Contains(plain, "längst") || !strings.Contains(strings.ToUpper(plain), "README.TXT") {
		t.Errorf("plain names: %s", plain)
	}
	for name, text := range files {
		if got := must(t, OK, "cat", image, "/"+name).out; got != text {
			t.Errorf("cat %s: %d bytes, want %d", name, len(got), len(text))
		}
	}
	if got := must(t, OK, "cat", image, "readme.txt", "docs/a name, längst.txt").out; got != files["readme.txt"]+files["docs/a name, längst.txt"] {
		t.Errorf("cat of two files: %q", got)
	}
	info := must(t, OK, "info", "--check", image).out
	for _, want := range []string{"THEIRS", "Rock Ridge", "4 files, 3 folders", "no damage found"} {
		if !strings.Contains(info, want) {
			t.Errorf("info: %q is missing in\n%s", want, info)
		}
	}
}

func TestListFolders(t *testing.T) {
	image := builtImage(t)
	for _, c := range []struct {
		args string
		want []string
	}{
		{"", []string{"docs/", "empty", "readme.txt"}},
		{"/", []string{"docs/", "empty", "readme.txt"}},
		{"docs", []string{"docs/a name, längst.txt", "docs/deep/"}},
		{"/docs/", []string{"docs/a name, längst.txt", "docs/deep/"}},
		{"readme.txt", []string{"readme.txt"}},
		{"docs/deep/er/still.bin", []string{"docs/deep/er/still.bin"}},
		{"empty readme.txt", []string{"empty", "readme.txt"}},
	} {
		args := append([]string{"ls", image}, strings.Fields(c.args)...)
		if got := sortedLines(must(t, OK, args...).out); !slices.Equal(got, c.want) {
			t.Errorf("ls %s: %q, want %q", c.args, got, c.want)
		}
	}
	if got := strings.Split(must(t, OK, "ls", "-R0", image, "docs").out, "\x00"); len(got) != 5 || got[4] != "" {
		t.Errorf("ls -R0: %q", got)
	}
}

func TestListLong(t *testing.T) {
	dir := sample(t)
	if err := os.Chmod(filepath.Join(dir, "readme.txt"), os.ModeSetuid|0o751); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("docs/deep", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(t.TempDir(), "x.iso")
	t.Setenv("TZ", "UTC")
	t.Setenv("SOURCE_DATE_EPOCH", "1000000000")
	must(t, OK, "build", dir, "-o", image)
	got := must(t, OK, "ls", "-l", image).out
	for _, want := range []string{"drwxr-xr-x ", " docs/\n", "-rwsr-x--x ", " 8 2001-09-09 ", " readme.txt\n", "lrwxrwxrwx ", " link -> docs/deep\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

func TestListForPrograms(t *testing.T) {
	image := builtImage(t)
	out := must(t, OK, "ls", "-R", "--json", image).out
	seen := map[string]bool{}
	for _, o := range objects(t, out) {
		if o["type"] != "entry" {
			continue
		}
		path := o["path"].(string)
		text, isFile := files[path]
		if isFile != (o["kind"] == "file") || isFile && o["size"] != float64(len(text)) {
			t.Errorf("%v", o)
		}
		if isFile && len(text) > 0 {
			x := o["extents"].([]any)[0].(map[string]any)
			at := int64(x["lba"].(float64)) * 2048
			if whole := content(t, image); string(whole[at:at+int64(len(text))]) != text {
				t.Errorf("%s is not at sector %v", path, x["lba"])
			}
		}
		seen[path] = true
	}
	if len(seen) != len(listed()) {
		t.Errorf("%d entries, want %d", len(seen), len(listed()))
	}
	if o := outcomeOf(t, out); o["ok"] != true || o["verb"] != "ls" {
		t.Errorf("result: %v", o)
	}
}

func TestBuildToStandardOutput(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := sample(t)
	path := filepath.Join(t.TempDir(), "a.iso")
	must(t, OK, "build", dir, "-o", path)
	piped := must(t, OK, "build", dir, "-o", "-")
	if !bytes.Equal(content(t, path), []byte(piped.out)) {
		t.Error("the image on standard output is not that in the file")
	}
	machine := must(t, OK, "build", "--json", dir, "-o", "-")
	if machine.out != piped.out {
		t.Error("--json changes what is on standard output")
	}
	data := outcomeOf(t, machine.log)["data"].(map[string]any)
	if data["bytes"] != float64(len(piped.out)) || data["sectors"] != float64(len(piped.out)/2048) {
		t.Errorf("data: %v, want %d bytes", data, len(piped.out))
	}
	size := must(t, OK, "build", "--dry-run", dir).out
	if want := fmt.Sprintf("%d sectors, %d bytes", len(piped.out)/2048, len(piped.out)); !strings.Contains(size, want) {
		t.Errorf("--dry-run says %q, want %q", size, want)
	}
}

func TestBuildOptions(t *testing.T) {
	dir := sample(t)
	image := filepath.Join(t.TempDir(), "x.iso")
	must(t, OK, "build", dir, "-o", image, "--joliet=off", "--rock-ridge=off", "--label", "OTHER", "--exclude", "*.bin", "--publisher", "NOBODY")
	info := outcomeOf(t, must(t, OK, "info", "--json", image).out)["data"].(map[string]any)["volume"].(map[string]any)
	if info["label"] != "OTHER" || info["publisher"] != "NOBODY" || len(info["views"].([]any)) != 1 {
		t.Errorf("volume: %v", info)
	}
	if got := must(t, OK, "ls", "-R", image).out; strings.Contains(strings.ToLower(got), "still") {
		t.Errorf("an excluded file is on the disc:\n%s", got)
	}
	must(t, OK, "build", filepath.Join(dir, "docs"), filepath.Join(dir, "readme.txt"), "-o", image)
	if got := must(t, OK, "ls", image).out; got != "docs/\nreadme.txt\n" {
		t.Errorf("several sources are not all in the root: %q", got)
	}
	must(t, OK, "build", filepath.Join(dir, "docs")+"/", filepath.Join(dir, "readme.txt"), "-o", image)
	if got := sortedLines(must(t, OK, "ls", image).out); !slices.Equal(got, []string{"a name, längst.txt", "deep/", "readme.txt"}) {
		t.Errorf("a trailing slash does not add the contents: %q", got)
	}
}

func TestBuildKeepsGoing(t *testing.T) {
	dir := sample(t)
	image := filepath.Join(t.TempDir(), "x.iso")
	missing := filepath.Join(dir, "not there")
	r := must(t, Failed, "build", dir, missing, "-o", image)
	if !strings.Contains(r.log, "not there") || !strings.Contains(r.log, "--keep-going") {
		t.Errorf("%s", r.log)
	}
	r = must(t, Partly, "build", dir+"/", missing, "-o", image, "--keep-going")
	if !strings.Contains(r.log, "not there") {
		t.Errorf("%s", r.log)
	}
	if got := must(t, OK, "cat", image, "readme.txt").out; got != files["readme.txt"] {
		t.Errorf("readme.txt: %q", got)
	}
}

// An image that is written into its own source folder does not contain itself.
func TestBuildIntoItsOwnFolder(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := sample(t)
	image := filepath.Join(dir, "x.iso")
	must(t, OK, "build", dir, "-o", image)
	first := content(t, image)
	r := must(t, OK, "build", dir, "-o", image)
	if !strings.Contains(r.log, "is the image itself") {
		t.Errorf("%s", r.log)
	}
	if got := must(t, OK, "ls", image).out; strings.Contains(got, "x.iso") || len(content(t, image)) != len(first) {
		t.Errorf("the image holds itself: %s", got)
	}
}

// An image does not overwrite its own source, and a disc is not erased to be burned onto
// itself.
func TestSourceIsNotReplaced(t *testing.T) {
	image := builtImage(t)
	file := filepath.Join(t.TempDir(), "disc")
	disc := "virtual:" + file
	must(t, OK, "burn", "-y", "-q", image, disc+"?medium=cd-rw&sectors=20000")
	photo := filepath.Join(sample(t), "readme.txt")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(file, link); err != nil {
		peertest.Skip(t, err.Error())
	}
	before := [][]byte{content(t, image), content(t, file), content(t, photo)}
	for _, args := range [][]string{
		{"build", photo, "-o", photo},
		{"read", image, "-o", image},
		{"read", disc, "-o", file},
		{"read", disc, "-o", link},
		{"burn", "-y", "--blank", disc, disc},
		{"burn", "-y", "--blank", file, disc},
		{"burn", "-y", "--blank", disc + "?pace=0", "virtual:" + link},
	} {
		r := run(t, args...)
		if r.code == OK || !strings.Contains(r.log, "would be overwritten") && !strings.Contains(r.log, "is the disc in the drive") {
			t.Errorf("%v: exit code %d\n%s", args, r.code, r.log)
		}
	}
	for i, path := range []string{image, file, photo} {
		if !bytes.Equal(content(t, path), before[i]) {
			t.Errorf("%s was changed", path)
		}
	}
}

// A folder can be listed as the disc that would be written.
func TestFolderAsDisc(t *testing.T) {
	dir := sample(t)
	if got, want := sortedLines(must(t, OK, "ls", "-R", dir).out), listed(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := must(t, OK, "cat", dir, "docs/deep/er/still.bin").out; got != files["docs/deep/er/still.bin"] {
		t.Errorf("%d bytes", len(got))
	}
}

func TestInfoFindsWhatIsMissing(t *testing.T) {
	image := builtImage(t)
	whole := content(t, image)
	short := filepath.Join(t.TempDir(), "short.iso")
	if err := os.WriteFile(short, whole[:len(whole)/2/2048*2048], 0o600); err != nil {
		t.Fatal(err)
	}
	r := must(t, Differs, "info", "--check", short)
	if !strings.Contains(r.out, "sector 16, byte 80: the volume should have") || !strings.Contains(r.out, "its end is missing") {
		t.Errorf("%s%s", r.out, r.log)
	}
	if strings.Contains(r.out, "sector 17, byte 80") {
		t.Errorf("reported for each descriptor: %s", r.out)
	}
}

// Damage to the structures of a volume is reported once, with its address, and not again
// for each file and folder that it affects.
func TestCheckNamesOnce(t *testing.T) {
	dir := sample(t)
	if err := os.Symlink("readme.txt", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(t.TempDir(), "linked.iso")
	must(t, OK, "build", dir, "-o", image)
	good := content(t, image)
	const sector, primary = 2048, 16 * 2048
	root := int(good[primary+158])*sector + int(good[primary+159])*256*sector
	for name, damage := range map[string]func(p []byte) []byte{
		"record":  func(p []byte) []byte { p[root+68] = 20; return p },
		"outside": func(p []byte) []byte { p[root+68+5], p[root+68+6] = 0x70, 0x70; return p },
		"link":    func(p []byte) []byte { p[bytes.Index(p, []byte("SL"))+2] = 3; return p },
		"target":  func(p []byte) []byte { p[bytes.Index(p, []byte("SL"))+6] = 200; return p },
	} {
		p := damage(slices.Clone(good))
		bad := filepath.Join(t.TempDir(), name+".iso")
		if err := os.WriteFile(bad, p, 0o600); err != nil {
			t.Fatal(err)
		}
		r := must(t, Differs, "info", "--check", bad)
		for line := range strings.Lines(r.out) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "Damage") && !strings.Contains(line, "sector ") {
				t.Errorf("%s: a defect without address: %s", name, line)
			}
		}
		if strings.Contains(r.out, "folder .:") || strings.Contains(r.out, "beyond the end of the disc") {
			t.Errorf("%s: reported twice:\n%s", name, r.out)
		}
	}
}

// Control characters in names do not reach the terminal.
func TestHostileNames(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "red\x1b[31mname"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"info", "--check", dir}, {"cat", dir, "no\x1b[31m"}} {
		if r := run(t, args...); strings.Contains(r.out+r.log, "\x1b") {
			t.Errorf("%q: an escape sequence gets through: %q", args, r.out+r.log)
		}
	}
}

// Views can be named in several spellings.
func TestViewName(t *testing.T) {
	for word, want := range map[string]string{
		"rr": "Rock Ridge", "rock-ridge": "Rock Ridge", "Joliet": "Joliet", "iso": "ISO 9660", "ISO 9660": "ISO 9660",
		"enhanced": "ISO 9660:1999", "iso9660:1999": "ISO 9660:1999", "udf": "UDF", "other": "other",
	} {
		if got := viewName(word); got != want {
			t.Errorf("%q is %q, want %q", word, got, want)
		}
	}
}
