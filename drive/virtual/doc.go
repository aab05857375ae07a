// Package virtual is an optical recorder made of software: a drive that speaks
// MMC-6, with a disc that is a file. It is for trying, for tests, and for
// machines without a drive.
//
// The drive is strict. A command that the standard does not allow for the
// medium, in the state that it is in, ends with the sense data that the standard
// names, so that what burns here has followed the rules. [Faults] make the drive
// fail in the ways in which real ones do.
//
// # Media
//
// CD-R and CD-RW are written track at once and session at once, DVD-R, DVD-R DL
// and DVD-RW incrementally and disc at once, DVD-RW also by restricted overwrite,
// DVD+R, DVD+R DL and BD-R of one to four layers sequentially, DVD+RW, DVD-RAM
// and BD-RE at random. Packet
// and raw writing of CD, layer jump recording, and random recording of BD-R are
// refused.
//
// The disc is kept in a file of package discfile, which can be opened like any image.
package virtual
