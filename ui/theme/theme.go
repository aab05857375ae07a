// Package theme has the colours, sizes and icons of the window.
package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Sizes in Fyne's units. Distances are multiples of 8.
const (
	Gap       float32 = 8  // between related objects
	Margin    float32 = 16 // around a page
	RowHeight float32 = 26 // of lists, trees and their headers
	RailWidth float32 = 76
	Radius    float32 = 6
)

// Colours that Fyne has no name for.
const (
	Rail              fyne.ThemeColorName = "glassmaster.rail"      // behind the buttons of the pages
	Surface           fyne.ThemeColorName = "glassmaster.surface"   // of lists and cards
	Border            fyne.ThemeColorName = "glassmaster.border"    // around them
	Muted             fyne.ThemeColorName = "glassmaster.muted"     // secondary text
	InactiveSelection fyne.ThemeColorName = "glassmaster.idle"      // a selection without the focus
	Track             fyne.ThemeColorName = "glassmaster.track"     // the empty part of a bar
	Overhead          fyne.ThemeColorName = "glassmaster.overhead"  // the file system's share of a bar
	Occupied          fyne.ThemeColorName = "glassmaster.occupied"  // the part of a bar that was in use before
	FolderColor       fyne.ThemeColorName = "glassmaster.folder"    // folders
	ParityPColor      fyne.ThemeColorName = "glassmaster.parityP"   // the P parity of a sector
	ParityQColor      fyne.ThemeColorName = "glassmaster.parityQ"   // the Q parity of a sector
	SuccessBackground fyne.ThemeColorName = "glassmaster.good.back" // behind a success
	ErrorBackground   fyne.ThemeColorName = "glassmaster.bad.back"  // behind an error
	WarningBackground fyne.ThemeColorName = "glassmaster.warn.back" // behind a warning
)

// shades are a colour in the light and in the dark variant, as 0xRRGGBBAA.
type shades struct{ light, dark uint32 }

var palette = map[fyne.ThemeColorName]shades{
	fynetheme.ColorNameBackground:          {0xf5f6f8ff, 0x1d2024ff},
	fynetheme.ColorNameForeground:          {0x1c232cff, 0xe4e7ebff},
	fynetheme.ColorNamePrimary:             {0x1a63b8ff, 0x5ea3ecff},
	fynetheme.ColorNameForegroundOnPrimary: {0xffffffff, 0x0d1620ff},
	fynetheme.ColorNameHyperlink:           {0x1a63b8ff, 0x7ab5f2ff},
	fynetheme.ColorNameFocus:               {0x1a63b844, 0x5ea3ec55},
	fynetheme.ColorNameSelection:           {0xcfe1f7ff, 0x2b4a6dff},
	fynetheme.ColorNameHover:               {0x0b1a2c0e, 0xffffff12},
	fynetheme.ColorNamePressed:             {0x0b1a2c24, 0xffffff26},
	fynetheme.ColorNameButton:              {0xe7eaeeff, 0x31363dff},
	fynetheme.ColorNameDisabledButton:      {0xeceef1ff, 0x282c32ff},
	fynetheme.ColorNameDisabled:            {0x9aa3adff, 0x6b747eff},
	fynetheme.ColorNamePlaceHolder:         {0x7b8590ff, 0x848d98ff},
	fynetheme.ColorNameInputBackground:     {0xf3f5f8ff, 0x191c20ff},
	fynetheme.ColorNameInputBorder:         {0x9fa8b3ff, 0x606873ff},
	fynetheme.ColorNameHeaderBackground:    {0xf0f2f5ff, 0x282c32ff},
	fynetheme.ColorNameMenuBackground:      {0xffffffff, 0x2a2e34ff},
	fynetheme.ColorNameOverlayBackground:   {0xfbfcfdff, 0x25292fff},
	fynetheme.ColorNameScrollBar:           {0x5f6b7899, 0x8a949f99},
	fynetheme.ColorNameScrollBarBackground: {0x00000000, 0x00000000},
	fynetheme.ColorNameSeparator:           {0xdde1e6ff, 0x353a41ff},
	fynetheme.ColorNameShadow:              {0x0b1a2c33, 0x00000080},
	fynetheme.ColorNameSuccess:             {0x1d7f4eff, 0x56c58aff},
	fynetheme.ColorNameWarning:             {0xa86400ff, 0xe2ac4fff},
	fynetheme.ColorNameError:               {0xbf3030ff, 0xf07b78ff},
	fynetheme.ColorNameForegroundOnSuccess: {0xffffffff, 0x0c1c13ff},
	fynetheme.ColorNameForegroundOnWarning: {0xffffffff, 0x201604ff},
	fynetheme.ColorNameForegroundOnError:   {0xffffffff, 0x240b0bff},

	Rail:              {0xe9ecf0ff, 0x16181bff},
	Surface:           {0xffffffff, 0x23272cff},
	Border:            {0xd9dee4ff, 0x363b43ff},
	Muted:             {0x5d6875ff, 0x9aa4afff},
	InactiveSelection: {0xe3e7ecff, 0x343941ff},
	Track:             {0xe3e7ecff, 0x32373eff},
	Overhead:          {0x7fb0e6ff, 0x35689eff},
	Occupied:          {0x9aa5b1ff, 0x6b7581ff},
	FolderColor:       {0xd19a2aff, 0xd9ac55ff},
	ParityPColor:      {0x0b7480ff, 0x5fc4ccff},
	ParityQColor:      {0x8a4bb0ff, 0xc495e6ff},
	SuccessBackground: {0xe2f3e9ff, 0x1d3527ff},
	ErrorBackground:   {0xfae5e4ff, 0x43211fff},
	WarningBackground: {0xfbf0dbff, 0x3d2f16ff},
}

