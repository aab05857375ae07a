package plan

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/internal/growing"
)

// changes are the differences to the former volume that are known when all directories
// have been compared.
type changes struct {
	before, after map[growing.Address]int // names of former files in the directories that were compared
	nodes         map[growing.Address]*tree.Node
	order         []growing.Address // the keys of nodes
	replaced      map[growing.Address]bool
	removed       map[growing.Address]bool // directories
	shared        map[*tree.Shared]int     // indexes in VirtualPlanner.files
}

// collect compares the tree with the former volume, and finds the directories and file
// entries that must be written.
func (p *VirtualPlanner) collect(root *tree.Node) error {
	if err := p.former.claimAll(root); err != nil {
		return err
	}
	c := &changes{
		before: map[growing.Address]int{}, after: map[growing.Address]int{}, nodes: map[growing.Address]*tree.Node{},
		replaced: map[growing.Address]bool{}, removed: map[growing.Address]bool{}, shared: map[*tree.Shared]int{},
	}
	first := vfolder{node: root, icb: growing.Address{Partition: p.metadataReference(), Block: virtualRoot}}
	if g := p.v.Former; g != nil {
		first.icb = g.Root
	} else {
		p.count.folders = 1
	}
	p.folders = []vfolder{first}
	for i := 0; i < len(p.folders); i++ {
		if err := p.collectFolder(uint32(i), c); err != nil {
			return err
		}
	}
	if p.v.Former == nil {
		return nil
	}
	return p.finishFormer(c)
}

// collectFolder compares the entries of a directory.
func (p *VirtualPlanner) collectFolder(index uint32, c *changes) error {
	d := p.folders[index]
	defer func() { p.folders[index] = d }()
	_, kept := p.former.claimed[d.node]
	moved := false
	if kept && index > 0 {
		_, above, _, err := p.former.entry(d.node)
		if err != nil {
			return err
		}
		moved = above != p.folders[d.parent].icb
	}
	if kept && !moved && d.node.Unread() {
		return p.keepFolder(&d)
	}
	var old []growing.Entry
	if kept {
		var err error
		if old, err = p.former.list(d.icb); err != nil {
			return err
		}
	}
	children := p.children(d.node)
	names := make([]vname, len(children))
	changed := !kept || moved || len(old) != len(children)
	d.links, d.size = 1, ecma167.FIDParentLength
	for i, n := range children {
		was, found := findEntry(old, n.Name)
		v, err := p.name(n, was, found, c)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Path(), err)
		}
		names[i] = v
		changed = changed || v.raw == nil
		d.size += v.length()
		if v.folder {
			d.links++
			p.folders = append(p.folders, vfolder{node: n, parent: index, icb: v.icb, id: v.id})
		}
		if d.size > math.MaxInt32/2 {
			return fmt.Errorf("%s: the names in the folder take more than 1 GiB", d.node.Path())
		}
	}
	if err := p.countFormer(old, c); err != nil {
		return err
	}
	if changed {
		d.names = names
	}
	if !changed {
		return p.keepFolder(&d)
	}
	d.written = true
	if !kept {
		return nil
	}
	return p.readFolder(&d)
}

// keepFolder writes the file entry of a directory whose entries did not change, if its
// attributes did.
func (p *VirtualPlanner) keepFolder(d *vfolder) error {
	if d.node.SameAttributes() {
		return nil
	}
	d.written = true
	return p.readFolder(d)
}

// readFolder reads the former file entry of a directory.
func (p *VirtualPlanner) readFolder(d *vfolder) error {
	if d.icb.Partition != p.metadataReference() {
		return fmt.Errorf("%s: %w", d.node.Path(), errOutside)
	}
	var err error
	if d.old, err = p.readICB(d.icb); err == nil && p.roomIn(d.old) < uint32(ecma167.ADLength[ecma167.ADLong]) {
		err = fmt.Errorf("%s: its file entry has no room, because of its extended attributes", d.node.Path())
	}
	return err
}

