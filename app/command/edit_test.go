package command

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/peertest"
)

// source writes a file that is added to images, and returns its path.
func sourceFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	put(t, path, text)
	return path
}

// allOf returns what "ls -R" prints of an image.
func allOf(t *testing.T, image string) string {
	t.Helper()
	return must(t, OK, "ls", "-R", image).out
}

// Each operation does what it says, from the command line and from a script, in place and
// into a new image.
func TestEditOperations(t *testing.T) {
	added := sourceFile(t, "added.txt", "added\n")
	for _, c := range []struct {
		verb, argument string
		want           []string // lines of ls -lR that are there then
		gone           []string
	}{
		{"add", added, []string{"added.txt"}, nil},
		{"add", added + "=/docs/x/y.txt", []string{"docs/x/y.txt"}, nil},
		{"replace", added + "=/readme.txt", []string{" 6 ", "readme.txt"}, nil},
		{"remove", "*.txt", nil, []string{"readme.txt", "docs/a name, längst.txt"}},
		{"remove", "/docs", nil, []string{"docs/"}},
		{"rename", "/readme.txt=/docs/", []string{"docs/readme.txt"}, nil},
		{"rename", "/docs=/texts", []string{"texts/deep/er/still.bin"}, []string{"docs/"}},
		{"mkdir", "/new/folder", []string{"new/folder/"}, nil},
		{"chmod", "600=/readme.txt", []string{"-rw-------"}, nil},
		{"chown", "12:34=/readme.txt", []string{"    12    34 "}, nil},
		{"touch", "2001-02-03T04:05:06Z=/readme.txt", []string{"2001-02-03"}, nil},
	} {
		image := builtImage(t)
		old, script := content(t, image), sourceFile(t, "script", c.verb+" '"+c.argument+"'\n")
		saved := filepath.Join(t.TempDir(), "new.iso")
		must(t, OK, "edit", image, "--"+c.verb, c.argument, "-o", saved)
		if !bytes.Equal(content(t, image), old) {
			t.Fatalf("%s: -o changed the image itself", c.verb)
		}
		must(t, OK, "edit", image, "--script", script, "--in-place")
		for _, path := range []string{image, saved} {
			list := must(t, OK, "ls", "-lR", path).out
			for _, w := range c.want {
				if !strings.Contains(list, w) {
					t.Errorf("%s %s: %q is missing in\n%s", c.verb, c.argument, w, list)
				}
			}
			for _, g := range c.gone {
				if strings.Contains(list, g) {
					t.Errorf("%s %s: %q is still in\n%s", c.verb, c.argument, g, list)
				}
			}
			must(t, OK, "verify", path)
		}
		if must(t, OK, "undo", image); !bytes.Equal(content(t, image), old) {
			t.Errorf("%s: undo did not restore the image", c.verb)
		}
	}
}

// --dry-run shows what would change, and writes nothing. A script can be on standard input.
func TestEditDryRun(t *testing.T) {
	image := builtImage(t)
	old := content(t, image)
	script := "add " + sourceFile(t, "new file", "12345") + "\n"
	script = strings.ReplaceAll(script, "new file", `"new file"`) + "# a comment\nremove /empty\nlabel 'MY LABEL'\n"
	for _, args := range [][]string{{"edit", image, "--script", "-", "--dry-run"}, {"edit", image, "--script", "-", "--dry-run", "--in-place", "--rewrite"}} {
		var out, log bytes.Buffer
		if code := Run(t.Context(), args, strings.NewReader(script), &out, &log); Code(code) != OK {
			t.Fatalf("exit code %d\n%s", code, log.String())
		}
		for _, want := range []string{"added      /new file, 5 B\n", "removed    /empty\n", `label      "MY LABEL" (was `, "The image has ", "In place, "} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is missing in\n%s", want, out.String())
			}
		}
	}
	var out, log bytes.Buffer
	if code := Run(t.Context(), []string{"edit", image, "--script", "-", "--dry-run", "--json"}, strings.NewReader(script), &out, &log); Code(code) != OK {
		t.Fatalf("exit code %d\n%s", code, log.String())
	}
	data := outcomeOf(t, out.String())["data"].(map[string]any)
	if list := data["changes"].([]any); len(list) != 3 || data["bytes_written"].(float64) == 0 || data["way"] != nil {
		t.Errorf("got %v", data)
	}
	if !bytes.Equal(content(t, image), old) {
		t.Error("--dry-run changed the image")
	}
}

