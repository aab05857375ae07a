package virtual

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// fault parses one option that makes the drive fail.
func (q *query) fault(key, value string) error {
	f := &q.faults
	q.changed = true
	var err error
	switch key {
	case "load":
		q.loader = value != "0"
	case "discard":
		f.Discard = value != "0"
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
	case "defective":
		f.Defective, err = list(f.Defective, value, number)
	case "tab":
		f.Tab = value != "0"
	case "retries":
		f.Retries, err = attempts(value)
	case "idle":
		f.Idle, err = list(f.Idle, value, operation)
	case "refuse":
		f.Refuse, err = list(f.Refuse, value, operation)
	case "read-cache":
		f.ReadCache.On = true
		f.ReadCache.Reads, err = number(value)
	default:
		return q.event(key, value)
	}
	if err != nil {
		return fmt.Errorf("the option %s=%s is not valid: %w", key, value, err)
	}
	return nil
}

// event parses one option that is an event at a command.
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
	case "never-returns":
		e.Hang = NeverReturns
	case "swap", "swap-silent":
		e.Swap, e.Silent = rest, key == "swap-silent"
		if rest == "" {
			err = errors.New("it has no path of another disc")
		}
	case "reset":
		e.Reset = true
	case "kill":
		e.kill = killed
	case "cut":
		e.kill = powerCut
	default:
		return fmt.Errorf("a virtual drive has no option %q; it has medium, sectors, overburn, pace, offset, and the faults that docs/media.md lists", key)
	}
	if err != nil {
		return fmt.Errorf("the option %s=%s is not valid: %w", key, value, err)
	}
	q.faults.Events = append(q.faults.Events, e)
	return nil
}

// moment parses OP or OP@N.
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
			err = fmt.Errorf("commands are counted from 1; %s is not valid", at)
		}
	}
	return e, err
}

// sense parses K/AA/QQ, in hex.
func sense(s string) (b [3]byte, err error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 {
		return b, fmt.Errorf("%q is not a sense key, ASC and ASCQ, such as 3/0c/00", s)
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

// list parses items that are separated by commas, and appends them.
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

// attempts parses LBA:N, separated by commas.
func attempts(s string) (map[int64]int, error) {
	all := map[int64]int{}
	for _, p := range strings.Split(s, ",") {
		at, n, _ := strings.Cut(p, ":")
		lba, err := number(at)
		if err != nil {
			return nil, err
		}
		if all[lba], err = strconv.Atoi(n); err != nil {
			return nil, fmt.Errorf("%q is not an address and a number of attempts, such as 500:2", p)
		}
	}
	return all, nil
}
