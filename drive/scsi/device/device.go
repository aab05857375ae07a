// Package device reaches the optical drives of this computer. On Linux it passes
// commands through the kernel with SG_IO (SCSI Generic, version 3).
package device

// Info is a drive that the system knows.
type Info struct {
	Path                      string // "/dev/sr0"
	Vendor, Product, Revision string
	Bus                       string // "USB", "ATA", "iSCSI", or "SCSI"
}
