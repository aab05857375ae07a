// Package windowtest has tests of the real window on a virtual display: another program
// drops files on it, and a pointer clicks its buttons.
package windowtest
