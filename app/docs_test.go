package app_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are the texts about the project.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"../*.md", "../docs/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(b)
		}
	}
	if len(texts) < 8 {
		t.Fatalf("only %d documents were found", len(texts))
	}
	return texts
}

var (
	link       = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	inlinePath = regexp.MustCompile("`((?:app|ui|drive|mastering|assets|docs)/[a-z0-9_./-]+)`")
)

// Links lead to files, and paths in backquotes exist. The changelog is left out: it may
// name removed files.
func TestDocumentsNameExistingFiles(t *testing.T) {
	checked := 0
	for name, text := range documents(t) {
		if filepath.Base(name) == "CHANGELOG.md" {
			continue
		}
		var paths []string
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "://") {
				paths = append(paths, filepath.Join(filepath.Dir(name), m[1]))
			}
		}
		for _, m := range inlinePath.FindAllStringSubmatch(text, -1) {
			paths = append(paths, filepath.Join("..", m[1]))
		}
		for _, p := range paths {
			checked++
			if _, err := os.Stat(p); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d paths were checked", checked)
	}
}

// The tree in docs/architecture.md lists exactly the folders that exist.
func TestArchitectureListsThePackages(t *testing.T) {
	listed := map[string]bool{}
	top := ""
	for line := range strings.Lines(documents(t)["../docs/architecture.md"]) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || !strings.HasSuffix(fields[0], "/"):
		case line[0] != ' ':
			top = fields[0]
		case top != "":
			for _, f := range fields {
				if !strings.HasSuffix(f, "/") {
					break
				}
				listed[top+f] = true
			}
		}
	}
	there := map[string]bool{}
	for _, layer := range layers {
		layer = strings.TrimPrefix(layer, "glassmaster/") + "/"
		entries, err := os.ReadDir("../" + layer)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() && e.Name() != "internal" && e.Name() != "testdata" {
				there[layer+e.Name()+"/"] = true
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(there)) {
		if !listed[p] {
			t.Errorf("the tree does not list %s", p)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(listed)) {
		if _, err := os.Stat("../" + p); err != nil {
			t.Errorf("the tree has %s: %v", p, err)
		}
	}
}

// Every direct dependency has a row in docs/dependencies.md that names the packages
// that import it.
func TestDependenciesAreListed(t *testing.T) {
	users := map[string]map[string]bool{}
	direct := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`)
	gomod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range direct.FindAllStringSubmatch(string(gomod), -1) {
		users[m[1]] = map[string]bool{}
	}
	for _, p := range list(t, nil, "glassmaster/...") {
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			for module := range users {
				if i == module || strings.HasPrefix(i, module+"/") {
					users[module][strings.TrimPrefix(p.ImportPath, "glassmaster/")] = true
				}
			}
		}
	}
	rows := map[string][]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]*) \\|").FindAllStringSubmatch(documents(t)["../docs/dependencies.md"], -1) {
		for _, p := range strings.Split(m[2], ", ") {
			rows[m[1]] = append(rows[m[1]], strings.Trim(p, "`"))
		}
	}
	for _, module := range slices.Sorted(maps.Keys(users)) {
		for p := range users[module] {
			if !slices.ContainsFunc(rows[module], func(row string) bool { return p == row || strings.HasPrefix(p, row+"/") }) {
				t.Errorf("%s is used by %s, but its row says %v", module, p, rows[module])
			}
		}
		for _, row := range rows[module] {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(users[module])), func(p string) bool { return p == row || strings.HasPrefix(p, row+"/") }) {
				t.Errorf("the row of %s names %s, which does not import it", module, row)
			}
		}
	}
	for module := range rows {
		if users[module] == nil {
			t.Errorf("%s has a row and is not a direct dependency", module)
		}
	}
}
