package sqldb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pons/fault"
)

// statements splits a script at its semicolons, minding quotes and comments. Comments are dropped, except the one
// directive "-- clustered".
func statements(script string) ([]string, error) {
	var out []string
	var b strings.Builder
	flush := func() {
		if q := strings.TrimSpace(b.String()); q != "" && strings.Trim(strings.TrimPrefix(q, clustered), " \n;") != "" {
			out = append(out, q)
		}
		b.Reset()
	}
	for i := 0; i < len(script); {
		switch c := script[i]; {
		case c == '\'' || c == '"':
			end := strings.IndexByte(script[i+1:], c)
			if end < 0 {
				return nil, fmt.Errorf("a quote is not closed in %q: %w", brief(script[i:]), fault.Invalid)
			}
			b.WriteString(script[i : i+end+2]) // a doubled quote is two literals in a row here: the same text
			i += end + 2
		case strings.HasPrefix(script[i:], "--"):
			line, _, _ := strings.Cut(script[i:], "\n")
			if strings.TrimSpace(line) == clustered {
				b.WriteString(clustered + "\n")
			}
			i += len(line)
		case strings.HasPrefix(script[i:], "/*"):
			end := strings.Index(script[i:], "*/")
			if end < 0 {
				return nil, fmt.Errorf("a comment is not closed in %q: %w", brief(script[i:]), fault.Invalid)
			}
			i += end + 2
		case c == ';':
			flush()
			i++
		default:
			b.WriteByte(c)
			i++
		}
	}
	flush()
	return out, nil
}

// clustered, on a line before CREATE TABLE, keeps the rows in the order of the primary key on SQLite (WITHOUT
// ROWID): half the size and one search less for a table whose key is most of its row. PostgreSQL ignores it.
const clustered = "-- clustered"

var (
	liteTypes   = regexp.MustCompile(`(?i)'[^']*'|\b(BIGINT|BOOLEAN|DOUBLE\s+PRECISION|BYTEA)\b`)
	createTable = regexp.MustCompile(`(?is)^\s*CREATE\s+TABLE\b`)
)

// liteDDL maps the four types of PostgreSQL that SQLite's STRICT tables do not know, and makes tables STRICT.
func liteDDL(q string) string {
	body, isClustered := strings.CutPrefix(strings.TrimSpace(q), clustered)
	if !createTable.MatchString(body) && !strings.HasPrefix(strings.ToUpper(strings.TrimSpace(body)), "ALTER") {
		return body
	}
	body = liteTypes.ReplaceAllStringFunc(body, func(w string) string {
		switch u := strings.ToUpper(w); {
		case u == "BIGINT" || u == "BOOLEAN":
			return "INTEGER"
		case u == "BYTEA":
			return "BLOB"
		case strings.HasPrefix(u, "DOUBLE"):
			return "REAL"
		}
		return w
	})
	if !createTable.MatchString(body) {
		return body
	}
	if isClustered {
		return body + " STRICT, WITHOUT ROWID"
	}
	return body + " STRICT"
}

var identifier = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// names refuses table and column names that would need quoting: bulk statements are put together from them.
func names(table string, cols ...[]string) error {
	for _, n := range slices.Concat(append(cols, []string{table})...) {
		if !identifier.MatchString(n) {
			return fmt.Errorf("%q is not a plain lower-case name: %w", n, fault.Invalid)
		}
	}
	return nil
}
