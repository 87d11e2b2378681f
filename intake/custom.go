package intake

import "pons/fact"

// Ignore is the attribute of a column that is not read.
const Ignore = attrIgnore

// Custom is the attribute under which a column is kept that no attribute of the vocabulary suits: "MRI Zone #" is
// custom.mri_zone_no. It is empty when the header has no letter or digit to name it by.
func Custom(header string) fact.Attr {
	if name := slug(header); name != "" {
		return fact.Attr(fact.CustomPrefix + name)
	}
	return ""
}
