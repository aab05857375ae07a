// Package assets holds the pictures that are part of the program.
package assets

import (
	_ "embed"

	"fyne.io/fyne/v2"
)

//go:embed icon.png
var icon []byte

// Icon is the program's icon.
var Icon = fyne.NewStaticResource("glassmaster.png", icon)
