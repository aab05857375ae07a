// Package drive finds optical drives and opens them by name.
//
// A drive is named by its device (/dev/sr0), by the address of a drive in
// another machine (iscsi://HOST:PORT/TARGET/LUN), or by a file that stands for
// a disc in a recorder made of software (virtual:PATH).
package drive
