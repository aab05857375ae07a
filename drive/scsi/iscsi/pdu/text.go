package pdu

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Join encodes texts KEY=VALUE as the data of a PDU (RFC 7143 6.1).
func Join(pairs []string) []byte {
	if len(pairs) == 0 {
		return nil
	}
	return []byte(strings.Join(pairs, "\x00") + "\x00")
}

// Split decodes the data of a PDU into pairs of key and value.
func Split(text []byte) ([][2]string, error) {
	var pairs [][2]string
	for part := range bytes.SplitSeq(text, []byte{0}) {
		if len(part) == 0 {
			continue
		}
		key, value, ok := strings.Cut(string(part), "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("the text %.60q is not KEY=VALUE", part)
		}
		pairs = append(pairs, [2]string{key, value})
	}
	return pairs, nil
}

// Number decodes a number of a text key, decimal or hexadecimal with 0x.
func Number(value string, least, most int) (int, error) {
	n, err := strconv.ParseUint(value, 0, 32)
	if err != nil || n < uint64(least) || n > uint64(most) {
		return 0, fmt.Errorf("%.20q is not a number from %d to %d", value, least, most)
	}
	return int(n), nil
}

// Choose returns the first value of a list, separated by commas, that is allowed, or "".
func Choose(list string, allowed ...string) string {
	for value := range strings.SplitSeq(list, ",") {
		for _, a := range allowed {
			if value == a {
				return a
			}
		}
	}
	return ""
}
