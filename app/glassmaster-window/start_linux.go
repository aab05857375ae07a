package main

// #cgo pkg-config: gtk+-3.0
import "C"
