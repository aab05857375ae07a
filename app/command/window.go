package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
)

// windowProgram is the program that opens the window, without ".exe".
const windowProgram = "glassmaster-window"

func (inv *invocation) windowVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "window [FILE...]",
		Short: "Open the window",
		Long: `Open the window. A compilation (FILE.glassmaster) is opened, a disc image is shown,
and any other files and folders are added to a new compilation.

The window is a separate program, glassmaster-window, in the same folder as this one
or in PATH.`,
		Example: `  glassmaster window holiday.iso
  glassmaster window ~/Pictures ~/notes.txt`,
		RunE: func(cmd *cobra.Command, args []string) error { return inv.openWindow(cmd.Context(), args) },
	}
}

// openWindow runs the window program and waits until it ends.
func (inv *invocation) openWindow(ctx context.Context, args []string) error {
	program, err := findWindow()
	if err != nil {
		return advise(err, `put it beside glassmaster, or use a verb: "glassmaster --help" lists them`)
	}
	if !hasDisplay() {
		return advise(errors.New("there is no display for the window (neither DISPLAY nor WAYLAND_DISPLAY is set)"),
			`the verbs work without a display: "glassmaster --help" lists them`)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inv.in, inv.out, inv.log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	return nil
}

// findWindow looks for the window program in the folder of this one, then in PATH.
func findWindow() (string, error) {
	name := windowProgram
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("the window is a separate program, %s, which is neither beside this one nor in PATH", name)
	}
	return path, nil
}

func hasDisplay() bool {
	switch runtime.GOOS {
	case "windows", "darwin":
		return true
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}
