package record

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotAsRequested is in the chain of the error of a burn whose disc holds the data, but
// differs in another property from what was requested: its book type, its layer break.
var ErrNotAsRequested = errors.New("the disc is not as requested")

// ErrNoLayerBreak is in the chain of the error of a layer break that cannot be set.
var ErrNoLayerBreak = errors.New("the layer break cannot be set")

// ErrNoBookType is in the chain of the error of a book type that cannot be set.
var ErrNoBookType = errors.New("the book type cannot be set")

// say adds a hint to the plan.
func (b *Burn) say(format string, args ...any) {
	b.plan.Hints = append(b.plan.Hints, fmt.Sprintf(format, args...))
}

// checked adds what was looked at after the burn to the result, with a warning if it is not
// as planned.
func (r *burning) checked(what, expected, found string) {
	if !r.check(what, expected, found) {
		r.warn("the %s of the burned disc is not as planned: %s, in place of %s", what, found, expected)
	}
}

// checkProperties checks the properties of a burned DVD or BD apart from its data: layer
// break, book type, spare areas. Only a drive that no longer answers is an error.
func (r *burning) checkProperties() error {
	for _, check := range []func() error{r.checkLayers, r.checkBook, r.checkSpares} {
		if err := check(); err != nil {
			return fmt.Errorf("check the properties of the disc: %w", err)
		}
	}
	return nil
}

// asRequested returns the error of a disc whose data is good, but which lacks what the
// options asked for.
func (r *burning) asRequested() error {
	var unmet []string
	for _, c := range r.result.Checks {
		if !c.OK && (c.What == checkBreak && r.o.LayerBreak > 0 || c.What == checkBookType || c.What == checkCapacity) {
			unmet = append(unmet, fmt.Sprintf("its %s is %s, in place of %s", c.What, c.Found, c.Expected))
		}
	}
	if len(unmet) == 0 {
		return nil
	}
	left := "the data on the disc was not compared"
	if r.result.Equal {
		left = "the data on the disc was read back and is equal to what was sent"
	}
	r.result.Verified = false
	return &Error{
		Step: "check the disc", LBA: -1, Written: r.result.Written, Err: fmt.Errorf("%w: %s", ErrNotAsRequested, strings.Join(unmet, "; ")),
		Left: left, Advice: "decide whether you can use it like that; another drive may do better",
	}
}

// Names of checks.
const (
	checkBreak    = "layer break"
	checkBookType = "book type"
	checkCapacity = "capacity of the format"
)
