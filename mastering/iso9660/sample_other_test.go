//go:build !unix

package iso9660

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }
