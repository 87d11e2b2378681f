package protocoltest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"pons/protocol/synthetic"
)

// Synthetic describes a conversation whose bytes are written from a specification, where no recording exists.
type Synthetic synthetic.Conversation

// Written holds a capture in testdata to the conversation it is made of: -update writes it, else it must be the same
// byte for byte, so that a reader of the test knows what is in the file.
func (s Synthetic) Written(t *testing.T, name string) {
	t.Helper()
	path, want := filepath.Join("testdata", name), synthetic.Capture(synthetic.Conversation(s))
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the test makes (%v); go test -update writes it", path, err)
	}
}
