package newfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.iso")
	put := func(text string, fail error) error {
		return Write(path, func(f *os.File) error {
			if _, err := f.WriteString(text); err != nil {
				return err
			}
			return fail
		})
	}
	want := func(text string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if string(got) != text || text != "" && err != nil {
			t.Errorf("got %q (%v), want %q", got, err, text)
		}
		entries, _ := os.ReadDir(filepath.Dir(path))
		if n := len(entries); n > 1 || n == 1 && text == "" {
			t.Errorf("left behind: %v", entries)
		}
	}
	broken := errors.New("broken")
	if err := put("half", broken); !errors.Is(err, broken) {
		t.Errorf("got error %v", err)
	}
	want("")
	if err := put("first", nil); err != nil {
		t.Fatal(err)
	}
	want("first")
	if err := put("half of the second", broken); !errors.Is(err, broken) {
		t.Errorf("got error %v", err)
	}
	want("first")
	if err := put("second", nil); err != nil {
		t.Fatal(err)
	}
	want("second")
	if err := Write(filepath.Dir(path), func(*os.File) error { return nil }); err == nil {
		t.Error("a folder was overwritten")
	}
	if err := Write("/dev/null", func(f *os.File) error { return nil }); err != nil {
		t.Error(err)
	}
}