// Errors name the operation, and leave the image as it was.
func TestEditErrors(t *testing.T) {
	image := builtImage(t)
	old := content(t, image)
	for _, c := range []struct {
		want Code
		text string
		args []string
	}{
		{Failed, "remove /nothing: nothing in the image matches", []string{"--remove", "/nothing"}},
		{Failed, "add missing: missing: ", []string{"--add", "missing"}},
		{Failed, "rename /empty=/readme.txt: /readme.txt exists already", []string{"--rename", "/empty=/readme.txt"}},
		{Failed, "a folder cannot be moved into itself", []string{"--rename", "/docs=/docs/x"}},
		{Failed, "/empty is not a folder", []string{"--mkdir", "/empty/x"}},
		{Failed, "there is no file /nope in the image", []string{"--replace", image + "=/nope"}},
		{Usage, "is not an octal number", []string{"--chmod", "999=/empty"}},
		{Failed, "the volume label has 40 characters", []string{"--label", strings.Repeat("x", 40)}},
		{Failed, "no boot entries that could be removed", []string{"--no-boot"}},
		{Usage, "there is nothing to change", nil},
		{Usage, "line 1: there is no operation \"frob\"", []string{"--script", sourceFile(t, "script", "frob x\n")}},
		{Usage, "-o and --in-place cannot be used together", []string{"-o", "x.iso", "--remove", "/empty"}},
		{Failed, "the file has become longer", []string{"--add", image + "=/itself"}},
	} {
		r := must(t, c.want, append([]string{"edit", image, "--in-place"}, c.args...)...)
		if !strings.Contains(r.log, c.text) {
			t.Errorf("%v: %q is missing in %q", c.args, c.text, r.log)
		}
		if !bytes.Equal(content(t, image), old) {
			t.Fatalf("%v changed the image", c.args)
		}
		if _, err := os.Stat(image + ".update"); err == nil {
			t.Errorf("%v left a journal", c.args)
		}
	}
	must(t, Usage, "edit", image, "--remove", "/empty")
	must(t, Failed, "edit", image+".missing", "--in-place", "--remove", "/empty")
	if r := run(t, "edit", image, "--script", "-", "--in-place"); r.code != Usage {
		t.Errorf("an empty script: %v", r)
	}
}

// The new image cannot be written onto a source.
func TestEditOntoSource(t *testing.T) {
	image, added := builtImage(t), sourceFile(t, "added.txt", "added\n")
	old := content(t, image)
	link := filepath.Join(t.TempDir(), "link.iso")
	if err := os.Symlink(image, link); err != nil {
		peertest.Skip(t, err.Error()) // Windows without the privilege
	}
	for _, to := range []string{image, added, link} {
		r := must(t, Failed, "edit", image, "--add", added, "-o", to, "--force")
		if !strings.Contains(r.log, "is a source of the image and would be overwritten") {
			t.Errorf("%s: %s", to, r.log)
		}
	}
	if !bytes.Equal(content(t, image), old) || string(content(t, added)) != "added\n" {
		t.Error("a source was changed")
	}
	// A rewrite through a link replaces the image, not the link.
	must(t, OK, "edit", link, "--add", added, "--in-place", "--rewrite")
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || !strings.Contains(allOf(t, image), "added.txt") {
		t.Errorf("the link was replaced: %v %v", info, err)
	}
}

// A compressed image cannot be changed in place.
func TestEditCompressed(t *testing.T) {
	image := builtImage(t)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content(t, image)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	packed := image + ".gz"
	put(t, packed, b.String())
	if r := must(t, Failed, "edit", packed, "--remove", "/empty", "--in-place"); !strings.Contains(r.log, "use -o NEW.iso") {
		t.Error(r.log)
	}
	if !bytes.Equal(content(t, packed), b.Bytes()) {
		t.Error("the compressed image was changed")
	}
	saved := filepath.Join(t.TempDir(), "new.iso")
	must(t, OK, "edit", packed, "--remove", "/empty", "-o", saved)
	if list := allOf(t, saved); strings.Contains(list, "empty") || !strings.Contains(list, "readme.txt") {
		t.Error(list)
	}
}

// actor does something when the progress has a phase.
type actor struct {
	bytes.Buffer
	phase string
	do    func()
}

func (a *actor) Write(p []byte) (int, error) {
	if a.do != nil && strings.Contains(string(p), a.phase) {
		a.do()
		a.do = nil
	}
	return a.Buffer.Write(p)
}

