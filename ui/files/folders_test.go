package files

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"glassmaster/mastering/tree"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

func TestFoldersKeys(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(theme.Theme{})
	root := tree.NewFolder("", time.Unix(0, 0))
	a, b := tree.NewFolder("a", time.Unix(0, 0)), tree.NewFolder("b", time.Unix(0, 0))
	root.Append(a)
	a.Append(b)
	f := newFolders(model.NewOutline(root))
	f.Root = func() string { return "Disc" }
	var opened *tree.Node
	f.OnOpen = func(n *tree.Node) { opened = n }
	test.NewTempWindow(t, f).Resize(fyne.NewSize(200, 300))
	f.Follow(root)
	for _, c := range []struct {
		key  fyne.KeyName
		want *tree.Node
	}{
		{fyne.KeyDown, a}, {fyne.KeyRight, a}, {fyne.KeyDown, b}, {fyne.KeyLeft, a}, {fyne.KeyLeft, a}, {fyne.KeyDown, a}, {fyne.KeyUp, root},
	} {
		if f.rows.TypedKey(&fyne.KeyEvent{Name: c.key}); opened != c.want {
			t.Errorf("%s: in %v", c.key, opened)
		}
	}
}
