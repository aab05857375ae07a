package job

import (
	"glassmaster/drive/record"
)

// DVDReport is what is special to DVD and BD in the report of a burn.
type DVDReport struct {
	Layers []int64       `json:"layers,omitempty"`       // sectors on each
	Breaks []BreakReport `json:"layer_breaks,omitempty"` // that were possible, the chosen one included
	Spares []SpareReport `json:"spare_areas,omitempty"`  // that the disc could have
	Books  []string      `json:"book_types,omitempty"`   // that the drive could set
	Hints  []string      `json:"hints,omitempty"`
}

// BreakReport is a place where the layer could be changed.
type BreakReport struct {
	Sectors  int64  `json:"sectors"` // on the first layer
	Where    string `json:"where"`
	Seamless bool   `json:"seamless,omitempty"`
	Unusable string `json:"unusable,omitempty"` // why not there
	Chosen   bool   `json:"chosen,omitempty"`
}

// SpareReport is a size of the spare areas.
type SpareReport struct {
	Spare    string `json:"spare"`
	Sectors  int64  `json:"sectors"`
	Capacity int64  `json:"capacity_sectors"`
	Chosen   bool   `json:"chosen,omitempty"`
}

// newDVDReport returns the report of a plan.
func newDVDReport(p record.Plan) DVDReport {
	d := DVDReport{Layers: p.Layers, Hints: p.Hints}
	for _, b := range p.Breaks {
		d.Breaks = append(d.Breaks, BreakReport{b.Sectors, b.Where, b.Seamless, b.Unusable, b.Chosen})
	}
	for _, s := range p.Spares {
		d.Spares = append(d.Spares, SpareReport{s.Spare.String(), s.Sectors, s.Capacity, s.Chosen})
	}
	for _, b := range p.Books {
		d.Books = append(d.Books, b.String())
	}
	return d
}
