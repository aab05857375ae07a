// Package faultrun is a test: it burns discs of every kind in recorders that go
// wrong in every way that package virtual knows, as seeds tell, and holds against
// the file of each disc what the program said of it.
//
// A run is a fault and a medium, and what chance adds to them: where the fault
// strikes, whether the disc is blank, holds data that may go, or a session already,
// and the options of the burn. Whatever happens,
//
//   - no burn ends well whose sectors are not those of the source, as the file of
//     the disc has them;
//   - none goes on for longer than its limit, counted in commands and in the
//     timeouts of commands;
//   - the tray opens at the end if the drive still answers, or it is said that the
//     drive did not unlock it;
//   - the source has the bytes that it had before.
//
// The variable GLASSMASTER_FAULTS says how many runs there are: without it four for
// each fault.
package faultrun
