// Package widgets has the general widgets of the window that Fyne lacks: text that is
// shortened or wrapped, buttons with tips, sheets, splits, a capacity bar and a graph.
package widgets
