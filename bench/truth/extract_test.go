package truth

import (
	"reflect"
	"strings"
	"testing"
)

// TestTell holds that tshark's columns become hosts by the outermost sender, with each value once.
func TestTell(t *testing.T) {
	columns := []string{"eth.src", "ip.src", "http.server", "ssh.protocol"}
	lines := strings.Join([]string{
		"00:12:21:aa:bb:cc\t192.0.2.9|198.51.100.1\tnginx\t",
		"00:12:21:aa:bb:cc\t192.0.2.9\tnginx\tSSH-2.0-x",
		"00:12:21:aa:bb:cd\t\t\tSSH-2.0-y",
		"00:12:21:aa:bb:ce\t192.0.2.10\t\t",
		"a line that is no row",
	}, "\n")
	want := map[string]map[string][]string{
		"00:12:21:aa:bb:cc|192.0.2.9": {"http.server": {"nginx"}, "ssh.protocol": {"SSH-2.0-x"}},
		"00:12:21:aa:bb:cd|":          {"ssh.protocol": {"SSH-2.0-y"}},
	}
	if got := tell(columns, strings.NewReader(lines)); !reflect.DeepEqual(got, want) {
		t.Errorf("said %v, want %v", got, want)
	}
}
