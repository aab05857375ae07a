package theme

import (
	"embed"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

//go:embed icons/*.svg
var icons embed.FS

// Icons that Fyne lacks.
var (
	DiscIcon    = own("disc")
	BurnIcon    = own("flame")
	LayersIcon  = own("layers")
	FolderIcon  = own("folder")
	FileIcon    = own("file")
	PictureIcon = own("picture")
	TextIcon    = own("text")
	AudioIcon   = own("sound")
	VideoIcon   = own("film")
	ArchiveIcon = own("archive")
	LinkIcon    = own("link")
	RightIcon   = own("right")
	DownIcon    = own("down")
	UpIcon      = own("up")
	CheckIcon   = own("check")
	CloseIcon   = own("cross")
	WarningIcon = own("caution")
	ServeIcon   = own("network")
)

func own(name string) fyne.Resource {
	b, err := icons.ReadFile("icons/" + name + ".svg")
	if err != nil {
		panic(err) // the file is part of the program
	}
	return fynetheme.NewThemedResource(fyne.NewStaticResource(name+".svg", b))
}

// Tint returns the icon in a colour of the theme.
func Tint(icon fyne.Resource, c fyne.ThemeColorName) fyne.Resource {
	return fynetheme.NewColoredResource(icon, c)
}
