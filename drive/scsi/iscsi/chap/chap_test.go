package chap_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi/iscsi/chap"
)

// The responses are those of "printf '\001secret-of-mine\002\003' | openssl dgst -md5" and so on.
func TestResponse(t *testing.T) {
	c := chap.Challenge{ID: 1, Value: []byte{2, 3}}
	secret := []byte("secret-of-mine")
	for algorithm, want := range map[int]string{
		5: "23e4ca792f5ad012f6c6bdf1ebed0ac2",
		7: "e7cdf7f0b8dde336dcd5e37f5e7c237da6f4eef934000a22df458a6012a85205",
		8: "f35f4583ec9889f41d0e5b22b276f5d29bb2d2f854ae374666bfc8d516f7968f",
	} {
		got := c.Response(algorithm, secret)
		if hex.EncodeToString(got) != want {
			t.Errorf("algorithm %d: %x", algorithm, got)
		}
		if !c.Verify(algorithm, secret, got) || c.Verify(algorithm, secret, got[1:]) || c.Verify(algorithm, []byte("secret-of-none"), got) {
			t.Errorf("algorithm %d: wrong verdict", algorithm)
		}
	}
}

func TestChallengesDiffer(t *testing.T) {
	a, b := chap.NewChallenge(), chap.NewChallenge()
	if bytes.Equal(a.Value, b.Value) || len(a.Value) < 16 {
		t.Errorf("challenges %x and %x", a.Value, b.Value)
	}
}

func TestChoose(t *testing.T) {
	for list, want := range map[string]int{"5": 5, "6,5": 5, "7,5": 7, "5,7": 5, "8": 8, "6": 0, "": 0, "x,5": 5} {
		if got := chap.Choose(list); got != want {
			t.Errorf("of %q: %d", list, got)
		}
	}
}

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{
		"0x0102": "\x01\x02", "0XaB": "\xAB", "0x102": "\x01\x02", "0bAQI=": "\x01\x02", "0B////": "\xFF\xFF\xFF",
	} {
		if got, err := chap.Decode(in); err != nil || string(got) != want {
			t.Errorf("%s is %x, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "0", "0x", "0b", "12", "0xgg", "0b*", "0x" + strings.Repeat("00", 1025)} {
		if got, err := chap.Decode(in); err == nil {
			t.Errorf("%.20s is taken for %x", in, got)
		}
	}
	if got, err := chap.Decode(chap.Encode([]byte{0, 1})); err != nil || string(got) != "\x00\x01" {
		t.Errorf("encoded and decoded: %x, %v", got, err)
	}
}

func TestSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("a long secret of mine\r\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_SECRET_FILE", path)
	if got, err := chap.Environment("TEST_SECRET"); err != nil || string(got) != "a long secret of mine" {
		t.Errorf("from the file: %q, %v", got, err)
	}
	t.Setenv("TEST_SECRET", "another one")
	if got, err := chap.Environment("TEST_SECRET"); err != nil || string(got) != "another one" {
		t.Errorf("from the environment: %q, %v", got, err)
	}
	for _, a := range []chap.Account{
		{Name: "", Secret: []byte("long enough!")},
		{Name: "a", Secret: []byte("too short..")},
		{Name: "a", Secret: make([]byte, 300)},
		{Name: "a\n", Secret: []byte("long enough!")},
	} {
		if a.Check() == nil {
			t.Errorf("accepted %q with a secret of %d bytes", a.Name, len(a.Secret))
		}
	}
	if err := (chap.Account{Name: "a", Secret: []byte("long enough!")}).Check(); err != nil {
		t.Error(err)
	}
}
