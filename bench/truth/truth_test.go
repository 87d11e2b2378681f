package truth

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pons/fact"
)

// TestTshark reads an account of invented hosts: what is wanted, what must not be said, and a capture that is not there.
func TestTshark(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.pcap"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	claims, err := Tshark(strings.NewReader(`{"pcap":"dev/x/a.pcap","hosts":{"00:00:5e:00:53:01|192.0.2.1":{`+
		`"dhcp.option.request_list_item":["1|3|6"],"kerberos.CNameString":["PUMP7$","invented"],"ftp.response.arg":["ready","bye"],`+
		`"ldap.baseObject":["dc=example"]}}}`+"\n"), dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range claims {
		line := string(c.Family()) + "=" + c.Value()
		if c.Forbidden {
			line = "not " + line
		}
		got = append(got, line)
	}
	if want := "dhcp.param_list=1,3,6; ftp.banner=ready; kerberos.principal_host=PUMP7; not kerberos.CNameString=invented"; strings.Join(got, "; ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, "; "), want)
	}
	if _, err := Tshark(strings.NewReader(`{"pcap":"none.pcap","hosts":{}}`), dir); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a capture that is not there: %v", err)
	}
}

// TestWrong holds that a value on another host is wrong, one on the right host is found, and a name that must not be said is
// noted wherever it stands as a word of its own.
func TestWrong(t *testing.T) {
	claims := []Claim{
		{File: "a", IP: "192.0.2.1", Attrs: []fact.Attr{"x.name"}, Pieces: []string{"alpha"}},
		{File: "a", IP: "192.0.2.2", Attrs: []fact.Attr{"x.name"}, Pieces: []string{"beta"}},
		{File: "a", IP: "192.0.2.2", Attrs: []fact.Attr{"user"}, Pieces: []string{"invented"}, Forbidden: true},
	}
	records := []fact.Record{
		{Subject: fact.Host("", "192.0.2.1"), Facts: []fact.Fact{{Attr: "x.name", Value: "alpha"}, {Attr: "x.name", Value: "beta"}, {Attr: "x.name", Value: "gamma"}}},
		{Subject: fact.Host("", "192.0.2.3"), Facts: []fact.Fact{{Attr: "y.text", Value: "hello invented!"}, {Attr: "y.text", Value: "uninvented"}}},
	}
	s := &Score{rows: map[fact.Attr]*Row{}}
	s.file("a", claims, records, nil, map[fact.Attr]bool{"x.name": true})
	_, total := s.Rows()
	if total.Wanted != 2 || total.Found != 1 || total.Stated != 2 || total.Wrong != 1 {
		t.Errorf("%+v", total)
	}
	kinds := map[string]int{}
	for _, n := range s.Notes {
		kinds[n.Kind]++
	}
	if kinds["missed"] != 1 || kinds["wrong"] != 1 || kinds["unlisted"] != 1 || kinds["forbidden"] != 1 {
		t.Errorf("%v", kinds)
	}
}
