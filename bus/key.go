package bus

import (
	"crypto/sha256"
	"fmt"

	"github.com/nats-io/nkeys"

	"pons/fault"
)

// Key is an Ed25519 key pair (an NKEY of a user) by which one end proves who it is: to the broker when it connects, and
// to the other end by signing what it sends. Only its holder has the seed; everybody else knows the public half.
type Key struct {
	pair   nkeys.KeyPair
	public string
}

// NewKey makes a key by chance.
func NewKey() (Key, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return Key{}, fmt.Errorf("key: %w", err)
	}
	return keyOf(pair)
}

// ParseKey reads a seed as Seed gives it.
func ParseKey(seed []byte) (Key, error) {
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		return Key{}, fmt.Errorf("this is no seed of a key: %w", fault.Invalid)
	}
	return keyOf(pair)
}

// KeyOf makes the key that belongs to a secret: whoever knows the secret can make it again. The secret must be one that
// cannot be guessed, 80 bits of chance or more, because the public half is known.
func KeyOf(secret []byte) (Key, error) {
	seed := sha256.Sum256(append([]byte("pons key of a secret\x00"), secret...))
	encoded, err := nkeys.EncodeSeed(nkeys.PrefixByteUser, seed[:])
	if err != nil {
		return Key{}, err
	}
	return ParseKey(encoded)
}

func keyOf(pair nkeys.KeyPair) (Key, error) {
	public, err := pair.PublicKey()
	if err == nil && !nkeys.IsValidPublicUserKey(public) {
		err = fmt.Errorf("this is not the key of a user: %w", fault.Invalid)
	}
	return Key{pair, public}, err
}

// Public is the half that others may know, as text.
func (k Key) Public() string { return k.public }

// Seed is the half to be kept, as text for a file of mode 0600.
func (k Key) Seed() ([]byte, error) { return k.pair.Seed() }

// Sign signs data: 64 bytes.
func (k Key) Sign(data []byte) ([]byte, error) { return k.pair.Sign(data) }

// SignatureSize is the length of every signature.
const SignatureSize = 64

// Verify says whether the holder of a public key signed the data.
func Verify(public string, data, signature []byte) bool {
	pair, err := nkeys.FromPublicKey(public)
	return err == nil && pair.Verify(data, signature) == nil
}

// ValidPublic says whether a text is the public half of a key.
func ValidPublic(public string) bool { return nkeys.IsValidPublicUserKey(public) }
