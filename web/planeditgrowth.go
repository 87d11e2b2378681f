package web

import (
	"fmt"
	"math"
	"strings"
)

// spark is a class's count by year as the points of a line, from zero.
func (f *planForm) spark(i int) string {
	high := 1
	for _, y := range f.Out.Years {
		if i < len(y.Classes) {
			high = max(high, y.Classes[i].Count)
		}
	}
	var points []string
	for k, y := range f.Out.Years {
		if i >= len(y.Classes) {
			continue
		}
		x := 2.0
		if n := len(f.Out.Years); n > 1 {
			x += float64(k) * 92 / float64(n-1)
		}
		points = append(points, point(x, 24-22*float64(y.Classes[i].Count)/float64(high)))
	}
	return strings.Join(points, " ")
}

func (f *planForm) lastCount(i int) int {
	classes := f.Out.Years[len(f.Out.Years)-1].Classes
	if i >= len(classes) {
		return 0
	}
	return classes[i].Count
}

// swing is the last count at the ends of the growth.
func (f *planForm) swing(i int) string {
	c := &f.P.Classes[i]
	if c.Growth.Certain() {
		return ""
	}
	net := 0
	for _, ch := range c.Pipeline {
		net += ch.Add - ch.Retire
	}
	at := func(g float64) int {
		return max(0, int(math.Round(float64(c.Count)*math.Pow(1+g, float64(f.P.Horizon))))+net)
	}
	return fmt.Sprintf("%s–%s", Count(at(c.Growth.Low)), Count(at(c.Growth.High)))
}

func (f *planForm) pipelineWrong(i int) bool {
	for _, m := range f.Wrong {
		if strings.HasPrefix(m.Path, fmt.Sprintf("classes[%d].pipeline", i)) || strings.HasPrefix(m.Path, fmt.Sprintf("new:classes[%d].pipeline", i)) {
			return true
		}
	}
	return false
}

func (f *planForm) pipelineSaid(i int) string {
	n := len(f.P.Classes[i].Pipeline)
	if n == 0 {
		return "Projects and retirements"
	}
	return fmt.Sprintf("%d %s", n, plural(n, "project or retirement", "projects and retirements"))
}

// hint stands beneath the field.
func (d planField) hint(text string) planField {
	d.Hint = text
	return d
}

// percentilesText writes percentiles as their field does: "10; 50; 90".
func percentilesText(list []float64) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = numberText(v, "")
	}
	return strings.Join(out, "; ")
}
