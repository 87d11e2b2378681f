package api

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"pons/account"
	"pons/fact"
	"pons/flow"
	"pons/protocol"
	"pons/sqldb"
)

// flowToken is a token of a person for reading traffic.
func (s *site) flowToken(login string) string {
	s.t.Helper()
	_, who, err := s.accounts.SignIn(s.t.Context(), login, "a long way over the bridge", "127.0.0.1", "test", now)
	if err != nil {
		s.t.Fatal(err)
	}
	text, _, err := s.accounts.AddToken(s.t.Context(), who, "flows", []account.Verb{account.FlowRead}, now.AddDate(0, 1, 0), now)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// TestFlows reads traffic as one who may see everything, as one bound to a site, and as one who may not.
func TestFlows(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		host := func(n int) fact.Key { return fact.Host(fmt.Sprintf("00:09:fb:00:00:%02d", n), "") }
		sites := []string{"East", "East", "West"}
		var records []fact.Record
		for i, site := range sites {
			mac, _ := host(i + 1).SplitHost()
			records = append(records, fact.Record{Source: "wire", Subject: host(i + 1), Facts: []fact.Fact{{Attr: fact.MAC, Value: mac}, {Attr: fact.Hostname, Value: fmt.Sprintf("HOST-%d", i+1)}, {Attr: fact.Site, Value: site}, {Attr: fact.Class, Value: "ct"}}})
		}
		s.bring("wire", "wire", records...)
		hour := now.UTC().Truncate(24 * time.Hour)
		say := func(client, server fact.Key) protocol.Traffic {
			return protocol.Traffic{Hour: hour, Client: client, Server: server, Transport: protocol.TCP, Port: 104, Protocol: "dicom", Up: protocol.Volume{Packets: 1, Bytes: 100}, Minutes: 1, Studies: 1, First: hour, Last: hour}
		}
		if _, err := s.inv.DB().Update(t.Context(), func(tx *sqldb.Tx) error {
			return flow.Apply(tx, flow.Source("port", "1"), []protocol.Traffic{say(host(1), host(2)), say(host(3), host(2)), say(host(3), fact.Host("", "8.8.8.8"))})
		}); err != nil {
			t.Fatal(err)
		}
		ada, eve := s.flowToken("ada"), s.flowToken("eve")
		var got struct {
			Flows []Flow
			Total int
		}
		if status := s.call(ada, "GET", "/flows?limit=2", "", &got); status != 200 || got.Total != 3 || len(got.Flows) != 2 {
			t.Fatalf("%d %+v", status, got)
		}
		if f := got.Flows[0]; f.Protocol != "dicom" || f.Port != 104 || f.BytesUp != 100 || f.Client.Kind != "device" || f.Client.Device == "" {
			t.Errorf("%+v", f)
		}
		if status := s.call(ada, "GET", "/flows?external=true", "", &got); status != 200 || got.Total != 1 || got.Flows[0].Server.Kind != "internet" {
			t.Errorf("%d %+v", status, got)
		}
		got.Flows = nil // what an answer leaves out would stay from the one before
		if status := s.call(eve, "GET", "/flows", "", &got); status != 200 || got.Total != 2 {
			t.Fatalf("%d %+v", status, got)
		}
		for _, f := range got.Flows {
			if f.Client.Name == "HOST-3" || f.Client.Kind == "outside" && f.Client.Device != "" {
				t.Errorf("a device of another site is told: %+v", f)
			}
		}
		days := url.Values{"from": {hour.AddDate(0, 0, -6).Format(time.RFC3339)}, "to": {hour.AddDate(0, 0, 1).Format(time.RFC3339)}}.Encode()
		var uses struct{ Uses []Use }
		if status := s.call(eve, "GET", "/flows/use?by=class&"+days, "", &uses); status != 200 || len(uses.Uses) != 1 || uses.Uses[0].Verdict != "unknown" || uses.Uses[0].HoursADay != nil {
			t.Errorf("%d %+v", status, uses)
		}
		for path, want := range map[string]int{"/flows/new?since=2020-01-01T00:00:00Z": 200, "/flows/groups?by=site": 200, "/flows/groups?by=colour": 422, "/flows?where=clas:x": 422, "/flows?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z": 422, "/flows/use": 422} {
			if status := s.call(ada, "GET", path, "", nil); status != want {
				t.Errorf("%s: %d, want %d", path, status, want)
			}
		}
		for _, path := range []string{"/flows", "/flows/new?since=2020-01-01T00:00:00Z", "/flows/groups", "/flows/use?" + days} {
			if status := s.call(s.read, "GET", path, "", nil); status != 403 {
				t.Errorf("%s without the verb: %d", path, status)
			}
		}
	})
}
