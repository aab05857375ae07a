package command

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/mastering/changes"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// viewFlags adds the flags that choose the view and the character set of two volumes.
func (inv *invocation) viewFlags(c *cobra.Command, o *volume.Options) {
	c.Flags().StringVar(&o.View, "view", "", "compare this `VIEW`: rockridge, joliet, enhanced, iso9660, udf, hfs or hfsplus (default the richest that both have)")
	c.Flags().Var(&o.Charset, "charset", "character set `NAME` of names that are not in Unicode (default UTF-8 if valid, else a guess)")
	offer(c, "view", "rockridge", "joliet", "enhanced", "iso9660", "udf", "hfs", "hfsplus")
}

func (inv *invocation) sessionsVerb() *cobra.Command {
	var o volume.Options
	var list bool
	c := &cobra.Command{
		Use:   "sessions IMAGE",
		Short: "List the sessions of a disc and what each of them changed",
		Long: `List the sessions of a disc, the oldest first: those of its table of contents, or those
that growisofs, xorriso and others write into one track. For each of them the files are
counted that it added, changed, renamed and removed; with -l they are listed.

Files in the same sectors are equal. Other files of the same size are read and compared.`,
		Example: `  glassmaster sessions backup.iso
  glassmaster sessions -l --session 3 /dev/sr0
  glassmaster extract --session 2 backup.iso -C before`,
		Args: argCount(1, 1, "IMAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.sessions(cmd.Context(), args[0], o, list)
		},
	}
	c.Flags().BoolVarP(&list, "list", "l", false, "list the files that were added (+), changed (~), renamed (>) and removed (-)")
	c.Flags().IntVar(&o.Session, "session", 0, "only session `N`; 1 is the oldest (default all)")
	inv.viewFlags(c, &o)
	return c
}

func (inv *invocation) diffVerb() *cobra.Command {
	var o volume.Options
	var earlier int
	var contents bool
	c := &cobra.Command{
		Use:   "diff OLD [NEW]",
		Short: "Compare the files of two discs, or of two sessions of one",
		Long: `Compare the files of two discs, and list those that were added (+), changed (~), renamed
(>) and removed (-): by names, types, sizes, times, permissions and owners. With one disc, two
of its sessions are compared: the newest one, or that of --session, with the one before it,
or that of --old-session.

Contents are read only where it is necessary: not of files in the same sectors of one disc,
nor of files with different sizes. On two discs, files with the same size and time are taken
to be equal, unless --contents is given. "glassmaster verify A B" compares all sectors.

The exit code is 3 if there are differences.`,
		Example: `  glassmaster diff debian-12.iso debian-13.iso
  glassmaster diff --old-session 1 backup.iso`,
		Args: argCount(1, 2, "OLD [NEW]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.diff(cmd.Context(), args, earlier, contents, o)
		},
	}
	c.Flags().IntVar(&o.Session, "session", 0, "session `N` of NEW; 1 is the oldest (default the newest)")
	c.Flags().IntVar(&earlier, "old-session", 0, "session `N` of OLD (default the newest, or the one before --session of the same disc)")
	c.Flags().BoolVar(&contents, "contents", false, "read and compare the contents of all files of the same size")
	inv.viewFlags(c, &o)
	return c
}

// sessionChanges is a session in the result of "sessions", for --json.
type sessionChanges struct {
	Number  int    `json:"number"`
	Start   int64  `json:"lba"`
	Label   string `json:"label,omitempty"`
	Created string `json:"created,omitempty"`
	Problem string `json:"problem,omitempty"` // why its volume cannot be compared
	changeCounts

	created time.Time
}

// changeCounts says how many entries differ, for --json.
type changeCounts struct {
	Added   int   `json:"added"`
	Changed int   `json:"changed"`
	Renamed int   `json:"renamed"`
	Removed int   `json:"removed"`
	Same    int64 `json:"same"`
	Unread  int   `json:"not_compared,omitempty"` // files and folders that cannot be read
}

func countChanges(r *changes.Result) changeCounts {
	c := changeCounts{
		Added: r.Count(changes.Added), Changed: r.Count(changes.Changed), Renamed: r.Count(changes.Renamed), Removed: r.Count(changes.Removed),
		Same: r.Same, Unread: len(r.Folders),
	}
	for _, x := range r.Changes {
		if x.Err != nil {
			c.Unread++
		}
	}
	return c
}

