package command

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/drive/job"
	"glassmaster/drive/mmc"
	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// registerDVD adds the flags for DVD and BD.
func registerDVD(c *cobra.Command, o *record.Options) {
	f := c.Flags()
	f.Var(layerBreakFlag{&o.LayerBreak}, "layer-break", "change the layer of a dual-layer DVD after `N` sectors, or \"auto\": as in the image, at a cell of a DVD-Video, or in the middle")
	f.Var(bookTypeFlag{&o.BookType}, "book-type", "let a DVD+R, DVD+R DL or DVD+RW say that it is a `TYPE`: dvd-rom, or its own, such as dvd+r")
	f.Var(spareFlag{&o.Spare}, "spare", "format a BD-RE or blank BD-R with spare areas first, `KIND`: none, usual, most, or a number of sectors")
	f.BoolVar(&o.DriveVerify, "drive-verify", false, "let the drive verify what it writes to DVD-RAM, DVD+RW, BD-RE or a formatted BD-R, at half the speed")
	offer(c, "layer-break", "auto")
	offer(c, "book-type", "dvd-rom", "dvd+r", "dvd+r-dl", "dvd+rw")
	offer(c, "spare", "none", "usual", "most")
}

// layerBreakFlag is a layer break in sectors; 0 is "auto".
type layerBreakFlag struct{ sectors *int64 }

func (layerBreakFlag) String() string { return "" }
func (layerBreakFlag) Type() string   { return "N" }

func (f layerBreakFlag) Set(text string) error {
	if text == "auto" {
		*f.sectors = 0
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return fmt.Errorf("%q is neither a number of sectors nor auto", text)
	}
	*f.sectors = n
	return nil
}

// bookTypeFlag is a book type.
type bookTypeFlag struct{ book **mmc.BookType }

func (bookTypeFlag) String() string { return "" }
func (bookTypeFlag) Type() string   { return "TYPE" }

func (f bookTypeFlag) Set(text string) error {
	b, err := record.ParseBookType(text)
	if err == nil {
		*f.book = &b
	}
	return err
}

// spareFlag is a size of spare areas.
type spareFlag struct{ spare **record.Spare }

func (spareFlag) String() string { return "" }
func (spareFlag) Type() string   { return "KIND" }

func (f spareFlag) Set(text string) error {
	s, err := record.ParseSpare(text)
	if err == nil {
		*f.spare = &s
	}
	return err
}

// maxShown is how many places for a layer break are shown; --json has all of them.
const maxShown = 8

// showChoices shows what can be chosen for a DVD or BD, and what was.
func (inv *invocation) showChoices(p job.Plan) {
	if p.Reason != "" && len(p.Modes) > 1 {
		inv.note("  mode: %s", p.Reason)
	}
	for i, b := range p.Breaks {
		if !b.Chosen && (i >= maxShown || b.Unusable != "") {
			continue
		}
		inv.note("  layer break%s", breakText(b))
	}
	if n := len(p.Breaks) - maxShown; n > 0 {
		inv.note("  further layer breaks: %d (--json lists them)", n)
	}
	inv.showSpares(p.Spares)
	if len(p.Books) > 1 {
		var names []string
		for _, b := range p.Books {
			names = append(names, b.String())
		}
		inv.note("  book types of this drive: %s", strings.Join(names, ", "))
	}
	for _, hint := range p.Hints {
		inv.note("  note: %s", hint)
	}
}

func breakText(b record.LayerBreak) string {
	text := fmt.Sprintf(" after %d sectors: %s", b.Sectors, b.Where)
	if b.Cell && b.Seamless {
		text += ", to be shown without a pause"
	}
	if b.Chosen {
		return " (chosen)" + text
	}
	return text
}

// showSpares shows the spare areas that a BD can have, with the capacity that remains.
func (inv *invocation) showSpares(all []record.SpareChoice) {
	if len(all) < 2 {
		return
	}
	for _, s := range all {
		mark := ""
		if s.Chosen {
			mark = " (chosen)"
		}
		inv.note("  spare areas%s: %v, %d sectors; room for %d sectors (%s)", mark, s.Spare, s.Sectors, s.Capacity, units.Size(s.Capacity*disc.SectorSize))
	}
}
