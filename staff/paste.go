package staff

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// mistakeIn is what is wrong in a line of a pasted list; line 1 is the head.
func mistakeIn(line int, err error) fault.Mistake {
	if found := fault.MistakesOf(err); len(found) > 0 {
		return fault.Mistake{Line: line, Text: found[0].Text}
	}
	return fault.Mistake{Line: line, Text: err.Error()}
}

// maxLines bounds a pasted list: more people than any hospital's technical staff.
const maxLines = 2000

// columnsOf are the heads under which lists name a column; a column that is none of these is a skill of the catalogue,
// or a mistake.
func columnOf(head string) string {
	switch strings.ToLower(strings.Join(strings.Fields(head), " ")) {
	case "name", "person", "employee", "full name":
		return "name"
	case "team", "department", "group":
		return "team"
	case "role", "title", "role title", "job title", "position":
		return "role"
	case "fte":
		return "fte"
	case "site", "sites", "campus", "location":
		return "sites"
	case "skills", "skill":
		return "skills"
	case "phone", "telephone", "mobile":
		return "phone"
	case "contact", "email", "e-mail", "mail":
		return "contact"
	case "start", "hired", "hire date", "start date":
		return "start"
	case "end", "end date", "leaves":
		return "end"
	case "hours", "shift", "shifts":
		return "shift"
	}
	return ""
}

// ReadPeople reads a list of people as it is copied out of a spreadsheet (tabs) or written as CSV (commas, semicolons).
// The first line names the columns: name, team and role are needed; fte, sites and skills ("Networking 3; Security 2"),
// phone, contact, start, end and shift may be there, and a column for each skill of the catalogue. It reads all lines
// before it tells what is wrong with any.
func ReadPeople(text string, e Expectations) ([]Person, error) {
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	head, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = -1, true, true
	switch {
	case strings.Contains(head, "\t"):
		r.Comma = '\t'
		r.TrimLeadingSpace = false // an empty cell is not the next one
	case strings.Count(head, ";") > strings.Count(head, ","):
		r.Comma = ';'
	}
	var columns []string
	var out []Person
	var bad fault.Mistakes
	seen := map[string]int{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			return nil, append(bad, mistakeIn(line, err))
		}
		if columns == nil {
			if columns, bad = readHead(row, e); len(bad) > 0 {
				return nil, bad
			}
			continue
		}
		if strings.TrimSpace(strings.Join(row, "")) == "" {
			continue
		}
		p, err := readPerson(columns, row, e)
		if err == nil {
			if first, twice := seen[strings.ToLower(p.Name)]; twice {
				err = fmt.Errorf("%s is in line %d already", p.Name, first)
			}
			seen[strings.ToLower(p.Name)] = line
		}
		if err != nil {
			bad = append(bad, mistakeIn(line, err))
		}
		out = append(out, p)
		if len(out) > maxLines {
			return nil, append(bad, fault.Mistake{Line: line, Text: fmt.Sprintf("more than %d people; bring them in parts", maxLines)})
		}
	}
	switch {
	case len(bad) > 0:
		return nil, bad
	case len(out) == 0:
		return nil, fault.Mistakes{{Line: 1, Text: "there is nobody in the list; the first line names the columns, each other line is a person"}}
	}
	return out, nil
}

func readHead(row []string, e Expectations) (columns []string, bad fault.Mistakes) {
	for _, h := range row {
		c := columnOf(h)
		if i := slices.IndexFunc(e.Skills, func(s Skill) bool { return strings.EqualFold(s.Name, strings.TrimSpace(h)) }); c == "" && i >= 0 {
			c = "skill:" + e.Skills[i].Name
		}
		if c == "" && strings.TrimSpace(h) != "" {
			bad = append(bad, fault.Mistake{Line: 1, Text: fmt.Sprintf("the column %q is none of name, team, role, fte, sites, skills, phone, contact, start, end, shift, and no skill of the catalogue", strings.TrimSpace(h))})
		}
		if c != "" && slices.Contains(columns, c) {
			bad = append(bad, fault.Mistake{Line: 1, Text: fmt.Sprintf("the column %s is there twice", strings.TrimPrefix(c, "skill:"))})
		}
		columns = append(columns, c)
	}
	for _, need := range []string{"name", "team", "role"} {
		if !slices.Contains(columns, need) {
			bad = append(bad, fault.Mistake{Line: 1, Text: "a column " + need + " is needed"})
		}
	}
	return columns, bad
}

