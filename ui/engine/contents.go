package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
)

// Limits on examining a disc that will be erased, since the user waits for it.
const (
	contentsTime    = 10 * time.Second
	contentsEntries = 1 << 20
	printSectors    = 64 // at the beginning, with the volume descriptors
)

// errStop ends a walk early.
var errStop = errors.New("stop")

// Contents returns what is on the disc in a drive. If the disc cannot be read, the amount
// of data is unknown.
func (e *Engine) Contents(ctx context.Context, name string) (c model.Contents, err error) {
	err = e.withDrive(ctx, name, func(ctx context.Context, t scsi.Transport) (err error) {
		c, err = contents(ctx, t)
		return err
	})
	return c, err
}

func contents(ctx context.Context, t scsi.Transport) (c model.Contents, err error) {
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

// fingerprint returns a checksum of the first sectors of the data track.
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

// count counts the files of a volume, within the limits.
func count(ctx context.Context, f volume.FS, c *model.Contents) {
	ctx, cancel := context.WithTimeout(ctx, contentsTime)
	defer cancel()
	err := volume.Walk(f, ".", func(e *volume.Entry) error {
		switch {
		case ctx.Err() != nil || c.Files+c.Folders >= contentsEntries:
			return errStop
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
