// Package command implements the command line: one file per verb, and the code that the
// verbs share.
//
// Results go to standard output. Progress, messages and errors go to standard error, so
// that the output can be piped. With --json everything goes to standard output, one object
// per line.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/app/buildinfo"
	"glassmaster/drive"
	"glassmaster/drive/trace"
)

// Main runs the program with its arguments, without the name of the program, and returns
// its exit code.
func Main(args []string) int {
	ctx, release := interruptible(os.Stderr)
	defer release()
	return Run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
}

// Run is like Main, with the given input and outputs. Cancelling the context has the
// effect of Ctrl-C.
func Run(ctx context.Context, args []string, in io.Reader, out, complaints io.Writer) int {
	drive.Register(trace.Scheme, trace.Open)
	inv := &invocation{in: in, out: out, log: complaints}
	root := inv.root(args)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(complaints)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !inv.started {
		err = usage(oneLine(err))
	}
	var stopped *cancelled
	if errors.Is(err, context.Canceled) && !errors.As(err, &stopped) {
		err = &cancelled{err}
	}
	return inv.end(cmd, err)
}

// oneLine returns the error of cobra for an unknown verb, whose suggestions are lines of
// their own, as one line.
func oneLine(err error) error {
	text, similar, ok := strings.Cut(err.Error(), "\n\nDid you mean this?\n")
	if !ok {
		return err
	}
	return fmt.Errorf("%s; did you mean %s?", text, strings.Join(strings.Fields(similar), " or "))
}

// verb is a verb of the program, or a topic of the help.
type verb struct {
	group   string
	names   []string // its name, followed by aliases
	command func(s *invocation) *cobra.Command
}

// verbs are all verbs and topics, in the order of the help.
var verbs = []verb{
	{images, []string{"build"}, (*invocation).buildVerb},
	{images, []string{"info"}, (*invocation).infoVerb},
	{images, []string{"ls", "list"}, (*invocation).listVerb},
	{images, []string{"sessions"}, (*invocation).sessionsVerb},
	{images, []string{"diff"}, (*invocation).diffVerb},
	{images, []string{"cat"}, (*invocation).catVerb},
	{images, []string{"extract"}, (*invocation).extractVerb},
	{images, []string{"convert"}, (*invocation).convertVerb},
	{images, []string{"edit"}, (*invocation).editVerb},
	{images, []string{"compact"}, (*invocation).compactVerb},
	{images, []string{"undo"}, (*invocation).undoVerb},
	{images, []string{"verify"}, (*invocation).verifyVerb},
	{drives, []string{"drives"}, (*invocation).drivesVerb},
	{drives, []string{"media", "medium"}, (*invocation).mediaVerb},
	{drives, []string{"burn"}, (*invocation).burnVerb},
	{drives, []string{"copy"}, (*invocation).copyVerb},
	{drives, []string{"read"}, (*invocation).readVerb},
	{drives, []string{"blank"}, (*invocation).blankVerb},
	{drives, []string{"format"}, (*invocation).formatVerb},
	{drives, []string{"close"}, (*invocation).closeVerb},
	{drives, []string{"eject"}, (*invocation).ejectVerb},
	{drives, []string{"load"}, (*invocation).loadVerb},
	{drives, []string{"serve"}, (*invocation).serveVerb},
	{"", []string{"window"}, (*invocation).windowVerb},
	{"", []string{"boot"}, bootTopic},
	{"", []string{"exit-codes"}, exitCodesTopic},
	{"", []string{"json"}, jsonTopic},
}

// verbsFor returns the verbs that a command line needs: the one that it begins with, none
// for the version, and otherwise all. Creating the commands of all verbs with their flags
// takes longer than listing a small disc, and scripts start the program often.
func verbsFor(args []string) []verb {
	switch {
	case len(args) == 0:
		return verbs
	case len(args) == 1 && (args[0] == "--version" || args[0] == "-v"):
		return nil
	}
	if i := slices.IndexFunc(verbs, func(v verb) bool { return slices.Contains(v.names, args[0]) }); i >= 0 {
		return verbs[i : i+1]
	}
	return verbs
}

// root returns the command of the program, with the verbs that the arguments need.
func (inv *invocation) root(args []string) *cobra.Command {
	var showVersion bool
	root := &cobra.Command{
		Use:   "glassmaster",
		Short: "Compile, open, burn, read and verify optical discs",
		Long: `Glassmaster compiles, opens, burns, reads and verifies CD, DVD and Blu-ray discs.

An IMAGE can be any disc: an image file, a drive with a disc in it (/dev/sr0,
iscsi://HOST:PORT/TARGET/LUN, virtual:FILE), a folder, or a compilation
(FILE.glassmaster). Without a verb, the window opens.`,
		Example: `  glassmaster build Holiday -o holiday.iso
  glassmaster ls -l holiday.iso
  glassmaster burn Holiday /dev/sr0
  glassmaster verify /dev/sr0 holiday.iso`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				_, err := fmt.Fprintln(inv.out, "glassmaster", buildinfo.String())
				return err
			}
			return inv.openWindow(cmd.Context(), nil)
		},
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if showVersion {
				return nil
			}
			if i, ok := cmd.Context().Value(interruptsKey{}).(*interrupts); ok {
				i.watch(slices.Contains(readers, cmd.Name()))
			}
			return inv.begin(args)
		},
	}
	root.Flags().BoolVarP(&showVersion, "version", "v", false, "print the version")
	f := root.PersistentFlags()
	f.BoolVar(&inv.json, "json", false, "print one JSON object per line on standard output")
	f.BoolVarP(&inv.quiet, "quiet", "q", false, "print warnings and errors only")
	f.StringVar(&inv.trace, "trace", "", "record the commands to drives and their replies in `FILE`; the drive trace:FILE replays them")
	root.AddGroup(
		&cobra.Group{ID: images, Title: "Images and compilations:"},
		&cobra.Group{ID: drives, Title: "Discs and drives:"},
	)
	needed := verbsFor(args)
	for _, v := range needed {
		c := v.command(inv)
		c.GroupID = v.group
		root.AddCommand(c)
	}
	if len(needed) < len(verbs) {
		root.CompletionOptions.DisableDefaultCmd = true
		return root
	}
	root.SetOut(inv.out) // which cobra's commands take when they are created
	strictHelp(root)
	return root
}

// strictHelp makes the commands that cobra creates reject unknown arguments, as all verbs
// do.
func strictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			show := c.Run
			c.RunE = func(c *cobra.Command, args []string) error {
				if _, rest, err := c.Root().Find(args); err != nil || len(rest) > 0 {
					return advise(usagef("there is no help topic %q", strings.Join(args, " ")), `"glassmaster --help" lists all verbs and topics`)
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
