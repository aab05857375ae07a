// Package peers tests the virtual recorder, package serve and package record against
// programs of others. In a virtual machine with the Linux kernel, wodim, cdrskin, growisofs,
// cdrdao and xorriso burn to recorders that are served by iSCSI; then the kernel, cdparanoia
// and others read the discs, and so does this project. In the same way this project burns
// through the kernel's SG_IO.
//
// If these programs and this project disagree about what a drive is, one of these tests
// fails. docs/media.md lists what is burned by which program.
package peers
