// Command glassmaster-window is the window of Glassmaster. Its arguments are
// files to open: disc images, compilations, or anything to compile.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"glassmaster/assets"
	"glassmaster/ui"
	"glassmaster/ui/engine"
	"glassmaster/ui/theme"
)

func main() {
	events := flag.String("events", "", "append what happens to this `file`, one JSON object a line")
	size := flag.String("size", "1280x800", "initial `size` of the window")
	flag.Parse()
	if err := run(*events, *size, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "glassmaster-window:", err)
		os.Exit(1)
	}
}

func run(events, size string, files []string) error {
	var w, h float32
	if _, err := fmt.Sscanf(size, "%gx%g", &w, &h); err != nil || w < 640 || h < 480 {
		return fmt.Errorf("--size %s: want WIDTHxHEIGHT, at least 640x480", size)
	}
	log, err := openLog(events)
	if err != nil {
		return err
	}
	defer log.Close()
	plainLocale()
	a := calm(app.NewWithID("io.glassmaster.Glassmaster"))
	a.Settings().SetTheme(theme.Theme{})
	a.SetIcon(assets.Icon)
	window := a.NewWindow("Glassmaster")
	window.SetPadded(false)
	window.SetMaster()
	shell := ui.New(window, ui.Config{
		Engine: engine.New(), Event: log.event(),
		Picker:  &picker{parent: func() string { return portalParent(window) }},
		Pointer: func() ui.Pointer { return dropPosition(window) },
	})
	window.Resize(fyne.NewSize(w, h))
	window.SetOnClosed(shell.Close)
	window.SetCloseIntercept(func() { shell.AskClose(window.Close) })
	a.Lifecycle().SetOnStarted(func() { shell.Started(files) })
	return show(window, shell)
}

// plainLocale removes modifiers such as "@euro" from the locale, which Fyne does not
// understand and would print errors about.
func plainLocale() {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale, _, modified := strings.Cut(os.Getenv(name), "@"); modified {
			os.Setenv(name, locale)
		}
	}
}

// show runs the window. An uncaught panic ends it, after the unsaved
// compilation was kept.
func show(w fyne.Window, shell *ui.Shell) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("this is a fault in Glassmaster itself, please report it: %v\n%s", p, debug.Stack())
			if kept := shell.Rescue(); kept != nil {
				err = fmt.Errorf("%w\nwhat was not saved is lost: %w", err, kept)
			}
		}
	}()
	w.ShowAndRun()
	return nil
}
