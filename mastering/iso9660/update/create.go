package update

import (
	"bytes"
	"io/fs"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/internal/susp"
	"glassmaster/mastering/tree"
)

// forms are the forms that the volume uses for what can be recorded in several ways. They
// are those of the record "." of the root.
type forms struct {
	px     int    // length of PX: 36, or 44 with a file serial number
	tf     byte   // flags of TF
	prefix []byte // at the start of system use areas: data of CD-ROM XA
	al     bool   // there are extended attributes
}

// formsOf returns the forms of the volume.
func (h *hierarchy) formsOf() (*forms, error) {
	if h.forms != nil {
		return h.forms, nil
	}
	if err := h.root.load(); err != nil {
		return nil, err
	}
	f := &forms{px: 36, tf: 0x0E}
	skip := h.use.RootSkip
	u, err := h.useOf(h.root.self, skip)
	if err != nil {
		return nil, err
	}
	if i := u.find("PX"); i >= 0 && len(u.list[i].data) >= 44 {
		f.px = 44
	}
	if i := u.find("TF"); i >= 0 && len(u.list[i].data) >= 5 {
		f.tf = u.list[i].data[4] & 0x8F
	}
	if f.tf&0x0F == 0 {
		f.tf |= 0x02
	}
	f.al = u.find("AL") >= 0
	if p := systemUse(h.root.self); h.use.Skip > 0 && len(p) >= h.use.Skip {
		f.prefix = p[:h.use.Skip]
	}
	h.forms = f
	return f, nil
}

// hasContents reports whether a node is a file or folder, which every hierarchy can show.
func hasContents(n *tree.Node) bool { return n.Mode&fs.ModeType&^fs.ModeDir == 0 }

// create adds an entry for a node that is new, or a copy of another one.
func (h *hierarchy) create(d *directory, n *tree.Node) error {
	if !h.use.RockRidge && !hasContents(n) {
		return nil
	}
	e := &entry{name: n.Name}
	x, err := h.newDraft(n)
	if err != nil {
		return err
	}
	e.draft, e.records = x, [][]byte{x.rec}
	if err := h.copyFields(x, n); err != nil {
		return err
	}
	if err := d.rename(e, n); err != nil {
		return err
	}
	if n.IsDir() {
		return h.newDirectory(d, e, n)
	}
	stored, err := h.original(n)
	if err != nil {
		return err
	}
	if stored == nil {
		stored, x.early = h.extents(n), true
	}
	e.setSections(stored)
	d.add(e)
	return nil
}

// original returns the sections of the contents that a copy of a file of this hierarchy
// shares with the file, nil if it does not.
func (h *hierarchy) original(n *tree.Node) ([]section, error) {
	e, err := h.template(n)
	if e == nil || err != nil {
		return nil, err
	}
	var list []section
	for _, r := range e.before {
		if r[25]&format.FlagAssociated != 0 {
			continue
		}
		if r[1] != 0 || r[26] != 0 || r[27] != 0 {
			return nil, nil
		}
		list = append(list, section{blockOf(r), format.Both32(r[10:])})
	}
	return list, nil
}

// template returns the entry of which a file is a copy, nil if there is none.
func (h *hierarchy) template(n *tree.Node) (*entry, error) {
	o := n.Origin()
	if o == nil || !n.Mode.IsRegular() || !n.SameContents() {
		return nil, nil
	}
	from, err := h.folder(o.Parent())
	if from == nil || err != nil {
		return nil, err
	}
	return from.entryOf(o)
}

// copyFields copies the fields of a compressed file to its copy.
func (h *hierarchy) copyFields(x *draft, n *tree.Node) error {
	if !h.use.RockRidge {
		return nil
	}
	e, err := h.template(n)
	if e == nil || err != nil {
		return err
	}
	u, err := h.useOf(e.before[e.main()], h.use.Skip)
	if err != nil {
		return err
	}
	for _, f := range u.list {
		if f.is("ZF") || f.is("Z2") || f.is("SF") {
			x.use.list = append(x.use.list, field{data: f.data})
		}
	}
	return nil
}

