package report

// column is one column of a table.
type column struct {
	title  string
	width  float64 // millimetres
	to     align
	strong bool
	inset  float64 // from the column before it
	// draws puts a picture into the cell instead of a text; i is the row.
	draws func(i int, r rect)
}

const rowHeight = 4.9

// weight is how much a row of a table stands out.
type weight int

const (
	plain weight = iota
	group        // of a part, in bold on a tint
	sum          // of all, in bold beneath a line
)

// table writes rows beneath a head that comes again on a new page. A long text is cut at its column's end.
func (s *sheet) table(x float64, columns []column, rows [][]string, weigh func(i int) weight) {
	wide := 0.0
	for _, c := range columns {
		wide += c.width
	}
	head := func() {
		s.font(true, small)
		s.inkOf(soft)
		at := x
		for _, c := range columns {
			s.cell(c.title, at, s.y, c)
			at += c.width
		}
		s.y += rowHeight
		s.stroke(soft, 0.3, x, s.y, x+wide, s.y)
	}
	s.need(rowHeight * float64(min(len(rows), 3)+1))
	head()
	for i, row := range rows {
		if s.room() < rowHeight {
			s.page()
			head()
		}
		at := x
		kind := plain
		if weigh != nil {
			kind = weigh(i)
		}
		switch kind {
		case sum:
			s.stroke(soft, 0.3, x, s.y, x+wide, s.y)
		case group:
			s.box(tint, x, s.y, wide, rowHeight)
		}
		for j, c := range columns {
			s.font(kind != plain || c.strong, 8)
			s.inkOf(ink)
			if c.draws != nil && kind == plain {
				c.draws(i, rect{at + 1, s.y, c.width - 2, rowHeight})
			} else if j < len(row) {
				s.cell(row[j], at, s.y, c)
			}
			at += c.width
		}
		s.y += rowHeight
		s.stroke(faint, 0.15, x, s.y, x+wide, s.y)
	}
	s.y += 1.5
}

func (s *sheet) cell(text string, x, y float64, c column) {
	switch c.to {
	case toRight:
		s.say(text, x+c.width-1, y+rowHeight-1.5, c.width-1.5, toRight)
	case centred:
		s.say(text, x+c.width/2, y+rowHeight-1.5, c.width-1.5, centred)
	default:
		s.say(text, x+0.5+c.inset, y+rowHeight-1.5, c.width-2-c.inset, fromLeft)
	}
}
