package virtual

import "glassmaster/drive/scsi"

// decode makes the host's error of a fault, by way of real sense data.
func decode(cdb []byte, f *fault) error {
	return scsi.NewError(cdb, scsi.StatusCheckCondition, f.sense())
}
