package fingerprint

import "testing"

func TestMakerOfMAC(t *testing.T) {
	for mac, want := range map[string]string{
		"00:12:21:aa:bb:cc": "B.Braun Melsungen AG",
		"50:a0:30:8a:bb:cc": "GE Medical System China Co. Ltd.",
	} {
		if got, ok := Maker(mac); got != want || !ok {
			t.Errorf("Maker(%q) = %q, %v; want %q", mac, got, ok, want)
		}
	}
}
