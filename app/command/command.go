// Package command is the command line: one file for each verb, and what they
// have in common.
//
// What was asked for goes to standard output. Progress, remarks and errors go
// to standard error, so that output can be piped. With --json everything that a
// program may want goes to standard output, one object a line.
package command

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
)

// Main runs the program with its arguments, the name of the program left out,
// and returns its exit code.
func Main(args []string) int {
	ctx, release := interruptible(os.Stderr)
	defer release()
	return Run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
}

// Run is Main with everything it touches given. A context that ends cancels the
// work as Ctrl-C does.
func Run(ctx context.Context, args []string, in io.Reader, out, complaints io.Writer) int {
	s := &session{in: in, out: out, log: complaints}
	root := s.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(complaints)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !s.started {
		err = usage(err)
	}
	var stopped *cancelled
	if errors.Is(err, context.Canceled) && !errors.As(err, &stopped) {
		err = &cancelled{err}
	}
	return s.end(cmd, err)
}

func (s *session) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "glassmaster",
		Short: "Compile, open, burn, read and verify optical discs",
		Long: `Glassmaster compiles, opens, burns, reads and verifies CD, DVD and Blu-ray discs.

Wherever a verb takes an IMAGE it takes any disc: an image file, a drive with a
disc in it (/dev/sr0, iscsi://HOST:PORT/TARGET/LUN, virtual:FILE), a folder, or a
compilation (FILE.glassmaster). Without a verb the window opens.`,
		Example: `  glassmaster build Holiday -o holiday.iso
  glassmaster ls -l holiday.iso
  glassmaster burn Holiday /dev/sr0
  glassmaster verify /dev/sr0 holiday.iso`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.openWindow(cmd.Context(), nil)
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if reads, ok := cmd.Context().Value(readsOnly{}).(*atomic.Bool); ok {
				reads.Store(slices.Contains(readers, cmd.Name()))
			}
			return s.begin()
		},
	}
	root.SetVersionTemplate("glassmaster {{.Version}}\n")
	f := root.PersistentFlags()
	f.BoolVar(&s.json, "json", false, "print one JSON object a line on standard output, for programs")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "say nothing but warnings and errors")
	f.StringVar(&s.trace, "trace", "", "record every command to a drive, and its reply, in `FILE`")
	root.AddGroup(
		&cobra.Group{ID: images, Title: "Images and compilations:"},
		&cobra.Group{ID: drives, Title: "Discs and drives:"},
	)
	for _, group := range []struct {
		id    string
		verbs []*cobra.Command
	}{
		{images, []*cobra.Command{s.buildVerb(), s.infoVerb(), s.listVerb(), s.catVerb(), s.extractVerb(), s.verifyVerb()}},
		{drives, []*cobra.Command{s.drivesVerb(), s.mediaVerb(), s.burnVerb(), s.readVerb(), s.blankVerb(), s.formatVerb(), s.closeVerb(), s.ejectVerb(), s.loadVerb()}},
		{"", []*cobra.Command{s.windowVerb(), bootTopic(), exitCodesTopic(), jsonTopic()}},
	} {
		for _, v := range group.verbs {
			v.GroupID = group.id
			root.AddCommand(v)
		}
	}
	strictHelp(root)
	return root
}

// strictHelp has the commands that cobra makes refuse what they do not know, as
// all verbs do.
func strictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			show := c.Run
			c.RunE = func(c *cobra.Command, args []string) error {
				if _, rest, err := c.Root().Find(args); err != nil || len(rest) > 0 {
					return advise(usagef("there is no help about %q", strings.Join(args, " ")), `"glassmaster --help" lists what there is`)
				}
				show(c, args)
				return nil
			}
		case "completion":
			c.RunE = func(*cobra.Command, []string) error {
				return usagef("completion needs a SHELL: bash, zsh, fish or powershell")
			}
		}
	}
}

// Groups of verbs in the help.
const (
	images = "images"
	drives = "drives"
)
