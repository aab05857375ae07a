package look

import (
	"embed"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

//go:embed icons/*.svg
var icons embed.FS

// Icons of the window that Fyne does not bring along.
var (
	Disc    = own("disc")
	Flame   = own("flame")
	Layers  = own("layers")
	Folder  = own("folder")
	File    = own("file")
	Picture = own("picture")
	Text    = own("text")
	Sound   = own("sound")
	Film    = own("film")
	Archive = own("archive")
	Link    = own("link")
	Right   = own("right")
	Down    = own("down")
	Up      = own("up")
	Check   = own("check")
	Cross   = own("cross")
	Caution = own("caution")
)

func own(name string) fyne.Resource {
	b, err := icons.ReadFile("icons/" + name + ".svg")
	if err != nil {
		panic(err) // the file is part of the program
	}
	return theme.NewThemedResource(fyne.NewStaticResource(name+".svg", b))
}

// Tint returns the icon in a colour of the theme.
func Tint(icon fyne.Resource, c fyne.ThemeColorName) fyne.Resource {
	return theme.NewColoredResource(icon, c)
}
