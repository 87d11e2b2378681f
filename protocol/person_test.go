package protocol_test

import (
	"testing"

	"pons/protocol"
)

// TestOfPerson: the people are invented.
func TestOfPerson(t *testing.T) {
	for _, s := range []string{"Dr. Quxzel's ECG", "Zeldas’ phone", "Zelda’s iPhone", "ZELDA'S PC", "Max' iPad", "iPhone von Zelda", "iPad de Zelda", "Dr Quxzel", "Dr.Quxzel", "fn=Frau Quxzel", "Prof. Quxzel (ECG)",
		"ECG of Mrs Quxzel", "Zelda's", "Schwester Zelda"} {
		if !protocol.OfPerson(s) {
			t.Errorf("%q is kept", s)
		}
	}
	for _, s := range []string{"", "Living Room", "HP LaserJet 400 [3F:AA]", "L'Oreal printer", "Nurse Call 3", "ECG-12", "annas-iphone", "model=Mac14,2", "Drucker Station 4", "5' cable", "Monitor 'A'", "drager-1", "DR 400",
		"Salle de bain", "rack '12'", "Frauenklinik", "MRT 2", "pk=ab'c", "Doctors lounge"} {
		if protocol.OfPerson(s) {
			t.Errorf("%q is lost", s)
		}
	}
}
