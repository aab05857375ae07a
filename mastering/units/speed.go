package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Single speeds in kB/s: of 2352-byte sectors on CD, of 2048-byte sectors on DVD and
// BD.
const (
	singleCD  = 176.4
	singleDVD = 1385.0
	singleBD  = 4495.5
)

// SingleSpeed returns the single speed of a medium in kB/s, by its name: "CD-RW",
// "DVD+R DL", "BD-R".
func SingleSpeed(medium string) float64 {
	switch {
	case strings.HasPrefix(medium, "CD"):
		return singleCD
	case strings.HasPrefix(medium, "BD"):
		return singleBD
	}
	return singleDVD
}

// Speed returns a speed in kB/s as a multiple of the medium's single speed, as printed on
// packages: "16x (22160 kB/s)".
func Speed(kBs int, medium string) string {
	x := math.Round(float64(kBs)/SingleSpeed(medium)*10) / 10
	return fmt.Sprintf("%sx (%d kB/s)", strconv.FormatFloat(x, 'f', -1, 64), kBs)
}

// ParseSpeed reads a speed: "8x" or "2.4x" is a multiple of the single speed; "11080",
// with or without "kB/s", is in kB/s. The other of the two results is 0.
func ParseSpeed(text string) (kBs int, factor float64, err error) {
	bad := fmt.Errorf("%q is not a speed: use 8x, 2.4x or 11080 (kB/s)", text)
	s := strings.ToLower(strings.TrimSpace(text))
	if x, ok := strings.CutSuffix(s, "x"); ok {
		factor, err = strconv.ParseFloat(x, 64)
		if ok = err == nil && factor > 0 && factor < 1000; !ok {
			return 0, 0, bad
		}
		return 0, factor, nil
	}
	kBs, err = strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(s, "kb/s")))
	if err != nil || kBs < 0 {
		return 0, 0, bad
	}
	return kBs, 0, nil
}
