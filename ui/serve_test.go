package ui

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// freePort returns a port at which nobody listens.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// TestServe offers an image file, connects to it as another program, and stops. While it
// is offered, the disc is in use.
func TestServe(t *testing.T) {
	disc := filepath.Join(t.TempDir(), "disc")
	t.Setenv(drive.Environment, "virtual:"+disc+"?medium=dvd+r")
	p := newPilot(t)
	p.show(servePage)
	if !p.shown("Offer a disc to other computers") {
		t.Error("the empty page says nothing")
	}
	p.until("the drives", func() bool { return len(p.served.Drives()) > 0 })
	p.served.Add("virtual:" + disc + "?medium=dvd+r")
	port := freePort(t)
	p.served.Set(func(o *model.ServeOptions) { o.Port = port })
	p.press("Start")
	p.until("the address", func() bool { return p.last("serve")["address"] == "127.0.0.1:"+port })
	target := p.served.Served().Targets[0].Name
	if !p.shown("iscsiadm -m node -T "+target) || !p.shown("Nobody yet") {
		t.Error("it does not say how to connect, or that nobody has")
	}

	tr, err := drive.Open(t.Context(), "iscsi://127.0.0.1:"+port+"/"+target+"/0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scsi.Identify(t.Context(), tr); err != nil {
		t.Error(err)
	}
	p.until("the session", func() bool { return len(p.served.Connected()) == 1 })
	p.until("the list", func() bool { return p.shown("INQUIRY") })
	p.picture("serve")
	p.press("Stop")
	if p.sheet() != "Stop offering?" {
		t.Errorf("it does not ask, but shows %q", p.sheet())
	}
	tr.Close()
	p.answerSheet("Stop")
	p.until("the end", func() bool { return p.last("serve")["running"] == false })
	if e := p.last("serve")["error"]; e != "" {
		t.Errorf("it failed: %v", e)
	}
}

// TestServeRefuses checks what cannot be offered, and that it is said why.
func TestServeRefuses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := newPilot(t)
	p.show(servePage)
	p.drop(fyne.NewPos(500, 300), filepath.Join(t.TempDir(), "gone.iso"))
	why := func() string { s, _ := p.last("serve")["why"].(string); return s }
	p.served.Set(func(o *model.ServeOptions) { o.Port, o.Host = port, "0.0.0.0" })
	if !strings.Contains(why(), "have to know a user name and a secret") {
		t.Errorf("other computers: %q", why())
	}
	p.served.Set(func(o *model.ServeOptions) { o.User, o.Secret = "reader", "short" })
	if !strings.Contains(why(), "12") {
		t.Errorf("a short secret: %q", why())
	}
	p.served.NewSecret()
	if why() != "" {
		t.Errorf("with a secret: %q", why())
	}
	secret := p.served.Options.Secret
	for _, o := range test.LaidOutObjects(p.window.Content()) {
		if x, ok := o.(*widgets.Text); ok && strings.Contains(x.String(), secret) {
			t.Errorf("the secret can be read in %q", x)
		}
	}
	p.served.Set(func(o *model.ServeOptions) { o.Host, o.User, o.Secret = "127.0.0.1", "", "" })
	p.press("Start")
	p.until("the error", func() bool { e, _ := p.last("serve")["error"].(string); return e != "" })
	if e := p.last("serve")["error"].(string); !strings.Contains(e, "Another program uses the address") || !p.shown("Choose another port") {
		t.Errorf("a port that is in use: %q", e)
	}
	p.picture("serve-failed")
	p.served.Set(func(o *model.ServeOptions) { o.Port = freePort(t) })
	p.press("Start")
	p.until("the error", func() bool { e, _ := p.last("serve")["error"].(string); return e != "" })
	if e := p.last("serve")["error"].(string); !strings.Contains(e, "gone.iso") {
		t.Errorf("a file that does not exist: %q", e)
	}
}
