package drive_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tgtdtest"
)

// fake is a drive that answers only INQUIRY.
type fake struct{ closed *int }

func (f fake) Execute(_ context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] != scsi.OpInquiry {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 5, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0x20, 0})
	}
	return copy(c.Data, "\x05\x80\x05\x02\x1f\x00\x00\x00SOFTWARERECORDER        1.00"), nil
}
func (f fake) MaxTransfer() int { return 1 << 16 }
func (f fake) Close() error     { *f.closed++; return nil }

func TestOpenBySchemeAndList(t *testing.T) {
	closed := 0
	drive.Register("paper", func(_ context.Context, name string) (scsi.Transport, error) {
		if name == "paper:torn" {
			return nil, errors.New("the paper is torn")
		}
		return fake{&closed}, nil
	})
	d, err := drive.Open(context.Background(), "paper:a/b")
	if err != nil {
		t.Fatal(err)
	}
	if id, err := scsi.Identify(context.Background(), d); err != nil || id.Product != "RECORDER" {
		t.Errorf("%+v, %v", id, err)
	}
	t.Setenv(drive.Environment, " paper:one, paper:torn\tpaper:one ")
	found, err := drive.List(context.Background())
	if err != nil || len(found) < 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	found = found[len(found)-2:] // this computer may have drives too
	one, torn := found[0], found[1]
	want := drive.Found{Name: "paper:one", Vendor: "SOFTWARE", Product: "RECORDER", Revision: "1.00", Bus: "paper"}
	if one != want || closed != 1 {
		t.Errorf("found %+v, closed %d times", one, closed)
	}
	if torn.Name != "paper:torn" || torn.Err == nil {
		t.Errorf("a drive that cannot be opened: %+v", torn)
	}
}

// Names are separated by commas and white space, and quoted if they contain either.
func TestEnvironmentNames(t *testing.T) {
	for value, want := range map[string][]string{
		"":                                      nil,
		" , \t":                                 nil,
		"virtual:a,virtual:b":                   {"virtual:a", "virtual:b"},
		" virtual:a , virtual:b\nvirtual:c ,":   {"virtual:a", "virtual:b", "virtual:c"},
		`"virtual:a?refuse=35,5B" virtual:b`:    {"virtual:a?refuse=35,5B", "virtual:b"},
		`virtual:b,"virtual:My Discs/one, two"`: {"virtual:b", "virtual:My Discs/one, two"},
		`"virtual:a","virtual:b" `:              {"virtual:a", "virtual:b"},
		`virtual:C:\discs\a`:                    {`virtual:C:\discs\a`},
		`virtual:5"`:                            {`virtual:5"`},
		`"virtual:a`:                            {`"virtual:a`},
		`""`:                                    nil,
	} {
		t.Setenv(drive.Environment, value)
		found, err := drive.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			if strings.Contains(f.Name, "virtual:") { // this computer may have drives too
				got = append(got, f.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s=%s: %q, want %q", drive.Environment, value, got, want)
		}
	}
}

func TestISCSI(t *testing.T) {
	target := tgtdtest.Start(t)
	address := target.Drive("")
	d, err := drive.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	t.Setenv(drive.Environment, address)
	found, err := drive.List(context.Background())
	if err != nil || len(found) == 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	if f := found[len(found)-1]; f.Name != address || f.Vendor == "" || f.Product == "" || f.Bus != "iSCSI" || f.Err != nil {
		t.Errorf("found %+v", f)
	}
}

func TestVirtual(t *testing.T) {
	name := "virtual:" + filepath.Join(t.TempDir(), "disc?medium=cd-r&sectors=5000")
	d, err := drive.Open(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := scsi.Begin(context.Background(), d); err != nil {
		t.Error(err)
	}
	// A drive in use is listed, but not opened.
	t.Setenv(drive.Environment, name)
	found, err := drive.List(context.Background())
	if err != nil || len(found) == 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	if f := found[len(found)-1]; f.Name != name || f.Bus != "virtual" || f.Product == "" || f.Err != nil {
		t.Errorf("found %+v", f)
	}
}

func TestOpenRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disc.iso")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"":                       "its name is empty",
		"floppy:a":               "floppy: does not begin the name of a drive",
		"virtual:":               "the name has no path of a disc file",
		"iscsi://":               "the host is missing",
		"iscsi://127.0.0.1:1/iq": "127.0.0.1:1",
		file:                     file,
	} {
		d, err := drive.Open(context.Background(), name)
		if err == nil {
			d.Close()
			t.Errorf("%q was opened", name)
		} else if d != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("opening %q: %v, want %q", name, err, want)
		}
	}
}

func TestIsName(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.iso")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"iscsi://nas:3260/iqn.x/1": true,
		"virtual:disc":             true,
		"virtual.iso":              false,
		file:                       false,
		dir:                        false,
		"missing.iso":              false,
		"http://x/y.iso":           false,
	} {
		if got := drive.IsName(name); got != want {
			t.Errorf("IsName(%q) = %v", name, got)
		}
	}
}
