package web

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"pons/account"
	"pons/fault"
	"pons/flow"
	"pons/ledger"
	"pons/sqldb"
)

// useTimes are the windows of pages about use: whole weeks, so that each weekday counts alike.
func useTimes() []string { return []string{"four", "week", "quarter"} }

func useTimeOptions() []Option {
	return []Option{{"week", "7 days"}, {"four", "28 days"}, {"quarter", "90 days"}}
}

// flowUsePage is how much devices are used, and when.
type flowUsePage struct {
	*flowScene
	Uses    []*flow.Use
	Week    Chart
	Groups  Chart
	Table   flowTable
	Pager   Pager
	Summary useSum
	Zone    string
	May     bool // change the settings
}

// useSum is the use of several devices together.
type useSum struct {
	Devices, Rated                  int
	Hours                           float64 // active hours of a device and observed day, mean
	Seen, Watched                   int
	Associations, Messages, Studies int64
	Bytes                           int64
}

func (x *useSum) add(u *flow.Use, minDays int) {
	x.Devices++
	if h, ok := u.HoursADay(minDays); ok {
		x.Hours += h
		x.Rated++
	}
	x.Seen += u.SeenHours
	x.Watched += u.ObservedHours
	x.Associations += u.Associations
	x.Messages += u.Messages
	x.Studies += u.Studies
	x.Bytes += u.Sent + u.Received
}

// mean of the devices that were observed for long enough; NaN: none.
func (x *useSum) mean() float64 {
	if x.Rated == 0 {
		return math.NaN()
	}
	return x.Hours / float64(x.Rated)
}

func (x *useSum) online() flowCell { return onlineCell(x.Seen, x.Watched) }

func onlineCell(seen, watched int) flowCell {
	if watched == 0 {
		return flowCell{Unknown: "nobody listened"}
	}
	share := float64(seen) / float64(watched)
	return flowCell{Text: Percent(share), Num: math.Round(share*1000) / 10, IsNum: true}
}

// usage reads the use of the devices that the page is about.
func (s *Server) usage(v *Visit, p *flowScene) ([]*flow.Use, error) {
	if !p.Heard() {
		return nil, nil
	}
	u, err := s.flows.Usage(v.Context(), p.Window, v.Now)
	if err != nil {
		return nil, err
	}
	return u.Within(p.ask.Holds, p.ask.Where), nil
}

func (s *Server) flowUse(v *Visit) error {
	p, err := s.flowScene(v, "/flows/use", useTimes()...)
	if err != nil {
		return err
	}
	page := &flowUsePage{flowScene: p, Zone: p.Settings.Zone, May: v.May(account.SettingWrite)}
	if page.Uses, err = s.usage(v, p); err != nil {
		return err
	}
	for _, u := range page.Uses {
		page.Summary.add(u, p.Settings.MinDays)
	}
	page.Week = weekChart("flow-week", "Use by hour of the week", page.Uses)
	page.Groups = p.dayChart(page.Uses)
	page.Table = p.useRows(page.Uses)
	page.Pager = page.Table.cut(p.flowAsk, p.Path, "devices")
	var islands []string
	if len(page.Uses) > 0 {
		islands = []string{"chart"}
	}
	return v.Render(Page{Title: "Use by hour", About: "When devices work, told from what they say on the network. What nobody listened to is unknown and not idle.", Wide: true, Status: p.status(), Islands: islands, Actions: p.exports("use")}, page.View())
}

func weekdays() []string {
	return []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
}

// weekChart is the share of the watched time in which devices worked, by hour of the week.
func weekChart(id, title string, uses []*flow.Use) Chart {
	c := Chart{ID: id, Title: title, Kind: HeatChart, Unit: "%", Along: "Hour"}
	for h := range 24 {
		c.X = append(c.X, strconv.Itoa(h))
	}
	var active, watched [7 * 24]float64
	for _, u := range uses {
		for h := range active {
			active[h] += float64(u.Week[h])
			watched[h] += float64(u.Watched[h]) * 60
		}
	}
	for day, name := range slices.Backward(weekdays()) { // the first line is drawn at the foot
		c.Series = append(c.Series, Series{Name: name, Values: shares(active[day*24:day*24+24], watched[day*24:day*24+24])})
	}
	return c
}