// An image that another program changes while it is edited, and a file that changes while
// it is read, end the edit.
func TestEditOfWhatChanges(t *testing.T) {
	added := sourceFile(t, "added", string(virtualtest.Noise(3000, 1)))
	for _, way := range [][]string{{"--in-place", "--update"}, {"--in-place", "--rewrite"}, {"-o", filepath.Join(t.TempDir(), "new.iso")}} {
		image := builtImage(t)
		old := content(t, image)
		log := &actor{phase: "writing", do: func() { put(t, added, "shorter") }}
		var out bytes.Buffer
		code := Run(context.Background(), append([]string{"edit", image, "--add", added}, way...), strings.NewReader(""), &out, log)
		put(t, added, string(virtualtest.Noise(3000, 1)))
		if Code(code) == OK {
			t.Errorf("%v: a file that became shorter was added\n%s", way, log.String())
		}
		if allOf(t, image); !bytes.Equal(content(t, image), old) {
			t.Errorf("%v: the image was changed\n%s", way, log.String())
		}
	}
	if _, err := os.Stat(filepath.Join(t.TempDir(), "new.iso")); err == nil {
		t.Error("a new image was left")
	}
}

// An image that another program changes while it is edited stays as that program left it.
func TestEditOfChangedImage(t *testing.T) {
	added := sourceFile(t, "added", "added\n")
	for _, way := range []string{"--update", "--rewrite"} {
		image := builtImage(t)
		other := append(content(t, image), make([]byte, 2048)...)
		log := &actor{phase: "scanning", do: func() { put(t, image, string(other)) }}
		var out bytes.Buffer
		if code := Run(t.Context(), []string{"edit", image, "--add", added, "--in-place", way}, strings.NewReader(""), &out, log); Code(code) == OK {
			t.Errorf("%s: the image was edited although it had changed\n%s", way, log.String())
		}
		if !bytes.Equal(content(t, image), other) {
			t.Errorf("%s: what the other program wrote is lost\n%s", way, log.String())
		}
		if list, err := os.ReadDir(filepath.Dir(image)); err != nil || len(list) != 1 {
			t.Errorf("%s: left behind: %v %v", way, list, err)
		}
	}
}

// mixedCD makes a CUE image of the sample with an audio track behind a pre-gap, and returns
// its path and the bytes of the audio track.
func mixedCD(t *testing.T) (cue string, audio []byte) {
	t.Helper()
	cue = filepath.Join(t.TempDir(), "mixed.cue")
	must(t, OK, "convert", builtImage(t), cue)
	bin := strings.TrimSuffix(cue, "cue") + "bin"
	data := content(t, bin)
	audio = virtualtest.Noise(450*2352/2048+1, 5)[:450*2352]
	put(t, bin, string(data)+string(audio))
	msf := func(n int) string { return fmt.Sprintf("%02d:%02d:%02d", n/75/60, n/75%60, n%75) }
	n := len(data) / 2352
	put(t, cue, string(content(t, cue))+"  TRACK 02 AUDIO\n    INDEX 00 "+msf(n)+"\n    INDEX 01 "+msf(n+150)+"\n")
	return cue, audio
}

// The data track of an image of a CD is edited in every format: its sectors get the right
// EDC and ECC, and the audio track behind it stays the same.
func TestEditCDs(t *testing.T) {
	cue, audio := mixedCD(t)
	added := sourceFile(t, "added", string(virtualtest.Noise(100, 1)))
	for _, ext := range []string{"cue", "nrg", "mds", "ccd"} {
		dir := t.TempDir()
		path, back := filepath.Join(dir, "disc."+ext), filepath.Join(dir, "back.cue")
		must(t, OK, "convert", cue, path)
		must(t, OK, "edit", path, "--add", added, "--remove", "/docs", "--in-place")
		if list := allOf(t, path); !strings.Contains(list, "added") || strings.Contains(list, "docs") {
			t.Errorf("%s: %s", ext, list)
		}
		if r := must(t, OK, "verify", path); !strings.Contains(r.out+r.log, "EDC and ECC of ") || !strings.Contains(r.out+r.log, "450 audio sectors") {
			t.Errorf("%s: %s%s", ext, r.out, r.log)
		}
		if out := must(t, OK, "cat", path, "added").out; out != string(content(t, added)) {
			t.Errorf("%s: the contents differ", ext)
		}
		must(t, OK, "convert", path, back)
		if bin := content(t, strings.TrimSuffix(back, "cue")+"bin"); !bytes.HasSuffix(bin, audio) {
			t.Errorf("%s: the audio track has changed", ext)
		}
	}
}

