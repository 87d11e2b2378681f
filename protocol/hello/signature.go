package hello

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	_ "crypto/md5" // certificates of old devices are signed with it
	"crypto/rsa"
	_ "crypto/sha1" // and with this
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	encoding "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// signs tells whether a key made the signature of a certificate that it stands in. rest is what follows the signed
// part: algorithm and signature. What cannot be verified here (RSA keys below 1024 bits, PSS, curves of the maker's
// own) is not told to be self-signed.
func signs(key, signed []byte, rest cryptobyte.String) bool {
	var algorithm cryptobyte.String
	var kind encoding.ObjectIdentifier
	var signature encoding.BitString
	if !rest.ReadASN1(&algorithm, asn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&kind) || !rest.ReadASN1BitString(&signature) {
		return false
	}
	public, err := x509.ParsePKIXPublicKey(key)
	if err != nil {
		return false
	}
	hash := hashOf(kind.String())
	var digest []byte
	if hash != 0 {
		h := hash.New()
		h.Write(signed)
		digest = h.Sum(nil)
	}
	switch public := public.(type) {
	case *rsa.PublicKey:
		return hash != 0 && rsa.VerifyPKCS1v15(public, hash, digest, signature.Bytes) == nil
	case *ecdsa.PublicKey:
		return hash != 0 && ecdsa.VerifyASN1(public, digest, signature.Bytes)
	case ed25519.PublicKey:
		return kind.String() == "1.3.101.112" && ed25519.Verify(public, signed, signature.Bytes)
	}
	return false
}

// hashOf names the hash of a signature algorithm: RSA PKCS #1 (RFC 8017 §A.2.4), ECDSA (RFC 5758 §3.2); 0 for others.
func hashOf(kind string) crypto.Hash {
	switch kind {
	case "1.2.840.113549.1.1.4":
		return crypto.MD5
	case "1.2.840.113549.1.1.5", "1.2.840.10045.4.1":
		return crypto.SHA1
	case "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2":
		return crypto.SHA256
	case "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3":
		return crypto.SHA384
	case "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4":
		return crypto.SHA512
	}
	return 0
}