// shares in percent, to a tenth; NaN where nothing was watched.
func shares(active, watched []float64) []float64 {
	out := make([]float64, len(active))
	for i := range out {
		out[i] = math.Round(min(active[i]/watched[i], 1)*1000) / 10 // 0/0 is NaN
	}
	return out
}

// groupsOfDay is how many groups the second heat map shows.
const groupsOfDay = 20

// dayChart is the same by hour of the day, a line for each group.
func (p *flowScene) dayChart(uses []*flow.Use) Chart {
	c := Chart{ID: "flow-groups", Title: "Use by hour of the day and " + strings.ToLower(p.By.Title()), Kind: HeatChart, Unit: "%", Along: "Hour", Tall: true}
	for h := range 24 {
		c.X = append(c.X, strconv.Itoa(h))
	}
	type sums struct {
		active, watched [24]float64
		devices         int
	}
	groups := map[string]*sums{}
	for _, u := range uses {
		name := u.In(p.By)
		g := groups[name]
		if g == nil {
			g = &sums{}
			groups[name] = g
		}
		g.devices++
		for h := range u.Week {
			g.active[h%24] += float64(u.Week[h])
			g.watched[h%24] += float64(u.Watched[h]) * 60
		}
	}
	names := make([]string, 0, len(groups))
	for name := range groups {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(groups[b].devices, groups[a].devices), cmp.Compare(a, b))
	})
	for _, name := range slices.Backward(names[:min(len(names), groupsOfDay)]) {
		g := groups[name]
		c.Series = append(c.Series, Series{Name: name, Values: shares(g.active[:], g.watched[:])})
	}
	return c
}

// useRows is a line a device, the busiest first, what is not known last.
func (p *flowScene) useRows(uses []*flow.Use) flowTable {
	t := flowTable{Name: "use", Caption: "Use by device", Columns: []Column{{Title: "Device"}, {Title: "Model", HideNarrow: true}, {Title: "Department", HideNarrow: true}, {Title: "State", HideNarrow: true}, {Title: "Active hours a day", Numeric: true},
		{Title: "Online", Numeric: true}, {Title: "Observed days", Numeric: true, HideNarrow: true}, {Title: "Studies", Numeric: true, HideNarrow: true}, {Title: "Associations", Numeric: true, HideNarrow: true}, {Title: "Messages", Numeric: true, HideNarrow: true}, {Title: "Bytes", Numeric: true, HideNarrow: true}}}
	hours := func(u *flow.Use) float64 {
		if h, ok := u.HoursADay(p.Settings.MinDays); ok {
			return h
		}
		return math.NaN()
	}
	uses = slices.Clone(uses)
	slices.SortStableFunc(uses, func(a, b *flow.Use) int {
		x, y := hours(a), hours(b)
		if math.IsNaN(x) || math.IsNaN(y) {
			return cmp.Or(cmp.Compare(boolRank(math.IsNaN(x)), boolRank(math.IsNaN(y))), cmp.Compare(b.ActiveMinutes, a.ActiveMinutes))
		}
		return cmp.Compare(y, x)
	})
	for _, u := range uses {
		why := "observed on " + strconv.Itoa(u.ObservedDays) + " of " + strconv.Itoa(p.Settings.MinDays) + " days"
		t.Rows = append(t.Rows, []flowCell{endCell(&u.Node), flowText(u.Known.Model), flowText(u.Known.Department), flowText(u.Known.Status), flowHours(hours(u), why), onlineCell(u.SeenHours, u.ObservedHours),
			flowCount(u.ObservedDays), flowCount(u.Studies), flowCount(u.Associations), flowCount(u.Messages), flowBytes(u.Sent + u.Received)})
	}
	return t
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *Server) useTable(v *Visit, p *flowScene) (flowTable, error) {
	uses, err := s.usage(v, p)
	return p.useRows(uses), err
}

// flowModelPage is which models, or classes, are used little or much.
type flowModelPage struct {
	*flowScene
	Likes   flowTable
	Pager   Pager
	Ranked  flowTable
	Heard   bool
	Under   int
	Over    int
	Resting int
	Unknown int
	Rated   int
	Left    int // devices asked for that are compared with nobody: not heard, or of no known model; -1: not known
	May     bool
	Form    []flowField
	Problem string
}

// flowField is one setting with what its default rests on.
type flowField struct {
	flow.Default
	Now string
}

// compared says whether a page compares models or classes.
func (p *flowScene) compared() flow.By {
	if p.Look == "class" {
		return "class"
	}
	return "model"
}

