package fingerprint

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"pons/fault"
)

// Pack is rules under a name, as they travel from one hospital to another.
type Pack struct {
	Name   string
	Text   string
	Signer ed25519.PublicKey // whose signature is on it, which was checked; nil: nobody's
}

// packHead is the first line of a pack's file.
const packHead = "pons rule pack 1"

// LocalPack is the name of the hospital's own rules.
const LocalPack = "local"

// PackName says whether a text can name a pack: small letters, digits and dashes, at most 40.
func PackName(s string) bool {
	return s != "" && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// signed is what the signature is of: the name stands under it too, so that nobody passes a pack off as another.
func (p Pack) signed() []byte { return []byte(packHead + "\nname " + p.Name + "\n\n" + p.Text) }

// Seal writes the pack as a file, signed with a key; nil signs nothing.
func (p Pack) Seal(key ed25519.PrivateKey) []byte {
	var b strings.Builder
	b.WriteString(packHead + "\nname " + p.Name + "\n")
	if key != nil {
		b.WriteString("key " + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)) + "\n")
		b.WriteString("signature " + base64.StdEncoding.EncodeToString(ed25519.Sign(key, p.signed())) + "\n")
	}
	b.WriteString("\n" + p.Text)
	return []byte(b.String())
}

// IsPack says whether bytes begin as a pack's file does.
func IsPack(data []byte) bool { return strings.HasPrefix(string(data[:min(len(data), 32)]), packHead) }

// Open reads a pack's file and checks its signature. A signature that does not fit wraps fault.Denied, a damaged file
// fault.Invalid; one without a signature is returned with Signer nil, for the caller to judge.
func Open(data []byte) (Pack, error) {
	var p Pack
	if len(data) > MaxText {
		return p, fmt.Errorf("a pack is at most %d MB: %w", MaxText>>20, fault.Invalid)
	}
	head, text, ok := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || lines[0] != packHead {
		return p, fmt.Errorf("this is no rule pack: its first line is %q, then a blank line before the rules: %w", packHead, fault.Invalid)
	}
	var key, signature []byte
	for i, line := range lines[1:] {
		word, rest, _ := strings.Cut(strings.TrimRight(line, "\r"), " ")
		var err error
		switch word {
		case "name":
			p.Name = rest
		case "key":
			key, err = base64.StdEncoding.DecodeString(rest)
		case "signature":
			signature, err = base64.StdEncoding.DecodeString(rest)
		default:
			err = fmt.Errorf("%q is no word of a pack's head", word)
		}
		if err != nil {
			return p, fmt.Errorf("line %d: %w: %w", i+2, err, fault.Invalid)
		}
	}
	if !PackName(p.Name) {
		return p, fmt.Errorf("a pack's name is small letters, digits and dashes: %w", fault.Invalid)
	}
	p.Text = text
	switch {
	case key == nil && signature == nil:
		return p, nil
	case len(key) != ed25519.PublicKeySize || len(signature) != ed25519.SignatureSize || !ed25519.Verify(key, p.signed(), signature):
		return p, fmt.Errorf("the signature of pack %s does not fit: it was changed after it was signed, or the key is another's: %w", p.Name, fault.Denied)
	}
	p.Signer = key
	return p, nil
}

// KeyName is a public key as people compare it: the first sixteen hexadecimal digits in fours.
func KeyName(key ed25519.PublicKey) string {
	if len(key) < 8 {
		return ""
	}
	parts := slices.Collect(slices.Chunk([]byte(hex.EncodeToString(key[:8])), 4))
	words := make([]string, len(parts))
	for i, x := range parts {
		words[i] = string(x)
	}
	return strings.Join(words, "-")
}

// ParseKey reads a public key as Seal writes it.
func ParseKey(text string) (ed25519.PublicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("a public key is %d bytes in base64: %w", ed25519.PublicKeySize, fault.Invalid)
	}
	return raw, nil
}
