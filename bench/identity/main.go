// Command identity says how much of what independent decoders tell of the hosts in captures Pons tells too, and how
// much it says of the wrong host: a line a family, with the sum. It decides how the figures are shown; what is found
// and what is wrong is package truth's to say.
//
//	go run ./bench/identity --truth FILE --pcaps DIR --misses
//	go run ./bench/identity --extract --pcaps DIR > FILE
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"pons/bench/truth"
	"pons/protocol/all"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "identity:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	fl := flag.NewFlagSet("identity", flag.ContinueOnError)
	pcaps := fl.String("pcaps", "../shared/data/pcap", "folder of the captures")
	path := fl.String("truth", "", "account in the shape of identity_tshark.jsonl (default: that file in --pcaps)")
	lab := fl.String("lab", "", "account of a lab capture in the shape of facts_tshark.jsonl, too")
	second := fl.Bool("second", false, "score against what Arkime and Zeek expect of their captures instead")
	misses := fl.Bool("misses", false, "list what was missed and what is wrong")
	aparts := fl.Bool("apart", false, "list what is left apart by decision, and why")
	unlisted := fl.Bool("unlisted", false, "list what Pons says and the truth does not know")
	family := fl.String("family", "", "list only families that begin so")
	extract := fl.Bool("extract", false, "write what tshark, which must be installed, says of the captures in --pcaps; --truth reads it")
	strict := fl.Bool("strict", false, "fail below 97 % found or above 0.5 % wrong")
	if err := fl.Parse(args); err != nil {
		return err
	}
	if *extract {
		return truth.Extract(*pcaps, out, os.Stderr)
	}
	if *path == "" {
		*path = filepath.Join(*pcaps, "identity_tshark.jsonl")
	}
	claims, err := accounts(*pcaps, *path, *lab, *second)
	if err != nil {
		return err
	}
	score, err := truth.Judge(claims, all.Parsers())
	if err != nil {
		return err
	}
	score.Write(out)
	show := map[string]bool{"missed": *misses, "wrong": *misses, "forbidden": true, "apart": *aparts, "unlisted": *unlisted}
	for _, n := range score.Notes {
		if show[n.Kind] && strings.HasPrefix(string(n.Family), *family) {
			fmt.Fprintf(out, "%-9s %-30s %-34s %-24s %.160q  %s\n", n.Kind, n.File, n.Host, n.Family, n.Value, n.Why)
		}
	}
	if _, sum := score.Rows(); *strict && (sum.Recall() < 0.97 || sum.WrongShare() > 0.005) {
		return fmt.Errorf("%.4f found, %.4f wrong: 0.97 and 0.005 are asked for", sum.Recall(), sum.WrongShare())
	}
	return nil
}

// accounts reads what is compared with.
func accounts(pcaps, path, lab string, second bool) (claims []truth.Claim, err error) {
	if second {
		claims, err := truth.Arkime(filepath.Join(pcaps, "arkime_apache2"))
		if err != nil {
			return nil, err
		}
		more, err := truth.Zeek(filepath.Join(pcaps, "zeek_bsd3"))
		return append(claims, more...), err
	}
	for _, a := range []struct {
		path string
		read func(io.Reader, string) ([]truth.Claim, error)
	}{{path, truth.Tshark}, {lab, truth.Lab}} {
		if a.path == "" {
			continue
		}
		file, err := os.Open(a.path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		more, err := a.read(file, pcaps)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.path, err)
		}
		claims = append(claims, more...)
	}
	return claims, nil
}