func (s *Server) flowModels(v *Visit) error { return s.showModels(v, "", 0) }

func (s *Server) showModels(v *Visit, problem string, status int) error {
	p, err := s.flowScene(v, "/flows/models", useTimes()...)
	if err != nil {
		return err
	}
	uses, err := s.usage(v, p)
	if err != nil {
		return err
	}
	likes, ranked := flow.Compare(uses, p.compared(), p.Settings)
	page := &flowModelPage{flowScene: p, Heard: p.Heard(), Likes: p.likesRows(likes), Ranked: rankedRows(ranked, true), May: v.May(account.SettingWrite), Form: settingFields(p.Settings), Problem: problem}
	for _, r := range ranked {
		switch r.Verdict {
		case flow.UnderUsed:
			page.Under++
		case flow.OverUsed:
			page.Over++
		case flow.Resting:
			page.Resting++
		case flow.NotKnown:
			page.Unknown++
		}
		if r.Verdict != flow.NotKnown {
			page.Rated++
		}
	}
	if page.Left, err = s.leftOut(v, p, len(ranked)); err != nil {
		return err
	}
	page.Pager = page.Likes.cut(p.flowAsk, p.Path, p.likes())
	if status == 0 {
		status = p.status()
	}
	return v.Render(Page{Title: "Use by model", About: "Which devices are used far less or far more than those of the same " + string(p.compared()) + ".", Wide: true, Status: status, Actions: p.exports("ranked")}, page.View())
}

// likes are what is compared, in the plural.
func (p *flowScene) likes() string {
	if p.compared() == "class" {
		return "classes"
	}
	return "models"
}

// leftOut counts the devices that were asked for and are compared with nobody: that nobody heard them is not that
// they are used as others are. -1 is said while the index is read.
func (s *Server) leftOut(v *Visit, p *flowScene, compared int) (int, error) {
	asked := p.Devices
	if asked < 0 {
		if ready, _ := s.Index.Ready(); !ready {
			return -1, nil
		}
		ask, err := s.asker(v)
		if err != nil {
			return -1, err
		}
		if asked, err = ask.count(""); err != nil {
			return -1, err
		}
	}
	return max(0, asked-compared), nil
}

func (p *flowScene) likesRows(likes []flow.Likes) flowTable {
	title := p.compared().Title()
	t := flowTable{Name: string(p.compared()) + "s", Caption: "Use by " + string(p.compared()), Columns: []Column{{Title: title}, {Title: "Devices heard", Numeric: true}, {Title: "Compared", Numeric: true, HideNarrow: true},
		{Title: "Low", Numeric: true, HideNarrow: true}, {Title: "Median hours a day", Numeric: true}, {Title: "High", Numeric: true, HideNarrow: true}, {Title: "Under-used", Numeric: true}, {Title: "Over-used", Numeric: true}, {Title: "Not in service", Numeric: true, HideNarrow: true},
		{Title: "Studies", Numeric: true, HideNarrow: true}, {Title: "Messages", Numeric: true, HideNarrow: true}}}
	for i := range likes {
		l := &likes[i]
		why := strconv.Itoa(l.Rated) + " devices compared, " + strconv.Itoa(p.Settings.MinPeers) + " are needed"
		name := flowCell{Text: l.Name, Soft: l.Maker}
		field := "model"
		if p.compared() == "class" {
			name.Soft, field = "", "class"
		}
		name.Href = p.with(func(a *flowAsk) { a.Q, a.Look = field+`="`+quoted(l.Name)+`"`, "" }).href("/flows/use")
		judged := func(n int) flowCell {
			if l.Rated < p.Settings.MinPeers {
				return flowCell{Unknown: why}
			}
			return flowCount(n)
		}
		t.Rows = append(t.Rows, []flowCell{name, flowCount(l.Devices), flowCount(l.Rated), flowHours(l.Low, why), flowHours(l.Median, why), flowHours(l.High, why), judged(l.Under), judged(l.Over), flowCount(l.Resting), flowCount(l.Studies), flowCount(l.Messages)})
	}
	return t
}

// quoted is a text inside of the quotes of a question.
func quoted(text string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) }

