package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/hfs"
	"glassmaster/mastering/iso9660"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// Continuation is a session of a disc as the next one continues it.
type Continuation struct {
	// Root is the tree of the session. Its folders are read when they are needed.
	Root *tree.Node
	// Options are those of a session with the same volumes, identifiers and boot entries.
	// Start, Previous and Time are for the caller to set, and Virtual.Unit for a volume
	// with a virtual allocation table.
	Options master.Options

	imported *Imported
	notices  []disc.Notice
}

// ErrRewritten is the error for a volume whose structures are overwritten when it
// changes. Sessions cannot be added to it.
var ErrRewritten = errors.New("the UDF volume of this disc is made for changes in place: sessions cannot be added to it")

// Continue examines the newest session of a disc, or the one that the options name. To
// settle the options, it reads the directories of all trees of an ISO 9660 volume. It
// does not read the folders of a UDF volume with a virtual allocation table.
//
// A volume is continued by one of the same kind: ISO 9660 with the same trees, ISO 9660
// and UDF (a bridge disc), UDF, or UDF with its virtual allocation table. The tree is that
// of the view that volume.OpenDisc shows.
func Continue(ctx context.Context, d disc.Disc, o volume.Options) (*Continuation, error) {
	o.View = ""
	iso, isoErr := volume.OpenFormat(ctx, d, iso9660.Format.Name, o)
	other, udfErr := volume.OpenFormat(ctx, d, udf.Format.Name, o)
	if isoErr != nil && udfErr != nil {
		if errors.Is(isoErr, volume.ErrUnknown) && !errors.Is(udfErr, volume.ErrUnknown) {
			isoErr = udfErr
		}
		return nil, fmt.Errorf("continue disc: %w", isoErr)
	}
	c := &Continuation{}
	if udfErr == nil {
		if err := c.addUDF(other.(*udf.FS)); err != nil {
			return nil, fmt.Errorf("continue disc: %w", err)
		}
	}
	if isoErr != nil {
		if !errors.Is(isoErr, volume.ErrUnknown) {
			c.warn("the ISO 9660 volume of the disc is damaged, and left out: %v", isoErr)
		}
		c.Options.UDFOnly = true
		return c, c.take(other)
	}
	switch {
	case udfErr == nil:
	case errors.Is(udfErr, volume.ErrUnknown):
		other = nil
	default:
		c.warn("the UDF volume of the disc is damaged, and left out: %v", udfErr)
		other = nil
	}
	if _, err := volume.OpenFormat(ctx, d, hfs.Format.Name, o); err == nil {
		c.warn("the HFS volume of the disc, which Macintosh computers read, is left out")
	}
	c.Options.Label = iso.Volume().Label
	return c, c.addISO(ctx, d, iso.(*iso9660.FS), other, o)
}

// take makes the tree of a volume that of the next session.
func (c *Continuation) take(v volume.FS) error {
	direct, ok := v.(volume.Direct)
	if !ok {
		return fmt.Errorf("continue disc: the contents of a %s volume have no addresses", v.Volume().Format)
	}
	c.imported = Import(v, direct.Image())
	c.Root = c.imported.Root()
	return nil
}

// Notices returns what the next session would lose, as far as the folders were read, as
// Imported.Notices does.
func (c *Continuation) Notices() []disc.Notice {
	return append(append([]disc.Notice(nil), c.notices...), c.imported.Notices()...)
}

// Volume returns the volume that the tree shows.
func (c *Continuation) Volume() volume.FS { return c.imported.v }

func (c *Continuation) warn(format string, args ...any) {
	c.notices = append(c.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, args...)})
}

// addUDF sets the options of a UDF volume.
func (c *Continuation) addUDF(v *udf.FS) error {
	info := v.Volume()
	revision, err := udfplan.ParseRevision(strings.TrimPrefix(info.Format, "UDF "))
	if err != nil {
		return fmt.Errorf("the volume cannot be continued: %w", err)
	}
	c.Options.Label, c.Options.Set, c.Options.Publisher, c.Options.Application = info.Label, info.Set, info.Publisher, info.Program
	c.Options.UDF = &master.UDF{Revision: revision, Owner: property(info, "Owner"), Contact: property(info, "Contact")}
	if len(info.Set) >= uniqueSet {
		c.Options.Set = info.Set[uniqueSet:]
	}
	if v.Rewritten() {
		return ErrRewritten
	}
	g, err := v.Growing()
	if err != nil {
		return fmt.Errorf("the volume with a virtual allocation table cannot be continued: %w", err)
	}
	if g != nil {
		c.Options.UDF.Virtual = &udfplan.Virtual{Former: g}
	}
	return nil
}

