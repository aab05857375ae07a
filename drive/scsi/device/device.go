// Package device opens the optical drives of this computer. On Linux it sends commands
// with the ioctl SG_IO (SCSI Generic, version 3).
package device

// Info describes a drive of this computer.
type Info struct {
	Path                      string // "/dev/sr0"
	Vendor, Product, Revision string
	Bus                       string // "USB", "ATA", "iSCSI", or "SCSI"
}
