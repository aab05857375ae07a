package job

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/units"
)

// TempImage is a temporary image of a disc that is copied with one drive. It is of the
// format that loses nothing of the disc: ISO for a DVD, a BD, and a CD of which user data is
// all there is; whole sectors with sub-channels for other CDs.
type TempImage struct {
	Path   string // of the main file
	Format string // "ISO"
	folder string
	format format.Format
}

// tempFormats are the formats of temporary images for CDs, the first one preferred if they
// lose equally little.
var tempFormats = []string{".ccd", ".toc", ".nrg", ".cue"}

// NewTempImage creates a folder for a temporary image of a disc, within another folder. It
// fails if there is not enough space. The caller removes it.
func NewTempImage(ctx context.Context, src *source.Source, within string) (*TempImage, error) {
	f, need, err := tempFormat(ctx, src)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(within, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the temporary image: %w", err)
	}
	if free, ok := freeSpace(within); ok && free < need {
		return nil, fmt.Errorf("the temporary image needs %s, and only %s are free in %s; choose a folder on another disk", units.Size(need), units.Size(free), within)
	}
	folder, err := os.MkdirTemp(within, "copy-")
	if err != nil {
		return nil, fmt.Errorf("make the folder of the temporary image: %w", err)
	}
	return &TempImage{Path: filepath.Join(folder, "disc"+f.Extensions[0]), Format: f.Name, folder: folder, format: f}, nil
}

// Sink returns the image as a sink.
func (t *TempImage) Sink() Sink { return ImageFile(t.Path, t.format, ImageOptions{NoVerify: true}) }

// Remove removes the image.
func (t *TempImage) Remove() error { return os.RemoveAll(t.folder) }

// tempFormat returns the format that loses least of a disc, and how many bytes its image
// needs.
func tempFormat(ctx context.Context, src *source.Source) (format.Format, int64, error) {
	const sheets = 1 << 20 // bytes besides the sectors
	sectors := sectorsOf(src.TOC())
	iso, _ := image.ByName("iso")
	lost, err := format.Unheld(ctx, iso.Holds, src)
	if err != nil {
		return iso, 0, err
	}
	if len(lost) == 0 && onlyUserData(src.TOC()) {
		return iso, sectors*disc.SectorSize + sheets, nil
	}
	best, least := iso, -1
	for _, name := range tempFormats {
		f, ok := image.ByName(name)
		if !ok || f.Create == nil {
			continue
		}
		lost, err := format.Unheld(ctx, f.Holds, src)
		if err != nil {
			return f, 0, err
		}
		if least < 0 || len(lost) < least {
			best, least = f, len(lost)
		}
	}
	return best, sectors*int64(disc.RawSub.Size()) + sheets, nil
}

// onlyUserData reports whether the user data of 2048 bytes is all there is in the sectors
// of a disc: one track of mode 1, as DVDs and BDs have.
func onlyUserData(toc disc.TOC) bool {
	return onlyData(toc) && len(toc.Sessions) == 1 && len(toc.Sessions[0].Tracks) == 1
}

// onlyData reports whether all tracks of a disc are of mode 1.
func onlyData(toc disc.TOC) bool {
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			if t.Mode != disc.Mode1 {
				return false
			}
		}
	}
	return true
}
