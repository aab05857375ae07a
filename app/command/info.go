package command

import (
	"bufio"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

func (inv *invocation) infoVerb() *cobra.Command {
	var check bool
	var which volume.Options
	c := &cobra.Command{
		Use:   "info IMAGE",
		Short: "Describe a disc and what is on it",
		Long: `Describe a disc: its format and files, sessions, tracks with their modes, lengths, pre-gaps,
indexes and codes, CD-TEXT in all languages, its file system, partition tables and boot
images.

--check reads all descriptors and folders, counts files, and reports damage with its
address: structures that contradict each other, files that are beyond the end of the
disc or cannot be read, and files about which the views of the disc disagree. Remarks
are deviations from the standard that readers accept. It does not read the contents
of files; "glassmaster verify IMAGE" does.`,
		Example: `  glassmaster info holiday.iso
  glassmaster info --check /dev/sr0`,
		Args: argCount(1, 1, "IMAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.info(cmd.Context(), args[0], which, check)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "read all folders and look for damage")
	inv.volumeFlags(c, &which)
	return c
}

// discInfo is the result of "info", for --json.
type discInfo struct {
	Name     string         `json:"name"`
	Kind     string         `json:"kind"`
	Format   string         `json:"format,omitempty"`
	Files    []string       `json:"files,omitempty"` // of an image of several files
	Sectors  int64          `json:"sectors"`
	Catalog  string         `json:"catalogue_number,omitempty"`
	Sub      bool           `json:"sub_channels,omitempty"` // are stored
	Sessions []sessionInfo  `json:"sessions"`
	Volume   *volumeInfo    `json:"volume,omitempty"`
	Defects  []defectObject `json:"defects,omitempty"`
	Problem  string         `json:"problem,omitempty"` // why there is no volume
	Check    *checkInfo     `json:"check,omitempty"`
}

type volumeInfo struct {
	Format     string           `json:"format"`
	View       string           `json:"view"`
	Views      []string         `json:"views"`
	Label      string           `json:"label"`
	Set        string           `json:"set,omitempty"`
	System     string           `json:"system,omitempty"`
	Publisher  string           `json:"publisher,omitempty"`
	Preparer   string           `json:"preparer,omitempty"`
	Program    string           `json:"program,omitempty"`
	Created    string           `json:"created,omitempty"`
	Modified   string           `json:"modified,omitempty"`
	Blocks     int64            `json:"blocks"`
	BlockSize  int              `json:"block_size"`
	Properties []propertyObject `json:"properties,omitempty"`
	Boot       *bootObject      `json:"boot_catalogue,omitempty"`
	Tables     []tableObject    `json:"partition_tables,omitempty"`

	created, modified time.Time
}

func (inv *invocation) info(ctx context.Context, name string, which volume.Options, check bool) error {
	src, err := inv.openSource(ctx, name)
	if err != nil {
		return err
	}
	defer src.Close()
	inv.warnMissing(src)
	info := describeDisc(src)
	addKinds(ctx, src, info.Sessions)
	info.Defects = defectObjects(src.Defects(ctx))
	which.View = viewName(which.View)
	vol, err := volume.OpenDisc(ctx, src.Disc, which)
	if err != nil {
		info.Problem = err.Error()
	} else {
		about := vol.Volume()
		about.Views = volume.Views(ctx, src.Disc, which)
		info.Volume = describeVolume(about)
		info.Volume.describe(bootVolume(ctx, src, vol, which))
	}
	if check && err == nil {
		if info.Check, err = inv.check(ctx, src, vol, which); err != nil {
			return err
		}
	}
	if e := inv.answer(info, func(w *bufio.Writer) { info.print(w) }); e != nil {
		return e
	}
	switch {
	case check && err != nil:
		return fmt.Errorf("check %s: %w", name, err)
	case info.Check != nil && len(info.Check.Damage) > 0:
		return damaged{fmt.Sprintf("%s: %s found", name, units.Count(info.Check.Count, "damaged place", "damaged places"))}
	}
	return nil
}

// damaged is the error of a check that found damage.
type damaged struct{ text string }

func (d damaged) Error() string { return d.text }

func describeDisc(src *source.Source) *discInfo {
	d := &discInfo{Name: src.Name, Kind: src.Kind, Format: src.Format, Sectors: disc.Sectors(src.Disc)}
	if files := disc.Files(src.Disc); len(files) > 1 {
		d.Files = files
	}
	d.Sub = disc.HasSubChannels(src.Disc)
	toc := src.TOC()
	d.Catalog, d.Sessions = toc.Catalog, describeSessions(toc.Sessions)
	return d
}

func describeVolume(i volume.Info) *volumeInfo {
	v := &volumeInfo{
		Format: i.Format, View: i.View, Views: i.Views, Label: i.Label, Set: i.Set, System: i.System,
		Publisher: i.Publisher, Preparer: i.Preparer, Program: i.Program,
		Created: stamp(i.Created), Modified: stamp(i.Modified),
		Blocks: i.Blocks, BlockSize: i.BlockSize, created: i.Created, modified: i.Modified,
	}
	for _, p := range i.Properties {
		v.Properties = append(v.Properties, propertyObject(p))
	}
	return v
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// person returns a time as text, or "" if it is unknown.
func person(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04:05 -07:00")
}

// size returns the size of a disc as text: that of a CD with more than a track of 2048 bytes a
// sector in minutes, seconds and frames.
func (d *discInfo) size() string {
	for _, s := range d.Sessions {
		for _, t := range s.Tracks {
			if t.Length != "" {
				return fmt.Sprintf("%s (%s)", units.Count(d.Sectors, "sector", "sectors"), duration(d.Sectors))
			}
		}
	}
	return sectors(d.Sectors)
}

func (d *discInfo) print(out *bufio.Writer) {
	t := newFacts(out)
	defer t.Flush()
	t.row("Disc", strings.TrimSpace(d.Kind+" "+d.Format))
	t.row("Files", fileNames(d.Files))
	t.row("Size", d.size())
	t.row("Catalogue number", d.Catalog)
	if d.Sub {
		t.row("Sub-channels", "stored")
	}
	t.sessions(d.Sessions)
	t.row("No files", d.Problem)
	if v := d.Volume; v != nil {
		t.row("Volume", v.Format)
		t.row("Label", v.Label)
		t.row("Names", v.View)
		t.row("Other names", strings.Join(without(v.Views, v.View), ", "))
		t.row("Volume set", v.Set)
		t.row("System", v.System)
		t.row("Publisher", v.Publisher)
		t.row("Preparer", v.Preparer)
		t.row("Program", v.Program)
		t.row("Created", person(v.created))
		t.row("Modified", person(v.modified))
		t.row("Volume size", fmt.Sprintf("%d blocks of %d bytes", v.Blocks, v.BlockSize))
		for _, p := range v.Properties {
			t.row(p.Name, p.Value)
		}
	}
	t.defects(d.Defects, d.Check)
	if c := d.Check; c != nil {
		t.row("Contents", fmt.Sprintf("%s, %s, %s, %s",
			units.Count(c.Files, "file", "files"), units.Count(int(c.Folders), "folder", "folders"), units.Count(int(c.Others), "other", "others"), units.Size(c.Bytes)))
		for _, p := range c.Damage {
			t.row("Damage", p)
		}
		if more := c.Count - len(c.Damage); more > 0 {
			t.row("Damage", fmt.Sprintf("and %d more", more))
		}
		for _, r := range c.Remarks {
			t.row("Remark", r)
		}
		if c.Count == 0 {
			t.row("Check", "no damage found in the file system; \"glassmaster verify\" reads and checks the sectors")
		}
	}
}

// fileNames returns the names of files without their folder.
func fileNames(paths []string) string {
	var names []string
	for _, p := range paths {
		names = append(names, filepath.Base(p))
	}
	return strings.Join(names, ", ")
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
