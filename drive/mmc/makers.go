package mmc

import "strings"

// maker is the beginning of the names that a manufacturer records on its media.
type maker struct{ prefix, name string }

// Maker returns the company that uses the name on the medium, as far as it is known, or "".
// The names are registered with the licensors of the formats; brands buy their media from
// these companies.
func (m MediaIdentity) Maker() string {
	for _, x := range [...]maker{
		{"MCC", "Mitsubishi Chemical"},
		{"MKM", "Mitsubishi Kagaku Media"},
		{"VERBAT", "Verbatim"},
		{"TYG", "Taiyo Yuden"},
		{"YUDEN", "Taiyo Yuden"},
		{"TYSBD", "Taiyo Yuden"},
		{"CMC", "CMC Magnetics"},
		{"RITEK", "Ritek"},
		{"RICOHJPN", "Ricoh"},
		{"PRODISC", "Prodisc"},
		{"SONY", "Sony"},
		{"PHILIP", "Philips"},
		{"MBI", "Moser Baer India"},
		{"OPTODISC", "Optodisc"},
		{"TDK", "TDK"},
		{"MAXELL", "Maxell"},
		{"MXL", "Maxell"},
		{"UME", "UmeDisc"},
		{"INFOME", "InfoMedia"},
		{"DAXON", "Daxon"},
		{"BENQ", "Daxon"},
		{"MEI", "Panasonic"},
		{"FUJIFILM", "Fujifilm"},
		{"JVC", "JVC"},
		{"VIVA", "Vivastar"},
		{"LEADDATA", "Lead Data"},
		{"GSC", "Gigastorage"},
		{"NANYA", "Nan-Ya"},
		{"LGEBR", "LG"},
		{"MILLEN", "Millenniata"},
	} {
		if strings.HasPrefix(strings.ToUpper(m.Manufacturer), x.prefix) {
			return x.name
		}
	}
	return ""
}

// Maker returns the company that made a CD-R or CD-RW, as far as it is known, or "": it has
// the minutes, seconds and tens of frames at which the lead-in begins.
func (a ATIP) Maker() string {
	switch [3]int{a.LeadIn.M, a.LeadIn.S, a.LeadIn.F / 10} {
	case [3]int{97, 24, 0}:
		return "Taiyo Yuden"
	case [3]int{97, 15, 1}, [3]int{97, 31, 0}:
		return "Ritek"
	case [3]int{97, 17, 0}:
		return "Moser Baer India"
	case [3]int{97, 26, 6}:
		return "CMC Magnetics"
	case [3]int{97, 27, 3}:
		return "Princo"
	case [3]int{97, 32, 1}:
		return "Prodisc"
	case [3]int{97, 34, 2}:
		return "Mitsubishi Chemical"
	}
	return ""
}
