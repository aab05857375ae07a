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
//
// Where PATH does not exist a blank disc is made there: a DVD+R, or the medium
// of the name, with that many sectors where they are given. The medium of an
// existing disc is what it is, and so is its size. A pace in kB/s makes the
// drive as slow as a real one.
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
	return d, nil
}

// query is what follows the path in the name of a drive.
type query struct {
	medium  Medium
	sectors int64
	pace    int
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
			err = fmt.Errorf("%s is no option of a virtual drive; medium, sectors and pace are", key)
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}