// children returns the entries of a directory that the volume shows, sorted by name.
func (p *VirtualPlanner) children(dir *tree.Node) []*tree.Node {
	list := slices.Clone(dir.Children())
	if p.o.Hidden != nil {
		list = slices.DeleteFunc(list, p.o.Hidden)
	}
	slices.SortStableFunc(list, func(a, b *tree.Node) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// length returns the length of the file identifier in bytes.
func (v *vname) length() uint32 {
	if v.raw != nil {
		return uint32(len(v.raw))
	}
	return ecma167.FIDSize(ecma167.FileName(v.node.Name))
}

// name returns the entry of a directory for a node. was is what had that name in the
// directory before, if found is set.
func (p *VirtualPlanner) name(n *tree.Node, was growing.Entry, found bool, c *changes) (vname, error) {
	v := vname{node: n, folder: n.IsDir()}
	if a, ok := p.former.kept(n); ok {
		v.icb = a
		if !v.folder {
			c.keep(a, n)
		}
		if found && was.ICB == a && hiddenFlag(n) == was.Raw[18]&ecma167.FIDHidden {
			v.raw = was.Raw
			return v, nil
		}
		p.countProblems(n)
		old, err := p.readICB(a)
		if err != nil {
			return v, err
		}
		v.id = uniqueID(old)
		return v, nil
	}
	if s := sharedOf(n); s != nil {
		if i, ok := c.shared[s]; ok { // another name of a new file
			f := &p.files[i]
			f.links++
			p.count.files++
			p.countProblems(n)
			v.icb, v.id = growing.Address{Partition: p.metadataReference(), Block: f.address}, f.id
			return v, nil
		}
		c.shared[s] = len(p.files)
	}
	if found && !v.folder && !was.Directory && sharedOf(n) == nil {
		taken, err := p.takeOver(n, was, c)
		if err != nil || taken {
			v.icb, v.raw = was.ICB, was.Raw
			return v, err
		}
	}
	p.countProblems(n)
	v.icb, v.id = growing.Address{Partition: p.metadataReference(), Block: uint32(len(p.table))}, p.nextID
	p.nextID++
	p.table, p.fresh = append(p.table, 0), append(p.fresh, true)
	if v.folder {
		p.count.folders++
		return v, nil
	}
	p.count.files++
	return v, p.addFile(vfile{node: n, address: v.icb.Block, id: v.id, links: 1})
}

// keep counts a name of a file that keeps its file entry.
func (c *changes) keep(a growing.Address, n *tree.Node) {
	if c.after[a]++; c.nodes[a] == nil {
		c.nodes[a] = n
		c.order = append(c.order, a)
	}
}

// takeOver lets a new file have the address and the name of the file that it replaces, so
// that the directory does not change. It returns false if that has other names too.
func (p *VirtualPlanner) takeOver(n *tree.Node, was growing.Entry, c *changes) (bool, error) {
	if _, kept := p.former.owners[was.ICB]; kept || was.ICB.Partition != p.metadataReference() || hiddenFlag(n) != was.Raw[18]&ecma167.FIDHidden {
		return false, nil
	}
	old, err := p.readICB(was.ICB)
	if err != nil {
		return false, err
	}
	if le.Uint16(old[48:]) != 1 {
		return false, nil
	}
	p.former.owners[was.ICB] = n
	c.after[was.ICB]++
	c.replaced[was.ICB] = true
	return true, p.addFile(vfile{node: n, address: was.ICB.Block, id: uniqueID(old), links: 1})
}

// addFile adds a file whose file entry is new.
func (p *VirtualPlanner) addFile(f vfile) error {
	n := f.node
	if r := n.Recorded(); r != nil && hasContents(n) {
		if err := r.Check(n.Size, math.MaxInt64); err != nil {
			return err
		}
		for _, x := range r.Extents {
			if p.firstRecorded < 0 || int64(x.Start) < p.firstRecorded {
				p.firstRecorded = int64(x.Start)
			}
			p.endRecorded = max(p.endRecorded, int64(x.Start)+blocks(x.Length))
		}
	}
	if hasContents(n) {
		p.report.Files++
	}
	if isLaidOut(n) {
		p.data += blocks(n.Size)
	}
	p.files = append(p.files, f)
	return nil
}

// countFormer counts the names that a directory had, and the directories that are gone
// with everything in them.
func (p *VirtualPlanner) countFormer(old []growing.Entry, c *changes) error {
	for _, e := range old {
		if !e.Directory {
			c.before[e.ICB]++
			continue
		}
		if p.former.owners[e.ICB] != nil || c.removed[e.ICB] {
			continue
		}
		c.removed[e.ICB] = true
		list, err := p.former.list(e.ICB)
		if err != nil {
			return err
		}
		if err := p.countFormer(list, c); err != nil {
			return err
		}
	}
	return nil
}

// finishFormer finds the file entries of the former volume that change, because of their
// files or of the number of their names, and those that are no longer in use.
func (p *VirtualPlanner) finishFormer(c *changes) error {
	for a := range c.removed {
		p.free(a)
		p.count.folders = max(p.count.folders, 1) - 1
	}
	for _, a := range c.order {
		n := c.nodes[a]
		if err := p.keepFile(n, a, c.after[a]-c.before[a]); err != nil {
			return fmt.Errorf("%s: %w", n.Path(), err)
		}
	}
	var gone []growing.Address
	for a, before := range c.before {
		p.count.files = uint32(max(int64(p.count.files)+int64(c.after[a]-before), 0))
		if c.after[a] == 0 {
			gone = append(gone, a)
		}
	}
	slices.SortFunc(gone, func(a, b growing.Address) int { return int(int64(a.Block) - int64(b.Block)) })
	for _, a := range gone {
		old, err := p.readICB(a)
		if err != nil {
			p.free(a) // it could not be read before either
			continue
		}
		links := int(le.Uint16(old[48:])) - c.before[a]
		if links <= 0 {
			p.free(a)
			continue
		}
		if a.Partition != p.metadataReference() {
			return errOutside
		}
		p.files = append(p.files, vfile{address: a.Block, links: uint32(links), old: old})
	}
	return nil
}

// errOutside is the error for a file entry that has no virtual address.
var errOutside = errors.New("its file entry is not in the virtual partition, so that it cannot be changed: write the disc anew")

// keepFile writes the file entry of a file anew if the file has changed, or the number of
// its names by delta.
func (p *VirtualPlanner) keepFile(n *tree.Node, a growing.Address, delta int) error {
	same := n.SameContents()
	if same && n.SameAttributes() && delta == 0 {
		return nil
	}
	if a.Partition != p.metadataReference() {
		return errOutside
	}
	old, err := p.readICB(a)
	if err != nil {
		return err
	}
	f := vfile{node: n, address: a.Block, id: uniqueID(old), links: uint32(max(int(le.Uint16(old[48:]))+delta, 1))}
	if !same {
		return p.addFile(f)
	}
	f.old = old
	p.files = append(p.files, f)
	return nil
}

// free marks the entry of a file or directory that is gone as unused.
func (p *VirtualPlanner) free(a growing.Address) {
	if a.Partition == p.metadataReference() && int(a.Block) < len(p.table) {
		p.table[a.Block], p.fresh[a.Block] = growing.Unused, false
		p.freed = append(p.freed, a.Block)
	}
}

// readICB reads a file entry of the former volume.
func (p *VirtualPlanner) readICB(a growing.Address) ([]byte, error) {
	b, err := p.v.Former.Reader.ReadICB(a)
	if err != nil {
		return nil, fmt.Errorf("the volume cannot be continued: %w", err)
	}
	return b, nil
}

// uniqueID returns the unique identifier of a file entry.
func uniqueID(b []byte) uint64 {
	if le.Uint16(b) == ecma167.TagEFE {
		return le.Uint64(b[200:])
	}
	return le.Uint64(b[160:])
}

// hiddenFlag returns the file characteristics of a hidden file.
func hiddenFlag(n *tree.Node) byte {
	if n.Hidden() {
		return ecma167.FIDHidden
	}
	return 0
}

// place places what is written of the metadata: directories, then file entries.
func (p *VirtualPlanner) place() {
	next := uint32(0)
	set := func(address uint32) uint32 {
		at := next
		p.table[address], p.fresh[address] = at, true
		return at
	}
	if p.v.Former == nil {
		set(virtualFileSet)
		next++
		set(virtualFileSet + 1)
		next++
	}
	for i := range p.folders {
		d := &p.folders[i]
		if !d.written {
			continue
		}
		d.at = set(d.icb.Block)
		next++
		if d.names != nil && d.size > p.roomIn(d.old) {
			d.fids = next
			next += uint32(blocks(int64(d.size)))
		}
	}
	for i := range p.files {
		f := &p.files[i]
		f.at = set(f.address)
		next++
		if f.old == nil {
			next += p.entryBlocks(f.node) - 1
		}
	}
	p.sectors = int64(next)
	p.report.Directories = int(p.count.folders)
	p.names, p.blocks = p.count.files+p.count.folders, next
}

// roomIn returns the number of bytes in a file entry, which may have been one before, for
// what it describes.
func (p *VirtualPlanner) roomIn(old []byte) uint32 {
	if old == nil {
		return p.room()
	}
	head := headOf(old)
	return sectorSize - head - le.Uint32(old[head-8:])
}

// headOf returns the length of the fixed part of a file entry.
func headOf(b []byte) uint32 {
	if le.Uint16(b) == ecma167.TagEFE {
		return ecma167.EFELength
	}
	return ecma167.FELength
}
