// Package udf reads and checks volumes of the OSTA Universal Disk Format,
// revisions 1.02, 1.50, 2.00, 2.01, 2.50 and 2.60, which is a profile of
// ECMA-167 3rd edition. [Open] shows a volume as a file system. Package
// udf/plan plans volumes.
//
// ECMA-167 calls the parts of a structure by their byte positions (BP); the
// offsets in this package are those. Numbers are little-endian (ECMA-167 1/7.1).
package udf
