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
// # The disc file
//
// The file is sparse and begins with the user data of the disc: sector n is the
// 2048 bytes at n*2048. So the file of a disc with one data track can be mounted
// or read as the ISO image that was burned. Behind the last sector of the medium
// follow, on CD only, 304 more bytes of every sector (an audio sector has 2352)
// and the 150 sectors of the first pre-gap; from the next multiple of 4096 on
// two slots of 1 MiB, and a footer of 512 bytes:
//
//	footer  0 "GLASSMASTER DISC"   16 version (u32)  20 1 for CD
//	       24 sectors (u64)        32 offset of the first slot (u64)
//	       40 CRC-32 of the bytes before
//	slot    0 sequence number (u64) 8 length (u32)  12 CRC-32 of the text (u32)
//	       16 the state of the disc as JSON
//
// All numbers are big-endian. The state is written after the sectors that it
// speaks of have reached the file system, into the slot that does not hold the
// newest state: a crash leaves the disc as it was when it was last synchronized.
// A file without a footer is the image of a pressed disc, and read only.
package virtual
