package sensor

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"pons/account"
	"pons/audit"
	"pons/fault"
	"pons/sqldb"
)

// maxTitle bounds a title to what fits a line of a list.
const maxTitle = 80

// Titles are what people call the sensors, by name; those without are not in it.
func Titles(tx *sqldb.Tx) (map[string]string, error) {
	rows, err := tx.Query("SELECT sensor, title FROM sensor_title")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var name, title string
		if err := rows.Scan(&name, &title); err != nil {
			return nil, err
		}
		out[name] = title
	}
	return out, rows.Err()
}

// Rename says what people call a sensor; "" takes the title away. The name under which it speaks stays.
func Rename(tx *sqldb.Tx, by account.Actor, name, title string, now time.Time) error {
	if !by.Can(account.SensorWrite) {
		return fmt.Errorf("%s lacks %s: %w", by, account.SensorWrite, fault.Denied)
	}
	title = strings.Join(strings.Fields(title), " ")
	if len([]rune(title)) > maxTitle || strings.ContainsFunc(title, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("a title has at most %d letters: %w", maxTitle, fault.Invalid)
	}
	if _, err := Get(tx, name); err != nil {
		return err
	}
	var before string
	err := tx.QueryRow("SELECT title FROM sensor_title WHERE sensor = $1", name).Scan(&before)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	if before == title {
		return nil
	}
	if title == "" {
		_, err = tx.Exec("DELETE FROM sensor_title WHERE sensor = $1", name)
	} else {
		_, err = tx.Exec("INSERT INTO sensor_title (sensor, title) VALUES ($1, $2) ON CONFLICT (sensor) DO UPDATE SET title = excluded.title", name, title)
	}
	if err != nil {
		return err
	}
	return audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "sensor.rename", Object: "sensor:" + name, Before: audit.Fields{"title": before}, After: audit.Fields{"title": title}})
}
