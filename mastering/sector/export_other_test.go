//go:build !amd64

package sector

// Levels calls f for each way to compute the codes that the processor has.
func Levels(f func(name string)) { f("portable") }
