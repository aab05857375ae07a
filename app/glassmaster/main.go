// Command glassmaster compiles, opens, burns, reads and verifies optical discs.
// Without a verb it opens the window.
package main

import (
	"os"

	"glassmaster/app/command"
)

func main() { os.Exit(command.Main(os.Args[1:])) }
