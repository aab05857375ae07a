package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/mastering/units"
)

func (inv *invocation) mediaVerb() *cobra.Command {
	return &cobra.Command{
		Use:     "media [DRIVE]",
		Aliases: []string{"medium"},
		Short:   "Describe the disc in a drive, and what can be written on it",
		Long: `Describe the disc in a drive: how much is written, how much can still be written, and
at which speeds. DRIVE can be left out if there is only one.

Sessions and tracks that are not closed are shown too (left open by an earlier burn,
reserved, damaged, or the next track), with advice on what to do about them.`,
		Example: `  glassmaster media
  glassmaster media "virtual:disc?medium=bd-re"`,
		Args: argCount(0, 1, "[DRIVE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.media(cmd.Context(), first(args))
		},
	}
}

// first returns the first argument, or "" if there is none.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// mediaInfo is a medium, for --json. Sizes are in sectors, speeds in kB/s.
type mediaInfo struct {
	Drive        string        `json:"drive"`
	Model        string        `json:"model"`
	Medium       string        `json:"medium"`
	Status       string        `json:"status"`
	Erasable     bool          `json:"erasable"`
	Maker        string        `json:"maker,omitempty"`
	Format       string        `json:"format,omitempty"`
	Protected    string        `json:"write_protected,omitempty"` // by what
	SpareFree    *int64        `json:"spare_free_sectors,omitempty"`
	Defects      int           `json:"defective_blocks,omitempty"`
	Capacity     int64         `json:"capacity_sectors"`
	Free         int64         `json:"free_sectors"`
	NextWritable *int64        `json:"next_writable_lba,omitempty"`
	Sessions     []sessionInfo `json:"sessions"`
	Count        int           `json:"session_count,omitempty"` // including an open or empty last one
	Last         string        `json:"last_session,omitempty"`
	Tracks       []mediaTrack  `json:"tracks,omitempty"`     // of sequentially written discs
	Unfinished   bool          `json:"unfinished,omitempty"` // a burn of a disc that is overwritten in place was not completed
	Advice       []string      `json:"advice,omitempty"`
	Speeds       []int         `json:"write_speeds,omitempty"`
	Profiles     []string      `json:"drive_knows,omitempty"`
	profile      mmc.Profile
	inPlace      bool // the disc can be overwritten in place
}

// mediaTrack is a track of a medium, for --json. Sizes are in sectors.
type mediaTrack struct {
	Number  int    `json:"number"`
	Session int    `json:"session"`
	State   string `json:"state"`
	Kind    string `json:"kind"` // "data" or "audio"
	Start   int64  `json:"lba"`
	Sectors int64  `json:"sectors"`
	Written int64  `json:"written_sectors"`
	Next    *int64 `json:"next_writable_lba,omitempty"`
	state   read.TrackState
}

