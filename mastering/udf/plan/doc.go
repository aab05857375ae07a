// Package plan plans volumes of the OSTA Universal Disk Format, revisions 1.02 to
// 2.60, which is a profile of ECMA-167 3rd edition. Package udf reads them.
//
// [New] plans the structures of a volume for a tree of files, and [Planner.Extents]
// returns them as extents of a layout. The caller, package master, places the
// contents of the files, which another file system on the disc may share (a bridge
// disc, UDF 6.4).
//
// # Sessions
//
// A volume may begin at any sector of the disc. Its recognition sequence, main
// volume descriptor sequence and first anchor are then at sectors 16, 32 and 256
// from that sector, its other two anchors at its end (UDF 2.2.3, 6.10). Contents
// that are on the disc already (layout.Recorded) are not laid out again: the
// partition begins with the first of them, so that it covers the earlier sessions,
// and files have allocation descriptors that lead there.
//
// Linux mounts such a volume; in a drive it finds the last session itself, in an image
// the mount option session gives its beginning. udfinfo reads it with --startblock. 7-Zip
// looks for UDF at the beginning of an image only.
package plan