var sizes = map[fyne.ThemeSizeName]float32{
	fynetheme.SizeNameText:               13,
	fynetheme.SizeNameCaptionText:        11.5,
	fynetheme.SizeNameSubHeadingText:     15,
	fynetheme.SizeNameHeadingText:        20,
	fynetheme.SizeNamePadding:            4,
	fynetheme.SizeNameInnerPadding:       6,
	fynetheme.SizeNameLineSpacing:        4,
	fynetheme.SizeNameInlineIcon:         16,
	fynetheme.SizeNameScrollBar:          10,
	fynetheme.SizeNameScrollBarSmall:     4,
	fynetheme.SizeNameScrollBarRadius:    4,
	fynetheme.SizeNameSeparatorThickness: 1,
	fynetheme.SizeNameSplitThickness:     8,
	fynetheme.SizeNameInputBorder:        1,
	fynetheme.SizeNameInputRadius:        5,
	fynetheme.SizeNameButtonRadius:       5,
	fynetheme.SizeNameSelectionRadius:    4,
	fynetheme.SizeNameDialogRadius:       8,
	fynetheme.SizeNamePopupRadius:        6,
	fynetheme.SizeNameMenuRadius:         6,
	fynetheme.SizeNameCardRadius:         8,
	fynetheme.SizeNameModalBlurRadius:    0,
}

// Theme is the theme of the window, light or dark like that of the system.
type Theme struct{}

var _ fyne.Theme = Theme{}

// Color implements fyne.Theme.
func (Theme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	s, ok := palette[n]
	if !ok {
		return fynetheme.DefaultTheme().Color(n, v)
	}
	if v == fynetheme.VariantDark {
		return rgba(s.dark)
	}
	return rgba(s.light)
}

// Font implements fyne.Theme.
func (Theme) Font(s fyne.TextStyle) fyne.Resource { return fynetheme.DefaultTheme().Font(s) }

// Icon implements fyne.Theme.
func (Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return fynetheme.DefaultTheme().Icon(n) }

// Size implements fyne.Theme.
func (Theme) Size(n fyne.ThemeSizeName) float32 {
	if s, ok := sizes[n]; ok {
		return s
	}
	return fynetheme.DefaultTheme().Size(n)
}

// ListTheme is the theme of lists. It has no gaps between rows, so that no click falls
// between two of them.
type ListTheme struct{ Theme }

// Size implements fyne.Theme.
func (t ListTheme) Size(n fyne.ThemeSizeName) float32 {
	if n == fynetheme.SizeNamePadding || n == fynetheme.SizeNameSeparatorThickness {
		return 0
	}
	return t.Theme.Size(n)
}

// Color returns a colour in the current variant.
func Color(n fyne.ThemeColorName) color.Color {
	s := fyne.CurrentApp().Settings()
	return s.Theme().Color(n, s.ThemeVariant())
}

func rgba(c uint32) color.Color {
	return color.NRGBA{uint8(c >> 24), uint8(c >> 16), uint8(c >> 8), uint8(c)}
}

// Size returns a size of the current theme.
func Size(n fyne.ThemeSizeName) float32 { return fyne.CurrentApp().Settings().Theme().Size(n) }