// newDraft returns the record of a new entry, without its identifier, name and extent.
func (h *hierarchy) newDraft(n *tree.Node) (*draft, error) {
	x := &draft{rec: make([]byte, format.RecordHead+1)}
	x.rec[32] = 1
	format.PutShortDate(x.rec[18:], seconds(n.Modified))
	format.PutBoth16(x.rec[28:], 1)
	if n.IsDir() {
		x.rec[25] |= format.FlagDirectory
	}
	if n.Hidden() {
		x.rec[25] |= format.FlagHidden
	}
	f, err := h.formsOf()
	if err != nil {
		return nil, err
	}
	x.use.prefix = bytes.Clone(f.prefix)
	if !h.use.RockRidge {
		return x, nil
	}
	var s susp.Fields
	if err := h.posix(&s, n); err != nil {
		return nil, err
	}
	s.Times(f.tf, times(n))
	switch {
	case n.Target() != "":
		s.SL(n.Target())
	case n.Mode&fs.ModeDevice != 0:
		s.PN(n.Device())
	}
	x.use.list = fieldsOf(&s)
	if n.Mode.IsRegular() {
		x.setCompression(n)
	}
	if f.al && len(susp.Attributes(n)) > 0 {
		x.setAL(h, n)
	}
	return x, nil
}

// posix adds PX in the form of the volume.
func (h *hierarchy) posix(s *susp.Fields, n *tree.Node) error {
	links := uint32(1)
	switch {
	case n.IsDir():
		links = 2
	case n.Shared() != nil:
		links = n.Shared().Links
	}
	if h.forms.px == 36 {
		s.PX(format.PosixMode(n.Mode), links, n.UID, n.GID)
		return nil
	}
	serial, err := h.nextSerial(n)
	s.PX112(format.PosixMode(n.Mode), links, n.UID, n.GID, serial)
	return err
}

// newDirectory adds a directory for a folder with everything below it.
func (h *hierarchy) newDirectory(d *directory, e *entry, n *tree.Node) error {
	h.made++
	sub := &directory{h: h, off: -h.made, parent: d, entry: e, id: e.draft.id, node: n, dirty: true, byName: map[string]*entry{}}
	h.dirs[sub.off] = sub
	e.dir = sub
	own, err := h.newDraft(n)
	if err != nil {
		return err
	}
	own.id = []byte{0}
	sub.selfDraft = own
	sub.self = own.rec
	if sub.aboveDraft, err = h.parentDraft(d); err != nil {
		return err
	}
	sub.above = sub.aboveDraft.rec
	d.folders++
	if err := h.place(d, sub, e); err != nil {
		return err
	}
	t, err := h.paths()
	if err != nil {
		return err
	}
	if err := t.add(sub); err != nil {
		return err
	}
	for _, k := range n.Children() {
		if h.u.claims.owns(k) {
			err = h.bring(sub, k)
		} else {
			err = h.create(sub, k)
		}
		if err != nil {
			return err
		}
	}
	return h.setLinks(sub)
}

// parentDraft returns a record ".." for the subdirectories of a directory.
func (h *hierarchy) parentDraft(d *directory) (*draft, error) {
	of := d.selfDraft
	if of == nil {
		skip := h.use.Skip
		if d == h.root {
			skip = h.use.RootSkip
		}
		var err error
		if of, err = h.draftOf(d.self, skip); err != nil {
			return nil, err
		}
	}
	x := &draft{rec: bytes.Clone(of.rec), id: []byte{1}}
	x.use.prefix = h.forms.prefix
	for _, f := range of.use.list {
		if f.is("PX") || f.is("TF") {
			x.use.list = append(x.use.list, field{data: f.data})
		}
	}
	return x, nil
}

// nextSerial returns the file serial number of a node that is new on the volume (P1282
// 4.1.1). All names of a file have the same number. To find one that no other file has,
// all directories are read.
func (h *hierarchy) nextSerial(n *tree.Node) (uint32, error) {
	key := any(n)
	if s := n.Shared(); s != nil {
		key = s
	}
	if s, ok := h.serials[key]; ok {
		return s, nil
	}
	if h.serials == nil {
		h.serials = map[any]uint32{}
		t := &table{h: h, of: map[int64]*row{}}
		err := t.walk(func(_, _ int64, rec []byte) {
			if u, err := h.useOf(rec, h.use.Skip); err == nil {
				if i := u.find("PX"); i >= 0 && len(u.list[i].data) >= 44 {
					h.serial = max(h.serial, format.Both32(u.list[i].data[36:]))
				}
			}
		})
		if err != nil {
			return 0, err
		}
	}
	h.serial++
	h.serials[key] = h.serial
	return h.serial, nil
}
