package report

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
)

// colour is red, green, blue.
type colour [3]int

// The colours: those of the pages. The five for series are Okabe and Ito's in the darkness of print, which stay apart
// for the common kinds of colour blindness; each is also named by a label beside it.
var (
	ink   = colour{28, 36, 48}
	soft  = colour{86, 96, 112}
	faint = colour{214, 219, 226}
	paper = colour{255, 255, 255}
	tint  = colour{233, 240, 252}
	blue  = colour{0, 114, 178}
	pale  = colour{171, 208, 232} // the band around blue
	rust  = colour{196, 82, 0}
	green = colour{0, 121, 90}
	plum  = colour{164, 71, 127}
	earth = colour{138, 97, 0}
	slate = colour{92, 100, 112}
)

// Measures in millimetres, sizes of type in points.
const (
	margin = 17.0
	top    = 25.0 // where a page's matter begins
	foot   = 16.0 // kept free at the bottom
	gutter = 8.0

	body  = 9.0
	small = 7.5
	line  = 4.3 // between lines of body
)

// sheet is the page that is being drawn on.
type sheet struct {
	*fpdf.Fpdf
	b             *Board
	y             float64 // where the next thing goes
	width, height float64 // of the paper
	bold          bool
	size          float64
}

const face = "Liberation Sans"

func newSheet(b *Board, compress bool) *sheet {
	size := "A4"
	if b.Paper == Letter {
		size = "Letter"
	}
	s := &sheet{Fpdf: fpdf.New("P", "mm", size, ""), b: b}
	s.SetCompression(compress)
	s.SetCatalogSort(true)
	s.SetCreationDate(b.At.UTC())
	s.SetModificationDate(b.At.UTC())
	s.SetTitle("Resource plan: "+clean(b.Scenario), true)
	s.SetSubject("Board report for "+clean(b.Hospital), true)
	s.SetAuthor(clean(b.By), true)
	s.SetCreator("Pons", true)
	s.SetProducer("Pons", true)
	s.SetLang("en-US")
	s.SetAutoPageBreak(false, 0)
	s.SetMargins(margin, top, margin)
	s.AddUTF8FontFromBytes(face, "", liberationsansregular.TTF)
	s.AddUTF8FontFromBytes(face, "B", liberationsansbold.TTF)
	s.SetLineCapStyle("butt")
	s.width, s.height = s.GetPageSize()
	s.page()
	return s
}

func (s *sheet) page() {
	s.AddPage()
	s.y, s.size = top, 0
}

func (s *sheet) wide() float64   { return s.width - 2*margin }
func (s *sheet) bottom() float64 { return s.height - foot }
func (s *sheet) room() float64   { return s.bottom() - s.y }

// need begins a new page when there is not so much room on this one.
func (s *sheet) need(h float64) {
	if s.room() < h {
		s.page()
	}
}

// font chooses the type of what is written next.
func (s *sheet) font(bold bool, size float64) {
	if s.bold == bold && s.size == size {
		return
	}
	style := ""
	if bold {
		style = "B"
	}
	s.bold, s.size = bold, size
	s.SetFont(face, style, size)
}

func (s *sheet) inkOf(c colour)  { s.SetTextColor(c[0], c[1], c[2]) }
func (s *sheet) fillOf(c colour) { s.SetFillColor(c[0], c[1], c[2]) }

// stroke draws a line.
func (s *sheet) stroke(c colour, width, x1, y1, x2, y2 float64) {
	s.SetDrawColor(c[0], c[1], c[2])
	s.SetLineWidth(width)
	s.Line(x1, y1, x2, y2)
}

// box fills a rectangle.
func (s *sheet) box(c colour, x, y, w, h float64) {
	s.fillOf(c)
	s.Rect(x, y, w, h, "F")
}

// clean leaves what the font can show: one line, no control characters, nothing beyond the basic plane.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r' || unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		case r > 0xffff:
			return '□'
		}
		return r
	}, strings.ToValidUTF8(text, "□"))
	return strings.Join(strings.Fields(text), " ")
}

// Where a text stands against its x.
type align int

const (
	fromLeft align = iota
	toRight
	centred
)

// say writes a text on a baseline, cut with an ellipsis where it is wider than most (0: as wide as it is). It gives its width.
func (s *sheet) say(text string, x, y, most float64, to align) float64 {
	text = s.cut(text, most)
	w := s.GetStringWidth(text)
	switch to {
	case toRight:
		x -= w
	case centred:
		x -= w / 2
	}
	if text != "" {
		s.Text(x, y, text)
	}
	return w
}

