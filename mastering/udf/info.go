package udf

import (
	"fmt"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// Rewritten reports whether systems change the volume by overwriting its structures: it
// has a sparable partition, or one of the access types rewritable and overwritable.
func (f *FS) Rewritten() bool {
	for _, p := range f.parts {
		switch p := p.(type) {
		case *sparable:
			return true
		case *physical:
			if p.access == accessRewritable || p.access == accessOverwritable {
				return true
			}
		}
	}
	return false
}

// Access types of partitions that can be overwritten (ECMA-167 3/10.5.7).
const (
	accessRewritable   = 3
	accessOverwritable = 4
)

// accessNames are access types of partitions (ECMA-167 3/10.5.7, UDF 2.2.14.2).
var accessNames = []string{"pseudo-overwritable", "read only", "write once", "rewritable", "overwritable"}

// describe returns a description of the volume.
func (f *FS) describe(d *descriptors, v *integrity, a anchor) volume.Info {
	i := volume.Info{
		Format: "UDF " + ecma167.RevisionName(f.revision), View: view, Views: []string{view},
		Label: ecma167.DecodeDString(d.logical[84:212]), BlockSize: int(f.block), Unicode: true,
	}
	if p := d.primary; p != nil {
		i.Set = ecma167.DecodeDString(p[72:200])
		i.Program = strings.TrimPrefix(ecma167.EntityID(p[344:]), "*")
		i.Preparer = strings.TrimPrefix(ecma167.EntityID(p[388:]), "*")
		i.Created = ecma167.DecodeTime(p[376:])
	}
	if p := d.use; p != nil {
		i.Publisher = ecma167.DecodeDString(p[280:316]) // organization
		add(&i, "Owner", ecma167.DecodeDString(p[244:280]))
		add(&i, "Contact", ecma167.DecodeDString(p[316:352]))
	}
	for _, p := range d.partitions {
		i.Blocks = max(i.Blocks, int64(p.start)+int64(p.length))
		add(&i, "Partition", fmt.Sprintf("%d: %d blocks from sector %d, %s", p.number, p.length, p.start, accessName(p.access)))
	}
	var table tableHead
	for n, p := range f.parts {
		if k, ok := p.(*virtual); ok { // the partition includes what is not written yet
			i.Blocks = min(i.Blocks, f.size/f.block)
			table = k.head()
		}
		add(&i, "Partition map", fmt.Sprintf("%d: %s", n, p))
	}
	if v != nil {
		i.Modified = ecma167.DecodeTime(v.raw[16:])
		if table.virtual {
			// The descriptor is from the first session, and always open (UDF 6.10.1).
			v.closed, v.kept, i.Modified = false, true, table.modified
			if table.counts {
				v.files, v.dirs, v.counts = table.files, table.dirs, true
			}
		}
		describeIntegrity(&i, v)
	}
	if table.label != "" { // that of the newest session
		i.Label = table.label
	}
	if d.reserve {
		why := "it is blank"
		if d.damage != nil {
			why = d.damage.Error()
		}
		f.recovered(&i, int64(a.main.Location)*f.block, "the reserve volume descriptor sequence was used, because the main one is not usable: "+why)
	}
	if f.lost != nil {
		f.recovered(&i, f.offset(f.fileSet), fmt.Sprintf("the root directory was found by a search, at %s: %v", f.root, f.lost))
	}
	add(&i, "Anchor", fmt.Sprintf("sector %d", a.location))
	if f.streams.Length&ecma167.LengthMask != 0 {
		if names, err := f.streamNames(f.streams); err == nil {
			add(&i, "System streams", strings.Join(names, ", "))
		}
	}
	return i
}

// describeIntegrity adds the contents of the integrity descriptor.
func describeIntegrity(i *volume.Info, v *integrity) {
	state := "open: the volume was not closed properly, or is being written"
	switch {
	case v.kept:
		state = "kept in the virtual allocation table"
	case v.closed:
		state = "closed"
	}
	add(i, "Integrity", state)
	if v.counts {
		add(i, "Files", fmt.Sprint(v.files))
		add(i, "Directories", fmt.Sprint(v.dirs))
	}
	for n, free := range v.free {
		if free != 0xFFFFFFFF {
			add(i, "Free blocks", fmt.Sprintf("%d in partition %d", free, n))
		}
	}
}

func add(i *volume.Info, name, value string) {
	if value != "" {
		i.Properties = append(i.Properties, volume.Property{Name: name, Value: value})
	}
}

func accessName(n uint32) string {
	if int(n) < len(accessNames) {
		return accessNames[n]
	}
	return fmt.Sprintf("access type %d", n)
}

// recovered reports that something damaged was replaced, and where it is.
func (f *FS) recovered(i *volume.Info, off int64, text string) {
	add(i, "Recovered", text)
	d := at(off, "")
	d.Severity, d.Text = disc.Error, text
	f.notices = append(f.notices, d)
}

// Notices implements volume.Noticer.
func (f *FS) Notices() []disc.Notice { return slices.Clone(f.notices) }
