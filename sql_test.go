package pons_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rules of docs/design.md §5: one SQL text for SQLite and PostgreSQL. Each row is a pattern over SQL with its
// quoted strings and comments taken out, and what to write instead.
var sqlBans = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\b(now|datetime|strftime|julianday|unixepoch|date_trunc|to_timestamp|age|clock_timestamp)\s*\(|\bcurrent_(timestamp|date|time)\b|\bextract\s*\(|\binterval\s`), "the time is a parameter, BIGINT microseconds"},
	{regexp.MustCompile(`(?i)\bILIKE\b`), "lower(x) LIKE lower($1)"},
	{regexp.MustCompile(`(?i)\b(ANY|ALL|SOME)\s*\(\s*(\$|ARRAY)`), "IN with sqldb.In"},
	{regexp.MustCompile(`->|#>|@>|<@|(?i)\bjsonb?_|\bjsonb?\b`), "promote the value to a column, or read JSON in Go"},
	{regexp.MustCompile(`(?i)\bSELECT\s+(DISTINCT\s+)?([a-z_]+\.)?\*|,\s*[a-z_]+\.\*|\bRETURNING\s+\*`), "list the columns"},
	{regexp.MustCompile(`::`), "CAST(x AS t)"},
	{regexp.MustCompile(`[=(,<>]\s*\?|\?\d`), "$1, $2 …"},
	{regexp.MustCompile(`(?i)\bINSERT\s+OR\b|\bREPLACE\s+INTO\b`), "INSERT … ON CONFLICT (key) DO UPDATE SET x = excluded.x"},
	{regexp.MustCompile(`(?i)\b(group_concat|array_agg|json_group\w*)\s*\(`), "string_agg(x, ',' ORDER BY x)"},
	{regexp.MustCompile(`(?i)\b(GLOB|REGEXP|SIMILAR\s+TO)\b|\s!?~\*?\s`), "LIKE, or match in Go"},
	{regexp.MustCompile(`(?i)\b(ifnull|nvl|iif|nullif_)\s*\(`), "coalesce or CASE"},
	{regexp.MustCompile(`(?i)\b(greatest|least)\s*\(|\b(max|min)\s*\([^()]*,`), "CASE WHEN a > b THEN a ELSE b END"},
	{regexp.MustCompile(`(?i)\b(instr|strpos|position|printf|format|total|left|right|lpad|rpad|split_part|to_char|regexp_\w+)\s*\(`), "do it in Go: the two databases have no common name for it"},
	{regexp.MustCompile(`(?i)\b(random|gen_random_uuid|nextval|last_insert_rowid)\s*\(|\bAUTOINCREMENT\b`), "ids and chance are made in Go"},
	{regexp.MustCompile(`(?i)\b(rowid|ctid)\b`), "the table's own key"},
	{regexp.MustCompile(`(?i)\bLIMIT\s+(\$?\d+)\s*,`), "LIMIT n, and keyset paging"},
	{regexp.MustCompile(`(?i)\bFOR\s+(UPDATE|SHARE)\b|^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|PRAGMA|VACUUM|ANALYZE|TRUNCATE|SET\s+LOCAL|LOCK)\b`), "sqldb.Update has the writer's turn; the rest is sqldb's"},
	{regexp.MustCompile(`(?i)\bIS\s+(NOT\s+)?\$\d`), "IS [NOT] DISTINCT FROM $1"},
	{regexp.MustCompile(`(?i)\b(LATERAL|percentile_\w+|DISTINCT\s+ON|TABLESAMPLE|UNLOGGED|IF\s+NOT\s+EXISTS|IF\s+EXISTS)\b`), "what only one of the two knows, or what a migration does not need"},
	{regexp.MustCompile(`(?i)\bAS\s+(INTEGER|INT|REAL|FLOAT|BLOB|NUMERIC|VARCHAR|BYTEA|TIMESTAMP\w*|DATE)\s*\)`), "CAST to BIGINT, DOUBLE PRECISION, BOOLEAN or TEXT"},
}

// ddlBans are for schema files only.
var ddlBans = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\b(INTEGER|INT|SMALLINT|REAL|FLOAT|NUMERIC|DECIMAL|VARCHAR|CHAR|BLOB|TIMESTAMP\w*|DATETIME|UUID|MONEY|INET|MACADDR)\b`), "BIGINT, BOOLEAN, DOUBLE PRECISION, BYTEA or TEXT"},
	{regexp.MustCompile(`(?i)[a-z_]\w*[ \t]+(BIG)?SERIAL\b`), "ids are made in Go"},
	{regexp.MustCompile(`(?i)\b(STRICT|WITHOUT\s+ROWID)\b`), "nothing: sqldb adds it (a line \"-- clustered\" before CREATE TABLE for WITHOUT ROWID)"},
	{regexp.MustCompile(`(?i)\bCREATE\s+(OR\s+REPLACE\s+)?(TRIGGER|FUNCTION|PROCEDURE|EXTENSION|TYPE|SEQUENCE|VIRTUAL|RULE)\b`), "Go"},
}

var (
	sqlQuoted  = regexp.MustCompile(`(?s)'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/`)
	sqlKeyword = regexp.MustCompile(`\b(SELECT|FROM|WHERE|INSERT INTO|UPDATE|DELETE FROM|ORDER BY|GROUP BY|HAVING|JOIN|ON CONFLICT|RETURNING|CREATE TABLE|CREATE INDEX|UNION|LIMIT|AND|OR|IN|SET|VALUES)\b`)
	sqlTable   = regexp.MustCompile(`\b(?:FROM|JOIN|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|ALTER TABLE|DROP TABLE|REFERENCES)\s+([a-z][a-z0-9]*_[a-z0-9_]+)`)
	sqlCTE     = regexp.MustCompile(`\b([a-z][a-z0-9_]*)\s*(?:\([^()]*\))?\s+AS\s+(?:NOT\s+MATERIALIZED\s+|MATERIALIZED\s+)?\(`)
	sqlLike    = regexp.MustCompile(`(?i)\bLIKE\s+(?:lower\s*\()?\$\d+\)?(\s+ESCAPE)?`)
	sqlWord    = regexp.MustCompile(`[a-z][a-z0-9]*_[a-z0-9_]+`)
	sqlCreate  = regexp.MustCompile(`(?i)\bCREATE\s+TABLE\s+([a-z_][a-z0-9_]*)`)
	sqlForeign = regexp.MustCompile(`(?i)\bREFERENCES\s+([a-z_][a-z0-9_]*)`)
)

// sqlBare takes quoted strings and comments out.
func sqlBare(q string) string { return sqlQuoted.ReplaceAllString(q, "''") }

// sqlFaults is what is wrong with a piece of SQL of a package, which may mention its own tables only. owner tells
// whose a table is.
func sqlFaults(q, pkg string, owner map[string]string) (out []string) {
	bare := sqlBare(q)
	for _, b := range sqlBans {
		if m := b.pattern.FindString(bare); m != "" {
			out = append(out, strconv.Quote(strings.TrimSpace(m))+": write instead "+b.instead)
		}
	}
	for _, m := range sqlLike.FindAllStringSubmatch(bare, -1) {
		if m[1] == "" {
			out = append(out, strconv.Quote(m[0])+": write instead LIKE $1 ESCAPE '!' with sqldb.Like: the databases disagree about the backslash")
		}
	}
	local := map[string]bool{}
	for _, m := range sqlCTE.FindAllStringSubmatch(bare, -1) {
		local[m[1]] = true
	}
	for _, m := range sqlTable.FindAllStringSubmatch(bare, -1) {
		if !local[m[1]] && !strings.HasPrefix(m[1], filepath.Base(pkg)+"_") {
			out = append(out, "table "+m[1]+" is not of package "+pkg+" (R3): call its owner")
		}
	}
	for _, w := range sqlWord.FindAllString(bare, -1) {
		if o := owner[w]; o != "" && o != pkg && !slices.Contains(out, "table "+w+" is not of package "+pkg+" (R3): call its owner") {
			out = append(out, "table "+w+" is not of package "+pkg+" (R3): call its owner")
		}
	}
	return out
}

// sqlTexts are the string constants of a file, put together where they are added up; what is not constant in between
// becomes a blank mark.
func sqlTexts(f *ast.File) (out []string) {
	var visit func(n ast.Node) bool
	var flatten func(e ast.Expr) string
	flatten = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
				return s
			}
		case *ast.ParenExpr:
			return flatten(e.X)
		case *ast.BinaryExpr:
			if e.Op == token.ADD {
				return flatten(e.X) + flatten(e.Y)
			}
		}
		ast.Inspect(e, visit)
		return " □ "
	}
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BinaryExpr:
			if n.Op == token.ADD {
				out = append(out, flatten(n))
				return false
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				out = append(out, flatten(n))
			}
		}
		return true
	}
	ast.Inspect(f, visit)
	return out
}

