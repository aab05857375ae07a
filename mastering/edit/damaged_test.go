package edit_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// Limits of a damaged image whose files are compared.
const (
	damagedEntries = 400
	damagedBytes   = 1 << 20
)

// contents are the files of a volume that can be read, by their paths: a digest of the bytes.
// Symbolic links have their targets.
type contents map[string]string

// contentsOf reads a volume that may be damaged. It returns nil if there is too much in it.
func contentsOf(v volume.FS) contents {
	c := contents{}
	n := 0
	err := fs.WalkDir(v, ".", func(p string, d fs.DirEntry, err error) error {
		if n++; n > damagedEntries {
			return fs.SkipAll
		}
		if err != nil {
			return nil
		}
		info, err := d.Info()
		switch {
		case err != nil || info.Size() > damagedBytes:
		case isCorrected(info):
			c[p] = corrected
		case info.Mode().IsRegular():
			if b, err := fs.ReadFile(v, p); err == nil {
				c[p] = fmt.Sprintf("%d %x", len(b), digest(b))
			}
		case info.Mode().Type() == fs.ModeSymlink:
			if to, err := v.ReadLink(p); err == nil {
				c[p] = "-> " + to
			}
		}
		return nil
	})
	if err != nil || n > damagedEntries {
		return nil
	}
	return c
}

// corrected stands for contents whose size a view takes from another one, which can differ once
// a structure was written anew. No record of the file changes by that.
const corrected = "corrected"

func isCorrected(info fs.FileInfo) bool {
	a, ok := info.Sys().(*volume.Attributes)
	return ok && a.Note != ""
}

// viewsOf reads all views of a disc. It returns nil if there is too much in one.
func viewsOf(t *testing.T, d disc.Disc) map[string]contents {
	all := map[string]contents{}
	for _, name := range volume.Views(t.Context(), d, volume.Options{}) {
		v, err := volume.OpenDisc(t.Context(), d, volume.Options{View: name})
		if err != nil {
			continue
		}
		if all[name] = contentsOf(v); all[name] == nil {
			return nil
		}
	}
	return all
}

// damaged makes images that are damaged, most of them as an attacker would do it: addresses and
// sizes refer to other places, and the checksums are right again.
type damaged struct {
	good       []byte
	structures []int  // offsets of sectors that are not contents of files
	pairs      []int  // offsets of numbers in both byte orders (ECMA-119 7.3.3)
	tags       []int  // offsets of descriptors with a tag (ECMA-167 3/7.2)
	partition  uint32 // first sector of the UDF partition
}

func newDamaged(t *testing.T, image string) *damaged {
	b, err := os.ReadFile(image)
	isotest.Must(t, err)
	k := &damaged{good: b}
	used := map[int]bool{}
	d := disc.FromReaderAt(bytes.NewReader(b), int64(len(b)), nil)
	v, err := volume.OpenDisc(t.Context(), d, volume.Options{})
	isotest.Must(t, err)
	isotest.Must(t, fs.WalkDir(v, ".", func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if a, ok := info.Sys().(*volume.Attributes); ok {
			for _, x := range a.Extents {
				for i := range (x.Length + 2047) / 2048 {
					used[int(x.Start)+int(i)] = true
				}
			}
		}
		return err
	}))
	zero := make([]byte, 2048)
	for s := 16; s < len(b)/2048; s++ {
		if p := b[s*2048 : s*2048+2048]; !used[s] && !bytes.Equal(p, zero) {
			k.structures = append(k.structures, s*2048)
			k.scan(p, s*2048)
		}
	}
	return k
}

// scan finds the fields of a sector.
func (k *damaged) scan(p []byte, at int) {
	for i := 0; i+8 <= len(p); i++ {
		if n := binary.LittleEndian.Uint32(p[i:]); n > 0 && n < 1<<24 && n == binary.BigEndian.Uint32(p[i+4:]) {
			k.pairs = append(k.pairs, at+i)
		}
		if i%4 == 0 && tagged(k.good[at+i:]) > 0 {
			k.tags = append(k.tags, at+i)
			if k.good[at+i] == 5 { // a partition descriptor (3/10.5): the first sector is at BP 188
				k.partition = binary.LittleEndian.Uint32(k.good[at+i+188:])
			}
		}
	}
}

// tagged returns the length of a descriptor with a tag, 0 if there is none.
func tagged(p []byte) int {
	if len(p) < 16 || p[2] < 2 || p[2] > 3 || p[3] != 0 || tagSum(p) != p[4] {
		return 0
	}
	n := 16 + int(binary.LittleEndian.Uint16(p[10:]))
	if n > len(p) || n <= 16 || crc(p[16:n]) != binary.LittleEndian.Uint16(p[8:]) {
		return 0
	}
	return n
}

