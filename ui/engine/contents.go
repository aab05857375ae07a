package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"glassmaster/drive"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
)

// Bounds of the look at a disc that is going to be erased: a person waits for it.
const (
	contentsTime    = 10 * time.Second
	contentsEntries = 1 << 20
	printSectors    = 64 // of the beginning, which hold the volume's descriptors
)

// errCounted ends a walk early.
var errCounted = errors.New("enough was counted")

// Contents looks at what is on the disc in a drive. A disc that cannot be read has
// contents too: nobody knows which.
func (e *Engine) Contents(ctx context.Context, name string) (model.Contents, error) {
	e.drives.Lock()
	defer e.drives.Unlock()
	t, err := drive.Open(ctx, name)
	if err != nil {
		return model.Contents{}, err
	}
	defer t.Close()
	var c model.Contents
	if c.Contents, err = record.LookInto(ctx, t); err != nil {
		return c, err
	}
	d, err := read.Open(ctx, t)
	if err != nil {
		c.Partly = true
		return c, ctx.Err()
	}
	defer d.Close()
	c.Print = fingerprint(ctx, d)
	if f, err := volume.OpenDisc(ctx, d, volume.Options{}); err == nil {
		count(ctx, f, &c)
	}
	return c, ctx.Err()
}

// fingerprint is a checksum of where a volume begins.
func fingerprint(ctx context.Context, d disc.Disc) string {
	track, ok := disc.DataTrack(d)
	if !ok {
		return ""
	}
	p := make([]byte, printSectors*disc.SectorSize)
	n, _ := d.ReadSectors(ctx, p[:min(printSectors, track.Length)*disc.SectorSize], track.Start, disc.User)
	sum := sha256.Sum256(p[:n*disc.SectorSize])
	return hex.EncodeToString(sum[:])
}

// count counts the files of a volume, as far as there is time for it.
func count(ctx context.Context, f volume.FS, c *model.Contents) {
	ctx, cancel := context.WithTimeout(ctx, contentsTime)
	defer cancel()
	err := volume.Walk(f, ".", func(e *volume.Entry) error {
		switch {
		case ctx.Err() != nil || c.Files+c.Folders >= contentsEntries:
			return errCounted
		case e.Err != nil:
			c.Partly = true
		case e.Mode.IsDir():
			c.Folders++
		default:
			c.Files++
			c.Bytes = volume.Sum(c.Bytes, e.Size)
		}
		return nil
	})
	c.Partly = c.Partly || err != nil
}
