// Package windowtest drives the real window, on a display of its own, the way a
// person does: another program drops files on it, a pointer clicks its buttons.
// It holds tests only.
package windowtest
