package compilation

import (
	"encoding/json"
	"unicode/utf8"
)

// hostText is a name, path or target of the host, which need not be UTF-8. In a
// saved compilation it is a string, or else an object that holds its bytes: JSON
// would replace those that are no characters.
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
