// Package main measures Pons at size against the plain way of doing the same, in one run: reading a workbook with
// excelize and inserting its rows with prepared statements against importing and reconciling it. It prints
// figures and ratios; machines are noisy, so the ratios count. docs/performance.md holds what it printed.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
	_ "modernc.org/sqlite"

	"pons/audit"
	"pons/demo"
	"pons/intake"
	"pons/intake/all"
	"pons/inventory"
	"pons/product"
	"pons/sqldb"
)

func main() {
	rows := flag.Int("rows", 100_000, "rows of the workbook")
	rounds := flag.Int("rounds", 3, "how often the pair is timed")
	million := flag.Int("csv", 0, "also import a CSV file of so many rows and print the peak of memory")
	devices := flag.Int("devices", 0, "instead measure the device list on so many devices")
	flag.Parse()
	if err := run(*rows, *rounds, *million, *devices); err != nil {
		fmt.Fprintln(os.Stderr, "size:", err)
		os.Exit(1)
	}
}

func run(rows, rounds, million, devices int) error {
	dir, err := os.MkdirTemp("", "pons-size")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	switch {
	case million > 0:
		return csv(dir, million)
	case devices > 0:
		return lists(dir, devices, rounds)
	}
	book := filepath.Join(dir, "cmms.xlsx")
	if err := write(book, func(f *os.File) error { return demo.WriteXLSX(f, rows, 1) }); err != nil {
		return err
	}
	var ratios []float64
	for i := range rounds {
		plain, err := timed(func() error { return plainly(book, filepath.Join(dir, fmt.Sprintf("plain%d.db", i))) })
		if err != nil {
			return err
		}
		pons, err := timed(func() error { return imported(book, filepath.Join(dir, fmt.Sprintf("pons%d.db", i))) })
		if err != nil {
			return err
		}
		ratios = append(ratios, pons.Seconds()/plain.Seconds())
		fmt.Printf("%d rows: excelize and prepared inserts %.2f s, import and reconcile %.2f s, ratio %.2f\n", rows, plain.Seconds(), pons.Seconds(), ratios[i])
	}
	slices.Sort(ratios)
	fmt.Printf("median ratio %.2f (at most 2 is promised)\n", ratios[len(ratios)/2])
	return nil
}

func write(path string, f func(*os.File) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := f(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func fixture(path string, rows int) error {
	return write(path, func(f *os.File) error { return demo.WriteCSV(f, rows, 1) })
}

func timed(f func() error) (time.Duration, error) {
	runtime.GC()
	start := time.Now()
	err := f()
	return time.Since(start), err
}

// plainly reads the workbook with excelize and inserts each row with a prepared statement, in one transaction.
func plainly(book, path string) error {
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	defer db.Close()
	f, err := excelize.OpenFile(book)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var insert *sql.Stmt
	columns := 0
	for rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			return err
		}
		if insert == nil {
			columns = 20
			names := make([]string, columns)
			marks := make([]string, columns)
			for i := range names {
				names[i], marks[i] = fmt.Sprintf("c%d TEXT", i), "?"
			}
			if _, err := tx.Exec("CREATE TABLE plain (" + strings.Join(names, ", ") + ")"); err != nil {
				return err
			}
			if insert, err = tx.Prepare("INSERT INTO plain VALUES (" + strings.Join(marks, ", ") + ")"); err != nil {
				return err
			}
		}
		args := make([]any, columns)
		for i := range args {
			if i < len(cells) {
				args[i] = cells[i]
			}
		}
		if _, err := insert.Exec(args...); err != nil {
			return err
		}
	}
	if err := rows.Error(); err != nil {
		return err
	}
	return tx.Commit()
}

// imported does what pons import does.
func imported(file, path string) error {
	ctx := context.Background()
	db, err := sqldb.Open(ctx, sqldb.Options{Path: path, Schemas: []sqldb.Schema{audit.Schema(), inventory.Schema()}})
	if err != nil {
		return err
	}
	defer db.Close()
	t, err := intake.OpenPath(all.Formats(), file, intake.Choice{})
	if err != nil {
		return err
	}
	defer t.Close()
	m := intake.Guess(t)
	m.Source = "cmms"
	inv := inventory.New(db, product.Default(), time.Now)
	r, err := inv.Import(ctx, inventory.Import{Source: "cmms", Kind: string(m.Kind), File: t.File, Actor: "size", Whole: true, Records: t.Records(m, time.Time{})})
	if err != nil {
		return err
	}
	if r.Rejected > 0 || r.Created == 0 {
		return fmt.Errorf("%d rows rejected, %d created: the figure would mean nothing", r.Rejected, r.Created)
	}
	return nil
}

// csv imports a large CSV file and prints time and the most memory that the process held.
func csv(dir string, rows int) error {
	file := filepath.Join(dir, "cmms.csv")
	if err := fixture(file, rows); err != nil {
		return err
	}
	took, err := timed(func() error { return imported(file, filepath.Join(dir, "pons.db")) })
	if err != nil {
		return err
	}
	peak, err := peakMemory()
	if err != nil {
		return err
	}
	fmt.Printf("%d CSV rows imported and reconciled in %.1f s, peak memory %d MiB (under 1,024 is promised)\n", rows, took.Seconds(), peak>>20)
	return nil
}

// peakMemory is the most resident memory that the kernel saw of this process, in bytes.
func peakMemory() (int64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10, nil
		}
	}
	return 0, fmt.Errorf("no VmHWM in /proc/self/status")
}
