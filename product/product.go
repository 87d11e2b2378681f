// Package product knows makers, models and device classes under the many names people give them. It
// decides which name is meant and answers "unknown" when it cannot tell; which device bears the name is
// inventory's to decide.
package product
