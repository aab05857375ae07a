// Package look is how the window looks: its colours, sizes and icons.
package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Sizes of the window, in Fyne's units. Everything keeps to a rhythm of 8.
const (
	Gap       float32 = 8  // between things that belong together
	Margin    float32 = 16 // around a page
	RowHeight float32 = 26 // of lists, trees and their headers
	RailWidth float32 = 76
	Radius    float32 = 6
)

// Colours that Fyne has no name for.
const (
	Rail      fyne.ThemeColorName = "glassmaster.rail"      // behind the places
	Surface   fyne.ThemeColorName = "glassmaster.surface"   // of lists and cards
	Border    fyne.ThemeColorName = "glassmaster.border"    // around them
	Muted     fyne.ThemeColorName = "glassmaster.muted"     // second-rank text
	Idle      fyne.ThemeColorName = "glassmaster.idle"      // a selection without the focus
	Track     fyne.ThemeColorName = "glassmaster.track"     // the empty part of a bar
	Overhead  fyne.ThemeColorName = "glassmaster.overhead"  // the file system's share of a bar
	FolderInk fyne.ThemeColorName = "glassmaster.folder"    // folders
	GoodBack  fyne.ThemeColorName = "glassmaster.good.back" // behind good news
	BadBack   fyne.ThemeColorName = "glassmaster.bad.back"  // behind bad news
	WarnBack  fyne.ThemeColorName = "glassmaster.warn.back" // behind a caution
)

// shades are a colour in the light and in the dark variant, as 0xRRGGBBAA.
type shades struct{ light, dark uint32 }

var palette = map[fyne.ThemeColorName]shades{
	theme.ColorNameBackground:          {0xf5f6f8ff, 0x1d2024ff},
	theme.ColorNameForeground:          {0x1c232cff, 0xe4e7ebff},
	theme.ColorNamePrimary:             {0x1a63b8ff, 0x5ea3ecff},
	theme.ColorNameForegroundOnPrimary: {0xffffffff, 0x0d1620ff},
	theme.ColorNameHyperlink:           {0x1a63b8ff, 0x7ab5f2ff},
	theme.ColorNameFocus:               {0x1a63b844, 0x5ea3ec55},
	theme.ColorNameSelection:           {0xcfe1f7ff, 0x2b4a6dff},
	theme.ColorNameHover:               {0x0b1a2c0e, 0xffffff12},
	theme.ColorNamePressed:             {0x0b1a2c24, 0xffffff26},
	theme.ColorNameButton:              {0xe7eaeeff, 0x31363dff},
	theme.ColorNameDisabledButton:      {0xeceef1ff, 0x282c32ff},
	theme.ColorNameDisabled:            {0x9aa3adff, 0x6b747eff},
	theme.ColorNamePlaceHolder:         {0x7b8590ff, 0x848d98ff},
	theme.ColorNameInputBackground:     {0xf3f5f8ff, 0x191c20ff},
	theme.ColorNameInputBorder:         {0x9fa8b3ff, 0x606873ff},
	theme.ColorNameHeaderBackground:    {0xf0f2f5ff, 0x282c32ff},
	theme.ColorNameMenuBackground:      {0xffffffff, 0x2a2e34ff},
	theme.ColorNameOverlayBackground:   {0xfbfcfdff, 0x25292fff},
	theme.ColorNameScrollBar:           {0x5f6b7899, 0x8a949f99},
	theme.ColorNameScrollBarBackground: {0x00000000, 0x00000000},
	theme.ColorNameSeparator:           {0xdde1e6ff, 0x353a41ff},
	theme.ColorNameShadow:              {0x0b1a2c33, 0x00000080},
	theme.ColorNameSuccess:             {0x1d7f4eff, 0x56c58aff},
	theme.ColorNameWarning:             {0xa86400ff, 0xe2ac4fff},
	theme.ColorNameError:               {0xbf3030ff, 0xf07b78ff},
	theme.ColorNameForegroundOnSuccess: {0xffffffff, 0x0c1c13ff},
	theme.ColorNameForegroundOnWarning: {0xffffffff, 0x201604ff},
	theme.ColorNameForegroundOnError:   {0xffffffff, 0x240b0bff},

	Rail:      {0xe9ecf0ff, 0x16181bff},
	Surface:   {0xffffffff, 0x23272cff},
	Border:    {0xd9dee4ff, 0x363b43ff},
	Muted:     {0x5d6875ff, 0x9aa4afff},
	Idle:      {0xe3e7ecff, 0x343941ff},
	Track:     {0xe3e7ecff, 0x32373eff},
	Overhead:  {0x7fb0e6ff, 0x35689eff},
	FolderInk: {0xd19a2aff, 0xd9ac55ff},
	GoodBack:  {0xe2f3e9ff, 0x1d3527ff},
	BadBack:   {0xfae5e4ff, 0x43211fff},
	WarnBack:  {0xfbf0dbff, 0x3d2f16ff},
}

var sizes = map[fyne.ThemeSizeName]float32{
	theme.SizeNameText:               13,
	theme.SizeNameCaptionText:        11.5,
	theme.SizeNameSubHeadingText:     15,
	theme.SizeNameHeadingText:        20,
	theme.SizeNamePadding:            4,
	theme.SizeNameInnerPadding:       6,
	theme.SizeNameLineSpacing:        4,
	theme.SizeNameInlineIcon:         16,
	theme.SizeNameScrollBar:          10,
	theme.SizeNameScrollBarSmall:     4,
	theme.SizeNameScrollBarRadius:    4,
	theme.SizeNameSeparatorThickness: 1,
	theme.SizeNameSplitThickness:     8,
	theme.SizeNameInputBorder:        1,
	theme.SizeNameInputRadius:        5,
	theme.SizeNameButtonRadius:       5,
	theme.SizeNameSelectionRadius:    4,
	theme.SizeNameDialogRadius:       8,
	theme.SizeNamePopupRadius:        6,
	theme.SizeNameMenuRadius:         6,
	theme.SizeNameCardRadius:         8,
	theme.SizeNameModalBlurRadius:    0,
}

// Theme is the window's compact theme. It follows the system between light and
// dark, since it answers for whatever variant it is asked about.
type Theme struct{}

var _ fyne.Theme = Theme{}

// Color implements fyne.Theme.
func (Theme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	s, ok := palette[n]
	if !ok {
		return theme.DefaultTheme().Color(n, v)
	}
	if v == theme.VariantDark {
		return rgba(s.dark)
	}
	return rgba(s.light)
}

// Font implements fyne.Theme.
func (Theme) Font(s fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(s) }

// Icon implements fyne.Theme.
func (Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(n) }

// Size implements fyne.Theme.
func (Theme) Size(n fyne.ThemeSizeName) float32 {
	if s, ok := sizes[n]; ok {
		return s
	}
	return theme.DefaultTheme().Size(n)
}

// Tight is the theme of lists: their rows touch, so that no click falls between
// two of them.
type Tight struct{ Theme }

// Size implements fyne.Theme.
func (t Tight) Size(n fyne.ThemeSizeName) float32 {
	if n == theme.SizeNamePadding || n == theme.SizeNameSeparatorThickness {
		return 0
	}
	return t.Theme.Size(n)
}

// Color returns a colour as the application shows it now.
func Color(n fyne.ThemeColorName) color.Color {
	s := fyne.CurrentApp().Settings()
	return s.Theme().Color(n, s.ThemeVariant())
}

func rgba(c uint32) color.Color {
	return color.NRGBA{uint8(c >> 24), uint8(c >> 16), uint8(c >> 8), uint8(c)}
}
