//go:build !linux

package extract

func openHost(dir string) (hostFolder, error) { return openRoot(dir) }
