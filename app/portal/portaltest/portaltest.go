// Package portaltest is a session bus and a desktop portal for tests: it answers
// requests for file dialogs without showing any.
package portaltest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"glassmaster/mastering/peertest"
)

const (
	service     = "org.freedesktop.portal.Desktop"
	object      = dbus.ObjectPath("/org/freedesktop/portal/desktop")
	fileChooser = "org.freedesktop.portal.FileChooser"
	request     = "org.freedesktop.portal.Request"
)

// Bus starts a session bus that ends with the test, and returns its address. It
// starts no services.
func Bus(t *testing.T) string {
	t.Helper()
	peertest.Need(t, "dbus-daemon")
	dir := t.TempDir()
	config := filepath.Join(dir, "bus.conf")
	text := fmt.Sprintf(`<busconfig>
	<type>session</type>
	<listen>unix:path=%s</listen>
	<auth>EXTERNAL</auth>
	<policy context="default">
		<allow send_destination="*" eavesdrop="true"/>
		<allow eavesdrop="true"/>
		<allow own="*"/>
	</policy>
</busconfig>
`, filepath.Join(dir, "bus"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("dbus-daemon", "--config-file", config, "--nofork", "--nopidfile", "--print-address")
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		daemon.Process.Kill()
		daemon.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the bus did not print its address: %v", err)
	}
	return strings.TrimSpace(address)
}

// Call is a request for a file dialog.
type Call struct {
	Method, Parent, Title string
	Options               map[string]dbus.Variant

	portal *Portal
	client string
	handle dbus.ObjectPath
}

// Portal is a desktop portal on a bus.
type Portal struct {
	// Version of its file dialogs.
	Version uint32
	// OnCall is called for each request, before the call returns. It is called on a
	// goroutine of its own.
	OnCall func(Call)
	// Handle is the object of the next request; empty: the one that the client expects.
	Handle dbus.ObjectPath

	bus *dbus.Conn
}

// Start starts the portal on a bus.
func (p *Portal) Start(t *testing.T, address string) {
	t.Helper()
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	p.bus = bus
	for i, table := range []map[string]any{
		{"OpenFile": p.method("OpenFile"), "SaveFile": p.method("SaveFile")},
		{"Get": p.get},
	} {
		if err := bus.ExportMethodTable(table, object, []string{fileChooser, "org.freedesktop.DBus.Properties"}[i]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := bus.RequestName(service, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
}

func (p *Portal) get(iface, property string) (dbus.Variant, *dbus.Error) {
	if iface != fileChooser || property != "version" || p.Version == 0 {
		return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", []any{"no such interface"})
	}
	return dbus.MakeVariant(p.Version), nil
}

func (p *Portal) method(name string) any {
	return func(from dbus.Sender, parent, title string, options map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
		c := Call{Method: name, Parent: parent, Title: title, Options: options, portal: p, client: string(from), handle: p.Handle}
		if c.handle == "" {
			token, _ := options["handle_token"].Value().(string)
			client := strings.NewReplacer(":", "", ".", "_").Replace(string(from))
			c.handle = object + dbus.ObjectPath("/request/"+client+"/"+token)
		}
		p.OnCall(c)
		return c.handle, nil
	}
}

// Answer answers the call: 0 with the files that were chosen, 1 for cancelled, 2 for
// closed in another way.
func (c Call) Answer(code uint32, uris ...string) { c.answer(c.handle, code, uris) }

// AnswerAnother answers another request of the same client.
func (c Call) AnswerAnother(code uint32, uris ...string) { c.answer(c.handle+"x", code, uris) }

// EndPortal ends the portal without an answer.
func (c Call) EndPortal() { c.portal.bus.Close() }

func (c Call) answer(handle dbus.ObjectPath, code uint32, uris []string) {
	results := map[string]dbus.Variant{}
	if len(uris) > 0 {
		results["uris"] = dbus.MakeVariant(uris)
	}
	body := []any{code, results}
	// Like the real portal, it sends the signal to the client only.
	c.portal.bus.Send(&dbus.Message{
		Type: dbus.TypeSignal,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldPath:        dbus.MakeVariant(handle),
			dbus.FieldInterface:   dbus.MakeVariant(request),
			dbus.FieldMember:      dbus.MakeVariant("Response"),
			dbus.FieldDestination: dbus.MakeVariant(c.client),
			dbus.FieldSignature:   dbus.MakeVariant(dbus.SignatureOf(body...)),
		},
		Body: body,
	}, nil)
}
