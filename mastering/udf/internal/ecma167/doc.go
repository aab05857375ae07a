// Package ecma167 holds the encodings that reading and planning a UDF volume
// share: descriptor tags, timestamps, strings, allocation descriptors, and the
// numbers of ECMA-167 3rd edition, as OSTA UDF 2.60 uses them.
package ecma167
