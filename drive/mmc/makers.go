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
