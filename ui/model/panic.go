package model

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// PanicError is a panic as an error: a bug in one place must not end a burn or lose a
// compilation.
type PanicError struct {
	Value any
	Stack []byte
	InJob bool // it is the error of a job, which reports it
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("this is an error in Glassmaster itself, please report it: %v", e.Value)
}

var onPanic atomic.Pointer[func(*PanicError)]

// OnPanic sets the function that is called for panics, on the goroutine where they
// happen. Until it is set, a panic outside of jobs ends the program.
func OnPanic(f func(*PanicError)) { onPanic.Store(&f) }

// CatchPanic is deferred by the handlers of buttons, keys and menus. It recovers a
// panic, and reports it to the function that OnPanic has set.
func CatchPanic() {
	report := onPanic.Load()
	if report == nil {
		return
	}
	if p := recover(); p != nil {
		(*report)(&PanicError{Value: p, Stack: debug.Stack()})
	}
}

// newJobPanic returns the error of a panic in a job, and reports it.
func newJobPanic(p any) *PanicError {
	e := &PanicError{Value: p, Stack: debug.Stack(), InJob: true}
	if report := onPanic.Load(); report != nil {
		(*report)(e)
	}
	return e
}
