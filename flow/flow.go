// Package flow keeps who talks with whom: the traffic of the wire in sums of an hour, a day and a month for each pair of
// ends and service, and what each host did in a day. It answers who the peers of a device are, which conversations are
// new, what leaves the hospital, and how much a device is used beside its likes.
//
// It decides how traffic is summed, kept and dropped, and what counts as use. Which device an end is, is inventory's to
// say and is asked anew each time, so that merges and splits are followed; what is a conversation and which protocol it
// speaks is protocol's. What ought to talk with what is left to the floors above.
package flow

import (
	"embed"
	"time"

	"pons/inventory"
	"pons/sqldb"
)

//go:embed *.sql
var files embed.FS

// Schema is the tables of this package.
func Schema() sqldb.Schema { return sqldb.Schema{Name: "flow", FS: files} }

// Flows answers questions about the traffic in one database. It is safe for concurrent use.
type Flows struct {
	db    *sqldb.DB
	inv   *inventory.Inventory
	cache cache
}

// New returns the traffic of a database that was opened with Schema.
func New(db *sqldb.DB, inv *inventory.Inventory) *Flows { return &Flows{db: db, inv: inv} }

// Sum is what went over one service between two ends, in both directions. Up is from the client. Bytes are those of
// frames, headers included. Where several points of listening saw one conversation, a Sum that was read holds what the
// one saw that saw most, so that nothing is counted twice.
type Sum struct {
	UpBytes, UpPackets, DownBytes, DownPackets int64
	Conversations                              int64 // begun
	Associations, Messages, Studies            int64 // see protocol.Traffic
	First, Last                                time.Time
}

// Bytes of both directions.
func (s *Sum) Bytes() int64 { return s.UpBytes + s.DownBytes }

func (s *Sum) add(o *Sum) {
	s.addCounts(o)
	s.span(o)
}

func (s *Sum) addCounts(o *Sum) {
	s.UpBytes += o.UpBytes
	s.UpPackets += o.UpPackets
	s.DownBytes += o.DownBytes
	s.DownPackets += o.DownPackets
	s.Conversations += o.Conversations
	s.Associations += o.Associations
	s.Messages += o.Messages
	s.Studies += o.Studies
}

// most takes the larger of each count: two points of listening that saw one conversation. Times are the caller's.
func (s *Sum) most(o *Sum) {
	s.UpBytes = max(s.UpBytes, o.UpBytes)
	s.UpPackets = max(s.UpPackets, o.UpPackets)
	s.DownBytes = max(s.DownBytes, o.DownBytes)
	s.DownPackets = max(s.DownPackets, o.DownPackets)
	s.Conversations = max(s.Conversations, o.Conversations)
	s.Associations = max(s.Associations, o.Associations)
	s.Messages = max(s.Messages, o.Messages)
	s.Studies = max(s.Studies, o.Studies)
}

func (s *Sum) span(o *Sum) {
	if s.First.IsZero() || o.First.Before(s.First) {
		s.First = o.First
	}
	if o.Last.After(s.Last) {
		s.Last = o.Last
	}
}
