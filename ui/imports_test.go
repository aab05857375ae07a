package ui

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestImports checks that the packages of the window need no cgo, no display and no
// native dialogs, that the models import no widgets, and that colours, sizes and icons
// come from one package.
func TestImports(t *testing.T) {
	seen := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		seen++
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		plain := dir == "model" || dir == "engine"
		for _, i := range f.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			switch {
			case name == "fyne.io/fyne/v2/app", strings.HasPrefix(name, "fyne.io/fyne/v2/driver/gl"), strings.HasPrefix(name, "github.com/sqweek/"):
				t.Errorf("%s imports %s", path, name)
			case name == "fyne.io/fyne/v2/theme" && dir != "theme", strings.HasPrefix(name, "github.com/godbus/"):
				t.Errorf("%s imports %s", path, name)
			case plain && (strings.HasPrefix(name, "fyne.io/") || strings.HasPrefix(name, "glassmaster/ui/") && name != "glassmaster/ui/model" && name != "glassmaster/ui/"+dir): // a test of the package from outside imports it
				t.Errorf("%s is no view, and imports %s", path, name)
			}
		}
		return nil
	})
	if err != nil || seen < 20 {
		t.Fatalf("%d files, %v", seen, err)
	}
}
