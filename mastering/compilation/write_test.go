package compilation

import (
	"context"
	"io"
	"os"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// writeTo writes an image to w.
func writeTo(ctx context.Context, m *Image, w io.Writer) error {
	return m.Disc(DiscOptions{}).(*planned).CopyUserData(ctx, w, progress.Discard)
}

// writeFile writes an image to a file.
func writeFile(ctx context.Context, m *Image, path string) error {
	return copyTo(ctx, m.Disc(DiscOptions{}), path)
}

// copyTo writes the disc of an image to a file.
func copyTo(ctx context.Context, d disc.Disc, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return d.(*planned).CopyUserData(ctx, f, progress.Discard)
}
