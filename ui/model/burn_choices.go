package model

import (
	"fmt"
	"slices"
	"strings"

	"glassmaster/drive/job"
	"glassmaster/drive/mmc"
	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// Offers are the options of a burn that exist for a drive and the disc in it.
type Offers struct {
	Simulate    bool // with the laser at reading power
	Append      bool // the disc can stay open for further sessions
	Continue    bool // the disc has files, and others can be added to them
	DriveVerify bool // the drive can verify and replace bad sectors while it writes
	Overburn    bool // more than the stated capacity may fit
}

// Offers returns the options that exist for the target.
func (b *Burn) Offers() Offers {
	in, _ := b.Inserted()
	return in.Offers
}

// Choices returns what can be chosen for the source and the disc: the modes, the layer
// breaks, the spare areas, the book types. They remain while a choice is not possible, so
// that another can be made.
func (b *Burn) Choices() job.Plan { return b.choices }

// resetChoices forgets what was chosen for another source or another disc.
func (b *Burn) resetChoices() {
	o := &b.Options
	o.Mode, o.LayerBreak, o.BookType, o.Spare, o.Accepted = record.Auto, 0, nil, nil, nil
	o.Overburn, o.DriveVerify = false, false
	b.choices = job.Plan{}
}

// Modes returns the modes in which the source can be written, and those in which it cannot,
// with the reason; nil if there is nothing to choose.
func (b *Burn) Modes() []record.Choice {
	if len(b.choices.Modes) < 2 {
		return nil
	}
	return b.choices.Modes
}

// Breaks returns the places where the layer can be changed; nil if there is nothing to
// choose.
func (b *Burn) Breaks() []record.LayerBreak {
	if len(b.choices.Breaks) < 2 {
		return nil
	}
	return b.choices.Breaks
}

// Spares returns the spare areas that can be chosen.
func (b *Burn) Spares() []record.SpareChoice {
	if len(b.choices.Spares) < 2 {
		return nil
	}
	return b.choices.Spares
}

// Books returns the book types that can be chosen.
func (b *Burn) Books() []mmc.BookType { return b.choices.Books }

// Lost returns what the source has and the disc will not.
func (p Preflight) Lost() []disc.Notice {
	lost := p.Plan.Lost
	for _, n := range p.Plan.Loss {
		if !contains(lost, n) {
			lost = append(slices.Clip(lost), n)
		}
	}
	for _, d := range p.Also {
		for _, n := range d.Plan.Lost {
			if !contains(lost, n) {
				lost = append(slices.Clip(lost), n)
			}
		}
	}
	return lost
}

// LossTexts returns what will be lost as texts without a full stop, each once.
func LossTexts(lost []disc.Notice) []string {
	var all []string
	for _, n := range lost {
		if text := strings.TrimSuffix(n.String(), "."); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// contains reports whether a notice with the same text is in a list.
func contains(list []disc.Notice, n disc.Notice) bool {
	return slices.ContainsFunc(list, func(x disc.Notice) bool { return x.Text == n.Text && x.Path == n.Path })
}

// Unaccepted returns what would be lost of a list that was not agreed to.
func Unaccepted(lost, accepted []disc.Notice) []disc.Notice {
	var more []disc.Notice
	for _, n := range lost {
		if !contains(accepted, n) {
			more = append(more, n)
		}
	}
	return more
}

// LossAccepted reports whether nothing will be lost that the user has not agreed to.
func (b *Burn) LossAccepted() bool {
	return len(Unaccepted(b.preflight.Lost(), b.Options.Accepted)) == 0
}

// AcceptLoss agrees to what the plan says that will be lost, or takes that back.
func (b *Burn) AcceptLoss(yes bool) {
	b.Options.Accepted = nil
	if yes {
		b.Options.Accepted = slices.Clone(b.preflight.Lost())
	}
	b.changed()
}

// LayersText describes the layers of a disc: "layer 0: 3.7 GB, layer 1: 3.6 GB".
func LayersText(layers []int64) string {
	s := ""
	for i, n := range layers {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("layer %d: %s", i, units.Size(n*disc.SectorSize))
	}
	return s
}

// BreakText describes a place where the layer changes.
func BreakText(x record.LayerBreak) string {
	return Capital(x.Where) + ", after " + Count(int(x.Sectors), "sector", "sectors")
}

// SpareText describes spare areas.
func SpareText(x record.SpareChoice) string {
	name := map[record.Spare]string{record.SpareUsual: "Usual size", record.SpareNone: "None", record.SpareMost: "Largest"}[x.Spare]
	if name == "" {
		name = Count(int(x.Spare), "sector", "sectors")
	}
	return name
}

// SpareDetail describes what spare areas leave for data.
func SpareDetail(x record.SpareChoice) string {
	text := units.Size(x.Capacity*disc.SectorSize) + " (" + Count(int(x.Capacity), "sector", "sectors") + ") for data"
	if x.Sectors > 0 {
		text += ", " + units.Size(x.Sectors*disc.SectorSize) + " in spare areas"
	}
	return text
}
