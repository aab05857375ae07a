package serve

import (
	"bytes"
	"fmt"
	"strconv"

	"glassmaster/drive/scsi/iscsi/chap"
	"glassmaster/drive/scsi/iscsi/pdu"
)

// authentication is the state of the security stage of a login (RFC 7143 12.1.3).
type authentication struct {
	method    string // that was agreed on, or empty
	algorithm int
	sent      chap.Challenge // of the target
	done      bool           // the initiator has proved who it is
	account   string         // with which

	name     string // keys of the request that is being handled
	response []byte
	asked    chap.Challenge // of the initiator, which asks the target to prove who it is
	askedID  bool
}

// takes reports whether a key is one of the security stage.
func (a *authentication) takes(key string) bool {
	switch key {
	case "AuthMethod", "CHAP_A", "CHAP_N", "CHAP_R", "CHAP_I", "CHAP_C":
		return true
	}
	return false
}

// begun reports whether CHAP was agreed on.
func (a *authentication) begun() bool { return a.method == "CHAP" }

// key handles a key of the security stage.
func (a *authentication) key(l *login, key, value string) error {
	switch key {
	case "AuthMethod":
		return a.choose(l, value)
	case "CHAP_A":
		return a.challenge(l, value)
	case "CHAP_N":
		a.name = value
		return nil
	case "CHAP_I":
		id, err := strconv.ParseUint(value, 0, 8)
		if err != nil {
			return refuse(loginInvalid, "the initiator sent CHAP_I=%.20q", value)
		}
		a.asked.ID, a.askedID = byte(id), true
		return nil
	}
	b, err := chap.Decode(value)
	if err != nil {
		return refuse(loginInvalid, "login: %v", err)
	}
	if key == "CHAP_R" {
		a.response = b
	} else {
		a.asked.Value = b
	}
	return nil
}

// choose chooses the authentication method.
func (a *authentication) choose(l *login, list string) error {
	if a.method != "" {
		return refuse(loginInvalid, "the initiator negotiates the authentication twice")
	}
	want := "None"
	if len(l.server.accounts) > 0 {
		want = "CHAP"
	}
	if a.method = pdu.Choose(list, want); a.method == "" {
		if want == "CHAP" {
			return refuse(loginUnauthorized, "the initiator does not offer CHAP")
		}
		return refuse(loginUnauthorized, "the initiator demands CHAP, but no account is set up")
	}
	l.reply = append(l.reply, "AuthMethod="+a.method)
	return nil
}

// challenge answers the list of algorithms with one, and a fresh challenge.
func (a *authentication) challenge(l *login, list string) error {
	if !a.begun() || a.algorithm != 0 {
		return refuse(loginInvalid, "the initiator sent CHAP_A out of order")
	}
	if a.algorithm = chap.Choose(list); a.algorithm == 0 {
		return refuse(loginUnauthorized, "the initiator offers the CHAP algorithms %.40q only; known are %s", list, chap.Algorithms)
	}
	a.sent = chap.NewChallenge()
	l.reply = append(l.reply, "CHAP_A="+strconv.Itoa(a.algorithm), "CHAP_I="+strconv.Itoa(int(a.sent.ID)), "CHAP_C="+chap.Encode(a.sent.Value))
	return nil
}

// step checks the response of the initiator, if this request has it, and answers its own
// challenge.
func (a *authentication) step(l *login) error {
	if a.response == nil && a.name == "" {
		return nil
	}
	if a.algorithm == 0 || a.done || a.response == nil || a.name == "" {
		return refuse(loginInvalid, "the initiator sent a CHAP response out of order")
	}
	secret, known := l.server.accounts[a.name]
	if !known {
		secret = make([]byte, chap.MinSecret) // so that an unknown name takes the same time
	}
	right := a.sent.Verify(a.algorithm, secret, a.response)
	if !known || !right {
		return refuse(loginUnauthorized, "the initiator gave a wrong name or secret (CHAP name %.80q)", a.name)
	}
	a.done, a.account = true, a.name
	a.name, a.response = "", nil // the stage may go on
	if a.asked.Value == nil && !a.askedID {
		return nil
	}
	return a.prove(l)
}

// prove answers the challenge of the initiator.
func (a *authentication) prove(l *login) error {
	m := l.server.mutual
	switch {
	case a.asked.Value == nil || !a.askedID:
		return refuse(loginInvalid, "the initiator sent half of a challenge")
	case m.Name == "":
		return refuse(loginUnauthorized, "the initiator asks the target to prove who it is, but no account is set up for that")
	case bytes.Equal(a.asked.Value, a.sent.Value): // RFC 7143 12.1.3: a reflection attack
		return refuse(loginUnauthorized, "the initiator returned the challenge of the target as its own")
	}
	l.reply = append(l.reply, "CHAP_N="+m.Name, fmt.Sprintf("CHAP_R=%s", chap.Encode(a.asked.Response(a.algorithm, m.Secret))))
	return nil
}
