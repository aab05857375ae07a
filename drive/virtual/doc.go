// Package virtual is an optical recorder in software: a drive that implements MMC-6, with a
// disc that is a file. It is used for demonstrations and tests, and on machines without a
// drive.
//
// The drive is strict. A command that the standard does not allow for the medium in its
// present state fails with the sense data that the standard defines. So a program that can
// burn here follows the standard. With [Faults] the drive fails in the ways in which real
// drives do.
//
// # Media
//
// CD-R and CD-RW are written track at once, session at once and raw; DVD-R, DVD-R DL and
// DVD-RW incrementally and disc at once, DVD-R DL also with layer jumps, DVD-RW also by
// restricted overwrite; DVD+R, DVD+R DL and BD-R of one to four layers sequentially, BD-R
// also at random addresses; DVD+RW, DVD-RAM and BD-RE at random addresses. Packet writing of
// CD is not supported.
//
// Package discfile reads and writes the file of the disc, which can be opened as an image. Any
// image can be put into the drive as a pressed disc, and a disc that is written can become an
// image.
package virtual
