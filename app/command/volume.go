package command

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/drive/trace"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// sessionFlag adds the flag for image files of one session of a disc.
func (inv *invocation) sessionFlag(c *cobra.Command) {
	c.Flags().Int64Var(&inv.sessionStart, "session-start", 0, "IMAGE is a file of a later session alone, which begins at this `LBA` of the disc")
}

// volumeFlags adds the flags that choose the view, the session, the track and the character
// set.
func (inv *invocation) volumeFlags(c *cobra.Command, o *volume.Options) {
	f := c.Flags()
	f.IntVar(&o.Track, "track", 0, "use data track `N` (default that of the session)")
	inv.sessionFlag(c)
	f.StringVar(&o.View, "view", "", "show this `VIEW` of the disc: rockridge, joliet, enhanced, iso9660, udf, hfs or hfsplus (default the richest)")
	f.IntVar(&o.Session, "session", 0, "show session `N`; 1 is the oldest (default the newest)")
	f.Var(&o.Charset, "charset", "character set `NAME` of names and texts that are not in Unicode: latin1, cp437, koi8-r, shift_jis, ... (default UTF-8 if valid, else a guess)")
	offer(c, "view", "rockridge", "joliet", "enhanced", "iso9660", "udf", "hfs", "hfsplus")
}

// offer adds the values of a flag to shell completion.
func offer(c *cobra.Command, flag string, values ...string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag does not exist, or is registered twice
	}
}

// sourceOptions returns how this run opens discs and drives.
func (inv *invocation) sourceOptions() source.Options {
	o := source.Options{Report: inv.report(), SessionStart: disc.LBA(inv.sessionStart)}
	if inv.record != nil {
		o.Wrap = func(name string, t scsi.Transport) scsi.Transport {
			return trace.Wrap(t, inv.record, recordOf+name)
		}
	}
	return o
}

// openDrive opens the drive of that name, or the only drive if the name is empty, and
// returns its name.
func (inv *invocation) openDrive(ctx context.Context, name string) (scsi.Transport, string, error) {
	return source.OpenDrive(ctx, name, inv.sourceOptions())
}

// closeDrive closes a drive. It sets the error if there is none yet: a virtual disc may have to become
// an image then.
func closeDrive(t scsi.Transport, name string, err *error) {
	if e := t.Close(); e != nil && *err == nil {
		*err = fmt.Errorf("%s: %w", name, e)
	}
}

// openSource opens a disc and prints the warnings about it.
func (inv *invocation) openSource(ctx context.Context, name string) (*source.Source, error) {
	return inv.openWith(ctx, inv.sourceOptions(), name)
}

func (inv *invocation) openWith(ctx context.Context, o source.Options, name string) (*source.Source, error) {
	src, err := source.Open(ctx, name, o)
	if err != nil {
		return nil, err
	}
	inv.warnAll(src.Notices)
	return src, nil
}

// warnAll prints notices that are not errors.
func (inv *invocation) warnAll(list []disc.Notice) {
	for _, n := range list {
		if n.Severity != disc.Error {
			inv.report().Notice(disc.Notice{Severity: n.Severity, Text: n.String()})
		}
	}
}

// warnMissing lists the files of a folder or compilation that would be missing on the disc.
func (inv *invocation) warnMissing(src *source.Source) {
	for _, n := range src.Missing() {
		inv.warn(n.String())
	}
}

// openVolume opens a disc and the file system on it.
func (inv *invocation) openVolume(ctx context.Context, name string, o volume.Options) (*source.Source, volume.FS, error) {
	src, err := inv.openSource(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	inv.warnDefects(ctx, src)
	inv.warnMissing(src)
	o.View = viewName(o.View)
	vol, err := volume.OpenDisc(ctx, src.Disc, o)
	if err != nil {
		src.Close()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if i := vol.Volume(); i.Unicode && !o.Charset.IsZero() {
		inv.warn(fmt.Sprintf("--charset has no effect on the names, which are in Unicode (%s)", i.View))
	}
	return src, vol, nil
}

// viewName returns the name of a view in the spelling of package volume.
func viewName(v string) string {
	plain := strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(v))
	switch plain {
	case "rockridge", "rr", "rock":
		return "Rock Ridge"
	case "joliet":
		return "Joliet"
	case "enhanced", "iso9660:1999", "iso96601999":
		return "ISO 9660:1999"
	case "iso9660", "iso":
		return "ISO 9660"
	case "udf":
		return "UDF"
	case "hfs":
		return "HFS"
	case "hfsplus", "hfs+":
		return "HFS Plus"
	}
	return v
}

// onDisc converts a path given by the user to a path of io/fs.
func onDisc(p string) string {
	p = path.Clean("/" + p)[1:]
	if p == "" {
		return "."
	}
	return p
}
