package iscsi

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"glassmaster/drive/scsi/iscsi/chap"
)

// errUserNeeded is the error of a target that requires CHAP.
var errUserNeeded = errors.New("the target requires a user (CHAP): put its name into the address, iscsi://USER@HOST, and its secret into the variable " + chap.SecretVariable)

// authentication is the initiator's side of the security stage (RFC 7143 12.1.3).
type authentication struct {
	account chap.Account // with which the initiator proves who it is; no name: it does not
	mutual  []byte       // secret with which the target has to prove who it is; nil: it need not

	method    string // that the target chose
	asked     bool   // the algorithms were offered
	answered  bool   // the response was sent
	algorithm int
	id        []byte // of the target's challenge
	challenge []byte
	sent      chap.Challenge // to the target
	response  []byte         // of the target
}

// newAuthentication returns the authentication for a user, with secrets from the
// environment. Without a user there is none.
func newAuthentication(user string) (authentication, error) {
	var a authentication
	if user == "" {
		return a, nil
	}
	secret, err := chap.Environment(chap.SecretVariable)
	if err != nil {
		return a, err
	}
	if secret == nil {
		return a, fmt.Errorf("the secret of the user %s is missing: set the variable %s, or %s_FILE to the name of a file with it", user, chap.SecretVariable, chap.SecretVariable)
	}
	a.account = chap.Account{Name: user, Secret: secret}
	if err := a.account.Check(); err != nil {
		return a, err
	}
	if a.mutual, err = chap.Environment(chap.MutualVariable); err != nil {
		return a, err
	}
	if bytes.Equal(a.mutual, secret) {
		return a, errors.New("the secret of the target is that of the user; an attacker could return the answers of one as those of the other")
	}
	return a, nil
}

// offer returns the value of AuthMethod.
func (a *authentication) offer() string {
	switch {
	case a.account.Name == "":
		return "None"
	case a.mutual == nil:
		return "CHAP,None"
	}
	return "CHAP"
}

// complete reports whether nothing is left to say in the security stage.
func (a *authentication) complete() bool {
	return a.account.Name == "" || a.method == "None" || a.answered
}

// accept handles a key of the security stage. known is false for other keys.
func (a *authentication) accept(key, value string) (known bool, err error) {
	switch key {
	case "AuthMethod":
		return true, a.chosen(value)
	case "CHAP_A":
		n, err := strconv.Atoi(value)
		if err != nil || !chap.Known(n) {
			return true, fmt.Errorf("the target demands the CHAP algorithm %.20q; known are %s", value, chap.Algorithms)
		}
		a.algorithm = n
		return true, nil
	case "CHAP_I":
		n, err := strconv.ParseUint(value, 0, 8)
		if err != nil {
			return true, fmt.Errorf("the target sent CHAP_I=%.20q", value)
		}
		a.id = []byte{byte(n)}
		return true, nil
	case "CHAP_C":
		a.challenge, err = chap.Decode(value)
		return true, err
	case "CHAP_N":
		return true, nil // whoever it is, it has to know the secret
	case "CHAP_R":
		a.response, err = chap.Decode(value)
		return true, err
	}
	return false, nil
}

// chosen takes the method that the target chose.
func (a *authentication) chosen(method string) error {
	switch {
	case a.method != "" && method != a.method:
		return errors.New("the target chooses the authentication twice")
	case method == "CHAP" && a.account.Name == "":
		return errUserNeeded
	case method == "None" && a.mutual != nil:
		return errors.New("the target does not prove who it is, but " + chap.MutualVariable + " is set")
	case method != "CHAP" && method != "None":
		return fmt.Errorf("the target requires AuthMethod=%.40s, only CHAP and None are supported", method)
	}
	a.method = method
	return nil
}

// next returns the keys of the next request in the security stage.
func (a *authentication) next() []string {
	switch {
	case a.method != "CHAP" || a.answered:
		return nil
	case !a.asked:
		a.asked = true
		return []string{"CHAP_A=" + chap.Algorithms}
	case a.algorithm == 0 || a.id == nil || a.challenge == nil:
		return nil // the target has more to say
	}
	a.answered = true
	asked := chap.Challenge{ID: a.id[0], Value: a.challenge}
	keys := []string{"CHAP_N=" + a.account.Name, "CHAP_R=" + chap.Encode(asked.Response(a.algorithm, a.account.Secret))}
	if a.mutual != nil {
		a.sent = chap.NewChallenge()
		keys = append(keys, "CHAP_I="+strconv.Itoa(int(a.sent.ID)), "CHAP_C="+chap.Encode(a.sent.Value))
	}
	return keys
}

// check returns why the target may not be used, or nil, when it ends the security stage.
func (a *authentication) check() error {
	switch {
	case a.method == "CHAP" && !a.answered:
		return errors.New("the target ends the authentication before it is complete")
	case a.mutual == nil:
		return nil
	case !a.answered || a.response == nil:
		return errors.New("the target does not prove who it is, but " + chap.MutualVariable + " is set")
	case !a.sent.Verify(a.algorithm, a.mutual, a.response):
		return errors.New("the target does not know its secret (" + chap.MutualVariable + "): it may be another one that pretends to be it")
	}
	return nil
}
