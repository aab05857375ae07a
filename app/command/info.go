package command

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

func (s *session) infoVerb() *cobra.Command {
	var check bool
	var which volume.Options
	c := &cobra.Command{
		Use:   "info IMAGE",
		Short: "Say what a disc is and what is on it",
		Long: `Say what a disc is: its format, sessions and tracks, the file system and its
properties, partition tables and boot images.

--check goes through all folders too: it counts what is there, and finds files
that lie beyond the end of the disc or that cannot be read. It does not read the
contents: "glassmaster verify IMAGE" does.`,
		Args: wanted(1, 1, "IMAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.info(cmd.Context(), args[0], which, check)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "go through all folders and look for damage")
	volumeFlags(c, &which)
	return c
}

// discInfo is what "info" finds out.
type discInfo struct {
	Name     string        `json:"name"`
	Kind     string        `json:"kind"`
	Format   string        `json:"format,omitempty"`
	Sectors  int64         `json:"sectors"`
	Sessions []sessionInfo `json:"sessions"`
	Volume   *volumeInfo   `json:"volume,omitempty"`
	Problem  string        `json:"problem,omitempty"` // why there is no volume
	Check    *checkInfo    `json:"check,omitempty"`
}

type sessionInfo struct {
	Number int         `json:"number"`
	Tracks []trackInfo `json:"tracks"`
}

type trackInfo struct {
	Number  int    `json:"number"`
	Mode    string `json:"mode"`
	Start   int64  `json:"lba"`
	Sectors int64  `json:"sectors"`
}

type volumeInfo struct {
	Format     string            `json:"format"`
	View       string            `json:"view"`
	Views      []string          `json:"views"`
	Label      string            `json:"label"`
	Set        string            `json:"set,omitempty"`
	System     string            `json:"system,omitempty"`
	Publisher  string            `json:"publisher,omitempty"`
	Preparer   string            `json:"preparer,omitempty"`
	Program    string            `json:"program,omitempty"`
	Created    string            `json:"created,omitempty"`
	Modified   string            `json:"modified,omitempty"`
	Sectors    int64             `json:"sectors"`
	BlockSize  int               `json:"block_size"`
	Properties map[string]string `json:"properties,omitempty"`
	Boot       *bootInfo         `json:"boot,omitempty"`

	ordered []volume.Property
}

func (s *session) info(ctx context.Context, name string, which volume.Options, check bool) error {
	src, err := s.openSource(ctx, name)
	if err != nil {
		return err
	}
	defer src.Close()
	info := describeDisc(src)
	which.View = viewName(which.View)
	vol, err := volume.OpenDisc(src.Disc, which)
	if err != nil {
		info.Problem = err.Error()
	} else {
		about := vol.Volume()
		about.Views = volume.Views(src.Disc, which)
		info.Volume = describeVolume(about)
		info.Volume.Boot = describeBoot(bootableOf(src, vol, which))
	}
	if check && err == nil {
		if info.Check, err = s.check(ctx, src, vol); err != nil {
			return err
		}
	}
	if e := s.answer(info, func(w *bufio.Writer) { info.print(w) }); e != nil {
		return e
	}
	switch {
	case check && err != nil:
		return fmt.Errorf("check %s: %w", name, err)
	case info.Check != nil && len(info.Check.Damage) > 0:
		return damaged{fmt.Sprintf("%s: %s found", name, counted(info.Check.Count, "damaged place"))}
	}
	return nil
}

// damaged is the end of a check that found something.
type damaged struct{ text string }

func (d damaged) Error() string { return d.text }

func describeDisc(src *source.Source) *discInfo {
	d := &discInfo{Name: src.Name, Kind: src.Kind, Format: src.Format, Sectors: disc.Sectors(src.Disc)}
	d.Sessions = describeSessions(src.Sessions())
	return d
}

func describeSessions(all []disc.Session) []sessionInfo {
	list := []sessionInfo{}
	for _, ses := range all {
		si := sessionInfo{Number: ses.Number}
		for _, t := range ses.Tracks {
			si.Tracks = append(si.Tracks, trackInfo{t.Number, t.Mode.String(), int64(t.Start), t.Length})
		}
		list = append(list, si)
	}
	return list
}

func describeVolume(i volume.Info) *volumeInfo {
	v := &volumeInfo{
		Format: i.Format, View: i.View, Views: i.Views, Label: i.Label, Set: i.Set, System: i.System,
		Publisher: i.Publisher, Preparer: i.Preparer, Program: i.Program,
		Created: stamp(i.Created), Modified: stamp(i.Modified),
		Sectors: i.Sectors, BlockSize: i.BlockSize, ordered: i.Properties,
	}
	for _, p := range i.Properties {
		if v.Properties == nil {
			v.Properties = map[string]string{}
		}
		v.Properties[p.Name] = p.Value
	}
	return v
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func (d *discInfo) print(out *bufio.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, terminal.Printable(value))
		}
	}
	row("disc", strings.TrimSpace(d.Kind+" "+d.Format))
	row("size", fmt.Sprintf("%d sectors, %s", d.Sectors, terminal.Size(d.Sectors*disc.SectorSize)))
	for _, ses := range d.Sessions {
		for _, t := range ses.Tracks {
			row(fmt.Sprintf("session %d track %d", ses.Number, t.Number),
				fmt.Sprintf("%s, %d sectors from %d", t.Mode, t.Sectors, t.Start))
		}
	}
	row("no files", d.Problem)
	if v := d.Volume; v != nil {
		row("volume", v.Format)
		row("label", v.Label)
		row("names", v.View)
		row("other names", strings.Join(without(v.Views, v.View), ", "))
		row("volume set", v.Set)
		row("system", v.System)
		row("publisher", v.Publisher)
		row("preparer", v.Preparer)
		row("program", v.Program)
		row("created", v.Created)
		row("modified", v.Modified)
		row("volume size", fmt.Sprintf("%d blocks of %d bytes", v.Sectors, v.BlockSize))
		for _, p := range v.ordered {
			row(p.Name, p.Value)
		}
		v.Boot.print(row)
	}
	if c := d.Check; c != nil {
		row("contents", fmt.Sprintf("%d files, %d folders, %d others, %s", c.Files, c.Folders, c.Others, terminal.Size(c.Bytes)))
		for _, p := range c.Damage {
			row("damage", p)
		}
		if more := c.Count - len(c.Damage); more > 0 {
			row("damage", fmt.Sprintf("and %d more", more))
		}
		for _, r := range c.Remarks {
			row("remark", r)
		}
		if c.Count == 0 {
			row("check", "no damage found")
		}
	}
}

func without(list []string, one string) []string {
	var rest []string
	for _, s := range list {
		if s != one {
			rest = append(rest, s)
		}
	}
	return rest
}
