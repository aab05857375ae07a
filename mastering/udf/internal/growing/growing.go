// Package growing describes a UDF volume with a virtual allocation table to the planner of
// the session that continues it.
package growing

// Volume is a volume with a virtual allocation table (UDF 2.2.11), as the session that
// continues it has to know it. The blocks of its virtual partition are file entries.
type Volume struct {
	Revision uint16
	// Start and Length are the partition, in sectors.
	Start, Length uint32
	// Physical and Virtual are the partition reference numbers of the two partition maps.
	Physical, Virtual uint16
	// Table has the block of the partition where each block of the virtual partition is,
	// Unused if it is nowhere.
	Table []uint32
	// TableStart is the byte of the table's file where the entries begin, after the header.
	// TableExtents is where the file is, in blocks of the partition. There are none if it
	// is in its ICB.
	TableStart   int64
	TableExtents []Run
	// TableICB is the block of the partition with the ICB of the table.
	TableICB uint32
	// Root is the ICB of the root directory.
	Root Address
	// NextID is a unique identifier that no file has.
	NextID uint64
	// Files and Directories are how many there are, if Counted is set.
	Files, Directories uint32
	Counted            bool
	// Descriptors are the prevailing volume descriptors, in blocks: primary,
	// implementation use, partition, logical volume, unallocated space.
	Descriptors [][]byte

	// Reader reads the volume.
	Reader Reader
}

// Reader reads what a session may have to change.
type Reader interface {
	// ReadICB returns the block with the file entry of an ICB.
	ReadICB(Address) ([]byte, error)
	// ReadDirectory returns the entries of a directory, sorted by name. It returns an error
	// if one of them is damaged, since a directory that is written anew would not have it.
	ReadDirectory(Address) ([]Entry, error)
}

// Unused marks an unused entry of a virtual allocation table.
const Unused = 0xFFFFFFFF

// Address is the address of a block: a partition reference number and a block.
type Address struct {
	Partition uint16
	Block     uint32
}

// Run is a number of consecutive blocks of a partition.
type Run struct {
	Block  uint32
	Length int64 // bytes
}

// Entry is a name in a directory.
type Entry struct {
	Name      string // as the volume shows it
	ICB       Address
	Directory bool
	Raw       []byte // its file identifier descriptor
}
