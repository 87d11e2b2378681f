package report

import (
	"math"
	"slices"
	"strconv"

	"codeberg.org/go-pdf/fpdf"
)

// rect is a place for a picture.
type rect struct{ x, y, w, h float64 }

// axis is a scale from zero to a round number above everything that is shown.
type axis struct{ top, step float64 }

// axisFor gives a scale of up to six steps that holds every known number.
func axisFor(values ...[]float64) axis {
	most := 0.0
	for _, list := range values {
		for _, v := range list {
			if known(v) {
				most = max(most, v)
			}
		}
	}
	if most <= 0 {
		return axis{1, 1}
	}
	raw := most / 5
	scale := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * scale
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*scale >= raw {
			step = m * scale
			break
		}
	}
	return axis{math.Ceil(most/step-1e-9) * step, step}
}

// at is the height of a value in a picture.
func (a axis) at(v float64, r rect) float64 {
	return r.y + r.h - r.h*min(max(v, 0), a.top)/a.top
}

// grid draws the lines of a scale with their numbers to the left of the picture.
func (s *sheet) grid(a axis, r rect, text func(float64) string) {
	s.font(false, small)
	s.inkOf(soft)
	for v := 0.0; v <= a.top*1.0001; v += a.step {
		y := a.at(v, r)
		s.stroke(faint, 0.2, r.x, y, r.x+r.w, y)
		s.say(text(v), r.x-1.5, y+0.9, 0, toRight)
	}
	s.inkOf(ink)
}

// place is where a year stands on the axis of years.
func place(i, n int, r rect) float64 {
	if n == 1 {
		return r.x + r.w/2
	}
	return r.x + r.w*float64(i)/float64(n-1)
}

// yearMarks writes the years beneath a picture, as many as there is room for, the first and the last among them.
func (s *sheet) yearMarks(years []int, r rect, at func(i int) float64) {
	s.font(false, small)
	s.inkOf(soft)
	every := max(1, int(math.Ceil(9*float64(len(years))/r.w)))
	last := len(years) - 1
	for i, y := range years {
		if i != last && (i%every != 0 || last-i < every && i != 0) {
			continue
		}
		s.say(strconv.Itoa(y), at(i), r.y+r.h+3.6, 0, centred)
	}
	s.inkOf(ink)
}

// path draws a line through known values.
func (s *sheet) path(values []float64, a axis, r rect, c colour, width float64) {
	for i := 1; i < len(values); i++ {
		if known(values[i-1]) && known(values[i]) {
			s.SetLineCapStyle("round")
			s.stroke(c, width, place(i-1, len(values), r), a.at(values[i-1], r), place(i, len(values), r), a.at(values[i], r))
			s.SetLineCapStyle("butt")
		}
	}
}

// dot marks one value.
func (s *sheet) dot(x, y, radius float64, c colour) {
	s.fillOf(c)
	s.Circle(x, y, radius, "F")
}

// band fills between the low and the high of every year.
func (s *sheet) band(low, high []float64, a axis, r rect) {
	if len(low) < 2 {
		return
	}
	var points []fpdf.PointType
	for i := range low {
		points = append(points, fpdf.PointType{X: place(i, len(low), r), Y: a.at(high[i], r)})
	}
	for i := len(low) - 1; i >= 0; i-- {
		points = append(points, fpdf.PointType{X: place(i, len(low), r), Y: a.at(low[i], r)})
	}
	s.fillOf(pale)
	s.Polygon(points, "F")
}

// dashed draws a level line, which is also told from others without colour.
func (s *sheet) dashed(v float64, a axis, r rect, c colour) {
	s.SetDashPattern([]float64{1.4, 1}, 0)
	s.stroke(c, 0.5, r.x, a.at(v, r), r.x+r.w, a.at(v, r))
	s.SetDashPattern(nil, 0)
}

// labelled is a text that belongs to a height of a picture.
type labelled struct {
	y    float64
	text string
	c    colour
	bold bool
}

