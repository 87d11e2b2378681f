package protocoltest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/synthetic"
)

// Turn is what one side of a TCP conversation says before the other speaks.
type Turn = synthetic.Turn

// Dialogue plays turns to a parser's conversation and returns what it said, one fact a line, in the order of first
// mention: "client http.user_agent = curl/8 (User-Agent header)". The sides are called client and server, other
// hosts by their key. What is counted is a line each time: "client counts flow.message". An error is the last line; Done ends the dialogue and leaves none.
func Dialogue(t testing.TB, p protocol.Parser, turns ...Turn) []string {
	t.Helper()
	return dialogue(t, p, turns, func(data []byte) [][]byte { return [][]byte{data} })
}

// Datagrams plays a conversation over UDP to a port of the server, a datagram a turn, as Dialogue does: an error ends its
// datagram alone, and stands among the lines.
func Datagrams(t testing.TB, p protocol.Parser, port uint16, turns ...Turn) (said []string) {
	t.Helper()
	conv, emit := converse(t, p, protocol.UDP, port, turns, &said)
	for _, turn := range turns {
		data := []byte(turn.Data)
		n, err := conv.Next(frameTime, turn.Dir, data, emit)
		clear(data)
		if n < 0 || n > len(data) {
			t.Fatalf("advance %d of %d", n, len(data))
		}
		if errors.Is(err, protocol.Done) || errors.Is(err, protocol.Renew) {
			return said
		}
		if err != nil {
			said = append(said, "error: "+err.Error())
		}
	}
	return said
}

// Splits plays a dialogue with every turn cut in two at each byte and once byte by byte, and fails where that says
// something else than the dialogue in whole turns.
func Splits(t testing.TB, p protocol.Parser, turns ...Turn) {
	t.Helper()
	longest := 0
	for _, turn := range turns {
		longest = max(longest, len(turn.Data))
	}
	want := Dialogue(t, p, turns...)
	slices.Sort(want)
	for at := 0; at < longest; at++ {
		got := dialogue(t, p, turns, func(data []byte) [][]byte {
			if at == 0 {
				return slices.Collect(slices.Chunk(data, 1))
			}
			n := min(at, len(data))
			return [][]byte{data[:n], data[n:]}
		})
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Fatalf("cut at %d (0: every byte):\n%q\nuncut:\n%q", at, got, want)
		}
	}
}

// tally tells the attributes that count rather than state.
func tally(a fact.Attr) bool {
	return a == protocol.Association || a == protocol.Message || a == protocol.Study
}

// converse opens a conversation between the two ends, whose facts become lines of said.
func converse(t testing.TB, p protocol.Parser, transport protocol.Transport, port uint16, turns []Turn, said *[]string) (protocol.Conversation, func(fact.Fact)) {
	o := protocol.Opening{Transport: transport, Client: endpoint(1, 49152), Server: endpoint(2, port), Frame: 1}
	if len(turns) > 0 {
		o.FirstDir, o.First = turns[0].Dir, []byte(turns[0].Data)
	}
	names := map[fact.Key]string{o.Client.Key(): "client", o.Server.Key(): "server"}
	return p.New(o), func(f fact.Fact) {
		if tally(f.Attr) {
			*said = append(*said, names[f.Subject]+" counts "+string(f.Attr))
			return
		}
		if !slices.Contains(p.Attrs, f.Attr) {
			t.Errorf("emits %s, which Attrs does not list", f.Attr)
		}
		who, ok := names[f.Subject]
		if !ok {
			who = f.Subject.Value
		}
		if line := fmt.Sprintf("%s %s = %s (%s)", who, f.Attr, f.Value, f.Because); !slices.Contains(*said, line) {
			*said = append(*said, line)
		}
	}
}

func dialogue(t testing.TB, p protocol.Parser, turns []Turn, cut func([]byte) [][]byte) (said []string) {
	conv, emit := converse(t, p, protocol.TCP, 4242, turns, &said)
	var held [2][]byte
	for _, turn := range turns {
		for _, piece := range cut([]byte(turn.Data)) {
			d := turn.Dir
			held[d] = append(held[d], piece...)
			for len(held[d]) > 0 {
				data := bytes.Clone(held[d])
				n, err := conv.Next(frameTime, d, data, emit)
				clear(data)
				if n < 0 || n > len(held[d]) {
					t.Fatalf("advance %d of %d", n, len(held[d]))
				}
				if errors.Is(err, protocol.Done) || errors.Is(err, protocol.Renew) {
					return said
				}
				if err != nil {
					return append(said, "error: "+err.Error())
				}
				if n == 0 {
					break
				}
				held[d] = held[d][n:]
			}
		}
	}
	return said
}
