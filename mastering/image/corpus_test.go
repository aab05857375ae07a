package image_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/verify"
	"glassmaster/mastering/volume"
)

// TestCorpus opens images that other programs made, where a collection of them exists: each
// of them opens, or is refused for the reason that the index of the collection gives. Sheets
// without their sound files must say that those are missing.
func TestCorpus(t *testing.T) {
	const folder = "../../../shared/corpus"
	index, err := os.ReadFile(filepath.Join(folder, "corpus.tsv"))
	if err != nil {
		t.Skip("there is no collection of images here")
	}
	for line := range strings.Lines(string(index)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) < 6 || f[0] == "path" {
			continue
		}
		path, kind, about := f[0], f[2], f[5]
		t.Run(path, func(t *testing.T) {
			switch kind {
			case "right", "cdt", "format": // no images
				return
			}
			got := outcome(t.Context(), filepath.Join(folder, path))
			want := expected(path, about)
			ok := false
			for w := range strings.SplitSeq(want, " or ") {
				ok = ok || strings.HasPrefix(got, w) || w == "refused" && strings.HasPrefix(got, "sheet refused")
			}
			if !ok {
				t.Errorf("%s, expected %s", got, want)
			}
		})
	}
}

// refusedSheets are parts of the errors of sheets that describe impossible discs. The sheets of libcdio are samples for its parser, whose data files are too short.
var refusedSheets = []string{
	"two tracks have the number", "must be in the order of their numbers", "there are 00 to 74",
	"files elsewhere are not opened", "but the data begins at byte",
}

// expected returns what must happen with a file of the collection.
func expected(path, about string) string {
	base := filepath.Base(path)
	switch {
	case strings.Contains(about, "must be REJECTED"):
		return "refused or missing file"
	case strings.HasPrefix(base, "malformed"), base == "bad-dir.iso", base == "data6.toc": // whose sectors have another size
		return "refused or damaged"
	case strings.Contains(about, "sector vectors"): // a few sectors, not a disc
		return "refused or opens or damaged"
	case strings.HasPrefix(base, "cdda"), base == "p1.bin": // no disc without a sheet
		return "refused or opens"
	case strings.HasSuffix(base, ".cue"), strings.HasSuffix(base, ".toc"):
		return "opens or missing file or sheet"
	}
	return "opens"
}

// outcome opens an image and, if it has a volume, checks that.
func outcome(ctx context.Context, path string) string {
	d, _, err := image.Open(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "missing file: " + err.Error()
	case err != nil && !errors.Is(err, image.ErrUnknown) && slices.ContainsFunc(refusedSheets, func(text string) bool { return strings.Contains(err.Error(), text) }):
		return "sheet refused: " + err.Error()
	case err != nil:
		return "refused: " + err.Error()
	}
	defer d.Close()
	if disc.Sectors(d) <= 0 {
		return "opens without sectors"
	}
	if err := verify.Opens(ctx, d); err != nil {
		return "damaged: " + err.Error()
	}
	if v, err := volume.OpenDisc(ctx, d, volume.Options{}); err == nil {
		if c, ok := v.(volume.Checker); ok {
			defects, err := c.Check(ctx)
			for _, one := range defects {
				if one.Severity == disc.Error {
					return "damaged: " + one.String()
				}
			}
			if err != nil {
				return "damaged: " + err.Error()
			}
		}
	}
	if err := verify.Files(ctx, d); err != nil {
		return "damaged: " + err.Error()
	}
	return "opens"
}
