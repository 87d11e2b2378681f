package web

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/url"

	"pons/fact"
	"pons/fingerprint"
	"pons/inventory"
)

// withQuery adds pairs of name and value to a path; empty values are left out.
func withQuery(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Add(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func queryEscape(s string) string { return url.QueryEscape(s) }

// attributeTitle is the title of an attribute of devices, or the name of an observation.
func attributeTitle(attr fact.Attr) string {
	switch a, ok := inventory.AttributeNamed(attr); {
	case ok:
		return a.Title
	case attr == "likely.class":
		return "Likely class"
	}
	return string(attr)
}

// packTitle is a pack's name for people.
func packTitle(name string) string {
	switch name {
	case "brought":
		return "brought with Pons"
	case fingerprint.LocalPack:
		return "own rules"
	}
	return name
}

func keyName(k ed25519.PublicKey) string { return fingerprint.KeyName(k) }

func keyText(k ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(k) }

// ruleExample is the rule that the help shows; a test reads it.
const ruleExample = `rule own/rounding-carts
about our rounding carts call themselves so
when hostname matches (?i)^WOW-\d
and oui has Dell
says class = medical-cart
trust 0.9
source naming convention of IT, 2024
like hostname: WOW-017
with oui: Dell Inc.
unlike hostname: WOW-017`
