package job_test

import (
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	formats "glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
)

// Each sample disc is written in each format. What the format cannot hold is reported before,
// and everything else is in the image, which is read back and is equal. What is reported as
// lost is not in the image, so no loss is reported that does not exist.
func TestFormatsKeepWhatTheySay(t *testing.T) {
	for name, sample := range map[string]func(testing.TB) disc.Disc{
		"mode 1": imagetest.Mode1, "audio": imagetest.Audio, "mixed": imagetest.Mixed, "XA": imagetest.XA,
		"two sessions": imagetest.Sessions, "sub-channels": imagetest.SubChannels, "texts": imagetest.Texts,
	} {
		d := sample(t)
		for _, wanted := range formats.Writable() {
			f, _ := formats.ByName(wanted)
			for _, o := range []format.Options{{}, {FilePerTrack: true}} {
				path := filepath.Join(t.TempDir(), "disc"+f.Extensions[0])
				j, err := job.New(t.Context(), &source.Source{Disc: d}, job.ImageFile(path, f, job.ImageOptions{Force: true, Format: o}))
				if err != nil {
					if _, data := disc.DataTrack(d); !o.FilePerTrack && (data || f.Holds&format.Audio != 0) {
						t.Errorf("%s as %s: %v", name, f.Name, err)
					}
					continue
				}
				lost := disc.Texts(j.Plan().Loss)
				r, err := j.Run(t.Context(), progress.Discard)
				if err != nil || !r.Equal {
					t.Errorf("%s as %s: %v; said before: %q", name, f.Name, err, lost)
				}
				if all := strings.Join(lost, "\n"); (name == "texts") != strings.Contains(all, "CD-TEXT") && f.Holds&format.Text != 0 {
					t.Errorf("%s as %s: said before: %q", name, f.Name, lost)
				}
			}
		}
	}
}
