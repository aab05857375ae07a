package edit_test

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"glassmaster/mastering/edit"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

// edited is an image after random edits, and what it must contain.
type edited struct {
	what, kind, file string
	view             string
	views            []string
	rich             bool
	m                model
}

// randomlyEdited makes images of several programs, edits them, and writes the results.
func randomlyEdited(t *testing.T, dir string, made map[string]string, seeds int, short bool) (list []edited) {
	t.Helper()
	kinds := slices.Sorted(maps.Keys(made))
	for seed := range seeds {
		kind := kinds[seed%len(kinds)]
		x := edited{what: fmt.Sprintf("seed %d, %s", seed, kind), kind: kind, file: filepath.Join(dir, fmt.Sprintf("%d.iso", seed))}
		if x.write(t, uint64(seed)+5000, made[kind], short) {
			list = append(list, x)
		}
	}
	return list
}

// write edits an image and writes the result. It reports whether anything was changed.
func (x *edited) write(t *testing.T, seed uint64, image string, short bool) bool {
	t.Helper()
	m, d := open(t, image)
	defer d.Close()
	v, err := volume.OpenDisc(t.Context(), d, volume.Options{})
	isotest.Must(t, err)
	x.view, x.views = v.Volume().View, v.Volume().Views
	x.rich = x.view == "Rock Ridge" || x.view == "UDF"
	e := &editor{t: t, r: rand.New(rand.NewPCG(seed, 7)), c: m.Compilation(), m: modelOf(t, v), rich: x.rich, short: short}
	for range 1 + e.r.IntN(20) {
		e.step()
	}
	p, err := m.Plan(t.Context(), nil)
	if err == edit.ErrNoChange {
		return false
	}
	isotest.Must(t, err)
	defer p.Close()
	isotest.Must(t, p.Prepare(t.Context(), nil))
	writeDisc(t, p.Disc(), x.file)
	x.m = e.m
	return true
}

// onDisk reads a folder that another program has filled, without reading contents through
// links.
func onDisk(t *testing.T, top string) model {
	t.Helper()
	m := model{}
	isotest.Must(t, filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == top {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{mode: info.Mode(), modified: info.ModTime().Unix()}
		switch info.Mode().Type() {
		case 0:
			e.contents, err = os.ReadFile(p)
		case fs.ModeSymlink:
			e.target, err = os.Readlink(p)
		}
		rel, _ := filepath.Rel(top, p)
		m[filepath.ToSlash(rel)] = e
		return err
	}))
	return m
}

// TestKernelReadsEdited lets Linux read images after random edits, in all systems that it
// finds.
func TestKernelReadsEdited(t *testing.T) {
	dir := t.TempDir()
	list := randomlyEdited(t, dir, images(t), 40, false)
	type mounted struct {
		x    edited
		name string
		rich bool
	}
	var all []mounted
	var script strings.Builder
	mount := func(x edited, rich bool, options string) {
		name := fmt.Sprint("copy", len(all))
		all = append(all, mounted{x, name, rich})
		fmt.Fprintf(&script, "echo %q >&2\nmount %s -o ro,loop%s /run/mnt\n", x.what, x.file, options)
		fmt.Fprintf(&script, "(cd /run/mnt && find . -mindepth 1 -printf '%%P\\0%%y\\0%%m\\0%%T@\\0%%l\\0') >%s.list\n", name)
		fmt.Fprintf(&script, "(cd /run/mnt && find . -type f -print0 | xargs -0 -r sha256sum -z) >%s.sums\numount /run/mnt\n", name)
	}
	for _, x := range list {
		udf := slices.Contains(x.views, "UDF")
		if udf {
			mount(x, x.view == "UDF", ",iocharset=utf8 -t udf")
		}
		if slices.Contains(x.views, "Rock Ridge") || slices.Contains(x.views, "Joliet") {
			mount(x, x.rich && (x.view == "Rock Ridge"), ",iocharset=utf8 -t iso9660")
		}
	}
	peertest.Kernel(t, dir, script.String())
	for _, c := range all {
		got := fromKernel(t, filepath.Join(dir, c.name), c.rich)
		isotest.Compare(t, fmt.Sprintf("%s, %s", c.x.what, c.name), withoutLongest(got), withoutLongest(c.x.m.sums(c.rich)))
	}
}

