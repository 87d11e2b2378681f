package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/sqldb"
)

// answerQueue takes a person's answer in a queue: what is said ("owner=Biomed East", or an attribute and a value)
// of the devices named.
func (s *Server) answerQueue(v *Visit) error {
	values := map[fact.Attr]string{}
	for _, say := range v.FormAll("say") {
		attr, value, ok := strings.Cut(say, "=")
		if !ok {
			return fmt.Errorf("%q says nothing of an attribute: %w", say, fault.Invalid)
		}
		values[fact.Attr(attr)] = value
	}
	for _, attr := range []fact.Attr{fact.Owner, fact.Class} {
		if value := v.Form("set." + string(attr)); value != "" {
			values[attr] = value
		}
	}
	if attr := fact.Attr(v.Form("attr")); attr != "" && len(values) == 0 {
		values[attr] = v.Form("value")
	}
	ids := v.FormAll("device")
	back := local(v.Form("back"))
	if len(ids) == 0 {
		return v.Redirect(back, &Flash{Status: Warn, Text: "No device was ticked."})
	}
	if len(ids) > inventory.MaxEdit {
		return fmt.Errorf("%d devices at once; at most %d: %w", len(ids), inventory.MaxEdit, fault.Invalid)
	}
	var what []string
	for _, attr := range slices.Sorted(maps.Keys(values)) {
		clean, err := s.cleanAnswer(v, attr, values[attr])
		if err != nil {
			return err
		}
		values[attr] = clean
		what = append(what, attrTitle(attr)+" is now "+clean)
	}
	if len(what) == 0 {
		return fmt.Errorf("say what is to be stated: %w", fault.Invalid)
	}
	said := make(map[string]map[fact.Attr]string, len(ids))
	var name string
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		rows, err := s.Inventory.Rows(tx, ids)
		for _, r := range rows {
			if !v.Scope().Holds(r.Place()) {
				return fmt.Errorf("device %s: %w", r.ID, fault.NotFound)
			}
			said[r.ID], name = values, r.Name
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(said) == 0 {
		return fmt.Errorf("the device became part of another one meanwhile; look again: %w", fault.Conflict)
	}
	text := strings.Join(what, ", ") + " on " + devicesCount(len(said)) + "."
	if len(said) == 1 {
		text = name + ": " + lowerFirst(strings.Join(what, ", ")) + "."
	}
	return s.stateQueue(v, said, v.Form("why"), back, text)
}

// cleanAnswer checks one value: an answer in a queue is never empty, never a class that the catalogue does not
// know, and never takes the device out of the person's sight.
func (s *Server) cleanAnswer(v *Visit, attr fact.Attr, value string) (string, error) {
	clean, err := inventory.CleanValue(attr, value)
	if err != nil {
		return "", err
	}
	if clean == "" {
		return "", fmt.Errorf("%s: give a value: %w", attrTitle(attr), fault.Invalid)
	}
	if attr == fact.Class {
		known, ok := s.Inventory.ClassOf(clean)
		if !ok {
			return "", fmt.Errorf("no class is called %q; the box suggests those there are: %w", clean, fault.Invalid)
		}
		clean = known
	}
	if outOfScope(v.Scope(), attr, clean) {
		return "", fmt.Errorf("%s is outside of your scope: the device would no longer be yours to see: %w", clean, fault.Invalid)
	}
	return clean, nil
}

// stateQueue states the answers and leads back to the queue, with the way to take them back.
func (s *Server) stateQueue(v *Visit, said map[string]map[fact.Attr]string, why, back, text string) error {
	edit, err := s.Inventory.StateEach(v.Context(), said, inventory.Edit{Actor: v.Actor.String(), Why: why})
	if err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	return v.Redirect(back, &Flash{Status: Good, Text: text, Undo: "/devices/edits/" + edit + "/undo?back=" + url.QueryEscape(back)})
}
