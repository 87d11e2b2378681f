package product

import (
	"slices"
	"strings"
)

// AddMaker returns a hospital's own text in which a maker goes by another spelling too, with the spelling as an example.
// A maker that nobody knows yet becomes one by that. An empty spelling adds the maker alone.
func AddMaker(text, maker, spelling string) string {
	return addLine(text, "@makers", plainName(maker), []string{""}, plainName(spelling))
}

// AddModel returns a hospital's own text in which a maker has a model of a class, under another spelling too where one is
// given. The maker must be known.
func AddModel(text, maker, model, class, spelling string) string {
	return addLine(text, "@models "+strings.TrimSpace(maker), plainName(model), []string{strings.TrimSpace(class), ""}, plainName(spelling))
}

// plainName takes the signs out of a text that have a meaning in the format. None of them makes a difference where
// names are compared.
func plainName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune("|;{}", r) {
			return ' '
		}
		return r
	}, s)
	return strings.TrimLeft(strings.Join(strings.Fields(s), " "), "=>#@ ")
}

// addLine puts a spelling behind the line of a name in the last section of that heading; what is not there yet is added.
// The spellings stand in the field after between.
func addLine(text, heading, name string, between []string, spelling string) string {
	lines := strings.Split(strings.TrimRight(text, " \t\r\n"), "\n")
	if lines[0] == "" && len(lines) == 1 {
		lines = nil
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\r")
	}
	is := func(line string) bool { return strings.Join(strings.Fields(line), " ") == heading }
	start := -1
	for i, line := range lines {
		if is(line) {
			start = i
		}
	}
	if start < 0 {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		start, lines = len(lines), append(lines, heading)
	}
	end := start + 1 // behind the section's last line that says something
	at := -1         // the line of the name
	for i := start + 1; i < len(lines) && !strings.HasPrefix(lines[i], "@"); i++ {
		if lines[i] == "" {
			continue
		}
		end = i + 1
		if first, _, _ := strings.Cut(lines[i], "|"); strings.TrimSpace(first) == name && !strings.HasPrefix(lines[i], "#") {
			at = i
		}
	}
	if at < 0 {
		at = end
		lines = slices.Insert(lines, at, joinFields(append(append([]string{name}, between...), spelling)))
	} else if spelling != "" {
		lines[at] = withSpelling(lines[at], 1+len(between), spelling)
	}
	if spelling != "" {
		if at+1 < len(lines) && strings.HasPrefix(lines[at+1], ">") {
			if !slices.Contains(list(lines[at+1][1:]), spelling) {
				lines[at+1] += "; " + spelling
			}
		} else {
			lines = slices.Insert(lines, at+1, "> "+spelling)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// withSpelling adds a spelling to a line's field.
func withSpelling(line string, field int, spelling string) string {
	f := strings.Split(line, "|")
	for len(f) <= field {
		f = append(f, "")
	}
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	if !slices.Contains(list(f[field]), spelling) {
		f[field] = strings.TrimPrefix(f[field]+"; "+spelling, "; ")
	}
	return joinFields(f)
}

func joinFields(f []string) string {
	return strings.TrimRight(strings.ReplaceAll(strings.Join(f, " | "), "|  |", "| |"), " ")
}
