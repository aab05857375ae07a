package virtual

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Prefix is the prefix of the names of virtual drives.
const Prefix = "virtual:"

// OpenName opens a drive by its name:
//
//	virtual:PATH
//	virtual:PATH?medium=dvd+r
//	virtual:PATH?medium=cd-r&sectors=5000&pace=7056
//	virtual:PATH?unreadable=500&deferred=5b:3/0c/00
//
// If PATH has the extension of an image format and does not exist, the disc is in the file
// PATH.gmdisc until it is finalized, and then becomes an image of that format: see
// docs/media.md.
//
// If PATH does not exist, a blank disc is created: a DVD+R with its nominal capacity, or
// the given medium and number of sectors; overburn=N gives a CD N sectors beyond its capacity.
// They are ignored for an existing disc. offset is the read offset in samples, pace the
// writing speed in kB/s; with full=busy a WRITE for which the buffer has no space is
// refused with 2/04/08, else it waits. booktype is a vendor whose commands for book types
// the drive has: ricoh, benq, lg, lite-on or plextor. The other options make the drive or the disc fail:
//
//	load=1                the drive reports that it can close its tray
//	polls=N               long operations finish after N polls
//	unreadable=LBA,...    these sectors cannot be read
//	retries=LBA:N,...     this sector can be read after N failed attempts
//	defective=LBA,...     the ECC blocks of these sectors are defective
//	tab=1                 a DVD-RAM is in a cartridge that is write protected
//	corrupt=LBA,...       these sectors are written with a wrong byte
//	lost=LBA,...          these sectors are not written
//	short=N               tracks are N sectors shorter than written
//	capacity=N            the drive reports this capacity, in sectors
//	nwa=N                 the reported next writable address is off by N
//	discard=1             all commands that write succeed and do nothing
//	idle=OP,...           these commands succeed and do nothing
//	refuse=OP,...         these commands are not supported
//	read-cache=N          reads return what was sent, until N other sectors were
//	                      read or the disc was stopped; 0: no limit
//	fail=WHEN:K/AA/QQ     a command fails with this sense key, ASC and ASCQ
//	deferred=WHEN:K/AA/QQ a command reports that an earlier one failed
//	timeout=WHEN          a command times out
//	hang=WHEN             a command and all later ones time out
//	never-returns=WHEN    a command never returns
//	swap=WHEN:PATH        the disc is exchanged, and the drive reports it
//	swap-silent=WHEN:PATH the disc is exchanged, and the drive does not report it
//	reset=WHEN            the drive restarts; what was not synchronized is lost
//	kill=N                the program is killed before the N-th command
//	cut=N                 the same, and the drive loses power
//
// OP is an operation code in hex. WHEN is OP, or OP@N for the N-th such command; "any"
// stands for all operation codes.
func OpenName(name string) (*Drive, error) {
	path, query, _ := strings.Cut(strings.TrimPrefix(name, Prefix), "?")
	if path == "" {
		return nil, fmt.Errorf("open the drive %q: the name has no path of a disc file", name)
	}
	q, err := parseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("open the drive %q: %w", name, err)
	}
	t, path := futureOf(path)
	if !exists(path) {
		if t != nil {
			if err := t.holds(q.medium, q.sectors); err != nil {
				return nil, err
			}
		}
		if err := Create(path, q.medium, Options{Sectors: q.sectors, Overburn: q.over}); err != nil {
			return nil, err
		}
	}
	d, err := Open(path)
	if err != nil {
		return nil, err
	}
	d.setFuture(t)
	d.setPace(q.pace, q.busyBuffer)
	d.setOffset(q.offset)
	if q.book != "" {
		if err := d.SetBookVendor(q.book); err != nil {
			d.Close()
			return nil, err
		}
	}
	if q.changed {
		d.SetFaults(q.faults)
		d.SetLoader(q.loader)
	}
	return d, nil
}

// maxOffset limits the read offset, to 10 seconds.
const maxOffset = 441000

// query holds the options in the name of a drive.
type query struct {
	medium  Medium
	sectors int64
	pace    int
	offset  int64
	over    int64
	book    string // vendor whose commands for book types the drive has
	// busyBuffer: a WRITE for which the buffer has no space is refused, and does not wait
	busyBuffer bool
	loader     bool
	faults     Faults
	changed    bool // faults or loader are given
}

// parseQuery parses the options after the question mark. Unlike in the query of a URL, a
// plus sign does not stand for a space.
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
		case "offset":
			if q.offset, err = strconv.ParseInt(v[0], 10, 64); err != nil || q.offset < -maxOffset || q.offset > maxOffset {
				err = fmt.Errorf("offset=%s is not a number of samples from %d to %d", v[0], -maxOffset, maxOffset)
			}
		case "overburn":
			if q.over, err = strconv.ParseInt(v[0], 10, 64); err != nil || q.over < 0 || q.over > maxOverburn {
				err = fmt.Errorf("overburn=%s is not a number of sectors from 0 to %d", v[0], maxOverburn)
			}
		case "booktype":
			q.book = v[0]
			_, err = bookVendor(q.book)
		case "full":
			if q.busyBuffer = v[0] == "busy"; !q.busyBuffer && v[0] != "wait" {
				err = fmt.Errorf("full=%s is neither busy nor wait", v[0])
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
