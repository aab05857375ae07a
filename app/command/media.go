package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
)

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
	t := newFacts(out)
	defer t.Flush()
	t.row("Drive", m.Drive)
	t.row("Model", m.Model)
	t.row("Medium", m.Medium)
	if m.profile == mmc.NoProfile {
		return
	}
	t.row("Maker", m.Maker)
	status := m.Status
	if m.Erasable {
		status += ", erasable"
	}
	t.row("Status", status)
	t.row("Format", m.Format)
	t.row("Capacity", sectors(m.Capacity))
	t.row("Free", sectors(m.Free))
	t.sessions(m.Sessions)
	var speeds []string
	for _, v := range m.Speeds {
		speeds = append(speeds, record.SpeedName(m.profile, v))
	}
	t.row("Speeds", strings.Join(speeds, ", "))
}