// beside writes labels to the right of a picture, none over another.
func (s *sheet) beside(labels []labelled, x, most float64, r rect) {
	const apart = 3.4
	slices.SortStableFunc(labels, func(a, b labelled) int {
		switch {
		case a.y < b.y:
			return -1
		case a.y > b.y:
			return 1
		}
		return 0
	})
	for i := 1; i < len(labels); i++ {
		labels[i].y = max(labels[i].y, labels[i-1].y+apart)
	}
	if n := len(labels); n > 0 {
		over := labels[n-1].y - (r.y + r.h)
		for i := n - 1; i >= 0 && over > 0; i-- {
			labels[i].y -= over
			if i > 0 {
				over = labels[i-1].y + apart - labels[i].y
			}
		}
	}
	for _, l := range labels {
		s.font(l.bold, small)
		s.inkOf(l.c)
		s.say(l.text, x, l.y+0.9, most, fromLeft)
	}
	s.inkOf(ink)
}

// series is one part of a stack over the years.
type series struct {
	name   string
	values []float64
	c      colour
}

// stack draws a column a year, of parts from the bottom, named beside the last column with what they come to there.
func (s *sheet) stack(r rect, years []int, parts []series, text func(float64) string, total bool) {
	const labels = 47.0
	r.x, r.w = r.x+14, r.w-14-labels
	sums := make([]float64, len(years))
	for _, p := range parts {
		for i, v := range p.values {
			sums[i] += v
		}
	}
	a := axisFor(sums)
	s.grid(a, r, text)
	pitch := r.w / float64(len(years))
	width := min(pitch*0.66, 15)
	middle := func(i int) float64 { return r.x + pitch*(float64(i)+0.5) }
	under := make([]float64, len(years))
	var names []labelled
	for _, p := range parts {
		for i, v := range p.values {
			if v <= 0 {
				continue
			}
			y1, y2 := a.at(under[i], r), a.at(under[i]+v, r)
			s.box(p.c, middle(i)-width/2, y2, width, y1-y2)
			s.stroke(paper, 0.25, middle(i)-width/2, y2, middle(i)+width/2, y2)
			if i == len(years)-1 {
				names = append(names, labelled{(y1 + y2) / 2, p.name + " " + text(v), p.c, true})
			}
			under[i] += v
		}
	}
	if total {
		s.font(true, small)
		s.inkOf(ink)
		every := max(1, int(math.Ceil(11/pitch)))
		for i := range years {
			if (len(years)-1-i)%every == 0 {
				s.say(text(sums[i]), middle(i), a.at(sums[i], r)-1.2, 0, centred)
			}
		}
	}
	s.beside(names, r.x+r.w+2, labels-2, r)
	s.yearMarks(years, r, middle)
}

// stems draws a row of small columns without a scale: the last one is named.
func (s *sheet) stems(r rect, values []float64, c colour, text func(float64) string) {
	a := axisFor(values)
	a.top /= 0.86 // room for the label
	pitch := r.w / float64(len(values))
	width := min(pitch*0.66, 9)
	s.stroke(faint, 0.25, r.x, r.y+r.h, r.x+r.w, r.y+r.h)
	for i, v := range values {
		x := r.x + pitch*(float64(i)+0.5)
		if !known(v) {
			continue
		}
		y := a.at(v, r)
		s.box(c, x-width/2, y, width, r.y+r.h-y)
		s.inkOf(ink)
		switch i {
		case len(values) - 1:
			s.font(true, small)
			half := s.GetStringWidth(text(v)) / 2
			s.say(text(v), max(min(x, r.x+r.w-half), r.x+half), y-1.1, 0, centred)
		case 0:
			s.font(false, small)
			for j := 1; j < len(values)-1 && r.x+pitch*float64(j) < r.x+s.GetStringWidth(text(v)); j++ {
				if known(values[j]) {
					y = min(y, a.at(values[j], r))
				}
			}
			s.say(text(v), r.x, y-1.1, 0, fromLeft)
		}
	}
}
