package account

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"pons/fault"
)

// argon2id with 19 MiB, two passes, one lane: the first choice of the OWASP Password Storage Cheat Sheet (2025).
const (
	argonMemory = 19 * 1024
	argonTime   = 2
	argonLanes  = 1
	argonSalt   = 16
	argonKey    = 32
)

// Password lengths in characters. NIST SP 800-63B-4 asks for 15 where the password is all there is and 8 with a
// second factor; 12 is what hospital policies commonly say. The upper end keeps the hashing of a request short.
const (
	MinPassword = 12
	MaxPassword = 256
)

// CheckPassword says why a password will not do: too short, too plain, or containing the login.
func CheckPassword(password, login string) error {
	n := utf8.RuneCountInString(password)
	kinds := map[rune]bool{}
	for _, r := range password {
		kinds[r] = true
	}
	switch {
	case n < MinPassword:
		return fmt.Errorf("the password has %d characters and needs at least %d: %w", n, MinPassword, fault.Invalid)
	case n > MaxPassword:
		return fmt.Errorf("the password has more than %d characters: %w", MaxPassword, fault.Invalid)
	case len(kinds) < 5:
		return fmt.Errorf("the password repeats too few characters: %w", fault.Invalid)
	}
	name, _, _ := strings.Cut(login, "@")
	if len(name) >= 3 && strings.Contains(strings.ToLower(password), strings.ToLower(name)) {
		return fmt.Errorf("the password contains the login: %w", fault.Invalid)
	}
	return nil
}

// hashPassword gives the PHC notation, which carries its own parameters.
func hashPassword(password string) string {
	salt := random(argonSalt)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, argonKey)
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes, b.EncodeToString(salt), b.EncodeToString(key))
}

// checkHash compares a password with its hash, in the same time whether or not it is right.
func checkHash(hash, password string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	var version int
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil || memory > 1<<20 || passes > 16 || passes == 0 || lanes == 0 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < 16 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand, Go 1.24)
	return b
}

// digest is how a random token is kept: it needs no salt and no slow hash, having 256 bits of its own.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
