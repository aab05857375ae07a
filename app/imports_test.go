// Package app_test checks the rules about imports and the documentation of the whole
// project.
package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers are the folders of the project from the top down. A package imports only from
// its own layer and those below it.
var layers = []string{"glassmaster/app", "glassmaster/ui", "glassmaster/drive", "glassmaster/mastering"}

// ownWindow is the only package that may open a window or a native dialog.
const ownWindow = "glassmaster/app/glassmaster-window"

// windowing are the packages that need cgo, OpenGL and a display.
var windowing = []string{"fyne.io/fyne/v2/app", "github.com/sqweek/dialog"}

// pkg is the output of "go list" about a package.
type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Error                              *struct{ Err string }
}

// list asks the go command about packages; env is added to the environment.
func list(t *testing.T, env []string, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports,Error"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", strings.Join(args, " "), err, complaints.String())
	}
	var all []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func layer(path string) int {
	return slices.IndexFunc(layers, func(l string) bool { return path == l || strings.HasPrefix(path, l+"/") })
}

func TestImportsRunOneWay(t *testing.T) {
	seen := make([]bool, len(layers))
	for _, p := range list(t, nil, "glassmaster/...") {
		from := layer(p.ImportPath)
		if from < 0 {
			if !strings.HasPrefix(p.ImportPath, "glassmaster/assets") {
				t.Errorf("%s is in none of %v", p.ImportPath, layers)
			}
			continue
		}
		seen[from] = true
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if to := layer(i); to >= 0 && to < from {
				t.Errorf("%s imports %s: imports run app -> ui -> drive -> mastering", p.ImportPath, i)
			}
			if p.ImportPath != ownWindow && slices.Contains(windowing, i) {
				t.Errorf("%s imports %s: only %s may, so that everything else is tested without a display", p.ImportPath, i, ownWindow)
			}
		}
	}
	for i, ok := range seen {
		if !ok {
			t.Errorf("no package in %s was checked", layers[i])
		}
	}
}

// The command line is one static file on every system.
func TestCommandLineNeedsNoCgo(t *testing.T) {
	for _, system := range []string{"linux", "windows", "darwin", "freebsd"} {
		found := false
		for _, p := range list(t, []string{"CGO_ENABLED=0", "GOOS=" + system, "GOARCH=amd64"}, "-deps", "glassmaster/app/glassmaster") {
			found = found || p.ImportPath == "glassmaster/app/glassmaster"
			if p.Error != nil {
				t.Errorf("%s: %s: %s", system, p.ImportPath, p.Error.Err)
			}
			if p.ImportPath == "runtime/cgo" || strings.HasPrefix(p.ImportPath, "fyne.io/") || strings.HasPrefix(p.ImportPath, "glassmaster/ui") {
				t.Errorf("%s: the command line depends on %s", system, p.ImportPath)
			}
		}
		if !found {
			t.Errorf("%s: the command line itself was not listed", system)
		}
	}
}

// fileSystems are the folders of the file systems, each with a planner below it.
var fileSystems = []string{"glassmaster/mastering/iso9660", "glassmaster/mastering/udf"}

// No file system imports another, no reader its planner, and no planner its reader.
// Package mastering/master combines them.
func TestFileSystemsAreSeparate(t *testing.T) {
	looked := 0
	for _, p := range list(t, nil, "glassmaster/mastering/...") {
		own := slices.IndexFunc(fileSystems, func(f string) bool { return p.ImportPath == f || p.ImportPath == f+"/plan" })
		if own < 0 {
			continue
		}
		looked++
		for _, i := range p.Imports {
			other := slices.IndexFunc(fileSystems, func(f string) bool { return i == f || strings.HasPrefix(i, f+"/") })
			if other >= 0 && other != own || i == fileSystems[own] || i == fileSystems[own]+"/plan" {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
		}
	}
	if looked != 2*len(fileSystems) {
		t.Errorf("%d packages were checked, not %d", looked, 2*len(fileSystems))
	}
}
