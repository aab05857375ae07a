package compilation

import (
	"testing"
	"time"
)

func TestVolumeTime(t *testing.T) {
	for epoch, want := range map[string]time.Time{
		"0":           time.Unix(0, 0),
		"-2208988800": time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC),
		"5869583999":  time.Date(2155, 12, 31, 23, 59, 59, 0, time.UTC),
		// Beyond what a directory record can tell, or no number at all.
		"-2208988801": {}, "5869584000": {}, "253402300800": {}, "9223372036854775807": {}, "-9223372036854775808": {},
		"1e9": {}, "now": {},
	} {
		t.Setenv("SOURCE_DATE_EPOCH", epoch)
		got, clamp, err := volumeTime()
		if (err == nil) != !want.IsZero() || !got.Equal(want) || clamp != !want.IsZero() {
			t.Errorf("%s: %v, %v, %v", epoch, got, clamp, err)
		}
	}
}