// uniqueSet is the number of characters at the beginning of a volume set identifier that
// make it unique, and are made anew for each volume (UDF 2.2.2.5).
const uniqueSet = 16

// property returns the value of a property of a volume, "" if it has none of that name.
func property(i volume.Info, name string) string {
	for _, p := range i.Properties {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// addISO sets the options of an ISO 9660 volume, and the tree from the richest view of it and
// of the UDF volume beside it, which is nil if there is none.
func (c *Continuation) addISO(ctx context.Context, d disc.Disc, v *iso9660.FS, beside volume.FS, o volume.Options) error {
	shown, err := volume.OpenDisc(ctx, d, o)
	if err != nil {
		return fmt.Errorf("continue disc: %w", err)
	}
	info := v.Volume()
	views := map[string]volume.FS{info.View: v}
	for _, name := range info.Views {
		if views[name] != nil {
			continue
		}
		o.View = name
		w, err := volume.OpenFormat(ctx, d, iso9660.Format.Name, o)
		if err != nil {
			return fmt.Errorf("continue disc: %w", err)
		}
		views[name] = w
	}
	if err := c.take(shown); err != nil {
		return err
	}
	c.identify(v, views)
	t := &trees{views: views, main: v, shown: shown, beside: beside, known: map[disc.LBA]bool{}}
	if b, err := v.BootCatalog(); err == nil && b != nil {
		t.known[disc.LBA(b.LBA)] = true // it is written anew
	}
	if err := t.examine(ctx); err != nil {
		return err
	}
	c.notices = append(c.notices, t.lost...)
	c.Options.Features = t.features()
	c.Options.RockRidge112 = strings.Contains(property(info, "Rock Ridge"), "1282")
	return c.addBoot(v, t)
}

// identify sets the identifiers of an ISO 9660 volume. Those of the Joliet tree are taken
// where they are the same but for characters that the other tree cannot record.
func (c *Continuation) identify(v volume.FS, views map[string]volume.FS) {
	i := v.Volume()
	if plain, ok := views[iso9660.ViewPlain]; ok {
		i = plain.Volume()
	}
	o := &c.Options
	o.Label, o.Set, o.Publisher, o.Preparer, o.Application, o.System = i.Label, i.Set, i.Publisher, i.Preparer, i.Program, i.System
	for _, name := range []string{"Copyright file", "Abstract file", "Bibliographic file", "Expires"} {
		if value := property(i, name); value != "" {
			c.warn("the volume descriptor of the next session does not name %q (%s)", value, strings.ToLower(name))
		}
	}
	joliet, ok := views[iso9660.ViewJoliet]
	if !ok {
		return
	}
	j := joliet.Volume()
	for _, f := range []struct {
		to     *string
		joliet string
	}{{&o.Label, j.Label}, {&o.Set, j.Set}, {&o.Publisher, j.Publisher}, {&o.Preparer, j.Preparer}, {&o.Application, j.Program}, {&o.System, j.System}} {
		if sameText(*f.to, f.joliet) {
			*f.to = f.joliet
		}
	}
}

// sameText reports whether the text of a Joliet descriptor has the same number of
// characters as that of the primary one, and differs only where the latter cannot record
// a character.
func sameText(primary, joliet string) bool {
	p, j := []rune(primary), []rune(joliet)
	if len(p) != len(j) {
		return false
	}
	for i := range p {
		if p[i] != j[i] && p[i] != '_' {
			return false
		}
	}
	return true
}

// features returns what the trees of an ISO 9660 volume use.
func (t *trees) features() isoplan.Features {
	f := isoplan.Features{
		Level: 3, Joliet: isoplan.JolietOff, NoRockRidge: t.views[iso9660.ViewRockRidge] == nil,
		Deep: t.deep, Stamps: t.stamps, Attributes: t.attributes,
	}
	if t.short && !t.large {
		f.Level = 1
	}
	if t.views[iso9660.ViewEnhanced] != nil {
		f.Level = 4
	}
	if t.views[iso9660.ViewJoliet] != nil {
		f.Joliet = isoplan.JolietStandard
		if t.longJoliet {
			f.Joliet = isoplan.JolietLong
		}
	}
	return f
}
