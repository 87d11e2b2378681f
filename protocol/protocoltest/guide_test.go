package protocoltest_test

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"testing"

	_ "pons/protocol/protocoltest" // for its flag -update
)

// TestGuide holds the example in docs/adding-a-protocol.md to the package that is compiled and tested: each file that it shows
// whole is that file, byte for byte. -update copies them there.
func TestGuide(t *testing.T) {
	const path = "../../docs/adding-a-protocol.md"
	guide, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	now := regexp.MustCompile("(?s)`protocol/[a-z/_]+\\.go`, whole:\n\n```go\n.*?```\n").ReplaceAllFunc(guide, func(part []byte) []byte {
		shown++
		name := string(bytes.SplitN(part, []byte("`"), 3)[1])
		file, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return []byte("`" + name + "`, whole:\n\n```go\n" + string(file) + "```\n")
	})
	if shown < 2 {
		t.Fatalf("the guide shows %d files whole; a parser and its test are needed", shown)
	}
	if bytes.Equal(now, guide) {
		return
	}
	if flag.Lookup("update").Value.String() != "true" {
		t.Fatalf("%s shows the example as it was: go test ./protocol/protocoltest -update", path)
	}
	if err := os.WriteFile(path, now, 0o644); err != nil {
		t.Fatal(err)
	}
}