func (inv *invocation) media(ctx context.Context, name string) error {
	t, name, err := inv.openDrive(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	m, err := read.Media(ctx, t)
	if err != nil && !errors.Is(err, read.ErrNoMedium) {
		return fmt.Errorf("%s: %w", name, err)
	}
	info := describeMedia(name, m)
	if e := inv.answer(info, info.print); e != nil {
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
		Capacity: m.Capacity, Free: m.Free, Sessions: describeSessions(m.Sessions), Speeds: m.Speeds, profile: m.Profile, inPlace: m.InPlace,
	}
	if m.Profile != mmc.NoProfile {
		info.Status, info.Count, info.Last = m.Status.String(), m.Count, m.Last.String()
		info.Unfinished, info.Advice = m.Unfinished, adviceFor(m)
	}
	info.Protected, info.Defects = m.Protection.String(), m.Defects
	if m.Spare != (mmc.SpareArea{}) {
		info.SpareFree = new(m.Spare.Free)
	}
	for _, t := range m.Tracks {
		info.Tracks = append(info.Tracks, describeTrack(t))
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
	t.row("Status", m.status())
	t.row("Format", m.format())
	t.row("Protected", m.Protected)
	if m.SpareFree != nil {
		t.row("Spare areas", sectors(*m.SpareFree)+" free")
	}
	if m.Defects > 0 {
		t.row("Defects", units.Count(m.Defects, "block", "blocks")+" of the disc are replaced or cannot be used")
	}
	t.row("Capacity", sectors(m.Capacity))
	t.row("Free", sectors(m.Free))
	if m.appendable() {
		t.row("Next address", strconv.FormatInt(*m.NextWritable, 10))
	}
	t.sessions(m.closed())
	for _, tr := range m.Tracks {
		if tr.state != read.TrackComplete && m.Status != mmc.Blank.String() {
			t.row(fmt.Sprintf("Session %d track %d", tr.Session, tr.Number), tr.describe())
		}
	}
	for _, a := range m.Advice {
		t.row("What to do", a)
	}
	var speeds []string
	for _, v := range m.Speeds {
		speeds = append(speeds, units.Speed(v, m.profile.String()))
	}
	t.row("Speeds", strings.Join(speeds, ", "))
}

// appendable reports whether a session can be added to the disc in its present state. The
// next writable address of an open session is inside that session.
func (m *mediaInfo) appendable() bool {
	return m.NextWritable != nil && m.Status == mmc.Appendable.String() &&
		m.Last != mmc.SessionIncomplete.String() && m.Last != mmc.SessionDamaged.String()
}

// format describes how far the disc is formatted. A burn of a DVD+RW that does not fill it
// leaves the format interrupted, which is normal.
func (m *mediaInfo) format() string {
	if m.Format == "format interrupted" {
		return "up to the end of the data; the next burn continues it"
	}
	return m.Format
}

// status describes the state of the disc, and of its last session unless that is closed.
func (m *mediaInfo) status() string {
	text := m.Status
	if m.inPlace && text == mmc.Closed.String() {
		text = "rewritable" // for drives, closed only means that no session can follow
	}
	if m.Last == mmc.SessionIncomplete.String() || m.Last == mmc.SessionDamaged.String() {
		text += fmt.Sprintf(", session %d %s", m.Count, m.Last)
	}
	if m.Unfinished {
		text += ", its last burn was not completed"
	}
	if m.Erasable && !strings.HasPrefix(text, "rewritable") {
		text += ", erasable"
	}
	return text
}

// closed returns the sessions without incomplete tracks.
func (m *mediaInfo) closed() []sessionInfo {
	open := map[int]bool{}
	for _, t := range m.Tracks {
		open[t.Number] = t.state != read.TrackComplete
	}
	var all []sessionInfo
	for _, s := range m.Sessions {
		c := sessionInfo{Number: s.Number}
		for _, t := range s.Tracks {
			if !open[t.Number] {
				c.Tracks = append(c.Tracks, t)
			}
		}
		all = append(all, c)
	}
	return all
}

func describeTrack(t read.Track) mediaTrack {
	m := mediaTrack{
		Number: t.Number, Session: t.Session, State: t.State.String(), Kind: "data",
		Start: int64(t.Start), Sectors: t.Size, Written: t.Written, state: t.State,
	}
	if t.Audio {
		m.Kind = "audio"
	}
	if t.Next >= 0 {
		m.Next = new(int64(t.Next))
	}
	return m
}

// describe returns a line about how much of an incomplete track is written.
func (t mediaTrack) describe() string {
	if t.state == read.TrackInvisible {
		return fmt.Sprintf("%s, from %d", t.State, t.Start)
	}
	text := fmt.Sprintf("%s, %d sectors written from %d", t.State, t.Written, t.Start)
	if t.state == read.TrackReserved || t.state == read.TrackReservedOpen {
		text = fmt.Sprintf("%s, %d sectors from %d, of which %d are written", t.State, t.Sectors, t.Start, t.Written)
	}
	if t.Next != nil {
		text += fmt.Sprintf(", continues at %d", *t.Next)
	}
	return text
}

// adviceFor returns advice about open or damaged tracks, sessions and formats.
func adviceFor(m read.MediaInfo) []string {
	var all []string
	damaged, open := m.Last == mmc.SessionDamaged, m.Last == mmc.SessionIncomplete
	partly := false // a reserved track is written in part
	for _, t := range m.Tracks {
		switch t.State {
		case read.TrackDamaged:
			damaged = true
		case read.TrackReservedOpen:
			open, partly = true, true
		case read.TrackOpen, read.TrackReserved:
			open = true
		}
	}
	switch {
	case m.Status == mmc.Closed && !damaged:
	case damaged:
		all = append(all, `copy readable data first; "glassmaster close" then makes the drive repair and close the damaged tracks`)
	case open && partly:
		all = append(all, `an earlier disc-at-once burn was interrupted: "glassmaster close" fills the disc, so that it can be read; nothing can be added after that`)
	case open:
		all = append(all, `an earlier burn was interrupted or is still running, and other drives may not find the open session; "glassmaster close" closes it, and another session can then be added`)
	}
	if (damaged || open) && m.Erasable {
		all = append(all, `"glassmaster blank" erases the disc and everything on it`)
	}
	if m.Unfinished {
		all = append(all, `the previous contents are lost and the new ones are incomplete: burn the disc again with "glassmaster burn --blank"`)
	}
	switch m.Format {
	case "format not ended":
		all = append(all, `other drives may not read the disc until formatting is complete; "glassmaster close" or the next burn completes it`)
	case "format running":
		all = append(all, "the drive is formatting the disc in the background; do not remove the disc until it has finished")
	}
	return all
}
