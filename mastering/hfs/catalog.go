package hfs

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/volume"
)

// Numbers of folders that every catalog has.
const (
	rootParent = 1
	rootFolder = 2
)

// node is a file or folder of the catalog.
type node struct {
	id, parent                           uint32
	name                                 string // a valid element of a path
	mode                                 fs.FileMode
	created, modified, changed, accessed time.Time
	uid, gid, special                    uint32
	kind                                 string // type and creator
	hidden, compressed                   bool
	data, resource                       fork
	links                                uint32 // 0: one name
	children                             []*node
	byName                               map[string]*node
	again                                map[string]int // how many nodes of byName wanted the name
	up                                   *node
}

// overflowKey says to which fork further extents belong, and from which block of it on.
type overflowKey struct {
	file  uint32
	fork  byte
	block uint32
}

// tree is the whole catalog.
type tree struct {
	root     *node
	overflow map[uint64][]overflow // by file and fork
	err      error                 // why it may not be complete
}

// overflow are further extents of a fork.
type overflow struct {
	block   uint32
	extents []extent
}

func forkKey(file uint32, fork byte) uint64 { return uint64(file)<<8 | uint64(fork) }

// FS is the file system of a volume.
type FS struct {
	r                 readerAt
	place             place
	charset           filename.Charset
	count             int64 // allocation blocks
	block             int64 // bytes
	first             int64 // offset of block 0 from the start of the volume
	info              volume.Info
	catalog, overflow fork
	once              sync.Once
	tree              *tree
}

// readerAt is an io.ReaderAt.
type readerAt interface {
	ReadAt(p []byte, off int64) (int, error)
}

// describe fills in what all volumes have.
func (v *FS) describe(format string) {
	v.info.Format, v.info.View, v.info.Views = format, v.view(), []string{v.view()}
	v.info.Blocks, v.info.BlockSize = v.count, int(v.block)
	if v.place.base > 0 {
		v.info.Properties = append(v.info.Properties, volume.Property{Name: "Start", Value: fmt.Sprintf("byte %d of the disc", v.place.base)})
	}
}

// checkCatalog checks that the catalog can be opened.
func (v *FS) checkCatalog() error {
	_, err := v.openTree(v.catalog)
	return err
}

func (v *FS) openTree(f fork) (*btree, error) {
	if f.size == 0 {
		return nil, errSpecialFile
	}
	r, err := v.openFork(f)
	if err != nil {
		return nil, err
	}
	return openTree(r, f.size, v.place.size)
}

// plusLabel returns the name of an HFS Plus volume, which is that of the root folder: the
// first record of the catalog.
func (v *FS) plusLabel() string {
	t, err := v.openTree(v.catalog)
	if err != nil {
		return ""
	}
	p := make([]byte, t.node)
	if n, _ := t.r.ReadAt(p, t.first*t.node); n < len(p) || t.first >= t.count || p[8] != leafNode {
		return ""
	}
	label := ""
	records(p, func(record []byte) {
		if n, _ := v.plusRecord(record); n != nil && n.parent == rootParent {
			label = n.name
		}
	})
	return label
}

// load reads the catalog and the extents file.
func (v *FS) load() *tree {
	v.once.Do(func() {
		t := &tree{overflow: map[uint64][]overflow{}}
		v.tree = t
		t.err = errors.Join(v.loadOverflow(t), v.loadCatalog(t))
	})
	return v.tree
}

// loadOverflow reads the extents file, first its own fork, which has no overflow.
func (v *FS) loadOverflow(t *tree) error {
	if v.overflow.size == 0 {
		return nil
	}
	b, err := v.openTree(v.overflow)
	if err != nil {
		return fmt.Errorf("the extents file is damaged: %w", err)
	}
	decode := hfsOverflow
	if v.place.plus {
		decode = plusOverflow
	}
	err = b.leaves(func(record []byte) {
		if key, list, ok := decode(record); ok {
			k := forkKey(key.file, key.fork)
			t.overflow[k] = append(t.overflow[k], overflow{key.block, list})
		}
	})
	if err != nil {
		return fmt.Errorf("the extents file is damaged: %w", err)
	}
	return nil
}

// catalogFile is the number of the catalog in the extents file.
const catalogFile = 4

