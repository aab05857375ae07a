package virtual

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// Prefix begins the names of drives made of software.
const Prefix = "virtual:"

// OpenName opens a drive by the name that a person gives it:
//
//	virtual:PATH
//	virtual:PATH?medium=dvd+r
//	virtual:PATH?medium=cd-r&sectors=5000&pace=7056
//	virtual:PATH?unreadable=500&deferred=5b:3/0c/00
//
// Where PATH does not exist a blank disc is made there: a DVD+R, or the medium
// of the name, with that many sectors where they are given. The medium of an
// existing disc is what it is, and so is its size. A pace in kB/s makes the
// drive as slow as a real one. Other options make the drive or the disc fail:
//
//	load=1                the drive says that it can close its tray
//	polls=N               so many questions until a long operation is done
//	unreadable=LBA,...    these sectors cannot be read
//	retries=LBA:N,...     this sector is read at the attempt behind the N-th
//	corrupt=LBA,...       these sectors reach the disc with a wrong byte
//	lost=LBA,...          these sectors do not reach the disc
//	short=N               tracks are that many sectors shorter than written
//	capacity=N            the disc is said to have so many sectors
//	nwa=N                 the next writable address is reported wrong by N
//	coaster=1             everything is written, and nothing is on the disc
//	idle=OP,...           these commands succeed and do nothing
//	refuse=OP,...         these commands are not known
//	echo=N                reads are answered from what was sent, until N other
//	                      sectors were read or the disc was stopped; 0 is no limit
//	fail=WHEN:K/AA/QQ     a command fails with this sense key and code
//	deferred=WHEN:K/AA/QQ a command brings this about an earlier one
//	timeout=WHEN          a command times out
//	hang=WHEN             a command times out, and so do all behind it
//	stuck=WHEN            a command never comes back
//	swap=WHEN:PATH        another disc is in the drive
//	swap-silent=WHEN:PATH another disc is in the drive, and it does not say so
//	reset=WHEN            the drive starts anew: what was not synchronized is lost
//	kill=N                the program is killed before the N-th command
//	cut=N                 so is the drive: what was not synchronized is lost
//
// OP is an operation code in hex, WHEN is OP, or OP@N for the N-th such command,
// where "any" stands for all of them.
func OpenName(name string) (*Drive, error) {
	path, query, _ := strings.Cut(strings.TrimPrefix(name, Prefix), "?")
	if path == "" {
		return nil, fmt.Errorf("open the drive %q: the path of the disc file is missing", name)
	}
	q, err := parseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("open the drive %q: %w", name, err)
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := Create(path, q.medium, Options{Sectors: q.sectors}); err != nil {
			return nil, err
		}
	}
	d, err := Open(path)
	if err != nil {
		return nil, err
	}
	d.SetPace(q.pace)
	if q.changed {
		d.SetFaults(q.faults)
		d.SetLoader(q.loader)
	}
	return d, nil
}

// query is what follows the path in the name of a drive.
type query struct {
	medium  Medium
	sectors int64
	pace    int
	loader  bool
	faults  Faults
	changed bool // faults or loader were named
}

// parseQuery reads medium=KIND&sectors=N. A plus sign is a plus sign here.
func parseQuery(s string) (query, error) {
	q := query{}
	q.medium, _ = ParseMedium("DVD+R")
	values, err := url.ParseQuery(strings.ReplaceAll(s, "+", "%2B"))
	if err != nil {
		return q, err
	}
	for key, v := range values {
		switch key {
		case "medium":
			q.medium, err = ParseMedium(v[0])
		case "sectors":
			if q.sectors, err = strconv.ParseInt(v[0], 10, 64); err != nil {
				err = fmt.Errorf("sectors=%s is not a number", v[0])
			}
		case "pace":
			if q.pace, err = strconv.Atoi(v[0]); err != nil {
				err = fmt.Errorf("pace=%s is not a number", v[0])
			}
		default:
			for _, one := range v {
				if err == nil {
					err = q.fault(key, one)
				}
			}
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}
