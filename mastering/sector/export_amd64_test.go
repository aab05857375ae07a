package sector

// Levels calls f for each way to compute the codes that the processor has.
func Levels(f func(name string)) {
	all := best
	defer func() { best = all }()
	for i, name := range []string{"portable", "AVX2", "AVX512"} {
		if level(i) <= all {
			best = level(i)
			f(name)
		}
	}
}