// sums lists a model with the digests of contents.
func (m model) sums(rich bool) string {
	var lines []string
	for p, e := range m {
		s := fmt.Sprintf("%q %s", p, kindLetter(e.mode))
		if rich {
			s += fmt.Sprintf(" %o %d %s", unixMode(e.mode), e.modified, strings.TrimSuffix(e.target, "/"))
		}
		if e.mode.IsRegular() {
			s += fmt.Sprintf(" %x", digest(e.contents))
		}
		lines = append(lines, s)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// kindLetter returns the letter that find prints for a kind of file.
func kindLetter(m fs.FileMode) string {
	switch m.Type() {
	case 0:
		return "f"
	case fs.ModeDir:
		return "d"
	case fs.ModeSymlink:
		return "l"
	case fs.ModeNamedPipe:
		return "p"
	}
	return "?"
}

func unixMode(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	for flag, bit := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&flag != 0 {
			bits |= bit
		}
	}
	return bits
}

// fromKernel reads what find and sha256sum printed, as sums lists it.
func fromKernel(t *testing.T, name string, rich bool) string {
	t.Helper()
	list, err := os.ReadFile(name + ".list")
	isotest.Must(t, err)
	sums, err := os.ReadFile(name + ".sums")
	isotest.Must(t, err)
	digests := map[string]string{}
	for s := range strings.SplitSeq(strings.TrimSuffix(string(sums), "\x00"), "\x00") {
		if sum, p, ok := strings.Cut(s, "  "); ok {
			digests[path.Clean(p)] = sum[:16]
		}
	}
	fields := strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00")
	var lines []string
	for f := range slices.Chunk(fields, 5) {
		if len(f) < 5 {
			t.Fatalf("find printed %q", f)
		}
		seconds, _, _ := strings.Cut(f[3], ".")
		s := fmt.Sprintf("%q %s", f[0], f[1])
		if rich {
			s += fmt.Sprintf(" %s %s %s", f[2], seconds, f[4])
		}
		if f[1] == "f" {
			s += " " + digests[f[0]]
		}
		lines = append(lines, s)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// shortTree makes a sample without names and links that need continuation areas.
func shortTree(t *testing.T) string {
	t.Helper()
	top := isotest.SampleTree(t)
	// bsdtar shows no contents of hard links, and 7z refuses symbolic links out of their folder.
	isotest.Must(t, os.RemoveAll(filepath.Join(top, "links")))
	list, err := os.ReadDir(top)
	isotest.Must(t, err)
	for _, d := range list {
		if len(d.Name()) > 100 {
			isotest.Must(t, os.Remove(filepath.Join(top, d.Name())))
		}
	}
	isotest.SetTimes(t, top)
	return top
}

// TestPeersReadEdited lets other programs read images after random edits. libarchive wants
// continuation areas of records after their directory, but before the contents of the
// files, and fails with images of several sessions, whose new directories are at the end. So
// there are none.
func TestPeersReadEdited(t *testing.T) {
	peertest.Need(t, "xorriso", "bsdtar", "7z", "isoinfo")
	for _, x := range randomlyEdited(t, t.TempDir(), imagesOf(t, shortTree(t)), 50, true) {
		if x.view != "Rock Ridge" {
			continue
		}
		t.Run(x.what, func(t *testing.T) {
			top := t.TempDir()
			peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-osirrox", "on:auto_chmod_on", "-indev", x.file, "-extract", "/", top)
			defer peertest.Run(t, "", "chmod", "-R", "u+rwX", top)
			isotest.Compare(t, "xorriso", onDisk(t, top).untimed().sums(true), x.m.untimed().sums(true))
			isotest.Compare(t, "bsdtar", fromBSDTar(t, x.file), x.m.sums(true))
			out := t.TempDir()
			peertest.Run(t, out, "7z", "x", "-bd", x.file)
			isotest.Compare(t, "7z", onDisk(t, out).contents(false), x.m.contents(false))
			isotest.Compare(t, "isoinfo", fromIsoinfo(t, x.file).contents(true), x.m.contents(true))
		})
	}
}

// withoutLongest removes the lines of the file whose name has 255 bytes: Linux shows only
// part of a Rock Ridge name of more than 253, depending on how it is divided.
func withoutLongest(list string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(list, "\n"), func(l string) bool {
		return strings.Contains(l, strings.Repeat("y", 30))
	}), "\n")
}

// untimed returns a model without the times of symbolic links, which xorriso does not restore.
func (m model) untimed() model {
	m = maps.Clone(m)
	for p, e := range m {
		if e.mode.Type() == fs.ModeSymlink {
			e.modified = 0
			m[p] = e
		}
	}
	return m
}

// contents lists the contents of regular files, with or without the names of the files.
// Some programs show other folders, or only names that Joliet allows.
func (m model) contents(names bool) string {
	var lines []string
	for p, e := range m {
		if !e.mode.IsRegular() || !names && len(e.contents) == 0 { // 7z makes empty files of links and pipes
			continue
		}
		s := fmt.Sprintf("%d %x", len(e.contents), digest(e.contents))
		if names {
			s = path.Base(p) + " " + s
		}
		lines = append(lines, s)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// fromBSDTar lists an image as sums does.
func fromBSDTar(t *testing.T, image string) string {
	t.Helper()
	out := peertest.Run(t, "", "bsdtar", "-cf", "-", "--format=mtree", "--options", "mtree:!all,mtree:type,mtree:mode,mtree:time,mtree:link,mtree:sha256", "@"+image)
	letters := map[string]string{"file": "f", "dir": "d", "link": "l", "fifo": "p"}
	var lines []string
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(line, "#") || f[0] == "." {
			continue
		}
		v := map[string]string{}
		for _, s := range f[1:] {
			key, value, _ := strings.Cut(s, "=")
			v[key] = value
		}
		seconds, _, _ := strings.Cut(v["time"], ".")
		s := fmt.Sprintf("%q %s %s %s %s", strings.TrimPrefix(unescape(t, f[0]), "./"), letters[v["type"]], strings.TrimLeft(v["mode"], "0"), seconds, unescape(t, v["link"]))
		if sum := v["sha256digest"]; sum != "" {
			s += " " + sum[:16]
		}
		lines = append(lines, s)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// unescape replaces octal numbers after a backslash.
func unescape(t *testing.T, s string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+3 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		n, err := strconv.ParseUint(s[i+1:i+4], 8, 8)
		isotest.Must(t, err)
		b.WriteByte(byte(n))
		i += 3
	}
	return b.String()
}

// fromIsoinfo lists the regular files of an image, and the contents at the addresses that
// isoinfo prints.
func fromIsoinfo(t *testing.T, image string) model {
	t.Helper()
	b, err := os.ReadFile(image)
	isotest.Must(t, err)
	m, dir := model{}, ""
	for line := range strings.Lines(peertest.Run(t, "", "isoinfo", "-l", "-R", "-i", image)) {
		line = strings.TrimSuffix(line, "\n")
		if d, ok := strings.CutPrefix(line, "Directory listing of /"); ok {
			dir = d
			continue
		}
		left, right, ok := strings.Cut(line, "[")
		address, name, ok2 := strings.Cut(right, "] ")
		if !ok || !ok2 || !strings.HasPrefix(left, "-") {
			continue
		}
		f := strings.Fields(left)
		size, err := strconv.Atoi(f[4])
		isotest.Must(t, err)
		at, err := strconv.Atoi(strings.Fields(address)[0])
		isotest.Must(t, err)
		m[dir+strings.TrimSpace(name)] = entry{contents: b[at*2048:][:size]}
	}
	return m
}
