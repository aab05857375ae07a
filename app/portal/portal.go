// Package portal shows the file dialogs of a Linux desktop through its portal,
// org.freedesktop.portal.FileChooser, over D-Bus.
package portal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names on the bus.
const (
	service     = "org.freedesktop.portal.Desktop"
	object      = dbus.ObjectPath("/org/freedesktop/portal/desktop")
	fileChooser = "org.freedesktop.portal.FileChooser"
	response    = "org.freedesktop.portal.Request.Response"
)

// answerTimeout is how long the portal may take to answer a call. The bus may have to
// start it first. The time that the user takes is not limited.
const answerTimeout = 10 * time.Second

// ErrUnavailable means that there is no portal, or that it has no file dialogs.
var ErrUnavailable = errors.New("the desktop has no portal for file dialogs")

// Mode is the kind of a dialog.
type Mode uint8

// Modes of a dialog.
const (
	OpenFile Mode = iota
	OpenFiles
	OpenFolder
	SaveFile
)

// Dialog describes a file dialog.
type Dialog struct {
	Mode    Mode
	Title   string
	Parent  string // the window it belongs to, such as "x11:1a00007"; empty: none
	Name    string // proposed for a file to save
	Filters []Filter
}

// Filter is a choice of the files to show. Its fields are those that the portal expects:
// (sa(us)).
type Filter struct {
	Name  string
	Rules []Rule
}

// Rule is a pattern of file names, such as "*.iso". It is case-sensitive.
type Rule struct {
	Kind    uint32 // 0: Pattern is a glob pattern
	Pattern string
}

// Show shows a dialog, waits until it is closed, and returns the chosen paths, or none if
// the dialog was cancelled. The error is [ErrUnavailable] if there is no portal; nothing
// was shown then.
func Show(ctx context.Context, d Dialog) ([]string, error) {
	address := sessionBus()
	if address == "" {
		return nil, ErrUnavailable
	}
	// A private connection, so that no other part of the program receives its signals.
	bus, err := dbus.Connect(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer bus.Close()
	if v := version(ctx, bus); v == 0 || d.Mode == OpenFolder && v < 3 {
		return nil, ErrUnavailable
	}
	return d.show(ctx, bus)
}

// sessionBus returns the address of the session bus, or "" if there is none. In that case
// the library would start a bus that no one else uses and that never ends.
func sessionBus() string {
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return address
	}
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = fmt.Sprintf("/run/user/%d", os.Getuid())
	}
	socket := filepath.Join(dir, "bus")
	if _, err := os.Stat(socket); err != nil {
		return ""
	}
	return "unix:path=" + dbus.EscapeBusAddressValue(socket)
}

// version returns the version of the portal's file dialogs, or 0 if it has none.
func version(ctx context.Context, bus *dbus.Conn) uint32 {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var v dbus.Variant
	err := bus.Object(service, object).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, fileChooser, "version").Store(&v)
	if err != nil {
		return 0
	}
	n, _ := v.Value().(uint32)
	return n
}

func (d Dialog) show(ctx context.Context, bus *dbus.Conn) ([]string, error) {
	signals := make(chan *dbus.Signal, 16)
	bus.Signal(signals)
	token := "glassmaster" + rand.Text()
	sender := strings.NewReplacer(":", "", ".", "_").Replace(bus.Names()[0])
	request := object + dbus.ObjectPath("/request/"+sender+"/"+token)
	// The response may arrive before the call returns, so subscribe first.
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchObjectPath(request), dbus.WithMatchInterface("org.freedesktop.portal.Request")},
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, service)},
	} {
		if err := bus.AddMatchSignalContext(ctx, match...); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	called, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var handle dbus.ObjectPath
	err := bus.Object(service, object).CallWithContext(called, fileChooser+"."+d.method(), 0, d.Parent, d.Title, d.options(token)).Store(&handle)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	for {
		select {
		case <-ctx.Done():
			bus.Object(service, handle).Call("org.freedesktop.portal.Request.Close", dbus.FlagNoReplyExpected)
			return nil, ctx.Err()
		case s, open := <-signals:
			switch {
			case !open:
				return nil, errors.New("the connection to the session's D-Bus was lost while the file dialog was open")
			case s.Name == response && s.Path == handle:
				return chosen(s.Body)
			case s.Name == "org.freedesktop.DBus.NameOwnerChanged":
				return nil, errors.New("the desktop portal ended while its file dialog was open")
			}
		}
	}
}

func (d Dialog) method() string {
	if d.Mode == SaveFile {
		return "SaveFile"
	}
	return "OpenFile"
}

func (d Dialog) options(token string) map[string]dbus.Variant {
	o := map[string]dbus.Variant{"handle_token": dbus.MakeVariant(token)}
	if len(d.Filters) > 0 {
		o["filters"] = dbus.MakeVariant(d.Filters)
	}
	switch d.Mode {
	case OpenFiles:
		o["multiple"] = dbus.MakeVariant(true)
	case OpenFolder:
		o["directory"] = dbus.MakeVariant(true)
	case SaveFile:
		o["current_name"] = dbus.MakeVariant(d.Name)
	}
	return o
}

// chosen decodes a response. Its first value is 0 if files were chosen, 1 if the dialog
// was cancelled, and 2 if it was closed in another way.
func chosen(body []any) ([]string, error) {
	var code uint32
	var results map[string]dbus.Variant
	if err := dbus.Store(body, &code, &results); err != nil {
		return nil, fmt.Errorf("the desktop portal returned an invalid response: %w", err)
	}
	if code != 0 {
		return nil, nil
	}
	uris, ok := results["uris"].Value().([]string)
	if !ok || len(uris) == 0 {
		return nil, errors.New("the desktop portal did not say which files were chosen")
	}
	paths := make([]string, len(uris))
	for i, uri := range uris {
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" || u.Path == "" {
			return nil, fmt.Errorf("%s is not a file of this machine: copy it to a local folder first", uri)
		}
		if u.RawQuery != "" || u.Fragment != "" || strings.IndexByte(u.Path, 0) >= 0 {
			// A part of the name would be cut off, and another file be used.
			return nil, fmt.Errorf("the desktop portal gave an answer that is not understood: %q is not the name of a file", uri)
		}
		paths[i] = filepath.Clean(u.Path)
	}
	return paths, nil
}
