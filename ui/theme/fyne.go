package theme

import fynetheme "fyne.io/fyne/v2/theme"

// Colours that Fyne has a name for.
const (
	Foreground     = fynetheme.ColorNameForeground
	Primary        = fynetheme.ColorNamePrimary
	Success        = fynetheme.ColorNameSuccess
	Warning        = fynetheme.ColorNameWarning
	Error          = fynetheme.ColorNameError
	Selection      = fynetheme.ColorNameSelection
	Hover          = fynetheme.ColorNameHover
	MenuBackground = fynetheme.ColorNameMenuBackground
	Shadow         = fynetheme.ColorNameShadow
	InputBorder    = fynetheme.ColorNameInputBorder
)

// Sizes of text.
const (
	CaptionSize = fynetheme.SizeNameCaptionText
	BodySize    = fynetheme.SizeNameText
	TitleSize   = fynetheme.SizeNameSubHeadingText
	HeadingSize = fynetheme.SizeNameHeadingText
)

// Icons of Fyne.
var (
	AddIcon       = fynetheme.DefaultTheme().Icon(fynetheme.IconNameContentAdd)
	BackIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameNavigateBack)
	DeleteIcon    = fynetheme.DefaultTheme().Icon(fynetheme.IconNameDelete)
	DocumentIcon  = fynetheme.DefaultTheme().Icon(fynetheme.IconNameDocument)
	EditIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameDocumentCreate)
	ExtractIcon   = fynetheme.DefaultTheme().Icon(fynetheme.IconNameDownload)
	ForwardIcon   = fynetheme.DefaultTheme().Icon(fynetheme.IconNameNavigateNext)
	HideIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameVisibilityOff)
	InfoIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameInfo)
	MenuIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameArrowDropDown)
	MoreIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameMoreVertical)
	NewFolderIcon = fynetheme.DefaultTheme().Icon(fynetheme.IconNameFolderNew)
	OpenIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameFolderOpen)
	ParentIcon    = fynetheme.DefaultTheme().Icon(fynetheme.IconNameMoveUp)
	RedoIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameContentRedo)
	RefreshIcon   = fynetheme.DefaultTheme().Icon(fynetheme.IconNameViewRefresh)
	SaveIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameDocumentSave)
	SearchIcon    = fynetheme.DefaultTheme().Icon(fynetheme.IconNameSearch)
	ShowIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameVisibility)
	StopIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameMediaStop)
	UndoIcon      = fynetheme.DefaultTheme().Icon(fynetheme.IconNameContentUndo)
)
