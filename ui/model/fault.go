package model

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// Fault is a panic of this program's own code, as an error: one mistake in a
// report or in a list must not end a burn, nor lose a compilation.
type Fault struct {
	Value any
	Stack []byte
	InJob bool // whoever started the job is told by its error
}

func (f *Fault) Error() string {
	return fmt.Sprintf("this is a fault in Glassmaster itself, please report it: %v", f.Value)
}

var onFault atomic.Pointer[func(*Fault)]

// OnFault sets who hears of faults, on the goroutine where they happen. While
// nobody does, a panic outside of jobs ends the program.
func OnFault(f func(*Fault)) { onFault.Store(&f) }

// Guard is deferred by whatever the person calls: a button, a key, a menu. It
// turns a panic into a fault.
func Guard() {
	hear := onFault.Load()
	if hear == nil {
		return
	}
	if p := recover(); p != nil {
		(*hear)(&Fault{Value: p, Stack: debug.Stack()})
	}
}

// faultIn makes the fault of a panic in a job, and tells it.
func faultIn(p any) *Fault {
	f := &Fault{Value: p, Stack: debug.Stack(), InJob: true}
	if hear := onFault.Load(); hear != nil {
		(*hear)(f)
	}
	return f
}
