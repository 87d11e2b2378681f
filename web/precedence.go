package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"pons/account"
	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/sqldb"
)

// precedencePage is the order in which sources are believed, for all attributes or for one that is being changed.
type precedencePage struct {
	Orders   []precedenceOrder
	May      bool
	Chosen   *precedenceLine
	Draft    []orderStep
	Order    []string
	Changed  bool // the draft is not what is in force
	Default  bool // the draft is the default order
	Preview  inventory.Preview
	MaySee   bool // examples are shown to those whose scope holds everything
	Progress *rewriting
}

// precedenceOrder is an order and the attributes for which it is in force.
type precedenceOrder struct {
	Kinds []string
	Lines []precedenceLine
}

// precedenceLine is an attribute and its order.
type precedenceLine struct {
	inventory.Attribute
	Now []string
	Own bool // an administrator's, not the default
}

// orderStep is one kind of source in the draft, with the drafts in which it stands higher or lower.
type orderStep struct {
	Kind, Title, Up, Down string
	Fixed                 bool
}

// kindTitle is a kind of source in words.
func kindTitle(kind string) string {
	return map[string]string{"person": "a person's word", "cmms": "CMMS", "cmdb": "CMDB", "itam": "IT asset management", "fhir": "FHIR", "rtls": "location system", "wire": "the wire (captures)",
		"nac": "NAC", "dhcp": "DHCP", "switch": "switches", "generic": "other files", "oui": "maker of the MAC prefix"}[kind]
}

// rewriting is the one change of an order that is being worked into the devices.
type rewriting struct {
	Attr    string
	Total   int
	Started time.Time

	mu      sync.Mutex
	done    int
	changed int
	err     error
	over    chan struct{}
}

// State says how far it is.
func (r *rewriting) State() (done, changed int, over bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.over:
		over = true
	default:
	}
	return r.done, r.changed, over, r.err
}

func (s *Server) precedence(v *Visit) error {
	p := precedencePage{May: v.May(account.SettingWrite), MaySee: v.Scope().All(), Progress: s.rewriting.Load()}
	chosen := fact.Attr(v.Form("attr"))
	draft := v.FormAll("order")
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		now, err := s.Inventory.Precedence(tx)
		if err != nil {
			return err
		}
		p.lines(now, chosen)
		if chosen == "" {
			return nil
		}
		if p.Chosen == nil {
			return fmt.Errorf("attribute %s: %w", chosen, fault.NotFound)
		}
		if len(draft) == 0 {
			draft = whole(p.Chosen.Now)
		}
		p.draft(draft)
		if p.Changed {
			p.Preview, err = s.Inventory.PreviewPrecedence(tx, chosen, p.Order)
		}
		return err
	})
	if err != nil {
		return err
	}
	if v.Part() {
		return v.Fragment(p.progress())
	}
	page := Page{Title: "Order of sources", About: "Where sources disagree, the first in this order wins. What the others say stays visible on the device.", Islands: []string{"order"}}
	if p.Chosen != nil {
		page.Title, page.Crumbs = "Order of sources for "+lowerFirst(p.Chosen.Title), []Link{{"Order of sources", "/admin/precedence"}}
	}
	return v.Render(page, p.View())
}

// lines puts attributes of one order together.
func (p *precedencePage) lines(now inventory.Precedence, chosen fact.Attr) {
	for _, a := range inventory.Attributes() {
		line := precedenceLine{Attribute: a, Now: now.Order(a)}
		_, line.Own = now[a.Name]
		i := slices.IndexFunc(p.Orders, func(o precedenceOrder) bool { return slices.Equal(o.Kinds, whole(line.Now)) })
		if i < 0 {
			i = len(p.Orders)
			p.Orders = append(p.Orders, precedenceOrder{Kinds: whole(line.Now)})
		}
		p.Orders[i].Lines = append(p.Orders[i].Lines, line)
		if a.Name == chosen {
			p.Chosen = &line
		}
	}
}

// whole adds the kinds that an order leaves out: they come after, in the order of the vocabulary, and the maker
// guessed from a MAC prefix comes last.
func whole(order []string) []string {
	out := slices.Clone(order)
	for _, kind := range inventory.SourceKinds() {
		if !slices.Contains(out, kind) {
			out = append(out, kind)
		}
	}
	return out
}

