// Package update changes a UDF volume of an image so that it agrees with an edited tree:
// volumes of revisions 1.02 to 2.60 (ECMA-167 3rd edition, OSTA UDF 2.60), alone or beside
// ISO 9660.
//
// Bytes that need not change do not. A directory keeps its blocks as long as the file
// identifier descriptors fit, and grows by further blocks. Descriptors of entries that
// stay are kept as they are, apart from the block number in the tag of those that move;
// descriptors of removed entries are dropped, since some readers show deleted ones. File
// entries stay where they are. New ones, and whatever no longer fits, go to new blocks.
//
// # Where new blocks come from
//
// A partition without a list of its free blocks, as on a disc that was mastered, grows to
// the new end of the image. The reserve volume descriptor sequence moves to the end if it
// would be inside of the partition, and the last sector gets an anchor. In a partition with
// a space bitmap or space table, blocks are taken from there and the image keeps its size;
// [Updater.Allocator] then places the contents of files, too. Blocks of removed files
// become free only after all others are allocated. A metadata partition grows by whole
// allocation units, in both copies. A volume with a virtual allocation table is never
// overwritten: what changes is written after its end, with the same virtual addresses and a
// new table.
//
// What cannot be kept exactly gives a *patch.UnsafeError, before anything is written.
package update
