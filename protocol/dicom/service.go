package dicom

import "strings"

// service is what one entity asks of another in a presentation context. The names are those of PS3.4.
type service byte

const (
	noService service = iota
	storage
	query
	worklist
	performedStep
	commitment
	printing
	workitem
	serviceCount
)

func (s service) String() string {
	return [serviceCount]string{"", "storage", "query/retrieve", "modality worklist", "performed procedure step", "storage commitment",
		"print management", "unified worklist"}[s]
}

// serviceOf returns the service of an abstract syntax (PS3.6 table A-1), or noService.
func serviceOf(syntax string) service {
	rest, ok := strings.CutPrefix(syntax, "1.2.840.10008.")
	if !ok {
		return noService
	}
	switch {
	case strings.HasPrefix(rest, "5.1.4.1.1."):
		return storage
	case strings.HasPrefix(rest, "5.1.4.1.2."):
		return query
	case rest == "5.1.4.31":
		return worklist
	case strings.HasPrefix(rest, "3.1.2.3."):
		return performedStep
	case strings.HasPrefix(rest, "1.20."):
		return commitment
	case strings.HasPrefix(rest, "5.1.1."):
		return printing
	case strings.HasPrefix(rest, "5.1.4.34."):
		return workitem
	}
	return noService
}

// archiveTitle tells the titles of what passes images on that others made: archives, routers, workstations. The words
// are those that makers and hospitals put there (expert default); a title without any proves nothing.
func archiveTitle(ae string) bool {
	ae = strings.ToUpper(ae)
	for _, word := range [...]string{"PACS", "ARCHIV", "ORTHANC", "DCM4CHEE", "CONQUEST", "ROUTER", "GATEWAY", "FORWARD", "PREFETCH", "VNA", "VIEWER"} {
		if strings.Contains(ae, word) {
			return true
		}
	}
	return false
}