// cut shortens a text to a width.
func (s *sheet) cut(text string, most float64) string {
	text = clean(text)
	if most <= 0 || s.GetStringWidth(text) <= most {
		return text
	}
	runes := []rune(text)
	low, high := 0, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if s.GetStringWidth(strings.TrimSpace(string(runes[:mid]))+"…") <= most {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return strings.TrimSpace(string(runes[:low])) + "…"
}

// wrap breaks a text into lines of at most a width; the last of most lines is cut.
func (s *sheet) wrap(text string, w float64, most int) []string {
	var lines []string
	words := strings.Fields(clean(text))
	for len(words) > 0 {
		n := 1
		for n < len(words) && s.GetStringWidth(strings.Join(words[:n+1], " ")) <= w {
			n++
		}
		if len(lines) == most-1 {
			n = len(words)
		}
		lines = append(lines, s.cut(strings.Join(words[:n], " "), w))
		words = words[n:]
	}
	return lines
}

// write sets a paragraph at x and y and gives the y beneath it.
func (s *sheet) write(text string, x, y, w float64, most int) float64 {
	step := s.size * 0.478 // points to millimetres, with lead
	for _, l := range s.wrap(text, w, most) {
		y += step
		s.say(l, x, y-step*0.26, w, fromLeft)
	}
	return y
}

// heading opens a section: what it says in one line, then what is to be seen. Both stay on the page of what follows.
func (s *sheet) heading(says, about string, with float64) {
	if s.y > top {
		s.y += 5
	}
	s.need(14 + with)
	s.inkOf(ink)
	s.font(true, 12.5)
	s.y = s.write(says, margin, s.y, s.wide(), 2) + 0.6
	if about != "" {
		s.font(false, body)
		s.inkOf(soft)
		s.y = s.write(about, margin, s.y, s.wide(), 3)
	}
	s.y += 2.5
	s.inkOf(ink)
}

// sub is the title of a picture or a table.
func (s *sheet) sub(text string, x, y, w float64) float64 {
	s.font(true, body)
	s.inkOf(ink)
	s.say(text, x, y+3, w, fromLeft)
	return y + 5
}

// remark sets a small grey paragraph in the flow.
func (s *sheet) remark(text string, most int) {
	s.font(false, small)
	s.inkOf(soft)
	s.y = s.write(text, margin, s.y, s.wide(), most)
	s.inkOf(ink)
}

// frames writes head and foot of every page, when it is known how many there are.
func (s *sheet) frames() {
	pages := s.PageCount()
	for n := 1; n <= pages; n++ {
		s.SetPage(n)
		s.SetFont(face, "B", 1) // what was chosen last on this page is not known
		s.size = 0
		s.head(n)
		s.feet(n, pages)
	}
}

func (s *sheet) head(n int) {
	b, x := s.b, s.width-margin
	if b.Demo {
		s.font(true, 8)
		text := "INVENTED DATA"
		w := s.GetStringWidth(text) + 4
		s.SetDrawColor(rust[0], rust[1], rust[2])
		s.SetLineWidth(0.35)
		s.Rect(x-w, 9.8, w, 5.4, "D")
		s.inkOf(rust)
		s.say(text, x-w/2, 13.6, 0, centred)
		x -= w + 4
	}
	s.font(false, 8)
	s.inkOf(soft)
	w := s.say(b.At.Format("2 January 2006"), x, 13.6, 0, toRight)
	s.font(true, 8)
	s.inkOf(ink)
	name := b.Hospital
	if name == "" {
		name = "Hospital without a name"
	}
	room := x - w - margin - 6
	w = s.say(name, margin, 13.6, room*0.5, fromLeft)
	s.font(false, 8)
	s.inkOf(soft)
	s.say("Resource plan: "+b.Scenario, margin+w+3, 13.6, room-w-3, fromLeft)
	s.stroke(faint, 0.3, margin, 17.2, s.width-margin, 17.2)
}

func (s *sheet) feet(n, pages int) {
	b, y := s.b, s.height-8.5
	s.stroke(faint, 0.3, margin, y-4.2, s.width-margin, y-4.2)
	s.font(false, small)
	s.inkOf(soft)
	w := s.say(fmt.Sprintf("Page %d of %d", n, pages), s.width-margin, y, 0, toRight)
	parts := []string{"Made by Pons"}
	if b.By != "" {
		parts[0] += " for " + b.By
	}
	if b.Version > 0 {
		version := fmt.Sprintf("scenario version %d", b.Version)
		if b.Locked {
			version += ", locked"
		}
		if !b.Saved.IsZero() {
			version += ", saved " + b.Saved.In(zone(b.At)).Format(time.DateOnly)
		}
		if b.SavedBy != "" {
			version += " by " + b.SavedBy
		}
		parts = append(parts, version)
	}
	parts = append(parts, "it proposes, people approve")
	s.say(strings.Join(parts, " · "), margin, y, s.wide()-w-6, fromLeft)
}

func zone(t time.Time) *time.Location { return t.Location() }