func readPerson(columns, row []string, e Expectations) (Person, error) {
	p := Person{FTE: 1, Skills: map[string]int{}}
	for i, cell := range row {
		cell = strings.TrimSpace(cell)
		if i >= len(columns) {
			if cell != "" {
				return p, fmt.Errorf("%d cells, and the head names %d columns", len(row), len(columns))
			}
			continue
		}
		if err := p.cell(columns[i], cell, e); err != nil {
			return p, err
		}
	}
	return p, p.check()
}

func (p *Person) cell(column, cell string, e Expectations) error {
	if cell == "" {
		return nil
	}
	switch column {
	case "name":
		p.Name = cell
	case "team":
		p.Team = Team(cell)
	case "role":
		p.Title = cell
	case "phone":
		p.Phone = cell
	case "contact":
		p.Contact = cell
	case "start":
		p.Start = Date(cell)
	case "end":
		p.End = Date(cell)
	case "sites":
		p.Sites = strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == '|' || r == ',' })
	case "fte":
		fte, err := strconv.ParseFloat(strings.Replace(cell, ",", ".", 1), 64)
		if err != nil {
			return fmt.Errorf("fte %q is no number; write 0.5 or 1", cell)
		}
		p.FTE = fte
	case "shift":
		hours, err := ParseHours(cell)
		if err != nil {
			return err
		}
		p.Shifts = []Shift{{Hours: hours}}
	case "skills":
		for _, part := range strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == '|' || r == ',' }) {
			if err := p.skill(strings.TrimSpace(part), e); err != nil {
				return err
			}
		}
	default:
		if name, ok := strings.CutPrefix(column, "skill:"); ok {
			return p.skill(name+" "+cell, e)
		}
	}
	return nil
}

// skill reads "Networking 3" or "Networking: 3".
func (p *Person) skill(text string, e Expectations) error {
	at := strings.LastIndexAny(text, " :=")
	if at < 0 {
		return fmt.Errorf("%q: write a skill with its level, such as Networking 3", text)
	}
	name := strings.TrimRight(strings.TrimSpace(text[:at]), ":= ")
	level, err := strconv.Atoi(strings.TrimSpace(text[at+1:]))
	if err != nil || level < 0 || level > maxLevel {
		return fmt.Errorf("%q: a level is 0 to %d", text, maxLevel)
	}
	i := slices.IndexFunc(e.Skills, func(s Skill) bool { return strings.EqualFold(s.Name, name) })
	if i < 0 {
		return fmt.Errorf("%q is no skill of the catalogue; add it there first", name)
	}
	p.Skills[e.Skills[i].Name] = level
	return nil
}

// AddPeople writes a list that was read, all of it or nothing. People who are there already are mistakes.
func (s *Staff) AddPeople(tx *sqldb.Tx, people []Person, by ledger.By) (int, error) {
	there, err := s.People(tx)
	if err != nil {
		return 0, err
	}
	var bad fault.Mistakes
	for i, p := range people {
		if slices.ContainsFunc(there, func(x Person) bool { return strings.EqualFold(x.Name, p.Name) }) {
			bad = append(bad, fault.Mistake{Line: i + 2, Text: p.Name + " is on the list of people already"})
		}
	}
	if len(bad) > 0 {
		return 0, bad
	}
	for _, p := range people {
		if _, err := s.people.Add(tx, p, by); err != nil {
			return 0, err
		}
	}
	return len(people), nil
}
