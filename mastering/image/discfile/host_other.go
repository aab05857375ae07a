//go:build !linux && !windows

package discfile

import (
	"errors"
	"os"
)

func lockFile(*os.File) error { return nil }

func makeSparse(*os.File) {}

func punchHole(*os.File, int64, int64) error { return errors.ErrUnsupported }
