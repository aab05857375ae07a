package update

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/internal/ident"
	"glassmaster/mastering/tree"
)

// rules are the rules for identifiers that a hierarchy follows, as far as the directories
// show that were read.
type rules struct {
	limits  ident.Limits // of the primary hierarchy (ECMA-119 7.5, 7.6)
	relaxed bool         // identifiers keep their case and other characters
	period  bool         // a file without an extension has a separator 1
	version bool         // files have version numbers
	units   int          // of a Joliet name
}

// longestRelaxed is the maximum length of relaxed identifiers of the primary hierarchy, as
// programs record them, with room for a version number.
const longestRelaxed = 37

// rulesFrom finds the rules in the identifiers of a directory, and of others that were
// read before.
func (h *hierarchy) rulesFrom(d *directory) *rules {
	if h.rules == nil {
		h.rules = h.findRules()
	}
	return h.rules
}

func (h *hierarchy) findRules() *rules {
	r := &rules{version: h.kind == primary, period: true, units: 64}
	var e evidence
	for _, d := range h.dirs {
		for _, k := range d.entries {
			e.take(h, k)
		}
	}
	if e.files > 0 {
		r.version = e.versions > 0
		r.period = e.periods > 0 || e.bare == 0
	}
	if h.kind == joliet && e.longest > 2*64 {
		r.units = 103
	}
	r.relaxed = e.relaxed
	switch {
	case e.longest > 31+2:
		r.limits = ident.Limits{Name: 200, Extension: 200, Both: max(e.longest-2, longestRelaxed-2), Directory: max(e.longest-2, longestRelaxed-2)}
	case e.long || !e.shortened && (!h.use.RockRidge || h.u.edit.View == iso9660.ViewPlain):
		r.limits = ident.LevelLimits(2)
	case e.shortened || e.files == 0 && e.folders == 0:
		r.limits = ident.LevelLimits(1)
	default:
		r.limits = ident.LevelLimits(2)
	}
	return r
}

// evidence is what the identifiers of a hierarchy show.
type evidence struct {
	files, folders, versions, periods, bare int
	longest                                 int  // bytes
	long                                    bool // there is one longer than 8.3
	shortened                               bool // a long name has an identifier of 8.3
	relaxed                                 bool
}

func (v *evidence) take(h *hierarchy, e *entry) {
	if e.sector < 0 {
		return
	}
	id := e.id()
	v.longest = max(v.longest, len(id))
	if h.kind == joliet {
		if !e.isDirectory() {
			v.files++
			if bytes.HasSuffix(id, []byte("\x00;\x001")) {
				v.versions++
			}
		}
		return
	}
	for _, c := range id {
		if c >= 'a' && c <= 'z' || c >= 0x80 || c == ' ' || c == '-' {
			v.relaxed = true
		}
	}
	name, _, hasVersion := bytes.Cut(id, []byte{';'})
	stem, extension := name, []byte(nil)
	if i := bytes.LastIndexByte(name, '.'); i >= 0 {
		stem, extension = name[:i], name[i+1:]
	}
	if len(stem) > 8 || len(extension) > 3 {
		v.long = true
	} else if dot := strings.LastIndexByte(e.name, '.'); len(e.name) > 13 || dot > 8 || dot < 0 && len(e.name) > 8 {
		v.shortened = true
	}
	if e.isDirectory() {
		v.folders++
		return
	}
	v.files++
	if hasVersion {
		v.versions++
	}
	switch {
	case bytes.HasSuffix(name, []byte{'.'}):
		v.periods++
	case len(extension) == 0:
		v.bare++
	}
}

// rename gives an entry, or the draft of a new one, the name of a node.
func (d *directory) rename(e *entry, n *tree.Node) error {
	x, err := d.draft(e)
	if err != nil {
		return err
	}
	name, err := d.rockName(n)
	if err != nil {
		return err
	}
	x.setName(d.h, name)
	x.id = d.identifier(n.Name, x.rec[25]&format.FlagDirectory != 0)
	h := d.h
	if shown := h.shown(x.id); h.viewed && shown != n.Name && (!h.use.RockRidge || h.u.edit.View == iso9660.ViewPlain) {
		h.u.notice(warning, n.Path(), "the volume shows it as %q, since it does not allow such a name", shown)
	}
	return nil
}

// rockName returns the Rock Ridge name for a node. If the tree was read from another view,
// an entry that it does not know, or knows by another name, may have that name already.
func (d *directory) rockName(n *tree.Node) (string, error) {
	h := d.h
	if !h.use.RockRidge || h.viewed && h.u.edit.View == iso9660.ViewRockRidge {
		return n.Name, nil
	}
	if d.taken == nil {
		d.taken = map[string]bool{}
		for _, e := range d.entries {
			if e.gone {
				continue
			}
			u, err := h.useOf(e.record(), h.use.Skip)
			if err != nil {
				return "", err
			}
			d.taken[u.name()] = true
		}
	}
	name := n.Name
	for i := 2; d.taken[name]; i++ {
		name = fmt.Sprintf("%s~%d", n.Name, i)
	}
	d.taken[name] = true
	if name != n.Name {
		h.u.notice(warning, n.Path(), "its Rock Ridge name is %q, since another entry that this view does not show by that name has it", name)
	}
	return name, nil
}

// name returns the name in the NM fields, which may be in several parts.
func (u *use) name() string {
	var b []byte
	for _, f := range u.list {
		if f.is("NM") && len(f.data) >= 5 && f.data[4]&6 == 0 {
			b = append(b, f.data[5:]...)
		}
	}
	return string(b)
}

// identifier returns an identifier for a name that no other entry of the directory has.
func (d *directory) identifier(name string, folder bool) []byte {
	r := d.h.rulesFrom(d)
	if d.used == nil {
		d.used = map[string]bool{}
		for _, list := range [][]*entry{d.entries, d.added} {
			for _, e := range list {
				if !e.gone {
					d.used[d.seen(e.id())] = true
				}
			}
		}
	}
	id := d.h.identifier(r, name, folder, -1)
	for i := 0; d.used[d.seen(id)]; i++ {
		id = d.h.identifier(r, name, folder, i)
	}
	d.used[d.seen(id)] = true
	if !folder && r.version {
		if d.h.kind == joliet {
			return append(id, 0, ';', 0, '1')
		}
		return append(id, ';', '1')
	}
	return id
}

// seen returns the part of an identifier that readers show: a directory "A" and a file
// "A.;1" look the same. Systems do not distinguish case.
func (d *directory) seen(id []byte) string {
	if d.h.kind == joliet {
		return string(bytes.TrimSuffix(id, []byte("\x00;\x001")))
	}
	id = bytes.TrimSuffix(id, []byte(";1"))
	return string(bytes.TrimSuffix(id, []byte{'.'}))
}

// shown returns the name that readers show for an identifier.
func (h *hierarchy) shown(id []byte) string {
	if h.kind == joliet {
		return unicode16(bytes.TrimSuffix(id, []byte("\x00;\x001")))
	}
	id = bytes.TrimSuffix(id, []byte(";1"))
	if len(id) > 1 && h.kind == primary {
		id = bytes.TrimSuffix(id, []byte{'.'})
	}
	return string(id)
}

// identifier returns the identifier of a name, without a version number. A number that is
// not negative is added to it.
func (h *hierarchy) identifier(r *rules, name string, folder bool, number int) []byte {
	switch {
	case h.kind == joliet && (number >= 0 || ident.TooLong(name, r.units)):
		return ident.CutJoliet(name, r.units, number)
	case h.kind == joliet:
		return ident.AppendJoliet(nil, name, r.units)
	case h.kind == enhanced && (number >= 0 || len(name) > ident.MaxEnhanced):
		return ident.CutEnhanced(name, number)
	case h.kind == enhanced:
		return ident.AppendEnhanced(nil, name)
	case r.relaxed:
		return h.relaxed(r, name, number)
	}
	var id []byte
	if folder {
		id = ident.AppendDChars(nil, name, r.limits.Directory)
	} else {
		id = ident.AppendFileID(nil, name, r.limits)
	}
	if number >= 0 {
		id = r.limits.Numbered(string(id), number)
	}
	if !folder && !r.period {
		id = bytes.TrimSuffix(id, []byte{'.'})
	}
	return id
}

// relaxed returns an identifier that keeps case and most characters of a name, as in
// volumes of programs that do not follow ECMA-119 7.4.1.
func (h *hierarchy) relaxed(r *rules, name string, number int) []byte {
	id := ident.AppendEnhanced(nil, name)
	tail := ""
	if number >= 0 {
		tail = fmt.Sprintf("%03d", number)
	}
	if len(id)+len(tail) > r.limits.Both {
		ext := ""
		if dot := bytes.LastIndexByte(id, '.'); dot > 0 && len(id)-dot <= 12 {
			ext = string(id[dot:])
		}
		tail += ext
		id = id[:max(r.limits.Both-len(tail), 1)]
	} else if dot := bytes.LastIndexByte(id, '.'); number >= 0 && dot > 0 {
		tail += string(id[dot:])
		id = id[:dot]
	}
	return append(slices.Clip(id), tail...)
}

// order returns the function that tells whether an identifier precedes another one: the
// order of ECMA-119 9.3, or that of bytes, whichever the directory has.
func (d *directory) order() func(a, b []byte) int {
	sorted := func(compare func(a, b []byte) int) bool {
		for i := 1; i < len(d.entries); i++ {
			if compare(d.entries[i-1].id(), d.entries[i].id()) > 0 {
				return false
			}
		}
		return true
	}
	if !sorted(bytes.Compare) && sorted(comparePadded) {
		return comparePadded
	}
	return bytes.Compare
}

// comparePadded compares identifiers as ECMA-119 9.3 does: names and extensions are padded
// with spaces.
func comparePadded(a, b []byte) int {
	a, _, _ = bytes.Cut(a, []byte{';'})
	b, _, _ = bytes.Cut(b, []byte{';'})
	x, xe, _ := bytes.Cut(a, []byte{'.'})
	y, ye, _ := bytes.Cut(b, []byte{'.'})
	if c := padded(x, y); c != 0 {
		return c
	}
	return padded(xe, ye)
}

func padded(a, b []byte) int {
	for i := range max(len(a), len(b)) {
		x, y := byte(' '), byte(' ')
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return int(x) - int(y)
		}
	}
	return 0
}
