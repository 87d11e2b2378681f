package fingerprint

import (
	_ "embed"
	"strings"
	"sync"
	"time"
)

var (
	//go:embed data/windows.txt
	windowsTable string
	//go:embed data/os.txt
	osTable string
)

// Windows names the releases of Windows that a build is of: "10.0.19041" or "19041" → "Windows 10", "2004". Where desktop and
// server share a build, os names both and support counts both. Samba says 6.1.0 whatever it runs on, so that build 0 is none.
func Windows(build string) (os, version string, ok bool) {
	row, ok := windowsBuilds()[build[strings.LastIndexByte(build, '.')+1:]]
	return row[0], row[1], ok
}

var windowsBuilds = sync.OnceValue(func() map[string][2]string {
	out := map[string][2]string{}
	for _, row := range parseTable("windows.txt", windowsTable, 5) {
		out[row[0][strings.LastIndexByte(row[0], '.')+1:]] = [2]string{row[1], row[2]}
	}
	return out
})

// Support is how long a release of an operating system is looked after by its maker.
type Support struct {
	OS, Version string    // as the table words them; Version "" stands for all
	Ends        time.Time // the last day of support that everybody has; zero: not known
	Extended    time.Time // the last day of support that is bought, or of the longest edition; zero: there is none
	Sure        Sure
	Source      string
}

// The states of support. Unknown is said where the table does not know the release, or where its editions differ.
const (
	Supported    = "supported"
	ExtendedOnly = "extended"
	Ended        = "ended"
	NotKnown     = "unknown"
)

// OSSupport finds the support of an operating system and its version as inventory words them. The more of the version a
// row names, the better it fits.
func OSSupport(os, version string) (Support, bool) {
	os, version = lowerASCII(strings.TrimSpace(os)), lowerASCII(strings.TrimSpace(version))
	for _, edition := range []string{" pro", " professional", " enterprise", " home", " education", " standard", " datacenter"} { // that share their days
		os = strings.TrimSuffix(os, edition)
	}
	best, width := Support{}, -1
	for _, row := range supports() {
		o, v := lowerASCII(row.OS), lowerASCII(row.Version)
		if o != os && o+" "+v != os || v != "" && o == os && v != version && !strings.HasPrefix(version, v+".") && !strings.HasPrefix(version, v+" ") {
			continue
		}
		if len(v) > width {
			best, width = row, len(v)
		}
	}
	return best, width >= 0
}

// String is the row as people read it.
func (s Support) String() string {
	text := s.OS
	if s.Version != "" {
		text += " " + s.Version
	}
	if s.Ends.IsZero() {
		return text + ": " + s.Source
	}
	text += ": support ends or ended " + s.Ends.Format(time.DateOnly)
	if !s.Extended.IsZero() {
		text += ", extended " + s.Extended.Format(time.DateOnly)
	}
	return text + " (" + string(s.Sure) + "; " + s.Source + ")"
}

// State is the state of support on a day.
func (s Support) State(day time.Time) string {
	switch {
	case s.Ends.IsZero():
		return NotKnown
	case !day.After(s.Ends.AddDate(0, 0, 1)):
		return Supported
	case !s.Extended.IsZero() && !day.After(s.Extended.AddDate(0, 0, 1)):
		return ExtendedOnly
	}
	return Ended
}

// Supports is the table of releases (data/os.txt).
func Supports() []Support { return supports() }

var supports = sync.OnceValue(func() []Support {
	day := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			panic("fingerprint: data/os.txt: " + s + " is no day")
		}
		return t
	}
	var out []Support
	for _, row := range parseTable("os.txt", osTable, 6) {
		version := strings.TrimPrefix(row[1], "*")
		out = append(out, Support{OS: row[0], Version: version, Ends: day(row[2]), Extended: day(row[3]), Sure: Sure(row[4]), Source: row[5]})
	}
	return out
})
