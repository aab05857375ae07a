// Package faultrun tests burns with simulated faults. It burns discs of every kind in
// virtual recorders with every fault of package virtual, and compares the result of each
// burn with the file that holds the disc. CDs of several tracks are also burned in drives
// that record something else than they were sent.
//
// A run is a fault and a medium. A seed determines the rest: where the fault occurs,
// whether the disc is blank, holds data to be overwritten, or has a session, and the
// options of the burn. After each run,
//
//   - a burn that reported success has written the sectors of the source to the disc;
//   - no burn exceeded its limit, counted in commands and in their timeouts;
//   - the tray opens if the drive still answers, or an error says that the drive did not
//     unlock it;
//   - the source is unchanged.
//
// The environment variable GLASSMASTER_FAULTS sets the number of runs, or their seeds.
// Without it there are four for each fault.
package faultrun
