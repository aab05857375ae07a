package model

// Drive is an optical drive as a person chooses it.
type Drive struct {
	Name  string // opens it: /dev/sr0, iscsi://..., virtual:...
	Model string // vendor and product, empty when not known
}

// Title names the drive for people.
func (d Drive) Title() string {
	if d.Model == "" {
		return d.Name
	}
	return d.Model + "  (" + d.Name + ")"
}
