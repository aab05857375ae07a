package iso9660

import (
	"fmt"
	"strings"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// identify records the information in the descriptor of the chosen view (ECMA-119
// 8.4.5 to 8.4.29).
func (v *FS) identify(d descriptor, dot *item) {
	i := &v.info
	i.Format = "ISO 9660"
	if v.highSierra {
		i.Format = "High Sierra"
	}
	i.System, i.Label = d.textIn(8, 40, v.charset), d.textIn(40, 72, v.charset)
	i.Set, i.Publisher, i.Preparer = d.textIn(190, 318, v.charset), d.textIn(318, 446, v.charset), d.textIn(446, 574, v.charset)
	i.Program = d.textIn(574, 702, v.charset)
	i.Created, i.Modified = d.time17(813), d.time17(830)
	i.Blocks, i.BlockSize = int64(d.sectors()), v.blockSize
	v.property("Copyright file", d.textIn(702, 739, v.charset))
	v.property("Abstract file", d.textIn(739, 776, v.charset))
	v.property("Bibliographic file", d.textIn(776, 813, v.charset))
	if t := d.time17(847); !t.IsZero() {
		v.property("Expires", t.Format("2006-01-02 15:04:05 -07:00"))
	}
	if t := d.time17(864); !t.IsZero() {
		v.property("Effective from", t.Format("2006-01-02 15:04:05 -07:00"))
	}
	if n := format.Both16(d.data[120:]); n > 1 {
		v.property("Volume of the set", fmt.Sprintf("%d of %d", format.Both16(d.data[124:]), n))
	}
	if dot != nil && dot.hasRock() {
		v.property("Rock Ridge", strings.Join(dot.extension, ", "))
	}
}

// describe records the information in the descriptor set as a whole.
func (v *FS) describe(o volume.Options) {
	p := o.SessionProperty()
	v.property(p.Name, p.Value)
	for _, d := range v.set {
		switch {
		case d.joliet() > 0:
			v.property("Joliet", fmt.Sprintf("level %d, label %q", d.joliet(), d.textIn(40, 72, v.charset)))
		case d.enhanced():
			v.property("Enhanced descriptor", "ISO 9660:1999")
		case d.kind() == typeBoot:
			v.property("Boot record", cleanText(strings.TrimRight(string(d.data[7:39]), " \x00")))
		case d.kind() == typePartition:
			v.property("Volume partition", fmt.Sprintf("%q at sector %d", d.textIn(40, 72, v.charset), format.Both32(d.data[72:])))
		}
	}
	v.describeHybrid()
}

func (v *FS) property(name, value string) {
	if value != "" {
		v.info.Properties = append(v.info.Properties, volume.Property{Name: name, Value: value})
	}
}
