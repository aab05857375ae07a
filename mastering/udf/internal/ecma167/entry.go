package ecma167

// File characteristics of a file identifier descriptor (ECMA-167 4/14.4.3).
const (
	FIDHidden    = 1 << 0
	FIDDirectory = 1 << 1
	FIDDeleted   = 1 << 2
	FIDParent    = 1 << 3
	fileMetadata = 1 << 4 // in a stream directory: of the implementation
)

// FIDLength is the length of the fixed part of a file identifier descriptor.
const FIDLength = 38

// File types of an ICB (ECMA-167 4/14.6.6, UDF 2.3.5.2).
const (
	TypeUnspecified = 0
	TypeDirectory   = 4
	TypeFile        = 5
	TypeBlock       = 6
	TypeCharacter   = 7
	TypeFIFO        = 9
	TypeSocket      = 10
	TypeSymlink     = 12
	TypeStreams     = 13
	TypeVAT         = 248
	TypeRealTime    = 249
	TypeMetadata    = 250
	TypeMirror      = 251
	typeBitmap      = 252
)

// Flags of an ICB (ECMA-167 4/14.6.8). The low three bits are the kind of allocation
// descriptors.
const (
	FlagContiguous = 1 << 9
	flagArchive    = 1 << 5
	FlagSetuid     = 1 << 6
	FlagSetgid     = 1 << 7
	FlagSticky     = 1 << 8
	FlagTransform  = 1 << 11
)

// NoID is a user or group that is not specified (UDF 2.3.6.1).
const NoID = 0xFFFFFFFF

// Lengths of the fixed parts of file entries.
const (
	FELength  = 176 // ECMA-167 4/14.9
	EFELength = 216 // ECMA-167 4/14.17
)

// AEDLength is the length of the fixed part of an allocation extent descriptor.
const AEDLength = 24

// How an extent is recorded: the two high bits of its length (ECMA-167
// 4/14.14.1.1).
const (
	ExtentRecorded  = 0
	ExtentAllocated = 1 // not recorded: reads as zeros
	ExtentHole      = 2 // not allocated: reads as zeros
	ExtentContinues = 3 // points to the next allocation extent
)

// LengthMask masks the length of an extent: the other bits are its type.
const LengthMask = 1<<30 - 1

// Kinds of allocation descriptors in the flags of an ICB (ECMA-167 4/14.6.8).
const (
	ADShort    = 0
	ADLong     = 1
	ADExtended = 2
	ADInline   = 3
)

// ADLength are the lengths of allocation descriptors of each kind, in bytes.
var ADLength = [...]int{ADShort: 8, ADLong: 16, ADExtended: 20}

// Types of path components (ECMA-167 4/14.16.1.1).
const (
	PathRoot   = 2
	PathParent = 3
	PathSelf   = 4
	PathName   = 5
)

// FIDParentLength is the length of the file identifier descriptor of the parent.
const FIDParentLength = 40
