package virtual

import "glassmaster/drive/scsi"

// decode returns the error that a host gets for a fault, decoded from its sense data.
func decode(cdb []byte, f *fault) error {
	return scsi.NewError(cdb, scsi.StatusCheckCondition, f.sense())
}
