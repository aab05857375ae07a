package virtualtest

import (
	"context"
	"errors"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/progress"
)

// Burn carries out a planned burn as package job does: Write, Prove and End, also after a
// panic.
func Burn(ctx context.Context, b *record.Burn, rep progress.Reporter) (r record.Result, err error) {
	e := b.Start(ctx, rep)
	err = errors.New("a panic ended the burn")
	defer func() { r, err = e.End(err) }()
	if err = e.Write(); err == nil {
		err = e.Prove()
	}
	return r, err
}

// BurnFile burns an image file, which must succeed without any notice. It returns the number
// of its sectors.
func BurnFile(t testing.TB, d scsi.Transport, path string) int64 {
	t.Helper()
	src, _, err := image.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	b, err := record.NewPlan(t.Context(), d, src, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Burn(t.Context(), b, progress.Discard)
	if err != nil || !r.Verified {
		t.Fatalf("verified: %v, %v", r.Verified, err)
	}
	for _, w := range r.Notices {
		t.Errorf("warning: %s", w)
	}
	return disc.Sectors(src)
}