// schemaFiles finds all migrations: path → text. The package is the first folder above that holds Go files.
func schemaFiles(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".sql") {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			out[filepath.ToSlash(path)] = string(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func schemaPackage(path string) string {
	dir := filepath.ToSlash(filepath.Dir(path))
	for dir != "." {
		if _, ok := floorOf(dir); ok {
			if found, _ := filepath.Glob(filepath.Join(dir, "*.go")); len(found) > 0 {
				return dir
			}
		}
		dir = filepath.ToSlash(filepath.Dir(dir))
	}
	return dir
}

// schemaFaults is what is wrong with a schema file of a package.
func schemaFaults(text, pkg string, owner map[string]string) (out []string) {
	out = sqlFaults(text, pkg, nil)
	// Foreign keys are judged below; R3's rule about tables does not hold for them.
	out = slices.DeleteFunc(out, func(s string) bool {
		for _, m := range sqlForeign.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(s, "table "+m[1]+" ") {
				return true
			}
		}
		return false
	})
	bare := sqlBare(text)
	for _, b := range ddlBans {
		if m := b.pattern.FindString(bare); m != "" {
			out = append(out, strconv.Quote(m)+": write instead "+b.instead)
		}
	}
	for _, m := range sqlCreate.FindAllStringSubmatch(bare, -1) {
		if !strings.HasPrefix(m[1], filepath.Base(pkg)+"_") {
			out = append(out, "table "+m[1]+" must be called "+filepath.Base(pkg)+"_…")
		}
	}
	mine, _ := floorOf(pkg)
	for _, m := range sqlForeign.FindAllStringSubmatch(bare, -1) {
		theirs, ok := floorOf(owner[m[1]])
		if o := owner[m[1]]; o != pkg && (!ok || theirs >= mine) {
			out = append(out, "foreign key to "+m[1]+" does not point down")
		}
	}
	return out
}

func tableOwners(files map[string]string) map[string]string {
	owner := map[string]string{}
	for path, text := range files {
		for _, m := range sqlCreate.FindAllStringSubmatch(sqlBare(text), -1) {
			owner[m[1]] = schemaPackage(path)
		}
	}
	return owner
}

// TestSQL holds R3 and the shared subset over every schema file and every SQL constant outside of tests. sqldb itself
// speaks each database's own words, and bench measures owners against the bare SQL.
func TestSQL(t *testing.T) {
	files := schemaFiles(t)
	owner := tableOwners(files)
	if len(owner) < 5 {
		t.Fatalf("only %d tables found: the test looks in the wrong place", len(owner))
	}
	for path, text := range files {
		for _, f := range schemaFaults(text, schemaPackage(path), owner) {
			t.Errorf("%s: %s", path, f)
		}
	}
	texts := 0
	for _, s := range sources(t) {
		if s.isTest || s.pkg == "sqldb" || s.pkg == "sqldb/sqldbtest" || strings.HasPrefix(s.pkg, "bench/") || !slices.Contains(s.imports, "pons/sqldb") {
			continue
		}
		for _, q := range sqlTexts(s.file) {
			if !sqlKeyword.MatchString(q) {
				continue
			}
			texts++
			for _, f := range sqlFaults(q, s.pkg, owner) {
				t.Errorf("%s: %s\n\tin %.160q", s.path, f, strings.Join(strings.Fields(q), " "))
			}
		}
	}
	if texts < 20 {
		t.Errorf("only %d SQL texts found: the test looks in the wrong place", texts)
	}
}

// TestSQLRulesBite shows that the patterns find what they are for, and leave good SQL alone.
func TestSQLRulesBite(t *testing.T) {
	owner := map[string]string{"stage_cursor": "stage", "audit_entry": "audit", "inventory_device": "inventory"}
	for _, q := range []string{
		"UPDATE stage_cursor SET at = now()", "SELECT name FROM stage_cursor WHERE name ILIKE $1", "SELECT name FROM stage_cursor WHERE rev = ANY($1)", "SELECT name FROM stage_cursor WHERE name LIKE $1",
		"SELECT doc->>'x' FROM stage_cursor", "SELECT * FROM stage_cursor", "SELECT c.* FROM stage_cursor c", "SELECT rev::text FROM stage_cursor",
		"SELECT rev FROM stage_cursor WHERE name = ?", "INSERT OR IGNORE INTO stage_cursor (name) VALUES ($1)", "SELECT group_concat(name) FROM stage_cursor",
		"SELECT ifnull(rev, 0) FROM stage_cursor", "SELECT max(rev, 0) FROM stage_cursor", "SELECT instr(name, 'x') FROM stage_cursor",
		"SELECT rowid FROM stage_cursor", "SELECT rev FROM stage_cursor LIMIT 5, 10", "SELECT rev FROM stage_cursor FOR UPDATE", "PRAGMA user_version",
		"SELECT rev FROM stage_cursor WHERE name IS $1", "SELECT CAST(rev AS INTEGER) FROM stage_cursor", "SELECT CURRENT_TIMESTAMP FROM stage_cursor",
		"SELECT seq FROM audit_entry", "SELECT c.rev FROM stage_cursor c, inventory_device d WHERE d.rev = c.rev", "DELETE FROM other_table WHERE rev = $1",
	} {
		if len(sqlFaults(q, "stage", owner)) == 0 {
			t.Errorf("goes through: %s", q)
		}
	}
	for _, q := range []string{
		"SELECT name, count(*), max(rev) FROM stage_cursor GROUP BY name ORDER BY rev DESC NULLS LAST LIMIT $1",
		"INSERT INTO stage_cursor (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET rev = excluded.rev RETURNING rev",
		"WITH RECURSIVE walk_up (id) AS (SELECT name FROM stage_cursor UNION ALL SELECT id FROM walk_up) SELECT id FROM walk_up WHERE id IS DISTINCT FROM $1",
		"SELECT name FROM stage_cursor WHERE lower(name) LIKE lower($1) ESCAPE '!' AND name IN ($2, $3) -- not now(), not * ",
		"SELECT 'now() ->> ? ::' || name FROM stage_cursor WHERE (rev, name) > ($1, $2)",
		"SELECT CAST(sum(rev) AS BIGINT) FROM stage_cursor WHERE rev IS NOT NULL AND coalesce(problem, '') <> ''",
	} {
		if f := sqlFaults(q, "stage", owner); len(f) > 0 {
			t.Errorf("refused: %s: %v", q, f)
		}
	}
	for _, text := range []string{
		"CREATE TABLE stage_x (id INTEGER)", "CREATE TABLE other_x (id TEXT)", "CREATE TABLE stage_x (id TEXT REFERENCES inventory_device (id))",
		"CREATE TABLE stage_x (id TEXT) STRICT", "CREATE TABLE stage_x (at TIMESTAMPTZ)",
		"CREATE TABLE stage_x (id BIGSERIAL)",
	} {
		if len(schemaFaults(text, "stage", owner)) == 0 {
			t.Errorf("goes through: %s", text)
		}
	}
	if f := schemaFaults("CREATE TABLE inventory_x (id TEXT REFERENCES stage_cursor (name), at BIGINT)", "inventory", owner); len(f) > 0 {
		t.Errorf("a foreign key that points down is refused: %v", f)
	}
}
