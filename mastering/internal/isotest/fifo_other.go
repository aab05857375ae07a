//go:build !unix

package isotest

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }
