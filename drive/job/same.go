package job

import (
	"fmt"
	"os"
	"strings"

	"glassmaster/drive"
	"glassmaster/drive/source"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
)

// CheckDrive returns an error if a source is on the disc in the drive that it is to be
// burned with: erasing or overwriting that disc would destroy it before it was read.
func CheckDrive(from *source.Source, name string) error {
	same := from.Kind == "drive" && drive.Identity(from.Name) == drive.Identity(name)
	if path, ok := strings.CutPrefix(drive.Identity(name), virtual.Prefix); ok {
		info, err := os.Stat(path)
		same = same || err == nil && disc.ReadsFile(from, info)
	}
	if same {
		return fmt.Errorf("%s is the disc in the drive %s itself: read it into an image file, change the disc, and burn the image", from.Name, name)
	}
	return nil
}
