//go:build !linux

package main

import (
	"context"
	"errors"

	"glassmaster/ui/host"
)

var errNoPortal = errors.New("only Linux has a desktop portal")

func choosePortal(context.Context, host.FileDialog, func() string) ([]string, error) {
	return nil, errNoPortal
}
