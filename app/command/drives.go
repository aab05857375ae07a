package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/drive"
	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
)

func (s *session) drivesVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "drives",
		Short: "List the optical drives of this machine",
		Long: `List the optical drives of this machine, and those that the variable
GLASSMASTER_DRIVES names (with spaces or commas between them), with what is in them.`,
		Example: `  glassmaster drives
  GLASSMASTER_DRIVES=iscsi://nas:3260/iqn.2026-01.nas:dvd/1 glassmaster drives`,
		Args: wanted(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return s.drives(cmd.Context()) },
	}
}

// driveInfo is a drive for a program.
type driveInfo struct {
	Name     string `json:"name"`
	Vendor   string `json:"vendor,omitempty"`
	Product  string `json:"product,omitempty"`
	Revision string `json:"revision,omitempty"`
	Bus      string `json:"bus,omitempty"`
	Medium   string `json:"medium,omitempty"`
	Problem  string `json:"problem,omitempty"`
}

func (s *session) drives(ctx context.Context) error {
	found, err := drive.List(ctx)
	if err != nil {
		return err
	}
	all := []driveInfo{}
	for _, d := range found {
		all = append(all, s.look(ctx, d))
	}
	return s.answer(all, func(out *bufio.Writer) {
		if len(all) == 0 {
			fmt.Fprintln(out, "This machine has no optical drive.")
			return
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, d := range all {
			fmt.Fprintln(w, terminal.Printable(d.Name)+"\t"+
				terminal.Printable(strings.TrimSpace(d.Vendor+" "+d.Product+" "+d.Revision))+"\t"+
				terminal.Printable(d.Medium+d.Problem))
		}
		w.Flush()
	})
}

// look finds out what is in a drive.
func (s *session) look(ctx context.Context, f drive.Found) driveInfo {
	d := driveInfo{Name: f.Name, Vendor: f.Vendor, Product: f.Model, Revision: f.Revision, Bus: f.Bus}
	if f.Err != nil {
		d.Problem = f.Err.Error()
		return d
	}
	t, _, err := s.opener().Drive(ctx, f.Name)
	if err != nil {
		d.Problem = err.Error()
		return d
	}
	defer t.Close()
	p, err := mmc.CurrentProfile(ctx, t)
	if err != nil {
		d.Problem = err.Error()
		return d
	}
	d.Medium = p.String()
	return d
}

func (s *session) mediaVerb() *cobra.Command {
	return &cobra.Command{
		Use:     "media [DRIVE]",
		Aliases: []string{"medium"},
		Short:   "Say what disc is in a drive, and what can be written on it",
		Long: `Say what disc is in a drive, how much of it is written, how much can still be
written, and how fast. DRIVE may be left out where the machine has only one.`,
		Example: `  glassmaster media
  glassmaster media "virtual:disc?medium=bd-re"`,
		Args: wanted(0, 1, "[DRIVE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.media(cmd.Context(), first(args))
		},
	}
}

// first returns the first argument, empty when there is none.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// mediaInfo is a medium for a program. Sizes are in sectors, speeds in kB/s.
type mediaInfo struct {
	Drive        string        `json:"drive"`
	Model        string        `json:"model"`
	Medium       string        `json:"medium"`
	Status       string        `json:"status"`
	Erasable     bool          `json:"erasable"`
	Maker        string        `json:"maker,omitempty"`
	Format       string        `json:"format,omitempty"`
	Capacity     int64         `json:"capacity_sectors"`
	Free         int64         `json:"free_sectors"`
	NextWritable *int64        `json:"next_writable_lba,omitempty"`
	Sessions     []sessionInfo `json:"sessions"`
	Speeds       []int         `json:"write_speeds,omitempty"`
	Profiles     []string      `json:"drive_knows,omitempty"`
	profile      mmc.Profile
}

func (s *session) media(ctx context.Context, name string) error {
	t, name, err := s.opener().Drive(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	m, err := read.Media(ctx, t)
	if err != nil && !errors.Is(err, read.ErrNoMedium) {
		return fmt.Errorf("%s: %w", name, err)
	}
	info := describeMedia(name, m)
	if e := s.answer(info, info.print); e != nil {
		return e
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func describeMedia(name string, m read.MediaInfo) *mediaInfo {
	info := &mediaInfo{
		Drive: name, Model: strings.TrimSpace(m.Drive.Vendor + " " + m.Drive.Product + " " + m.Drive.Revision),
		Medium: m.Profile.String(), Erasable: m.Erasable, Maker: m.Maker, Format: m.Format,
		Capacity: m.Capacity, Free: m.Free, Sessions: describeSessions(m.Sessions), Speeds: m.Speeds, profile: m.Profile,
	}
	if m.Profile != mmc.NoProfile {
		info.Status = m.Status.String()
	}
	if m.NextWritable >= 0 {
		info.NextWritable = new(int64(m.NextWritable))
	}
	for _, p := range m.Profiles {
		info.Profiles = append(info.Profiles, p.String())
	}
	return info
}

func (m *mediaInfo) print(out *bufio.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, terminal.Printable(value))
		}
	}
	row("drive", m.Drive)
	row("model", m.Model)
	row("medium", m.Medium)
	if m.profile == mmc.NoProfile {
		return
	}
	row("maker", m.Maker)
	status := m.Status
	if m.Erasable {
		status += ", erasable"
	}
	row("status", status)
	row("format", m.Format)
	row("capacity", sectors(m.Capacity))
	row("free", sectors(m.Free))
	for _, ses := range m.Sessions {
		for _, t := range ses.Tracks {
			row(fmt.Sprintf("session %d track %d", ses.Number, t.Number), fmt.Sprintf("%s, %d sectors from %d", t.Mode, t.Sectors, t.Start))
		}
	}
	var speeds []string
	for _, v := range m.Speeds {
		speeds = append(speeds, record.SpeedName(m.profile, v))
	}
	row("speeds", strings.Join(speeds, ", "))
}

func sectors(n int64) string {
	return fmt.Sprintf("%d sectors, %s", n, terminal.Size(n*disc.SectorSize))
}

// notReady reports whether an error says that the drive has no disc that it
// could use.
func notReady(err error) bool {
	for _, no := range []error{source.ErrNoDrive, read.ErrNoMedium, read.ErrBlank, record.ErrNotWritable, record.ErrHoldsData, record.ErrTooLarge} {
		if errors.Is(err, no) {
			return true
		}
	}
	return scsi.NotReady(err)
}
