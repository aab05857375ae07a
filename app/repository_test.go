package app_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// "make lint" refuses compiled programs and large files: assets/scripts/files runs in
// a repository without history, with one file added.
func TestProgramsAndLargeFilesAreRefused(t *testing.T) {
	peertest.Need(t, "bash", "git")
	large := strings.Repeat("0123456789\n", 100_000)
	for _, test := range []struct {
		name, path, content string
		list                string // what large-files.txt holds
		want                string // of the complaint; empty: accepted
	}{
		{"small text", "a.txt", "a\n", "", ""},
		{"1 MB exactly", "a.txt", large[:1_000_000], "", ""},
		{"large", "docs/a name.txt", large, "", "docs/a name.txt: 1100000 bytes"},
		{"large, not ASCII", "docs/l\u00e4ngst.txt", large, "", "docs/l\u00e4ngst.txt: 1100000 bytes"},
		{"large and listed", "docs/a name.txt", large, "# comment\n\ndocs/a name.txt\tneeded by a test\n", ""},
		{"listed without a reason", "a.txt", large, "a.txt\n", "a.txt has no reason"},
		{"listed and small", "a.txt", "a\n", "a.txt\tneeded by a test\n", "Remove the line"},
		{"ELF", "bin.dat", "\x7fELF\x02\x01\x01\x00\x00", "", "bin.dat: an ELF program"},
		{"ELF and listed", "glassmaster", "\x7fELF\x00" + large, "glassmaster\tneeded by a test\n", "glassmaster: an ELF program"},
		{"PE", "setup.exe", "MZ\x90\x00\x03\x00", "", "setup.exe: a DOS or Windows (PE) program"},
		{"Mach-O, 64 bits", "tool", "\xcf\xfa\xed\xfe\x07\x00\x00\x01", "", "tool: a macOS (Mach-O) program"},
		{"Mach-O for several machines", "tool", "\xca\xfe\xba\xbe\x00\x00\x00\x02", "", "tool: a macOS (Mach-O) program"},
		{"text that begins like a program", "a.txt", "MZ is a text\n", "", ""},
		{"a picture", "a.png", "\x89PNG\r\n\x1a\n\x00", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, test.path, test.content)
			script, err := os.ReadFile("../assets/scripts/files")
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, "assets/scripts/files", string(script))
			write(t, dir, "assets/scripts/large-files.txt", test.list)
			for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
				if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
					t.Fatalf("git %s: %v\n%s", args[0], err, out)
				}
			}
			out, err := exec.Command("bash", filepath.Join(dir, "assets/scripts/files")).CombinedOutput()
			var failed *exec.ExitError
			if err != nil && !errors.As(err, &failed) {
				t.Fatal(err)
			}
			if refused := err != nil; refused != (test.want != "") || !bytes.Contains(out, []byte(test.want)) {
				t.Errorf("error %v, output %q; want %q", err, out, test.want)
			}
		})
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
