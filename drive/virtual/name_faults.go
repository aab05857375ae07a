package virtual

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// fault takes one option that makes the drive fail.
func (q *query) fault(key, value string) error {
	f := &q.faults
	q.changed = true
	var err error
	switch key {
	case "load":
		q.loader = value != "0"
	case "coaster":
		f.Coaster = value != "0"
	case "polls":
		f.Polls, err = strconv.Atoi(value)
	case "short":
		f.Short, err = number(value)
	case "capacity":
		f.Capacity, err = number(value)
	case "nwa":
		f.NWA, err = number(value)
	case "unreadable":
		f.ReadErrors, err = list(f.ReadErrors, value, number)
	case "corrupt":
		f.Corrupt, err = list(f.Corrupt, value, number)
	case "lost":
		f.Lost, err = list(f.Lost, value, number)
	case "retries":
		f.Retries, err = attempts(value)
	case "idle":
		f.Idle, err = list(f.Idle, value, operation)
	case "refuse":
		f.Refuse, err = list(f.Refuse, value, operation)
	case "echo":
		f.Echo.On = true
		f.Echo.Reads, err = number(value)
	default:
		return q.event(key, value)
	}
	if err != nil {
		return fmt.Errorf("%s=%s is not understood: %w", key, value, err)
	}
	return nil
}

// event takes one option that names a command at which something happens.
func (q *query) event(key, value string) error {
	when, rest, _ := strings.Cut(value, ":")
	if key == "kill" || key == "cut" {
		when = "any@" + value
	}
	e, err := moment(when)
	switch key {
	case "fail", "deferred":
		e.Deferred = key == "deferred"
		if err == nil {
			e.Sense, err = sense(rest)
		}
	case "hang":
		e.Hang = Hung
	case "timeout":
		e.Hang = TimesOut
	case "stuck":
		e.Hang = Stuck
	case "swap", "swap-silent":
		e.Swap, e.Silent = rest, key == "swap-silent"
		if rest == "" {
			err = errors.New("the path of the other disc is missing")
		}
	case "reset":
		e.Reset = true
	case "kill":
		e.Kill = Killed
	case "cut":
		e.Kill = PowerCut
	default:
		return fmt.Errorf("a virtual drive has no option %q; it has medium, sectors, pace, and the faults that docs/media.md lists", key)
	}
	if err != nil {
		return fmt.Errorf("%s=%s is not understood: %w", key, value, err)
	}
	q.faults.Events = append(q.faults.Events, e)
	return nil
}

// moment reads OP or OP@N.
func moment(s string) (Event, error) {
	op, at, counted := strings.Cut(s, "@")
	e := Event{Op: Any}
	var err error
	if op != "any" {
		if e.Op, err = operation(op); err != nil {
			return e, err
		}
	}
	if counted {
		if e.At, err = strconv.Atoi(at); err == nil && e.At < 1 {
			err = fmt.Errorf("commands count from 1, not from %s", at)
		}
	}
	return e, err
}

// sense reads K/AA/QQ, in hex.
func sense(s string) (b [3]byte, err error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 {
		return b, fmt.Errorf("%q is not a sense key, an additional code and its qualifier, as 3/0c/00", s)
	}
	for i, p := range parts {
		if b[i], err = operation(p); err != nil {
			return b, err
		}
	}
	return b, nil
}

func operation(s string) (byte, error) {
	n, err := strconv.ParseUint(s, 16, 8)
	if err != nil {
		return 0, fmt.Errorf("%q is not a byte in hex", s)
	}
	return byte(n), nil
}

func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return n, nil
}

// list adds items with commas between them.
func list[T any](all []T, s string, item func(string) (T, error)) ([]T, error) {
	for _, p := range strings.Split(s, ",") {
		v, err := item(p)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// attempts reads LBA:N with commas between them.
func attempts(s string) (map[int64]int, error) {
	all := map[int64]int{}
	for _, p := range strings.Split(s, ",") {
		at, n, _ := strings.Cut(p, ":")
		lba, err := number(at)
		if err != nil {
			return nil, err
		}
		if all[lba], err = strconv.Atoi(n); err != nil {
			return nil, fmt.Errorf("%q is not an address and a number of attempts, as 500:2", p)
		}
	}
	return all, nil
}
