package sqldb_test

import (
	"fmt"
	"strings"
	"testing"

	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// TestSharedSubset pins the SQL that docs/design.md §5 says both databases understand alike: every statement must
// give the same rows on both.
func TestSharedSubset(t *testing.T) {
	const seed = `INSERT INTO thing_row (id, n, ok, x, note) VALUES ('a', 1, TRUE, 1.5, 'p'), ('b', 2, FALSE, NULL, 'q'), ('c', 3, TRUE, 2.25, 'p'), ('d', 4, FALSE, NULL, 'r')`
	cases := []struct{ q, want string }{
		{"INSERT INTO thing_row (id, n, note) VALUES ('a', 9, 'z'), ('e', 5, 'z') ON CONFLICT (id) DO UPDATE SET note = excluded.note, n = thing_row.n + excluded.n RETURNING id, n", "a 10|e 5"},
		{"INSERT INTO thing_row (id, n) VALUES ('a', 9) ON CONFLICT (id) DO NOTHING RETURNING id", ""},
		{"INSERT INTO thing_part (row_id, k, v) SELECT id, note, NULL FROM thing_row WHERE n < 3 RETURNING row_id", "a|b"},
		{"UPDATE thing_row SET note = src.v FROM (SELECT 'b' AS id, 'from' AS v) AS src WHERE thing_row.id = src.id RETURNING thing_row.id, note", "b from"},
		{"DELETE FROM thing_row WHERE n > 2 RETURNING id", "c|d"},
		{"WITH RECURSIVE up (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM up WHERE i < 4) SELECT i FROM up ORDER BY i", "1|2|3|4"},
		{"SELECT id, row_number() OVER (PARTITION BY note ORDER BY n DESC) FROM thing_row ORDER BY id", "a 2|b 1|c 1|d 1"},
		{"SELECT id, lag(id) OVER (ORDER BY n) FROM thing_row ORDER BY n", "a ∅|b a|c b|d c"},
		{"SELECT note, count(*) FILTER (WHERE ok), string_agg(id, ',' ORDER BY id DESC) FROM thing_row GROUP BY note ORDER BY note", "p 2 c,a|q 0 b|r 0 d"},
		{"SELECT id FROM thing_row WHERE x IS DISTINCT FROM 1.5 ORDER BY id", "b|c|d"},
		{"SELECT id FROM thing_row WHERE (note, id) > ('p', 'a') ORDER BY note, id LIMIT 2", "c|b"},
		{"SELECT id FROM thing_row ORDER BY x DESC NULLS LAST, id", "c|a|b|d"},
		{"SELECT id FROM thing_row ORDER BY x NULLS FIRST, id", "b|d|a|c"},
		{"SELECT id FROM thing_row WHERE ok AND NOT (n = 1)", "c"},
		{"SELECT CAST(sum(n) AS BIGINT), CAST(avg(x) AS DOUBLE PRECISION), CAST(sum(n) FILTER (WHERE n > 99) AS BIGINT) FROM thing_row", "10 1.875 ∅"},
		{"SELECT CASE WHEN ok THEN 'yes' ELSE 'no' END, count(*) FROM thing_row GROUP BY ok ORDER BY 1", "no 2|yes 2"},
		{"SELECT id FROM thing_row WHERE note = 'p' UNION SELECT id FROM thing_row WHERE n = 4 EXCEPT SELECT 'a' ORDER BY id", "c|d"},
		{"SELECT r.id, p.k FROM thing_row r LEFT JOIN thing_part p ON p.row_id = r.id WHERE r.n < 2", "a ∅"},
		{"SELECT 7 / 2, 7 % 2, -7 / 2, abs(-3), length('Zürich'), substr('Zürich', 2, 3), 'a' || 'b', coalesce(NULL, 5)", "3 1 -3 3 6 üri ab 5"},
		{"SELECT lower('ÄB'), upper('äb'), trim('  x '), replace('aXa', 'X', '-')", "Äb äB x a-a"},
		{"SELECT id FROM thing_row WHERE EXISTS (SELECT 1 FROM thing_row o WHERE o.note = thing_row.note AND o.id <> thing_row.id) ORDER BY id", "a|c"},
	}
	sqldbtest.Run(t, []sqldb.Schema{thing}, func(t *testing.T, db *sqldb.DB) {
		for _, c := range cases {
			var got []string
			_, err := db.Update(ctx, func(tx *sqldb.Tx) error {
				if _, err := tx.Exec(seed); err != nil {
					return err
				}
				rows, err := tx.Query(c.q)
				if err != nil {
					return err
				}
				defer rows.Close()
				for width := 1; rows.Next(); {
					for { // the number of columns is found by trying
						cells, dest := make([]any, width), make([]any, width)
						for i := range dest {
							dest[i] = &cells[i]
						}
						if err := rows.Scan(dest...); err != nil {
							if width++; width > 20 {
								return err
							}
							continue
						}
						words := make([]string, width)
						for i, v := range cells {
							if words[i] = fmt.Sprint(v); v == nil {
								words[i] = "∅"
							}
						}
						got = append(got, strings.Join(words, " "))
						break
					}
				}
				if err := rows.Err(); err != nil {
					return err
				}
				return errUndo
			})
			if err != errUndo {
				t.Errorf("%s: %v", c.q, err)
			} else if s := strings.Join(got, "|"); s != c.want {
				t.Errorf("%s:\n got  %s\n want %s", c.q, s, c.want)
			}
		}
	})
}

var errUndo = fmt.Errorf("undo")
