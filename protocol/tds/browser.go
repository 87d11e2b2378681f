package tds

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Browser claims answers of the SQL Server Browser by their first words.
func Browser() protocol.Parser {
	return protocol.Parser{
		Name: "sqlbrowser", Doc: "SQL Server Browser: names, instances and versions of database servers",
		Attrs: []fact.Attr{ServerName, ServerVersion},
		Over:  []protocol.Transport{protocol.UDP},
		First: "\x05",
		Claims: func(o protocol.Opening) bool {
			return o.Transport == protocol.UDP && o.FirstDir == protocol.ToClient && len(o.First) > 14 && o.First[0] == 5 && bytes.HasPrefix(o.First[3:], []byte("ServerName;"))
		},
		New: func(o protocol.Opening) protocol.Conversation { return browser{o.Server.Key()} },
	}
}

type browser struct{ server fact.Key }

// Next reads one answer: 5, length 2, then names and values in turn, instances ended by two semicolons (MC-SQLR
// §2.2.5).
func (c browser) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if d == protocol.ToServer {
		return len(b), nil
	}
	if len(b) < 3 || b[0] != 5 || 3+int(binary.LittleEndian.Uint16(b[1:])) > len(b) {
		return 0, errFraming
	}
	for instance := range strings.SplitSeq(string(b[3:]), ";;") {
		parts := strings.Split(instance, ";")
		server, name, version := "", "", ""
		for i := 0; i+1 < len(parts); i += 2 {
			switch parts[i] {
			case "ServerName":
				server = plain(parts[i+1])
			case "InstanceName":
				name = plain(parts[i+1])
			case "Version":
				version = plain(parts[i+1])
			}
		}
		if server == "" {
			continue
		}
		if name != "" && !strings.EqualFold(name, "MSSQLSERVER") { // the instance without a name (MC-SQLR §1.1)
			server += `\` + name
		}
		emit(fact.Fact{Subject: c.server, Attr: ServerName, Value: server, Because: "browser answer"})
		if version != "" {
			emit(fact.Fact{Subject: c.server, Attr: ServerVersion, Value: version, Because: "browser answer"})
		}
	}
	return len(b), nil
}
