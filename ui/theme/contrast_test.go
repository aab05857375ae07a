package theme_test

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"glassmaster/ui/theme"
)

// TestContrast checks in both variants that text can be read on its background.
func TestContrast(t *testing.T) {
	for _, v := range []fyne.ThemeVariant{fynetheme.VariantLight, fynetheme.VariantDark} {
		for _, pair := range [][2]fyne.ThemeColorName{
			{theme.Foreground, theme.Surface},
			{theme.Foreground, theme.Selection},
			{theme.Muted, theme.Surface},
			{theme.Muted, theme.Rail},
			{fynetheme.ColorNameForegroundOnPrimary, theme.Primary},
			{theme.Success, theme.SuccessBackground},
			{theme.Error, theme.ErrorBackground},
			{theme.Warning, theme.WarningBackground},
			{theme.Error, theme.Surface},
			{theme.Warning, theme.Surface},
			{theme.Success, theme.Surface},
			{theme.Primary, theme.Surface},
			{theme.ParityPColor, theme.Surface},
			{theme.ParityQColor, theme.Surface},
		} {
			if c := contrast(theme.Theme{}.Color(pair[0], v), theme.Theme{}.Color(pair[1], v)); c < 4 {
				t.Errorf("variant %d: %s on %s has a contrast of %.1f", v, pair[0], pair[1], c)
			}
		}
	}
}

// contrast is the contrast ratio of two colours (WCAG 2.1, 1.4.3).
func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		f := float64(v) / 0xffff
		if f <= 0.03928 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