func tagSum(p []byte) (sum byte) {
	for i := range 16 {
		if i != 4 {
			sum += p[i]
		}
	}
	return sum
}

// crc is the CRC of ECMA-167 7.2.6.
func crc(p []byte) (c uint16) {
	for _, b := range p {
		c ^= uint16(b) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x1021
			} else {
				c <<= 1
			}
		}
	}
	return c
}

// image returns a damaged copy.
func (k *damaged) image(r *rand.Rand) []byte {
	b := bytes.Clone(k.good)
	for range 1 + r.IntN(3) {
		switch n := r.IntN(10); {
		case n < 2:
			b[k.structures[r.IntN(len(k.structures))]+r.IntN(2048)] ^= 1 << r.IntN(8)
		case n < 3:
			from, to := k.structures[r.IntN(len(k.structures))], k.structures[r.IntN(len(k.structures))]
			copy(b[to:to+2048], k.good[from:from+2048])
		case r.IntN(len(k.pairs)+len(k.tags)) < len(k.pairs):
			at := k.pairs[r.IntN(len(k.pairs))]
			n := k.number(r, binary.LittleEndian.Uint32(b[at:]))
			binary.LittleEndian.PutUint32(b[at:], n)
			binary.BigEndian.PutUint32(b[at+4:], n)
		case n < 7:
			k.confuse(r, b)
		default:
			k.descriptor(r, b[k.tags[r.IntN(len(k.tags))]:])
		}
	}
	return b
}

// confuse copies a part of a descriptor into another one of the same kind: two files or
// directories have the same extents, or two names the same file.
func (k *damaged) confuse(r *rand.Rand, b []byte) {
	to := k.tags[r.IntN(len(k.tags))]
	var list []int
	for _, at := range k.tags {
		if at != to && k.good[at] == k.good[to] {
			list = append(list, at)
		}
	}
	n := tagged(b[to:])
	if len(list) == 0 || n < 40 {
		return
	}
	from := list[r.IntN(len(list))]
	i := 16 + r.IntN((n-16)/4)*4
	if r.IntN(2) == 0 {
		i = n - 8 // the last allocation descriptor of a file entry
	}
	if k.good[to] == 1 { // a file identifier (ECMA-167 4/14.4): the ICB
		i = 20
	}
	copy(b[to+i:to+n], k.good[from+i:from+min(n, i+16)])
	seal(b[to:], n)
}

// seal corrects the checksums of a descriptor of n bytes.
func seal(p []byte, n int) {
	binary.LittleEndian.PutUint16(p[8:], crc(p[16:n]))
	p[4] = tagSum(p)
}

// number returns another address or size.
func (k *damaged) number(r *rand.Rand, old uint32) uint32 {
	switch r.IntN(5) {
	case 0:
		return old + 1 + uint32(r.IntN(3))
	case 1:
		return old - 1 - uint32(r.IntN(3))
	case 2:
		return old + 2048*uint32(1+r.IntN(4))
	case 3:
		return uint32(r.IntN(len(k.good) / 2048))
	}
	return uint32(k.structures[r.IntN(len(k.structures))] / 2048)
}