func (c changeCounts) text() string {
	var parts []string
	for _, x := range []struct {
		n    int
		what string
	}{{c.Added, "added"}, {c.Changed, "changed"}, {c.Renamed, "renamed"}, {c.Removed, "removed"}, {c.Unread, "not compared"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	if len(parts) == 0 {
		return "no differences"
	}
	return strings.Join(parts, ", ")
}

// sessions carries out the verb "sessions".
func (inv *invocation) sessions(ctx context.Context, name string, o volume.Options, list bool) error {
	src, err := inv.openSource(ctx, name)
	if err != nil {
		return err
	}
	defer src.Close()
	o.View = viewName(o.View)
	all := volume.EachSession(ctx, src.Disc)
	if len(all) == 0 {
		if _, err := volume.OpenDisc(ctx, src.Disc, volume.Options{}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	var found []sessionChanges
	unread, before := 0, 0
	for _, s := range all {
		if o.Session == 0 || o.Session == s.Number {
			one, err := inv.sessionChanges(ctx, src.Disc, before, s, o, list)
			if err != nil {
				return err
			}
			unread += one.Unread
			found = append(found, one)
		}
		before = s.Number
	}
	if o.Session != 0 && len(found) == 0 {
		return fmt.Errorf("%s: there is no session %d with files", name, o.Session)
	}
	err = inv.answer(map[string]any{"sessions": found}, func(w *bufio.Writer) {
		if list {
			return
		}
		for _, s := range found {
			fmt.Fprintln(w, terminal.Printable(s.text()))
		}
	})
	if err == nil && unread > 0 {
		err = incomplete{fmt.Sprintf("%s: %s could not be compared", name, units.Count(unread, "file or folder", "files or folders"))}
	}
	return err
}

// text describes a session in one line.
func (s sessionChanges) text() string {
	parts := []string{fmt.Sprintf("Session %d", s.Number), fmt.Sprintf("from sector %d", s.Start)}
	for _, x := range []string{s.Label, person(s.created)} {
		if x != "" {
			parts = append(parts, x)
		}
	}
	if s.Problem != "" {
		return strings.Join(append(parts, s.Problem), ", ")
	}
	return strings.Join(parts, ", ") + ": " + s.changeCounts.text()
}

// sessionChanges compares a session with the one before it, 0 for none.
func (inv *invocation) sessionChanges(ctx context.Context, d disc.Disc, before int, s volume.Session, o volume.Options, list bool) (sessionChanges, error) {
	one := sessionChanges{Number: s.Number, Start: int64(s.Start)}
	older, newer, err := changes.Open(ctx, d, d, before, s.Number, o)
	if err != nil {
		one.Problem, one.Unread = err.Error(), 1
		return one, ctx.Err()
	}
	about := newer.Volume()
	one.Label, one.created, one.Created = terminal.Valid(about.Label), about.Created, stamp(about.Created)
	r, err := changes.Compare(ctx, older, newer, changes.Options{SameDisc: true})
	if err != nil {
		return one, err
	}
	one.changeCounts = countChanges(r)
	if list || inv.json {
		if list && !inv.json {
			inv.endProgress()
			fmt.Fprintln(inv.out, terminal.Printable(one.text()))
		}
		err = inv.listChanges(r, namesOf(newer, o), s.Number)
	}
	return one, err
}

// diff carries out the verb "diff".
func (inv *invocation) diff(ctx context.Context, names []string, earlier int, contents bool, o volume.Options) error {
	o.View = viewName(o.View)
	older, err := inv.openSource(ctx, names[0])
	if err != nil {
		return err
	}
	defer older.Close()
	newer, one := older, len(names) == 1
	if one {
		if earlier, o.Session, err = twoSessions(volume.EachSession(ctx, older.Disc), earlier, o.Session); err != nil {
			return fmt.Errorf("%s: %w", names[0], err)
		}
	} else {
		if newer, err = inv.openSource(ctx, names[1]); err != nil {
			return err
		}
		defer newer.Close()
		earlier, o.Session = orNewest(ctx, older.Disc, earlier), orNewest(ctx, newer.Disc, o.Session)
	}
	a, b, err := changes.Open(ctx, older.Disc, newer.Disc, earlier, o.Session, o)
	if err != nil {
		return err
	}
	r, err := changes.Compare(ctx, a, b, changes.Options{SameDisc: one, Contents: contents})
	if err != nil {
		return err
	}
	if err := inv.listChanges(r, namesOf(b, o), 0); err != nil {
		return err
	}
	counts := countChanges(r)
	if err := inv.answer(counts, func(*bufio.Writer) {}); err != nil {
		return err
	}
	switch {
	case counts.Unread > 0:
		return incomplete{counts.text()}
	case len(r.Changes) > 0:
		return damaged{counts.text()}
	}
	return nil
}

// orNewest returns a session, or the newest one of a disc if it is 0.
func orNewest(ctx context.Context, d disc.Disc, session int) int {
	if all := volume.EachSession(ctx, d); session == 0 && len(all) > 0 {
		return all[len(all)-1].Number
	}
	return max(session, 1)
}

// twoSessions returns which sessions of a disc are compared: those that were asked for, else
// the newest one, and the one before it.
func twoSessions(all []volume.Session, before, after int) (int, int, error) {
	if len(all) < 2 {
		return 0, 0, advise(fmt.Errorf("the disc has one session with files, which can be compared with nothing"), "name another disc to compare it with")
	}
	if after == 0 {
		after = all[len(all)-1].Number
	}
	if before != 0 {
		return before, after, nil
	}
	for _, s := range all {
		if s.Number < after {
			before = s.Number
		}
	}
	if before == 0 {
		return 0, 0, fmt.Errorf("there is no session with files before session %d", after)
	}
	return before, after, nil
}

// changeObject is one change, for --json.
type changeObject struct {
	Type     string   `json:"type"` // "change"
	Session  int      `json:"session,omitempty"`
	Change   string   `json:"change"` // added, changed, renamed, removed
	Path     string   `json:"path"`
	Bytes    []byte   `json:"path_bytes,omitempty"` // if they differ from those of path
	From     string   `json:"from,omitempty"`
	Kind     string   `json:"kind"`
	Size     int64    `json:"size"`
	OldSize  *int64   `json:"old_size,omitempty"`
	Modified string   `json:"modified,omitempty"`
	Differs  []string `json:"differs,omitempty"`
	Error    string   `json:"error,omitempty"`
}

// listChanges prints the changes, one in a line.
func (inv *invocation) listChanges(r *changes.Result, names *shownNames, session int) error {
	inv.endProgress()
	for _, err := range r.Folders {
		inv.warn(err.Error())
	}
	inv.endProgress()
	w := bufio.NewWriter(inv.out)
	enc := terminal.NewEncoder(w)
	for _, x := range r.Changes {
		if inv.json {
			if err := enc.Encode(changeOf(x, names, session)); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintln(w, terminal.Printable(changeText(x, names)))
	}
	return w.Flush()
}

func changeOf(x changes.Change, names *shownNames, session int) changeObject {
	is := x.New
	if x.Kind == changes.Removed {
		is = x.Old
	}
	o := changeObject{Type: "change", Session: session, Change: x.Kind.String(), Kind: kind(is.Mode), Size: is.Size, Differs: x.What.Names()}
	o.Path, o.Bytes = names.forProgram([]byte(x.Path))
	if x.From != "" {
		o.From, _ = names.forProgram([]byte(x.From))
	}
	if x.Kind == changes.Changed {
		o.OldSize = &x.Old.Size
	}
	if is.Modified != volume.NoTime {
		o.Modified = time.Unix(0, is.Modified).UTC().Format(time.RFC3339Nano)
	}
	if x.Err != nil {
		o.Error = terminal.Valid(x.Err.Error())
	}
	return o
}

// changeText describes a change in a line.
func changeText(x changes.Change, names *shownNames) string {
	text := func(path string, m fs.FileMode) string {
		shown := string(names.text([]byte(path)))
		if m.IsDir() {
			shown += "/"
		}
		return shown
	}
	var about []string
	if x.What&changes.Contents != 0 && x.Old.Size != x.New.Size {
		about = append(about, fmt.Sprintf("%d bytes before, %d now", x.Old.Size, x.New.Size))
	}
	about = append(about, x.What.Names()...)
	if x.Err != nil {
		about = append(about, "not compared: "+x.Err.Error())
	}
	line := [...]string{changes.Added: "+", changes.Changed: "~", changes.Renamed: ">", changes.Removed: "-"}[x.Kind] + " "
	switch x.Kind {
	case changes.Removed:
		line += text(x.Path, x.Old.Mode)
	case changes.Renamed:
		line += text(x.From, x.Old.Mode) + " -> " + text(x.Path, x.New.Mode)
	default:
		line += text(x.Path, x.New.Mode)
	}
	if len(about) > 0 {
		line += "  (" + strings.Join(about, ", ") + ")"
	}
	return line
}
