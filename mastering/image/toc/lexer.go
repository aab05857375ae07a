package toc

import "fmt"

// kind is the kind of a token.
type kind uint8

const (
	end    kind = iota // of the text
	word               // a keyword
	number             // digits
	quoted             // a string
	sign               // one of : , # { }
	wrong              // something else; text says what
)

// token is a piece of the text.
type token struct {
	kind    kind
	text    string // of a string: what it stands for
	line    int
	escaped bool // a string with bytes over 7Fh that are written as octal numbers
}

// String describes the token in an error.
func (t token) String() string {
	switch t.kind {
	case end:
		return "the end of the file"
	case quoted:
		return fmt.Sprintf("the text %q", t.text)
	case wrong:
		return t.text
	}
	return fmt.Sprintf("%q", t.text)
}

// lexer splits the text into tokens.
type lexer struct {
	text []byte
	at   int
	line int
}

// next returns the next token.
func (l *lexer) next() token {
	l.skip()
	if l.at >= len(l.text) {
		return token{kind: end, line: l.line}
	}
	begin := l.at
	switch c := l.text[l.at]; {
	case c == '"':
		return l.quoted()
	case isDigit(c):
		return token{kind: number, text: l.while(isHex, begin), line: l.line}
	case isLetter(c):
		return token{kind: word, text: l.while(isWord, begin), line: l.line}
	case c == ':' || c == ',' || c == '#' || c == '{' || c == '}':
		l.at++
		return token{kind: sign, text: string(c), line: l.line}
	default:
		l.at++
		return token{kind: wrong, text: fmt.Sprintf("the character %q", c), line: l.line}
	}
}

// skip skips spaces, line ends and comments.
func (l *lexer) skip() {
	for ; l.at < len(l.text); l.at++ {
		switch c := l.text[l.at]; {
		case c == '\n':
			l.line++
		case c == ' ' || c == '\t' || c == '\r':
		case c == '/' && l.at+1 < len(l.text) && l.text[l.at+1] == '/':
			for l.at+1 < len(l.text) && l.text[l.at+1] != '\n' {
				l.at++
			}
		default:
			return
		}
	}
}

// while returns the text from begin on as long as its bytes are in a class.
func (l *lexer) while(in func(byte) bool, begin int) string {
	for l.at < len(l.text) && in(l.text[l.at]) {
		l.at++
	}
	return string(l.text[begin:l.at])
}

// quoted returns a string. In it, \" stands for a quotation mark, \\ for a backslash, and a
// backslash with three digits for a byte.
func (l *lexer) quoted() token {
	t := token{kind: quoted, line: l.line}
	var out []byte
	for l.at++; l.at < len(l.text); l.at++ {
		c := l.text[l.at]
		rest := l.text[l.at+1:]
		switch {
		case c == '"':
			l.at++
			t.text = string(out)
			return t
		case c == '\n':
			return token{kind: wrong, text: "a text without a quotation mark at its end", line: t.line}
		case c != '\\' || len(rest) == 0:
			out = append(out, c)
		case rest[0] == '"' || rest[0] == '\\':
			out = append(out, rest[0])
			l.at++
		case len(rest) >= 3 && isOctal(rest[0]) && isOctal(rest[1]) && isOctal(rest[2]):
			b := (rest[0]-'0')<<6 | (rest[1]-'0')<<3 | (rest[2] - '0')
			t.escaped = t.escaped || b > 0x7F
			out = append(out, b)
			l.at += 3
		default:
			out = append(out, c)
		}
	}
	return token{kind: wrong, text: "a text without a quotation mark at its end", line: t.line}
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isOctal(c byte) bool  { return c >= '0' && c <= '7' }
func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) }

// isHex is true for digits, and for the letters of numbers such as 0x1F.
func isHex(c byte) bool {
	return isDigit(c) || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f' || c == 'x'
}
