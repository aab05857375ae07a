// Command glassmaster-window is the window of Glassmaster. Its arguments are
// files to open: disc images, compilations, or anything to compile.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"glassmaster/app/buildinfo"
	"glassmaster/assets"
	"glassmaster/ui"
	"glassmaster/ui/engine"
	"glassmaster/ui/theme"
)

func main() {
	events := flag.String("events", "", "append events to this `file`, one JSON object per line")
	size := flag.String("size", "1280x800", "initial `size` of the window")
	version := flag.Bool("version", false, "print the version")
	flag.Parse()
	if *version {
		fmt.Println("glassmaster-window", buildinfo.String())
		return
	}
	if err := run(*events, *size, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "glassmaster-window:", err)
		os.Exit(1)
	}
}

func run(events, size string, files []string) error {
	var w, h float32
	if _, err := fmt.Sscanf(size, "%gx%g", &w, &h); err != nil || w < 640 || h < 480 {
		return fmt.Errorf("invalid --size %s: use WIDTHxHEIGHT, at least 640x480", size)
	}
	log, err := openLog(events)
	if err != nil {
		return err
	}
	defer log.Close()
	plainLocale()
	makeCacheFolder()
	a := calm(app.NewWithID(buildinfo.AppID))
	a.Settings().SetTheme(theme.Theme{})
	a.SetIcon(assets.Icon)
	window := a.NewWindow("Glassmaster")
	window.SetPadded(false)
	window.SetMaster()
	shell := ui.New(window, ui.Config{
		Engine: engine.New(), Program: "Glassmaster " + buildinfo.String(), Event: log.event(),
		Picker:  &picker{parent: func() string { return portalParent(window) }},
		Pointer: func() ui.Pointer { return dropPosition(window) },
	})
	window.Resize(fyne.NewSize(w, h))
	window.SetOnClosed(shell.Close)
	window.SetCloseIntercept(func() { shell.AskClose(window.Close) })
	a.Lifecycle().SetOnStarted(func() { shell.Started(files) })
	return show(window, shell)
}

// makeCacheFolder creates the user's cache folder, as the XDG Base Directory Specification
// asks for. Fyne creates only its own folder in it, and prints an error where it is missing.
func makeCacheFolder() {
	if dir, err := os.UserCacheDir(); err == nil {
		_ = os.MkdirAll(dir, 0o700) // if that fails, Fyne reports it
	}
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

// show runs the window. An uncaught panic ends it, after the compilation was backed up.
func show(w fyne.Window, shell *ui.Shell) (err error) {
	defer func() {
		p := recover()
		switch {
		case p == nil:
		case strings.HasPrefix(fmt.Sprint(p), "NotInitialized:"): // GLFW's error; Fyne has logged the cause
			err = errors.New("the display cannot be opened: check DISPLAY and WAYLAND_DISPLAY, " +
				"or use the command line (glassmaster --help)")
		default:
			err = fmt.Errorf("this is a bug in Glassmaster, please report it: %v\nglassmaster-window %s\n%s", p, buildinfo.String(), debug.Stack())
			if kept := shell.Rescue(); kept != nil {
				err = fmt.Errorf("%w\nThe unsaved compilation is lost: %w", err, kept)
			}
		}
	}()
	w.ShowAndRun()
	return nil
}
