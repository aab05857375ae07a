package record_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/progress"
)

func formatDisc(t *testing.T, d scsi.Transport, o record.FormatOptions) (record.FormatPlan, record.Formatted, error) {
	t.Helper()
	f, err := record.NewFormatting(context.Background(), d, o)
	if err != nil {
		return record.FormatPlan{}, record.Formatted{}, err
	}
	got, err := f.Run(context.Background(), progress.Discard)
	return f.Plan(), got, err
}

// A disc is formatted, while blank and with data on it, and then burned.
func TestFormat(t *testing.T) {
	for _, c := range []struct {
		medium   string
		o        record.FormatOptions
		profile  string
		capacity int64
	}{
		{"dvd+rw", record.FormatOptions{}, "DVD+RW", small},
		{"dvd+rw", record.FormatOptions{Full: true}, "DVD+RW", small},
		{"dvd-rw", record.FormatOptions{}, "DVD-RW restricted overwrite", 1024},
		{"dvd-rw", record.FormatOptions{Full: true}, "DVD-RW restricted overwrite", small},
		{"bd-re", record.FormatOptions{}, "BD-RE", small - 128},
		{"bd-re", record.FormatOptions{Full: true, Spare: record.SpareNone}, "BD-RE", small},
		{"bd-re", record.FormatOptions{Spare: record.SpareMost}, "BD-RE", small/2 + 32},
	} {
		for _, used := range []bool{false, true} {
			t.Run(fmt.Sprint(c.medium, c.o, used), func(t *testing.T) {
				d := virtualtest.Blank(t, c.medium, small)
				d.SetFaults(virtual.Faults{Polls: 2})
				if used {
					if _, err := burn(t, d, whole(t), record.Options{}); err != nil {
						t.Fatal(err)
					}
				}
				p, got, err := formatDisc(t, d, c.o)
				if err != nil || got.Profile != c.profile || got.Capacity != c.capacity {
					t.Fatalf("%+v, %v", got, err)
				}
				if p.Contents.Data != used || used != strings.Contains(strings.Join(p.Costs, "; "), "are lost: an ISO 9660") || len(p.Steps) < 4 {
					t.Errorf("plan: %+v", p)
				}
				if m, err := read.Media(context.Background(), d); err != nil || m.Free < c.capacity || c.medium == "dvd-rw" && m.Free != small {
					t.Errorf("media: %+v, %v", m, err)
				}
				if left, err := record.LookInto(context.Background(), d); err != nil || left.Data {
					t.Errorf("left: %+v, %v", left, err)
				}
				r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(1500, 1)), record.Options{})
				if err != nil || !r.Verified {
					t.Errorf("the burn: %v", err)
				}
			})
		}
	}
}

// A BD-R can be formatted with spare areas only once, while it is blank.
func TestFormatBDR(t *testing.T) {
	for o, want := range map[record.FormatOptions]int64{{}: small - 128, {Spare: record.SpareMost}: small/2 + 32} {
		d := virtualtest.Blank(t, "bd-r", small)
		p, got, err := formatDisc(t, d, o)
		if err != nil || got.Capacity != want || !strings.Contains(strings.Join(p.Costs, "; "), "cannot be undone") {
			t.Errorf("%+v, %+v, %v", p, got, err)
		}
		if _, _, err := formatDisc(t, d, o); !errors.Is(err, record.ErrNoFormat) {
			t.Errorf("formatted again: %v", err)
		}
		r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 1)), record.Options{})
		if err != nil || !r.Verified || status(t, d).Status != mmc.Closed {
			t.Errorf("the burn: %v", err)
		}
	}
}

func TestFormatRefused(t *testing.T) {
	for _, c := range []struct {
		medium string
		o      record.FormatOptions
	}{
		{"cd-rw", record.FormatOptions{}},
		{"dvd+r", record.FormatOptions{}},
		{"dvd-r", record.FormatOptions{}},
		{"dvd+rw", record.FormatOptions{Spare: record.SpareNone}},
		{"bd-r", record.FormatOptions{Spare: record.SpareNone}},
		{"bd-r", record.FormatOptions{Full: true}},
	} {
		d := virtualtest.Blank(t, c.medium, small)
		if _, _, err := formatDisc(t, d, c.o); !errors.Is(err, record.ErrNoFormat) {
			t.Errorf("%s %+v: %v", c.medium, c.o, err)
		}
	}
}

// A drive that reports success without formatting is an error.
func TestFormatWithoutEffect(t *testing.T) {
	for _, name := range []string{"dvd+rw", "dvd-rw", "bd-re", "bd-r"} {
		for _, used := range []bool{false, true} {
			d := virtualtest.Blank(t, name, small)
			o := record.FormatOptions{}
			if used {
				if name == "bd-r" {
					continue
				}
				if _, err := burn(t, d, whole(t), record.Options{}); err != nil {
					t.Fatal(err)
				}
			}
			if _, _, err := formatDisc(t, idle(d, 0x04, 0x2A), o); !errors.Is(err, record.ErrUnchanged) {
				t.Errorf("%s, used %v: %v", name, used, err)
			}
			if used && name == "bd-re" {
				if _, _, err := formatDisc(t, idle(d, 0x04), record.FormatOptions{Spare: record.SpareMost}); !errors.Is(err, record.ErrUnchanged) {
					t.Errorf("other spare areas: %v", err)
				}
			}
		}
	}
}