// rankedRows lists devices with their verdict; standing out only leaves out those that do not.
func rankedRows(ranked []flow.Ranked, standingOut bool) flowTable {
	t := flowTable{Name: "use-compared", Caption: "Devices that stand out", Columns: []Column{{Title: "Device"}, {Title: "Compared with"}, {Title: "Department", HideNarrow: true}, {Title: "State"}, {Title: "Active hours a day", Numeric: true}, {Title: "Verdict"}, {Title: "Because", HideNarrow: true}}}
	order := map[flow.Verdict]int{flow.UnderUsed: 0, flow.OverUsed: 1, flow.Resting: 2, flow.AsOthers: 3, flow.NotKnown: 4}
	ranked = slices.Clone(ranked)
	slices.SortStableFunc(ranked, func(a, b flow.Ranked) int {
		return cmp.Or(cmp.Compare(order[a.Verdict], order[b.Verdict]), cmp.Compare(a.Group, b.Group))
	})
	for i := range ranked {
		r := &ranked[i]
		if standingOut && r.Verdict != flow.UnderUsed && r.Verdict != flow.OverUsed {
			continue
		}
		verdict := flowCell{Text: string(r.Verdict)}
		switch r.Verdict {
		case flow.UnderUsed:
			verdict.Status = Warn
		case flow.OverUsed:
			verdict.Status = Info
		case flow.NotKnown:
			verdict = flowCell{Unknown: r.Because}
		}
		t.Rows = append(t.Rows, []flowCell{endCell(&r.Node), {Text: r.Group}, flowText(r.Known.Department), flowText(r.Known.Status), flowHours(r.Hours, r.Because), verdict, {Text: r.Because}})
	}
	return t
}

func (s *Server) likesTable(v *Visit, p *flowScene) (flowTable, error) {
	uses, err := s.usage(v, p)
	likes, _ := flow.Compare(uses, p.compared(), p.Settings)
	return p.likesRows(likes), err
}

func (s *Server) rankedTable(v *Visit, p *flowScene) (flowTable, error) {
	uses, err := s.usage(v, p)
	_, ranked := flow.Compare(uses, p.compared(), p.Settings)
	return rankedRows(ranked, false), err
}

// settingFields are the settings as a form shows them.
func settingFields(s flow.Settings) []flowField {
	now := map[string]string{"hour_days": strconv.Itoa(s.HourDays), "day_days": strconv.Itoa(s.DayDays), "months": strconv.Itoa(s.Months), "zone": s.Zone, "min_days": strconv.Itoa(s.MinDays), "min_peers": strconv.Itoa(s.MinPeers),
		"low": decimal(s.Low), "high": decimal(s.High), "low_share": decimal(s.LowShare), "high_share": decimal(s.HighShare)}
	var out []flowField
	for _, d := range flow.Defaults() {
		out = append(out, flowField{d, now[d.Field]})
	}
	return out
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// setFlows saves the settings.
func (s *Server) setFlows(v *Visit) error {
	var next flow.Settings
	for name, at := range map[string]*int{"hour_days": &next.HourDays, "day_days": &next.DayDays, "months": &next.Months, "min_days": &next.MinDays, "min_peers": &next.MinPeers} {
		n, err := strconv.Atoi(v.Form(name))
		if err != nil && v.Form(name) != "" {
			return s.showModels(v, "“"+v.Form(name)+"” is no whole number.", 422)
		}
		*at = n
	}
	for name, at := range map[string]*float64{"low": &next.Low, "high": &next.High, "low_share": &next.LowShare, "high_share": &next.HighShare} {
		x, err := strconv.ParseFloat(v.Form(name), 64)
		if err != nil && v.Form(name) != "" {
			return s.showModels(v, "“"+v.Form(name)+"” is no number.", 422)
		}
		*at = x
	}
	next.Zone = v.Form("zone")
	_, err := s.DB.Update(v.Context(), func(tx *sqldb.Tx) error {
		return s.flows.SetSettings(tx, v.versioned(), next, ledger.By{Actor: v.Actor.String(), At: v.Now})
	})
	if errors.Is(err, fault.Invalid) {
		return s.showModels(v, sentence(err), 422)
	}
	if err != nil {
		return err
	}
	s.Changed()
	return v.Redirect("/flows/models", &Flash{Status: Good, Text: "The settings are in force."})
}

func (p *flowUsePage) meanText() string {
	h := p.Summary.mean()
	if math.IsNaN(h) {
		return ""
	}
	return strconv.FormatFloat(h, 'f', 1, 64)
}
