//go:build !amd64

package sector

func edcs(dst []uint32, p []byte, from, to int) { edcsPortable(dst, p, from, to) }

func putParities(p []byte, header bool) { putParitiesPortable(p, header) }

func checkParities(bad, p []byte, header bool) { checkParitiesPortable(bad, p, header) }