// draft makes the steps of an order, each with the links that move it.
func (p *precedencePage) draft(order []string) {
	p.Order = order
	p.Changed = !slices.Equal(order, whole(p.Chosen.Now))
	p.Default = slices.Equal(order, whole(p.Chosen.Attribute.Order))
	for i, kind := range order {
		step := orderStep{Kind: kind, Title: kindTitle(kind), Fixed: i == 0}
		if i > 1 {
			step.Up = orderHref(p.Chosen.Name, swapped(order, i-1))
		}
		if i > 0 && i < len(order)-1 {
			step.Down = orderHref(p.Chosen.Name, swapped(order, i))
		}
		p.Draft = append(p.Draft, step)
	}
}

// swapped is the order with the steps i and i+1 in each other's place.
func swapped(order []string, i int) []string {
	out := slices.Clone(order)
	out[i], out[i+1] = out[i+1], out[i]
	return out
}

func orderHref(attr fact.Attr, order []string) string {
	return "/admin/precedence?" + url.Values{"attr": {string(attr)}, "order": order}.Encode()
}

// rewriteWait is how long the page waits for the devices to be resolved anew before it shows the progress instead.
const rewriteWait = 1500 * time.Millisecond

// setPrecedence keeps an order and has the devices resolved anew, in the background where that takes long.
func (s *Server) setPrecedence(v *Visit) error {
	attr, ok := inventory.AttributeNamed(fact.Attr(v.Form("attr")))
	if !ok {
		return fmt.Errorf("attribute %s: %w", v.Form("attr"), fault.NotFound)
	}
	if !v.Actor.Scope.All() {
		return fmt.Errorf("the order of sources is the whole hospital's; your scope is a part of it: %w", fault.Denied)
	}
	order := v.FormAll("order")
	if v.Form("reset") != "" || slices.Equal(order, whole(attr.Order)) {
		order = nil
	} else if len(order) == 0 {
		return fmt.Errorf("%s: the order is empty: %w", attr.Title, fault.Invalid)
	}
	job := &rewriting{Attr: attr.Title, Started: v.Now, over: make(chan struct{})}
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error { // refused before it is begun
		p, err := s.Inventory.PreviewPrecedence(tx, attr.Name, order)
		job.Total = p.Devices
		return err
	})
	if err != nil {
		return err
	}
	if old := s.rewriting.Load(); old != nil {
		if _, _, over, _ := old.State(); !over {
			return fmt.Errorf("the order for %s is being worked into the devices; wait for it: %w", lowerFirst(old.Attr), fault.Busy)
		}
		s.rewriting.CompareAndSwap(old, nil)
	}
	if !s.rewriting.CompareAndSwap(nil, job) {
		return fmt.Errorf("another order is being worked into the devices; wait for it: %w", fault.Busy)
	}
	// The person may go elsewhere meanwhile: the work is not the request's.
	go s.rewrite(context.WithoutCancel(v.Context()), job, attr.Name, order, v.Actor.String())
	select {
	case <-job.over:
	case <-time.After(rewriteWait):
	}
	_, changed, over, err := job.State()
	back := "/admin/precedence?attr=" + url.QueryEscape(string(attr.Name))
	switch {
	case err != nil:
		s.rewriting.CompareAndSwap(job, nil)
		return err
	case !over:
		return v.Redirect(back, &Flash{Status: Info, Text: "The new order for " + lowerFirst(attr.Title) + " is being worked into the devices."})
	}
	s.rewriting.CompareAndSwap(job, nil)
	if err := s.freshen(v); err != nil {
		return err
	}
	return v.Redirect(back, &Flash{Status: Good, Text: fmt.Sprintf("The order of sources for %s is kept; %s changed.", lowerFirst(attr.Title), devicesCount(changed))})
}

func (s *Server) rewrite(ctx context.Context, job *rewriting, attr fact.Attr, order []string, actor string) {
	changed, err := s.Inventory.SetPrecedence(ctx, attr, order, actor, func(done int) {
		job.mu.Lock()
		job.done = done
		job.mu.Unlock()
	})
	job.mu.Lock()
	job.changed, job.err = changed, err
	job.mu.Unlock()
	close(job.over)
	s.Changed()
	if err != nil {
		s.Log.Error("precedence failed", "attr", attr, "error", err)
	}
}