// The checksums that an image has of its files and of itself are right after an edit.
func TestEditChecksums(t *testing.T) {
	peertest.Need(t, "implantisomd5", "checkisomd5", "sha256sum", "md5sum", "bsdtar", "sh", "xorriso")
	dir := sample(t)
	peertest.Run(t, dir, "sh", "-c", "find . -type f ! -name SHA256SUMS -exec sha256sum {} + >../sums && mv ../sums SHA256SUMS")
	peertest.Run(t, dir, "sh", "-c", "find . -type f ! -name md5sum.txt -exec md5sum {} + >../sums && mv ../sums md5sum.txt")
	image := filepath.Join(t.TempDir(), "x.iso")
	peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-as", "mkisofs", "-quiet", "-R", "-J", "-o", image, dir)
	peertest.Run(t, "", "implantisomd5", image)
	added := sourceFile(t, "added.txt", "added\n")
	must(t, OK, "edit", image, "--add", added+"=/docs/added.txt", "--replace", added+"=/readme.txt", "--rename", "/docs/deep=/deeper", "--remove", "/empty", "--in-place")
	peertest.Run(t, "", "checkisomd5", image)
	out := t.TempDir()
	peertest.Run(t, out, "bsdtar", "-xf", image)
	defer peertest.Run(t, out, "chmod", "-R", "u+w", ".")
	for _, c := range [][]string{{"sha256sum", "SHA256SUMS"}, {"md5sum", "md5sum.txt"}} {
		said := peertest.Run(t, out, c[0], "--strict", "-c", c[1])
		for _, want := range []string{"./docs/added.txt: OK", "./readme.txt: OK", "./deeper/er/still.bin: OK"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is missing in\n%s", c[0], want, said)
			}
		}
	}
}

// xorriso finds no corruption in an image with its own checksums.
func TestEditXorrisoChecksums(t *testing.T) {
	peertest.Need(t, "xorriso")
	image := filepath.Join(t.TempDir(), "x.iso")
	peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-md5", "on", "-outdev", image, "-map", sample(t), "/", "-commit")
	must(t, OK, "edit", image, "--add", sourceFile(t, "added", "added"), "--replace", sourceFile(t, "new", "new")+"=/readme.txt", "--in-place")
	said := peertest.Run(t, "", "xorriso", "-report_about", "NOTE", "-abort_on", "FAILURE", "-indev", image, "-check_md5_r", "FAILURE", "/", "--", "-check_media", "--")
	if strings.Contains(said, "MISMATCH") {
		t.Error(said)
	}
}

// An incomplete image is not updated. Its files can be saved, without those that are missing.
func TestEditIncomplete(t *testing.T) {
	image, added := filepath.Join(t.TempDir(), "cut.iso"), sourceFile(t, "added", "added")
	put(t, image, string(content(t, cutImage(t))))
	old := content(t, image)
	if r := must(t, Failed, "edit", image, "--add", added, "--in-place"); !strings.Contains(r.log, "it is incomplete") || !strings.Contains(r.log, "use -o NEW") {
		t.Error(r.log)
	}
	saved := filepath.Join(t.TempDir(), "new.iso")
	if r := must(t, Failed, "edit", image, "--add", added, "-o", saved); !strings.Contains(r.log, "cannot be kept") || !strings.Contains(r.log, "--force") {
		t.Error(r.log)
	}
	must(t, OK, "edit", image, "--add", added, "-o", saved, "--force")
	must(t, OK, "verify", saved)
	if !strings.Contains(allOf(t, saved), "added") || !bytes.Equal(content(t, image), old) {
		t.Error("the file is missing, or the image was changed")
	}
}

// A volume for the Macintosh stays as it is, which the program says.
func TestEditHFS(t *testing.T) {
	peertest.Need(t, "genisoimage")
	image := filepath.Join(t.TempDir(), "g.iso")
	peertest.Run(t, "", "genisoimage", "-quiet", "-hfs", "-R", "-J", "-o", image, sample(t))
	if r := must(t, OK, "edit", image, "--remove", "/readme.txt", "--in-place"); !strings.Contains(r.log, "HFS volume for the Macintosh is not changed") {
		t.Error(r.log)
	}
}

// A file of several extents, which is larger than 4 GiB, is added, moved and dropped.
func TestEditLargeFile(t *testing.T) {
	image, large := builtImage(t), sourceFile(t, "large", "")
	if err := os.Truncate(large, 5<<30); err != nil {
		t.Fatal(err)
	}
	must(t, OK, "edit", image, "--add", large, "--in-place")
	must(t, OK, "edit", image, "--rename", "/large=/docs/larger", "--in-place")
	list := peertest.Run(t, "", "isoinfo", "-R", "-l", "-i", image)
	if !slices.ContainsFunc(strings.Split(list, "\n"), func(l string) bool { return strings.Contains(l, " 4294965248 ") && strings.Contains(l, "larger") }) {
		t.Error(list)
	}
	must(t, OK, "compact", image)
	if list := must(t, OK, "ls", "-lR", image).out; !strings.Contains(list, "5368709120") {
		t.Error(list)
	}
}
