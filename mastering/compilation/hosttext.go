package compilation

import (
	"encoding/json"
	"unicode/utf8"
)

// hostText is a name, path or link target of the host. In a saved compilation it is a
// string or, if it is not valid UTF-8, an object with its bytes, since JSON would replace
// them.
type hostText string

type hostBytes struct {
	Bytes []byte `json:"bytes"`
}

// MarshalJSON implements json.Marshaler.
func (t hostText) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(hostBytes{[]byte(t)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *hostText) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return json.Unmarshal(b, (*string)(t))
	}
	var raw hostBytes
	err := json.Unmarshal(b, &raw)
	*t = hostText(raw.Bytes)
	return err
}