// descriptor changes a number in a descriptor, and corrects its checksums.
func (k *damaged) descriptor(r *rand.Rand, p []byte) {
	n := tagged(p)
	if n < 24 {
		return
	}
	var at []int // of numbers that may be addresses or sizes
	for i := 16; i+4 <= n; i += 2 {
		if x := binary.LittleEndian.Uint32(p[i:]); x > 0 && x < 1<<24 {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return
	}
	i := at[r.IntN(len(at))]
	x := binary.LittleEndian.Uint32(p[i:])
	x = k.number(r, x)
	if r.IntN(2) == 0 { // the address in the partition of a structure or of contents
		x = max(x, k.partition) - k.partition
	}
	binary.LittleEndian.PutUint32(p[i:], x)
	seal(p, n)
}

// TestDamagedImages edits images with damaged and hostile structures. What was not edited has
// the same contents afterwards in all views, or the image cannot be updated.
func TestDamagedImages(t *testing.T) {
	seeds := 150
	if testing.Short() {
		seeds = 20
	}
	made := map[string]*damaged{}
	for name, image := range damagedImages(t) {
		made[name] = newDamaged(t, image)
	}
	kinds := slices.Sorted(maps.Keys(made))
	done := map[string]int{}
	for seed := range seeds * len(kinds) {
		kind := kinds[seed%len(kinds)]
		if editDamaged(t, fmt.Sprintf("seed %d, %s", seed, kind), uint64(seed), made[kind]) {
			done[kind]++
		}
	}
	for _, kind := range kinds { // otherwise the test shows nothing
		t.Logf("%s: %d of %d images were updated", kind, done[kind], seeds)
		if done[kind] < seeds/4 {
			t.Errorf("%s: only %d of %d images were updated", kind, done[kind], seeds)
		}
	}
}

// damagedFolder makes the files of the images.
func damagedFolder(t *testing.T) string {
	top := t.TempDir()
	for i := range 24 {
		p := filepath.Join(top, fmt.Sprintf("dir%d/sub%d/FILE%d.TXT", i%3, i%4, i))
		isotest.Must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		isotest.Must(t, os.WriteFile(p, bytes.Repeat([]byte{byte(i + 1)}, 10+i*300), 0o644))
	}
	isotest.Must(t, os.Symlink("dir1/sub1", filepath.Join(top, "link")))
	isotest.SetTimes(t, top)
	return top
}

func damagedImages(t *testing.T) map[string]string {
	top := damagedFolder(t)
	list := map[string]string{
		"genisoimage": isotest.Genisoimage(t, top, "-R", "-J", "-no-pad"),
		"bridge":      build(t, top, master.Options{UDF: &master.UDF{Revision: udfplan.Revision102}, NoPadding: true}),
		"UDF 2.01":    build(t, top, master.Options{UDF: &master.UDF{Revision: udfplan.Revision201}, UDFOnly: true, NoPadding: true}),
		"UDF 2.60":    build(t, top, master.Options{UDF: &master.UDF{Revision: udfplan.Revision260}, UDFOnly: true, NoPadding: true}),
		"ours":        build(t, top, master.Options{NoPadding: true}),
		"mkudffs":     mkudffs(t, top),
	}
	return list
}

// mkudffs returns a volume that lists its free blocks, with the files of a folder.
func mkudffs(t *testing.T, top string) string {
	peertest.Need(t, "mkudffs")
	empty, full := filepath.Join(t.TempDir(), "empty.img"), filepath.Join(t.TempDir(), "full.img")
	peertest.Run(t, "", "mkudffs", "--new-file", "--media-type=hd", "--blocksize=2048", "--udfrev=2.01", empty, "700")
	f, err := os.Open(empty)
	isotest.Must(t, err)
	defer f.Close()
	info, err := f.Stat()
	isotest.Must(t, err)
	m, err := edit.Open(t.Context(), disc.FromReaderAt(f, info.Size(), nil), edit.Options{Time: time.Unix(1_600_000_000, 0)})
	isotest.Must(t, err)
	c := compilation.New()
	_, err = c.AddPaths(t.Context(), []string{top}, false, nil)
	isotest.Must(t, err)
	for _, n := range slices.Clone(c.Root().Children()) {
		isotest.Must(t, m.Compilation().Root().Insert(n.Clone()))
	}
	p, err := m.Plan(t.Context(), nil)
	isotest.Must(t, err)
	defer p.Close()
	if p.Unsafe != nil {
		t.Fatal(p.Unsafe)
	}
	isotest.Must(t, p.Prepare(t.Context(), nil))
	writeDisc(t, p.Disc(), full)
	return full
}

// TestFalseBitmap edits a volume whose space bitmap says that all blocks are free. New contents
// must not be written over files, file entries and directories.
func TestFalseBitmap(t *testing.T) {
	image := mkudffs(t, damagedFolder(t))
	for _, size := range []int64{1, 2048, 5 * 2048, 40 * 2048, 300 * 2048} {
		b, err := os.ReadFile(image)
		isotest.Must(t, err)
		found := false
		for at := 0; at < len(b); at += 2048 {
			// A space bitmap descriptor (ECMA-167 4/14.12): the bits begin at BP 24.
			if p := b[at:]; p[0] == 8 && p[1] == 1 && tagSum(p) == p[4] {
				found = true
				for i := range binary.LittleEndian.Uint32(p[20:]) {
					p[24+i] = 0xFF
				}
				seal(p, 16+int(binary.LittleEndian.Uint16(p[10:])))
			}
		}
		if !found {
			t.Fatal("the volume has no space bitmap")
		}
		d := disc.FromReaderAt(bytes.NewReader(b), int64(len(b)), nil)
		m, err := edit.Open(t.Context(), d, edit.Options{Time: time.Unix(1_700_000_000, 0)})
		isotest.Must(t, err)
		text := bytes.Repeat([]byte{0xAA}, int(size))
		isotest.Must(t, m.Compilation().Root().Insert(tree.NewFile("NEW", size, time.Unix(1_600_000_000, 0), layout.Bytes(text))))
		p, err := m.Plan(t.Context(), nil)
		isotest.Must(t, err)
		if p.Unsafe == nil {
			t.Errorf("a file of %d bytes was put into blocks that are not free", size)
		}
		isotest.Must(t, p.Prepare(t.Context(), nil))
		after := viewsOf(t, p.Disc())
		for path, want := range viewsOf(t, d)["UDF"] {
			if after["UDF"][path] != want {
				t.Errorf("a new file of %d bytes has damaged %s", size, path)
			}
		}
		isotest.Must(t, p.Close())
	}
}

// TestCompactDamaged compacts images with damaged and hostile structures. All contents are the
// same afterwards in all views. If the image must be made anew from its files, an error is
// reported for each file that is lost.
func TestCompactDamaged(t *testing.T) {
	seeds := 150
	if testing.Short() {
		seeds = 20
	}
	for kind, image := range damagedImages(t) {
		k := newDamaged(t, image)
		for seed := range uint64(seeds) {
			b := k.image(rand.New(rand.NewPCG(seed, 4)))
			d := disc.FromReaderAt(bytes.NewReader(b), int64(len(b)), nil)
			m, err := edit.Open(t.Context(), d, edit.Options{Time: time.Unix(1_700_000_000, 0)})
			if err != nil {
				continue
			}
			before := viewsOf(t, d)
			p, err := m.Compact(t.Context(), nil)
			if err != nil || before == nil {
				continue
			}
			isotest.Must(t, p.Prepare(t.Context(), nil))
			after := viewsOf(t, p.Disc())
			view := m.Volume().View
			for name, list := range before {
				if p.Unsafe != nil && (name != view || len(disc.Errors(p.Notices)) > 0) {
					continue
				}
				for path, was := range list {
					if is := after[name][path]; is != was && is != corrected && was != corrected {
						t.Errorf("%s, seed %d, view %s, unsafe %v: %s has the contents %q, before it had %q", kind, seed, name, p.Unsafe, path, is, was)
					}
				}
			}
			isotest.Must(t, p.Close())
		}
	}
}

// editDamaged edits a damaged image, and reports whether it could be updated.
func editDamaged(t *testing.T, what string, seed uint64, k *damaged) bool {
	r := rand.New(rand.NewPCG(seed, 3))
	b := k.image(r)
	d := disc.FromReaderAt(bytes.NewReader(b), int64(len(b)), nil)
	m, err := edit.Open(t.Context(), d, edit.Options{Time: time.Unix(1_700_000_000, 0)})
	if err != nil {
		return false
	}
	before := viewsOf(t, d)
	if before == nil {
		return false
	}
	view := m.Volume().View
	edited := editSome(r, m, before[view])
	p, err := m.Plan(t.Context(), nil)
	if err != nil {
		return false
	}
	defer p.Close()
	if p.Unsafe != nil {
		return false
	}
	isotest.Must(t, p.Prepare(t.Context(), nil))
	after := viewsOf(t, p.Disc())
	for name, list := range before {
		for _, path := range slices.Sorted(maps.Keys(list)) {
			if is := after[name][path]; is != list[path] && is != corrected && list[path] != corrected && !edited[list[path]] && !edited[filepath.Base(path)] {
				t.Errorf("%s, view %s: %s has the contents %q, before the update it had %q", what, name, path, is, list[path])
			}
		}
	}
	return true
}

// editSome makes some changes, and returns the names and the digests of the contents of files
// that were removed, replaced or renamed. Other views of a damaged image may have other contents
// under the same name.
func editSome(r *rand.Rand, m *edit.Image, files contents) map[string]bool {
	edited := map[string]bool{}
	root := m.Compilation().Root()
	paths := slices.Sorted(maps.Keys(files))
	at := time.Unix(1_600_000_000, 0)
	for i := range 1 + r.IntN(6) {
		var n *tree.Node
		if len(paths) > 0 {
			n = root.Lookup(paths[r.IntN(len(paths))])
		}
		if n == nil {
			n = root.Lookup("/")
		}
		dir := n.Parent()
		if dir == nil {
			dir = root
		}
		text := bytes.Repeat([]byte{byte(200 + i)}, 1+r.IntN(5000))
		switch c := r.IntN(8); {
		case c < 4 || !n.Mode.IsRegular():
			for j := range 1 + r.IntN(2)*r.IntN(30) {
				_ = dir.Insert(tree.NewFile(fmt.Sprintf("NEW%d%d.TXT", i, j), int64(len(text)), at, layout.Bytes(text)))
			}
		case c == 4:
			_ = dir.Insert(tree.NewFolder(fmt.Sprintf("NEW%d", i), at))
		case c == 5:
			edited[files[n.Path()[1:]]], edited[n.Name] = true, true
			n.Detach()
		case c == 6:
			edited[files[n.Path()[1:]]], edited[n.Name] = true, true
			n.Init(n.Name, n.Mode, layout.Bytes(text))
			n.Size = int64(len(text))
		default:
			edited[files[n.Path()[1:]]], edited[n.Name] = true, true
			n.Detach()
			n.Name = fmt.Sprintf("NAME%d.TXT", i)
			_ = dir.Insert(n)
		}
	}
	return edited
}