// loadCatalog reads the catalog and links its nodes.
func (v *FS) loadCatalog(t *tree) error {
	t.root = &node{id: rootFolder, parent: rootParent, name: ".", mode: fs.ModeDir | 0o755, modified: v.info.Modified, created: v.info.Created}
	f, err := t.whole(v.catalog, catalogFile, dataFork)
	if err != nil {
		return fmt.Errorf("the catalog is damaged: %w", err)
	}
	b, err := v.openTree(f)
	if err != nil {
		return fmt.Errorf("the catalog is damaged: %w", err)
	}
	decode := v.hfsRecord
	if v.place.plus {
		decode = v.plusRecord
	}
	folders := map[uint32]*node{rootFolder: t.root}
	var all []*node
	bad, left := 0, 0
	err = b.leaves(func(record []byte) {
		if len(all) == maxNodes {
			left++
			return
		}
		n, ok := decode(record)
		switch {
		case n == nil && !ok:
			bad++
		case n == nil:
		case n.id == rootFolder && n.parent == rootParent:
			n.name = "."
			*t.root = *n
		case n.mode.IsDir() && folders[n.id] != nil:
			bad++ // two folders of one number would make a loop
		default:
			if n.mode.IsDir() {
				folders[n.id] = n
			}
			all = append(all, n)
		}
	})
	t.link(all, folders)
	deep := t.root.cut()
	switch {
	case err != nil:
		return fmt.Errorf("the catalog is damaged, so that files may be missing: %w", err)
	case left > 0:
		return fmt.Errorf("the catalog has more than %d files; those after it are not shown", maxNodes)
	case deep > 0:
		return fmt.Errorf("the catalog has folders within each other, %d deep; what is in %d of them is not shown", maxDepth, deep)
	case bad > 0:
		return fmt.Errorf("the catalog is damaged, so that files may be missing: %d of its records are invalid", bad)
	}
	return nil
}

// Limits of what is shown. A disc has fewer files, and the Finder makes paths of fewer
// folders.
const (
	maxNodes = 1 << 20
	maxDepth = 256
)

// cut removes what is more than maxDepth folders below a folder. It returns how many folders
// lost their contents.
func (n *node) cut() int {
	level := []*node{n}
	for range maxDepth {
		var next []*node
		for _, up := range level {
			for _, c := range up.children {
				if c.mode.IsDir() {
					next = append(next, c)
				}
			}
		}
		level = next
	}
	cut := 0
	for _, up := range level {
		if len(up.children) > 0 {
			up.children, up.byName = nil, nil
			cut++
		}
	}
	return cut
}

// Names of the folders in which HFS Plus keeps the contents of hard links (TN1150, "Hard
// Links"). They are not shown.
const (
	linkFolder    = "\x00\x00\x00\x00HFS+ Private Data"
	dirLinkFolder = ".HFS+ Private Directory Data\r"
)

// link puts the nodes into their folders.
func (t *tree) link(all []*node, folders map[uint32]*node) {
	inodes := map[uint32]*node{}
	var private uint32
	for _, n := range all {
		if n.parent == rootFolder && n.name == linkFolder {
			private = n.id
		}
	}
	for _, n := range all {
		if private != 0 && n.parent == private {
			if i, err := strconv.ParseUint(strings.TrimPrefix(n.name, "iNode"), 10, 32); err == nil {
				inodes[uint32(i)] = n
			}
		}
	}
	for _, n := range all {
		up := folders[n.parent]
		if up == nil || n.parent == private && private != 0 || n.parent == rootFolder && (n.name == linkFolder || n.name == dirLinkFolder) {
			continue
		}
		if n.kind == "hlnkhfs+" {
			n.hardLink(inodes[n.special])
		}
		n.setName(up)
		n.up = up
		up.children = append(up.children, n)
	}
}

// hardLink gives a hard link the contents and attributes of its file.
func (n *node) hardLink(file *node) {
	if file == nil {
		n.data = fork{size: 1} // without an extent: it cannot be read
		return
	}
	name, parent := n.name, n.parent
	*n = *file
	n.name, n.parent, n.links = name, parent, max(file.special, 1)
}

// setName makes the name valid and unique in its folder. The Macintosh exchanges colons
// and slashes.
func (n *node) setName(up *node) {
	name := strings.ReplaceAll(n.name, "/", ":")
	if p, changed := filename.Protect([]byte(name), 0); changed {
		name = string(p)
	}
	if name == "" {
		name = `\x00`
	}
	if up.byName == nil {
		up.byName = map[string]*node{}
	}
	unique := name
	for i := up.again[name] + 2; up.byName[unique] != nil; i++ {
		unique = fmt.Sprintf("%s (%d)", name, i)
		if up.again == nil {
			up.again = map[string]int{}
		}
		up.again[name] = i - 1
	}
	n.name = unique
	up.byName[unique] = n
}

// whole returns a fork with its further extents.
func (t *tree) whole(f fork, file uint32, kind byte) (fork, error) {
	blocks := int64(0)
	list := slices.Clone(f.extents)
	for _, e := range list {
		blocks += int64(e.count)
	}
	for _, o := range t.overflow[forkKey(file, kind)] {
		if int64(o.block) != blocks {
			return f, fmt.Errorf("its overflow extents begin at block %d instead of %d", o.block, blocks)
		}
		for _, e := range o.extents {
			blocks += int64(e.count)
			list = append(list, e)
		}
	}
	f.extents = list
	return f, nil
}
