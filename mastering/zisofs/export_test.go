package zisofs

// CompressWithin is Compress with a limit on the compressed bytes in memory.
var CompressWithin = compress

// SpoolChunk is the size of the pieces of that memory, in bytes.
const SpoolChunk = spoolChunk
