package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// listing contains the flags of "ls".
type listing struct {
	long, recursive, null bool
	attributes            bool
	volume                volume.Options
}

func (inv *invocation) listVerb() *cobra.Command {
	var o listing
	c := &cobra.Command{
		Use:     "ls IMAGE [PATH...]",
		Aliases: []string{"list"},
		Short:   "List the files of a disc",
		Long: `List the files in PATH, or in the root of the disc; with -R also in subfolders. Full
paths are printed, as "cat" and "extract" accept them; folders end in a slash. Entries
are in the order of the disc.

-l shows permissions, owner, group, size in bytes, time and name.

Names that are not UTF-8 are shown in a guessed character set, or in that of
--charset. If the output is not a terminal, they are printed as the bytes on the
disc, unless --charset is given.`,
		Example: `  glassmaster ls -l holiday.iso
  glassmaster ls -R /dev/sr0 pictures
  glassmaster ls -R --json holiday.iso | jq -r 'select(.kind=="file").path'`,
		Args: argCount(1, -1, "IMAGE [PATH...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.list(cmd.Context(), args[0], args[1:], o)
		},
	}
	f := c.Flags()
	f.BoolVarP(&o.long, "long", "l", false, "show permissions, owner, size and time")
	f.BoolVarP(&o.recursive, "recursive", "R", false, "list subfolders recursively")
	f.BoolVarP(&o.null, "null", "0", false, "end each name with a NUL byte, for xargs -0")
	f.BoolVarP(&o.attributes, "attributes", "a", false, "show extended attributes, access control lists and named streams")
	inv.volumeFlags(c, &o.volume)
	return c
}

func (inv *invocation) list(ctx context.Context, image string, paths []string, o listing) error {
	o.volume.Names = !o.long && !o.attributes && !inv.json
	src, vol, err := inv.openVolume(ctx, image, o.volume)
	if err != nil {
		return err
	}
	defer src.Close()
	inv.endProgress()
	if len(paths) == 0 {
		paths = []string{"."}
	}
	l := inv.newLister(ctx, o)
	l.vol, l.names = vol, namesOf(vol, o.volume)
	defer l.names.tell(inv)
	for _, p := range paths {
		if err := l.below(vol, l.names.find(p)); err != nil {
			l.w.Flush()
			return fmt.Errorf("list %s: %w", image, err)
		}
	}
	if err := l.w.Flush(); err != nil {
		return err
	}
	if l.bad > 0 {
		return incomplete{fmt.Sprintf("%s: %s could not be read in full", image, units.Count(l.bad, "folder", "folders"))}
	}
	return nil
}

// notOnDisc returns the error for a path that a person gave, which may not be on the
// disc.
func notOnDisc(path string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return advise(fmt.Errorf("%s is not on the disc", path), `"glassmaster ls -R" lists all files of a disc; --view shows another view`)
}

// lister prints entries. It does not allocate per entry.
type lister struct {
	ctx       context.Context
	inv       *invocation
	o         listing
	w         *bufio.Writer
	line      []byte
	raw       bool // names are printed unchanged: the output is not a terminal, and no character set was given
	enc       *json.Encoder
	minute    int64  // since 1970, of the time formatted last
	shown     []byte // the formatted time
	flushed   bool
	countdown int
	bad       int // folders that could not be read
	vol       volume.FS
	names     *shownNames
}

func (inv *invocation) newLister(ctx context.Context, o listing) *lister {
	l := &lister{
		ctx: ctx, inv: inv, o: o, w: bufio.NewWriterSize(inv.out, 64<<10),
		raw: !terminal.Interactive(inv.out),
	}
	if inv.json {
		l.enc = terminal.NewEncoder(l.w)
	}
	return l
}

// below lists the entries of a folder, or a single file.
func (l *lister) below(vol volume.FS, root string) error {
	info, err := vol.Stat(root)
	if err != nil {
		return notOnDisc(root, err)
	}
	if !info.IsDir() {
		return l.single(vol, root)
	}
	return volume.Walk(vol, root, func(e *volume.Entry) error {
		if err := l.entry(e); err != nil {
			return err
		}
		if e.IsDir() && !l.o.recursive {
			return fs.SkipDir
		}
		return nil
	})
}

// single lists one file.
func (l *lister) single(vol volume.FS, file string) error {
	folder := "."
	if i := strings.LastIndexByte(file, '/'); i >= 0 {
		folder = file[:i]
	}
	found := false
	err := volume.Walk(vol, folder, func(e *volume.Entry) error {
		if e.Err == nil && string(e.Path) == file {
			found = true
			if err := l.entry(e); err != nil {
				return err
			}
			return fs.SkipAll
		}
		if e.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	if err == nil && !found {
		err = &fs.PathError{Op: "list", Path: file, Err: fs.ErrNotExist}
	}
	return err
}

func (l *lister) entry(e *volume.Entry) error {
	if l.countdown--; l.countdown < 0 {
		l.countdown = 1000
		if err := l.ctx.Err(); err != nil {
			return err
		}
	}
	if e.Err != nil {
		l.bad++
		l.w.Flush()
		l.inv.warn(e.Err.Error())
		return nil
	}
	if e.Note != "" {
		l.w.Flush()
		l.inv.warn(fmt.Sprintf("%s: %s", l.names.text(e.Path), e.Note))
	}
	if e.Recorded != nil {
		l.names.changed++
	}
	if l.enc != nil {
		o := l.names.object(e)
		if l.o.attributes {
			o.moreObject = l.more(e)
		}
		return l.enc.Encode(o)
	}
	line := l.format(e)
	if l.o.attributes {
		line = l.more(e).append(line)
	}
	if _, err := l.w.Write(line); err != nil {
		return err
	}
	if !l.flushed { // the first entry is shown immediately
		l.flushed = true
		return l.w.Flush()
	}
	return nil
}

// format formats one entry into the buffer of the lister.
func (l *lister) format(e *volume.Entry) []byte {
	b := l.line[:0]
	if l.o.long {
		b = appendMode(b, e.Mode)
		b = appendPadded(b, int64(e.UID), 6)
		b = appendPadded(b, int64(e.GID), 6)
		b = appendPadded(b, e.Size, 13)
		b = append(b, ' ')
		b = append(b, l.time(e.Modified)...)
		b = append(b, ' ')
	}
	b = l.appendName(b, e.Path)
	switch {
	case e.IsDir():
		b = append(b, '/')
	case l.o.long && e.Mode.Type() == fs.ModeSymlink:
		b = append(b, " -> "...)
		b = l.appendName(b, e.Target)
	}
	if l.o.null {
		b = append(b, 0)
	} else {
		b = append(b, '\n')
	}
	l.line = b
	return b
}

// time formats a time. Consecutive entries are often of the same minute, for which the text
// is reused.
func (l *lister) time(ns int64) []byte {
	if ns == volume.NoTime {
		return []byte("               -")
	}
	const perMinute = int64(time.Minute)
	minute := ns / perMinute
	if l.shown == nil || minute != l.minute || ns < 0 {
		l.minute = minute
		l.shown = time.Unix(0, ns).AppendFormat(l.shown[:0], "2006-01-02 15:04")
	}
	return l.shown
}

func (l *lister) appendName(b, name []byte) []byte {
	if l.raw && l.names.set.IsZero() {
		return append(b, name...)
	}
	text := l.names.text(name)
	if l.raw {
		return append(b, text...)
	}
	return append(b, filename.Printable(string(text))...)
}
