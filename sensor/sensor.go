// Package sensor listens at one point of the network for the hub elsewhere, and is the hub's end of that. It decides what a
// sensor sends and when, how batches are kept on disk until the hub has them, who may speak for which point, and that
// each batch counts once. How frames become facts is protocol's, how messages travel is bus's, what facts and traffic
// become is inventory's and flow's.
//
// A batch leaves a sensor's disk when the hub's database holds it, and not before: brokers between them may lose what they
// kept, nodes may die, and nothing is lost. The hub keeps, for each session of a sensor, the number of the last
// batch, written together with what the batch said: whatever comes twice is known again.
package sensor

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"pons/bus"
	"pons/fault"
	"pons/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the tables of sensors.
func Schema() sqldb.Schema {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sqldb.Schema{Name: "sensor", FS: sub}
}

// Subjects of messages. Those of a sensor end in its name, so that a broker's permissions can tell sensors apart.
const (
	batchSubject = "pons.batch."
	askSubject   = "pons.ask."
	enrolSubject = "pons.enrol"
)

// Serve are the subjects that sensors may reach at a broker: each of them some (Grants).
func Serve() []string { return []string{batchSubject + "*", askSubject + "*", enrolSubject} }

// Stream is where the broker keeps batches until the hub has taken them.
func Stream() bus.Stream { return bus.Stream{Name: "PONS", Subjects: []string{batchSubject + "*"}} }

// inbox is where answers to a sensor arrive: under a name of its own, which no other sensor may subscribe to.
func inbox(name string) string { return "_INBOX.pons." + name }

// maxName bounds a name to what fits a column of a list.
const maxName = 40

// CheckName says what is wrong with the name of a sensor: it is a word in a subject, in a source (wire:NAME) and in an address.
func CheckName(name string) error {
	ok := name != "" && len(name) <= maxName && strings.Trim(name, "-") == name
	for _, r := range name {
		ok = ok && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
	}
	if !ok {
		return fmt.Errorf("sensor %q: a name is of small letters, digits and dashes between them, at most %d (icu-3): %w", name, maxName, fault.Invalid)
	}
	return nil
}

// Source is under which name the inventory and the flows keep what a sensor said.
func Source(name string) string { return "wire:" + name }
