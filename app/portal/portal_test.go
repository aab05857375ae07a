package portal_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"glassmaster/app/portal"
	"glassmaster/app/portal/portaltest"
)

// start starts a portal on the session bus that answers with a function.
func start(t *testing.T, p *portaltest.Portal) {
	t.Helper()
	address := portaltest.Bus(t)
	p.Start(t, address)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
}

func TestShow(t *testing.T) {
	for _, c := range []struct {
		name   string
		dialog portal.Dialog
		method string
		answer []string
		want   []string
	}{
		{"one file", portal.Dialog{Mode: portal.OpenFile}, "OpenFile", []string{"file:///a/b.iso"}, []string{"/a/b.iso"}},
		{
			"files with names that are hard to hand over",
			portal.Dialog{Mode: portal.OpenFiles},
			"OpenFile",
			[]string{"file:///50%25%20&%20%231.txt", "file:///a+b;c.txt", "file:///Gr%C3%BC%C3%9Fe", "file:///line%0Abreak"},
			[]string{"/50% & #1.txt", "/a+b;c.txt", "/Grüße", "/line\nbreak"},
		},
		{"folder", portal.Dialog{Mode: portal.OpenFolder}, "OpenFile", []string{"file://localhost/a/b/"}, []string{"/a/b"}},
		{"save", portal.Dialog{Mode: portal.SaveFile, Name: "disc.iso"}, "SaveFile", []string{"file:///x/disc.iso"}, []string{"/x/disc.iso"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := make(chan portaltest.Call, 1)
			start(t, &portaltest.Portal{Version: 4, OnCall: func(call portaltest.Call) {
				calls <- call
				call.AnswerAnother(0, "file:///wrong")
				call.Answer(0, c.answer...)
			}})
			c.dialog.Title, c.dialog.Parent = "Title", "x11:1a"
			c.dialog.Filters = []portal.Filter{{Name: "Images", Rules: []portal.Rule{{Pattern: "*.iso"}}}}
			paths, err := portal.Show(t.Context(), c.dialog)
			if err != nil || !slices.Equal(paths, c.want) {
				t.Errorf("got %q and %v, want %q", paths, err, c.want)
			}
			got := <-calls
			if got.Method != c.method || got.Title != "Title" || got.Parent != "x11:1a" {
				t.Errorf("the portal was called as %+v", got)
			}
			multiple, _ := got.Options["multiple"].Value().(bool)
			directory, _ := got.Options["directory"].Value().(bool)
			name, _ := got.Options["current_name"].Value().(string)
			if multiple != (c.dialog.Mode == portal.OpenFiles) || directory != (c.dialog.Mode == portal.OpenFolder) || name != c.dialog.Name {
				t.Errorf("options %v", got.Options)
			}
			if f := got.Options["filters"].String(); !strings.Contains(f, `[["Images", [[0, "*.iso"]]]]`) {
				t.Errorf("filters %s", f)
			}
			if s := dbus.SignatureOf(c.dialog.Filters).String(); s != "a(sa(us))" {
				t.Errorf("filters of type %s", s)
			}
		})
	}
}

// TestShowEndsWithoutFiles covers dialogs that end without a file being chosen.
func TestShowEndsWithoutFiles(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(portaltest.Call)
		want string // part of the error; empty: none
	}{
		{"cancelled", func(c portaltest.Call) { c.Answer(1) }, ""},
		{"closed", func(c portaltest.Call) { c.Answer(2) }, ""},
		{"nothing said", func(c portaltest.Call) { c.Answer(0) }, "did not say"},
		{"elsewhere", func(c portaltest.Call) { c.Answer(0, "sftp://host/file") }, "sftp://host/file is not a file of this machine"},
		{"another machine", func(c portaltest.Call) { c.Answer(0, "file://host/file") }, "not a file of this machine"},
		{"a NUL in the name", func(c portaltest.Call) { c.Answer(0, "file:///a%00b") }, "not understood"},
		{"a name that is not escaped", func(c portaltest.Call) { c.Answer(0, "file:///a#1.iso") }, "not understood"},
		{"a name with a query", func(c portaltest.Call) { c.Answer(0, "file:///a?.iso") }, "not understood"},
		{"not a URI", func(c portaltest.Call) { c.Answer(0, "file:///%zz") }, "not a file of this machine"},
		{"portal ends", func(c portaltest.Call) { go c.EndPortal() }, "portal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start(t, &portaltest.Portal{Version: 4, OnCall: c.do})
			paths, err := portal.Show(t.Context(), portal.Dialog{})
			switch {
			case len(paths) > 0:
				t.Errorf("got %q", paths)
			case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestShowFollowsTheHandle checks that the response is taken from the request object that
// the portal returns: portals before version 0.9 choose it themselves.
func TestShowFollowsTheHandle(t *testing.T) {
	start(t, &portaltest.Portal{Version: 1, Handle: "/org/freedesktop/portal/desktop/request/7", OnCall: func(c portaltest.Call) {
		go c.Answer(0, "file:///a")
	}})
	paths, err := portal.Show(t.Context(), portal.Dialog{})
	if err != nil || !slices.Equal(paths, []string{"/a"}) {
		t.Errorf("got %q and %v", paths, err)
	}
}

func TestShowIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	start(t, &portaltest.Portal{Version: 4, OnCall: func(portaltest.Call) { cancel() }})
	if _, err := portal.Show(ctx, portal.Dialog{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestShowUnavailable(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, d *portal.Dialog){
		"no bus": func(t *testing.T, _ *portal.Dialog) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
			t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
		},
		"a bus that is gone": func(t *testing.T, _ *portal.Dialog) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+t.TempDir()+"/none")
		},
		"no portal": func(t *testing.T, _ *portal.Dialog) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", portaltest.Bus(t))
		},
		"no file dialogs": func(t *testing.T, _ *portal.Dialog) {
			start(t, &portaltest.Portal{})
		},
		"no dialogs for folders": func(t *testing.T, d *portal.Dialog) {
			start(t, &portaltest.Portal{Version: 2})
			d.Mode = portal.OpenFolder
		},
	} {
		t.Run(name, func(t *testing.T) {
			var d portal.Dialog
			prepare(t, &d)
			if paths, err := portal.Show(t.Context(), d); !errors.Is(err, portal.ErrUnavailable) || paths != nil {
				t.Errorf("got %q and %v", paths, err)
			}
		})
	}
}
