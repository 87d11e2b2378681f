// Command score says how well an inventory put rows on devices: pairwise precision and recall against the truth
// of a synthetic hospital, and how often maker and class are right. It decides what a pair and a linkable pair
// are (bench/README.md) and shows the worst errors; it judges nothing that the truth does not name.
//
//	pons devices --format jsonl > got.jsonl
//	go run ./bench/score -truth DIR/truth.csv -got got.jsonl
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "score:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	fl := flag.NewFlagSet("score", flag.ContinueOnError)
	truthPath := fl.String("truth", "", "truth.csv; the files that it names lie beside it")
	devicesPath := fl.String("devices", "", "devices.csv (default: beside the truth)")
	got := fl.String("got", "-", "what pons devices --format jsonl wrote; - is standard input")
	files := fl.String("files", "", "score only these files, by comma: cmms.csv,cmdb.csv")
	worst := fl.Int("worst", 20, "errors of each kind to show")
	strict := fl.Bool("strict", false, "fail unless the measures of issue 2 §4 are met")
	if err := fl.Parse(args); err != nil {
		return err
	}
	if *truthPath == "" {
		return errors.New("-truth FILE is needed")
	}
	if *devicesPath == "" {
		*devicesPath = filepath.Join(filepath.Dir(*truthPath), "devices.csv")
	}
	var only []string
	if *files != "" {
		only = strings.Split(*files, ",")
	}
	t, err := readTruth(*truthPath, *devicesPath, only)
	if err != nil {
		return err
	}
	in := stdin
	if *got != "-" {
		f, err := os.Open(*got)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	a, err := readAnswer(in)
	if err != nil {
		return fmt.Errorf("%s: %w", *got, err)
	}
	w := bufio.NewWriter(stdout)
	met := report(w, t, a, *worst)
	if err := w.Flush(); err != nil {
		return err
	}
	if *strict && !met {
		return errors.New("below the measures of issue 2 §4")
	}
	return nil
}

// The measures of issue 2 §4.
const (
	wantPrecision = .995
	wantRecall    = .97
	wantMaker     = .99
	wantClass     = .98
)

// report prints the scores and says whether the measures are met: precision; recall of the linkable pairs
// ("keys"); maker over the rows that name a maker; class over the rows that name a maker or a class.
func report(w io.Writer, t truth, a answer, worst int) bool {
	apart := 0
	for r := range t.device {
		if _, ok := a.record[r]; !ok {
			apart++
		}
	}
	fmt.Fprintf(w, "rows %d of %d devices; records %d; rows on no record %d; rows on several records %d\n\n",
		len(t.device), len(groups(t.device)), len(groups(a.record)), apart, len(a.twice))
	p := precision(t, a)
	fmt.Fprintf(w, "%-28s %8.4f   %d of %d pairs\n", "pairwise precision", p.share(), p.right, p.of)
	all := recall(t, a, everything(t))
	fmt.Fprintf(w, "%-28s %8.4f   %d of %d pairs of rows of one device\n", "pairwise recall, all", all.share(), all.right, all.of)
	met := p.share() >= wantPrecision
	var keyed map[row]string
	for _, l := range linkings() {
		want := l.wanted(t)
		r := recall(t, a, want)
		fmt.Fprintf(w, "%-28s %8.4f   %d of %d pairs: %s\n", "pairwise recall, "+l.name, r.share(), r.right, r.of, l.doc)
		if l.name == "keys" {
			keyed = want
			met = met && r.share() >= wantRecall
		}
	}
	naming := func(r row) bool { return !blank(t.cells[r].maker) }
	maker, wrongMaker := attribute(t, a, func(x thing) string { return x.maker }, naming)
	class, wrongClass := attribute(t, a, func(x thing) string { return x.class }, naming)
	met = met && ratio(maker.right, maker.rows) >= wantMaker && ratio(class.right, class.rows) >= wantClass
	fmt.Fprintln(w)
	line := func(name string, s said) {
		fmt.Fprintf(w, "%-34s %8.4f right, %.4f right of said   %d rows, %d said, %d right\n", name, ratio(s.right, s.rows), ratio(s.right, s.said), s.rows, s.said, s.right)
	}
	line("maker, rows that name one", maker)
	line("class, rows that name a maker", class)
	for _, f := range filesOf(t) {
		in := func(r row) bool { return r.file == f }
		m, _ := attribute(t, a, func(x thing) string { return x.maker }, in)
		c, _ := attribute(t, a, func(x thing) string { return x.class }, in)
		line("maker, all rows of "+f, m)
		line("class, all rows of "+f, c)
	}
	fmt.Fprintf(w, "\nmeasures of issue 2 §4 (precision ≥ %g, recall of keys ≥ %g, maker ≥ %g, class ≥ %g): %s\n",
		wantPrecision, wantRecall, wantMaker, wantClass, map[bool]string{true: "met", false: "NOT met"}[met])
	errorsOf(w, t, a, keyed, wrongMaker, wrongClass, worst)
	return met
}

func ratio(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

func filesOf(t truth) (files []string) {
	for r := range t.device {
		if !slices.Contains(files, r.file) {
			files = append(files, r.file)
		}
	}
	slices.Sort(files)
	return files
}

// errorsOf shows the first of each kind of error with what the rows say, so that somebody can mend it.
func errorsOf(w io.Writer, t truth, a answer, keyed map[row]string, maker, class []wrongRow, worst int) {
	show := func(r row) {
		fmt.Fprintf(w, "    %s %d (%s): %s\n", r.file, r.n, t.device[r], t.cells[r].text)
	}
	some := func(title string, n int) int {
		fmt.Fprintf(w, "\n%s: %d\n", title, n)
		return min(n, worst)
	}
	mix := mixedRecords(t, a)
	for _, m := range mix[:some("records with rows of several devices, the worst first", len(mix))] {
		fmt.Fprintf(w, "  record of line %s, %d wrong pairs\n", m.record, m.pairs)
		for _, r := range m.rows[:min(len(m.rows), 6)] {
			show(r)
		}
	}
	left := missedPairs(t, a, keyed)
	for _, m := range left[:some("linkable by exact keys (\"keys\"), left apart", len(left))] {
		fmt.Fprintf(w, "  %s\n", m.device)
		show(m.a)
		show(m.b)
	}
	for _, kind := range []struct {
		name  string
		wrong []wrongRow
	}{{"maker", maker}, {"class", class}} {
		c := confusions(kind.wrong)
		for _, x := range c[:some(kind.name+" wrong, by what was said", len(c))] {
			fmt.Fprintf(w, "  %5d rows said %q for %q\n", x.rows, x.got, x.want)
		}
		for _, x := range kind.wrong[:some(kind.name+" wrong, rows", len(kind.wrong))] {
			fmt.Fprintf(w, "  said %q for %q\n", x.got, x.want)
			show(x.row)
		}
	}
}
