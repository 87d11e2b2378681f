package web

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/sqldb"
)

// editDevice takes a person's word on one attribute.
func (s *Server) editDevice(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	name := fact.Attr(v.Form("attr"))
	p := devicePage{Tab: "identity", Edit: name, Entered: v.Form("value"), Custom: v.Form("custom")}
	if p.Custom != "" {
		if name, err = customAttr(p.Custom); err == nil && p.Entered == "" {
			err = fmt.Errorf("%s: give a value: %w", p.Custom, fault.Invalid)
		}
		if err != nil {
			p.Problem = sentence(err)
			return s.showDevice(v, p, 400)
		}
	}
	value, err := inventory.CleanValue(name, p.Entered)
	if err == nil && outOfScope(v.Actor.Scope, name, value) {
		err = fmt.Errorf("%s is outside of your scope: the device would no longer be yours to see: %w", value, fault.Invalid)
	}
	if errors.Is(err, fault.Invalid) {
		p.Problem = sentence(err)
		return s.showDevice(v, p, 400)
	}
	if err != nil {
		return err
	}
	edit, err := s.Inventory.StateAll(v.Context(), []string{d.ID}, inventory.Edit{Actor: v.Actor.String(), Why: v.Form("why"), Values: map[fact.Attr]string{name: value}})
	if err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	attr, _ := inventory.AttributeNamed(name)
	text := attr.Title + " is now " + value + "."
	if value == "" {
		text = "Your word on " + lowerFirst(attr.Title) + " is taken back; what the sources say decides again."
	}
	back := deviceHref(d.ID, "")
	return v.Redirect(back, &Flash{Status: Good, Text: text, Undo: "/devices/edits/" + edit + "/undo?back=" + url.QueryEscape(back)})
}

// decideDevice takes the answer to whether two devices are one.
func (s *Server) decideDevice(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	var other *inventory.Device
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if other, err = s.Inventory.Get(tx, v.Form("other")); err == nil && !v.Actor.Scope.Holds(other.Place()) {
			err = fmt.Errorf("device %s: %w", v.Form("other"), fault.NotFound)
		}
		return err
	})
	if err != nil {
		return err
	}
	same := v.Form("same") == "yes"
	if err := s.Inventory.Decide(v.Context(), inventory.Answer{A: d.ID, B: other.ID, Same: same, Actor: v.Actor.String(), Why: v.Form("why")}); err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	f := &Flash{Status: Good, Text: d.Name() + " and " + other.Name() + " are told apart, and are not proposed again.", Undo: undecideHref(d.ID, other.ID)}
	if same {
		f.Text = d.Name() + " and " + other.Name() + " are one device now."
	}
	return v.Redirect(deviceHref(d.ID, ""), f)
}

func undecideHref(a, b string) string {
	return deviceHref(a, "") + "/undecide?other=" + url.QueryEscape(b)
}

// undecideDevice takes answers back, so that evidence decides again.
func (s *Server) undecideDevice(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	other := v.Form("other")
	if other == "" {
		other = d.ID
	}
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		o, err := s.Inventory.Get(tx, other)
		if err == nil && !v.Actor.Scope.Holds(o.Place()) {
			err = fmt.Errorf("device %s: %w", other, fault.NotFound)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.Inventory.Undecide(v.Context(), d.ID, other, v.Actor.String()); err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	return v.Redirect(deviceHref(d.ID, ""), &Flash{Status: Good, Text: "The answer is taken back; evidence decides again."})
}

// splitPage is the preview of a split.
type splitPage struct {
	Device  *inventory.Device
	Stay    *inventory.Device
	Out     *inventory.Device
	Records []int64
}

// splitDevice shows what taking records out would make of the device; POST does it.
func (s *Server) splitDevice(v *Visit) error {
	p := splitPage{}
	for _, text := range v.FormAll("record") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("record %q: %w", text, fault.Invalid)
		}
		p.Records = append(p.Records, n)
	}
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.Device, err = s.seen(v, tx); err != nil {
			return err
		}
		p.Stay, p.Out, err = s.Inventory.SplitPreview(tx, p.Device.ID, p.Records)
		return err
	})
	if err != nil {
		return err
	}
	if v.R.Method == "GET" {
		return v.Render(Page{Title: "Split " + p.Device.Name(), About: "What the device and the one taken out of it would be. Nothing is changed before the last button.",
			Crumbs: []Link{{"Devices", "/devices"}, {p.Device.Name(), deviceHref(p.Device.ID, "")}}}, p.View())
	}
	if err := s.Inventory.Split(v.Context(), p.Device.ID, p.Records, v.Actor.String(), v.Form("why")); err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	var made []string
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		made, err = s.Inventory.DevicesOf(tx, p.Records)
		return err
	})
	if err != nil {
		return err
	}
	made = slices.DeleteFunc(made, func(id string) bool { return id == p.Device.ID })
	f := &Flash{Status: Good, Text: plural(len(p.Records), "1 record is", Count(len(p.Records))+" records are") + " a device of their own now."}
	if len(made) > 0 {
		f.Undo = undecideHref(p.Device.ID, made[0])
	}
	return v.Redirect(deviceHref(p.Device.ID, ""), f)
}
