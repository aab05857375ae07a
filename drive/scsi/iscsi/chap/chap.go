// Package chap computes and checks the challenges and responses with which an initiator
// and a target prove to each other that they know a secret (RFC 1994; RFC 7143 12.1.3).
//
// An eavesdropper can try out secrets against what was sent. Secrets must therefore be
// long and random, and CHAP does not encrypt what follows.
package chap

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the algorithm that all initiators have
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Limits of secrets in bytes: RFC 7143 12.1.3 demands 96 bits, and Windows takes no more
// than 16 bytes.
const (
	MinSecret = 12
	MaxSecret = 256
)

// maxBinary is the longest challenge or response, in bytes (RFC 7143 12.1.3).
const maxBinary = 1024

// challengeLen is the length of our challenges, in bytes.
const challengeLen = 32

// Account is a name with its secret.
type Account struct {
	Name   string
	Secret []byte
}

// Check returns why an account cannot be used, or nil.
func (a Account) Check() error {
	switch {
	case a.Name == "":
		return errors.New("the name for CHAP is empty")
	case len(a.Name) > 255 || strings.ContainsAny(a.Name, "\x00\n"):
		return errors.New("the name for CHAP is too long, or not text")
	case len(a.Secret) < MinSecret:
		return fmt.Errorf("the CHAP secret of %s has %d characters; it needs %d or more (12 to 16 suit Windows), as random as possible", a.Name, len(a.Secret), MinSecret)
	case len(a.Secret) > MaxSecret:
		return fmt.Errorf("the CHAP secret of %s is longer than %d characters", a.Name, MaxSecret)
	}
	return nil
}

// ReadSecret returns the secret in a file: its first line.
func ReadSecret(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the CHAP secret: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return []byte(strings.TrimRight(line, "\r")), nil
}

// Variables of the environment with the secret of the initiator, and with that of the target.
// With _FILE after the name they hold the name of a file, whose first line is the secret.
const (
	SecretVariable = "GLASSMASTER_CHAP_SECRET"
	MutualVariable = "GLASSMASTER_CHAP_MUTUAL_SECRET"
)

// Environment returns the secret in a variable of the environment, or else that in the
// file that the variable with _FILE after its name names. Without both it is nil.
func Environment(variable string) ([]byte, error) {
	if s := os.Getenv(variable); s != "" {
		return []byte(s), nil
	}
	if path := os.Getenv(variable + "_FILE"); path != "" {
		return ReadSecret(path)
	}
	return nil, nil
}

// Algorithms are the numbers of the algorithms (IANA, "PPP authentication algorithms"), as
// they are offered: 8 SHA3-256, 5 MD5, 7 SHA-256. The latter is last because tgtd takes 7
// for SHA-1.
const Algorithms = "8,5,7"

// Choose returns the first algorithm of a list that is known, or 0.
func Choose(list string) int {
	for s := range strings.SplitSeq(list, ",") {
		if n, err := strconv.Atoi(s); err == nil && Known(n) {
			return n
		}
	}
	return 0
}

// Known reports whether an algorithm is one of [Algorithms].
func Known(algorithm int) bool { return algorithm == 5 || algorithm == 7 || algorithm == 8 }

// Challenge is a challenge with its identifier.
type Challenge struct {
	ID    byte
	Value []byte
}

// NewChallenge returns a random challenge.
func NewChallenge() Challenge {
	b := make([]byte, 1+challengeLen)
	_, _ = rand.Read(b) // never fails
	return Challenge{ID: b[0], Value: b[1:]}
}

// Response returns the response to a challenge: the hash of the identifier, the secret and
// the challenge.
func (c Challenge) Response(algorithm int, secret []byte) []byte {
	b := append([]byte{c.ID}, secret...)
	b = append(b, c.Value...)
	switch algorithm {
	case 5:
		sum := md5.Sum(b) //nolint:gosec // see the import
		return sum[:]
	case 7:
		sum := sha256.Sum256(b)
		return sum[:]
	case 8:
		sum := sha3.Sum256(b)
		return sum[:]
	}
	panic(fmt.Sprintf("chap: algorithm %d", algorithm)) // callers ask Known
}

// Verify reports whether a response is the right one. It takes the same time for all
// wrong ones.
func (c Challenge) Verify(algorithm int, secret, response []byte) bool {
	return hmac.Equal(c.Response(algorithm, secret), response)
}

// Encode encodes a challenge or response as the value of a text key.
func Encode(b []byte) string { return "0x" + hex.EncodeToString(b) }

// Decode decodes the value of a text key: 0x and hexadecimal digits, or 0b and Base64
// (RFC 7143 6.1).
func Decode(value string) ([]byte, error) {
	if len(value) > 2*maxBinary+2 {
		return nil, errors.New("a challenge or response is too long")
	}
	prefix, digits := value[:min(2, len(value))], value[min(2, len(value)):]
	var b []byte
	var err error
	switch prefix {
	case "0x", "0X":
		if len(digits)%2 != 0 {
			digits = "0" + digits
		}
		b, err = hex.DecodeString(digits)
	case "0b", "0B":
		b, err = base64.StdEncoding.DecodeString(digits)
	default:
		err = errors.New("unknown encoding")
	}
	if err != nil || len(b) == 0 || len(b) > maxBinary {
		return nil, fmt.Errorf("%.40q is not a challenge or response", value)
	}
	return b, nil
}
