package web

import (
	"errors"
	"fmt"
	"net/url"

	"pons/fault"
	"pons/inventory"
	"pons/sqldb"
)

// systemCard is the medical system of a device, and what it may be a part of.
type systemCard struct {
	*inventory.System // nil: none that the person may see
	Suggested         []inventory.SystemSuggestion
	Problem           string
	Entered           string
}

// readSystem reads what the person may see of the device's medical system.
func (s *Server) readSystem(v *Visit, tx *sqldb.Tx, p *devicePage) error {
	may := v.Actor.Scope.Holds
	p.System.System = p.Device.System.Seen(may)
	suggested, err := s.Inventory.SystemSuggestions(tx, p.Device.ID)
	for _, x := range suggested {
		if may(x.Part.Place()) && may(x.Whole.Place()) {
			p.System.Suggested = append(p.System.Suggested, x)
		}
	}
	return err
}

// shown says whether there is anything to say; joining a first system begins at the attribute "Part of".
func (c *systemCard) shown() bool {
	return c.System != nil || len(c.Suggested) > 0 || c.Problem != ""
}

// joinSystem takes a person's word on what is a part of what: this device joins a whole (whole), another device joins
// this one (part), or this device leaves its system (leave).
func (s *Server) joinSystem(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	back := deviceHref(d.ID, "")
	if from := v.Form("from"); from != "" {
		back = deviceHref(from, "")
	}
	why, actor := v.Form("why"), v.Actor.String()
	var edit, text string
	switch {
	case v.Form("leave") != "":
		edit, err = s.Inventory.LeaveSystem(v.Context(), []string{d.ID}, actor, why)
		text = d.Name() + " is a part of nothing now."
	case v.Form("part") != "":
		var part *inventory.Device
		if part, err = s.seenBy(v, v.Form("part")); err == nil {
			edit, err = s.Inventory.JoinSystem(v.Context(), d.ID, []string{part.ID}, actor, why)
			text = part.Name() + " is a part of " + d.Name() + " now."
		}
	default:
		if len(v.Form("whole")) == 36 { // an id: of a device that the person may see
			if _, err = s.seenBy(v, v.Form("whole")); err != nil {
				break
			}
		}
		edit, err = s.Inventory.JoinSystem(v.Context(), v.Form("whole"), []string{d.ID}, actor, why)
		text = d.Name() + " is a part of another system now."
	}
	if errors.Is(err, fault.Invalid) || errors.Is(err, fault.Conflict) || errors.Is(err, fault.NotFound) {
		return s.showDevice(v, devicePage{Tab: "identity", System: systemCard{Problem: sentence(err), Entered: v.Form("part")}}, 400)
	}
	if err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	return v.Redirect(back, &Flash{Status: Good, Text: text, Undo: "/devices/edits/" + edit + "/undo?back=" + url.QueryEscape(back)})
}

// seenBy finds the one device that goes by a text, among those that the person may see.
func (s *Server) seenBy(v *Visit, text string) (found *inventory.Device, err error) {
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		ids, err := s.Inventory.Lookup(tx, text)
		if err != nil {
			return err
		}
		list, err := s.Inventory.Devices(tx, ids)
		if err != nil {
			return err
		}
		for _, d := range list {
			switch {
			case !v.Actor.Scope.Holds(d.Place()):
			case found != nil:
				return fmt.Errorf("several devices go by %s: give the control number or the id: %w", text, fault.Invalid)
			default:
				found = d
			}
		}
		if found == nil {
			return fmt.Errorf("no device goes by %s: give its control number, tag, hostname or serial: %w", text, fault.NotFound)
		}
		return nil
	})
	return found, err
}
