package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"pons/account"
	"pons/column"
	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/query"
	"pons/sqldb"
)

func (s *server) register(routes huma.API) {
	op := func(id, method, path, summary, tag string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: Prefix + path, Summary: summary, Tags: []string{tag},
			Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity}}
	}
	huma.Register(routes, op("list-devices", http.MethodGet, "/devices", "Devices that a query finds, a page at a time", "Devices"), s.listDevices)
	huma.Register(routes, op("get-device", http.MethodGet, "/devices/{id}", "One device, with the winning value of each attribute", "Devices"), s.getDevice)
	huma.Register(routes, op("get-device-facts", http.MethodGet, "/devices/{id}/facts", "Everything that every source says of one device", "Devices"), s.getFacts)
	huma.Register(routes, op("get-device-history", http.MethodGet, "/devices/{id}/history", "What happened to one device's record, the latest first", "Devices"), s.getHistory)
	huma.Register(routes, op("edit-device", http.MethodPatch, "/devices/{id}", "State owner, place or other attributes of a device; null takes a statement back", "Devices"), s.editDevice)
	huma.Register(routes, op("list-changes", http.MethodGet, "/changes", "Devices that changed, in the order in which they did: poll with the cursor of the last answer", "Changes"), s.listChanges)
	huma.Register(routes, op("list-queues", http.MethodGet, "/queues", "The queues of what needs a person, with counts", "Queues"), s.listQueues)
	huma.Register(routes, op("list-duplicates", http.MethodGet, "/queues/duplicate/pairs", "Pairs of devices that may be one, with reasons", "Queues"), s.listDuplicates)
	huma.Register(routes, op("list-sources", http.MethodGet, "/sources", "The sources and how fresh they are", "Sources"), s.listSources)
}

// Device is a device in API v1.
type Device struct {
	ID             string            `json:"id"`
	Name           string            `json:"name" doc:"Hostname, control number, asset tag, serial, MAC or IP: the first that is known"`
	Category       string            `json:"category" enum:"medical,iot,it,ot,network,unknown"`
	Class          string            `json:"class"`
	Manufacturer   string            `json:"manufacturer"`
	Model          string            `json:"model"`
	Version        string            `json:"version"`
	OS             string            `json:"os"`
	Serial         string            `json:"serial"`
	UDIDI          string            `json:"udi_di"`
	MACs           []string          `json:"macs"`
	IPs            []string          `json:"ips"`
	Hostnames      []string          `json:"hostnames"`
	AETitles       []string          `json:"ae_titles"`
	Services       []Service         `json:"services"`
	Owner          string            `json:"owner"`
	ClinicalOwner  string            `json:"clinical_owner"`
	TechnicalOwner string            `json:"technical_owner"`
	Location       Location          `json:"location"`
	System         *System           `json:"system,omitempty" doc:"The medical system that it belongs to; absent where there is none"`
	Criticality    string            `json:"criticality"`
	LifeSupport    string            `json:"life_support" enum:"yes,no,"`
	State          string            `json:"lifecycle_state"`
	Attributes     map[string]string `json:"attributes" doc:"Every other attribute, custom ones as custom.name"`
	Conflicts      []string          `json:"conflicts" doc:"Attributes on which sources disagree"`
	Queues         []string          `json:"queues"`
	Confidence     float64           `json:"confidence" minimum:"0" maximum:"1"`
	FirstSeen      *time.Time        `json:"first_seen,omitempty"`
	LastSeen       *time.Time        `json:"last_seen,omitempty"`
	Records        []Record          `json:"records"`
	Revision       int64             `json:"revision"`
}

// Service is what a device offers or uses on the network.
type Service struct {
	Transport string `json:"transport"`
	Port      int    `json:"port"`
	Protocol  string `json:"protocol"`
	Role      string `json:"role"`
}

// Location is where a device is.
type Location struct {
	Site       string `json:"site"`
	Building   string `json:"building"`
	Floor      string `json:"floor"`
	Department string `json:"department"`
	Room       string `json:"room"`
	Bed        string `json:"bed"`
	Text       string `json:"text" doc:"As written, where it could not be split"`
}

// System is a medical system: devices that do one job together.
type System struct {
	Name  string   `json:"name"`
	Whole string   `json:"whole,omitempty" doc:"Id of the device that the parts name; absent where the system is a name alone"`
	Parts []string `json:"parts" doc:"Ids of all members, the whole among them"`
}

// Record is a row of a source that a device is made of.
type Record struct {
	Source string     `json:"source"`
	File   string     `json:"file"`
	Row    int        `json:"row"`
	Key    string     `json:"key"`
	Absent *time.Time `json:"not_in_source_since,omitempty"`
}

// Fact is one statement about a device.
type Fact struct {
	Attr    string    `json:"attr"`
	Value   string    `json:"value"`
	Source  string    `json:"source"`
	Trust   float64   `json:"trust"`
	At      time.Time `json:"at"`
	Because string    `json:"because"`
	Won     *bool     `json:"won,omitempty" doc:"Absent for raw observations of the wire"`
}

// deviceOf is a device as somebody may see it: parts of its system that lie elsewhere are left out.
func deviceOf(d *inventory.Device, may func(site, department string) bool) Device {
	d.System = d.System.Seen(may)
	doc := d.Document()
	out := Device{ID: doc.ID, Name: doc.Name, Category: doc.Category, Class: doc.Class, Manufacturer: doc.Manufacturer, Model: doc.Model,
		Version: doc.Version, OS: doc.OS, Serial: doc.Serial, UDIDI: doc.UDIDI, MACs: doc.MACs, IPs: doc.IPs, Hostnames: doc.Hostnames,
		AETitles: append([]string{}, doc.AETitles...), Services: []Service{}, Owner: doc.Owner, ClinicalOwner: doc.ClinicalOwner, TechnicalOwner: doc.TechnicalOwner,
		Criticality: doc.Criticality, LifeSupport: doc.LifeSupport, State: doc.State, Attributes: map[string]string{}, Conflicts: append([]string{}, doc.Conflicts...),
		Queues: append([]string{}, doc.Queues...), Confidence: doc.Confidence, FirstSeen: doc.FirstSeen, LastSeen: doc.LastSeen, Records: []Record{}, Revision: d.Rev}
	if doc.System != nil {
		system := System(*doc.System)
		out.System = &system
	}
	if doc.Location != nil {
		out.Location = Location(*doc.Location)
	}
	for k, v := range doc.Attributes {
		out.Attributes[k] = v
	}
	for _, x := range doc.Services {
		out.Services = append(out.Services, Service(x))
	}
	for _, r := range doc.Records {
		out.Records = append(out.Records, Record(r))
	}
	return out
}

func factsOf(d *inventory.Device) []Fact {
	out := []Fact{}
	for _, f := range d.Document().Facts {
		out = append(out, Fact(f))
	}
	return out
}

type listInput struct {
	Where  string `query:"where" maxLength:"4000" doc:"Query, such as class:infusion-pump and not has:owner and last_seen<30d"`
	Sort   string `query:"sort" maxLength:"200" doc:"Fields, comma-separated; a minus before one turns it round: manufacturer,-last_seen"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string `query:"cursor" maxLength:"4000" doc:"next of the page before"`
	Facets string `query:"facets" maxLength:"400" doc:"Fields whose values are counted, comma-separated"`
}

type listOutput struct {
	Body struct {
		Devices []Device                  `json:"devices"`
		Total   int                       `json:"total" doc:"Devices that the query finds"`
		Next    string                    `json:"next,omitempty" doc:"Cursor of the next page; absent at the end"`
		Facets  map[string]map[string]int `json:"facets,omitempty" doc:"Field, value, devices"`
	}
}

// ready is an error while the index reads the inventory after a start.
func (s *server) ready() error {
	if ok, n := s.Index.Ready(); !ok {
		return huma.Error503ServiceUnavailable(fmt.Sprintf("the index is being read after the start, %d devices so far; try again in a few seconds", n))
	}
	return nil
}

// scoped makes a request for column that stays within what the asker may see.
func (s *server) scoped(who account.Actor, where string) (*column.Table, column.Request, error) {
	list, table := s.Index.View()
	scope, err := list.Within(who.Scope.Sites, who.Scope.Departments)
	if err != nil {
		return nil, column.Request{}, err
	}
	e, err := query.Parse(list.Schema(), where)
	if err != nil {
		return nil, column.Request{}, queryProblem(err)
	}
	return table, column.Request{Expr: e, Scope: scope, Now: s.Now()}, nil
}

// queryProblem points at the column of a query that is wrong.
func queryProblem(err error) error {
	var wrong *query.Error
	if errors.As(err, &wrong) {
		return huma.Error422UnprocessableEntity("the query is not understood", &huma.ErrorDetail{
			Location: "query.where", Value: wrong.Column, Message: strings.TrimSpace(fmt.Sprintf("column %d: %s %s", wrong.Column, wrong.Message, wrong.Hint))})
	}
	return err
}

func orders(text string) []column.Order {
	var out []column.Order
	for _, f := range strings.Split(text, ",") {
		if f = strings.TrimSpace(f); f != "" {
			name, down := strings.CutPrefix(f, "-")
			out = append(out, column.Order{Field: name, Desc: down})
		}
	}
	return out
}

func fields(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(f string) bool { return strings.TrimSpace(f) == "" })
}

func (s *server) listDevices(ctx context.Context, in *listInput) (*listOutput, error) {
	who, err := s.may(ctx, account.InventoryRead)
	if err != nil {
		return nil, err
	}
	if err := s.ready(); err != nil {
		return nil, err
	}
	table, r, err := s.scoped(who, in.Where)
	if err != nil {
		return nil, s.answer(err)
	}
	r.Sort, r.After, r.Limit, r.Facets = orders(in.Sort), column.Cursor(in.Cursor), in.Limit, fields(in.Facets)
	page, err := table.Find(r)
	if err != nil {
		return nil, s.answer(err)
	}
	out := &listOutput{}
	out.Body.Total, out.Body.Next, out.Body.Devices = page.Total, string(page.Next), []Device{}
	for field, f := range page.Facets {
		if out.Body.Facets == nil {
			out.Body.Facets = map[string]map[string]int{}
		}
		counts := map[string]int{}
		for _, v := range f.Values {
			counts[v.Value] = v.Rows
		}
		out.Body.Facets[field] = counts
	}
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		list, err := s.Inventory.Devices(tx, page.IDs)
		for _, d := range list {
			if who.Scope.Holds(d.Place()) { // the record may have moved since the index saw it
				out.Body.Devices = append(out.Body.Devices, deviceOf(d, who.Scope.Holds))
			}
		}
		return err
	})
	return out, s.answer(err)
}

type idInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of a device, or of one that went into it"`
}

// device reads one device that the asker may see; one that they may not see does not exist for them.
func (s *server) device(ctx context.Context, tx *sqldb.Tx, who account.Actor, id string) (*inventory.Device, error) {
	d, err := s.Inventory.Get(tx, id)
	if err != nil {
		return nil, err
	}
	if !who.Scope.Holds(d.Place()) {
		return nil, fmt.Errorf("device %s: %w", id, fault.NotFound)
	}
	return d, nil
}

type deviceOutput struct{ Body Device }

func (s *server) getDevice(ctx context.Context, in *idInput) (*deviceOutput, error) {
	who, err := s.may(ctx, account.InventoryRead)
	if err != nil {
		return nil, err
	}
	out := &deviceOutput{}
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		d, err := s.device(ctx, tx, who, in.ID)
		if err == nil {
			out.Body = deviceOf(d, who.Scope.Holds)
		}
		return err
	})
	return out, s.answer(err)
}

type factsOutput struct {
	Body struct {
		Device string `json:"device"`
		Facts  []Fact `json:"facts"`
	}
}

func (s *server) getFacts(ctx context.Context, in *idInput) (*factsOutput, error) {
	who, err := s.may(ctx, account.InventoryRead)
	if err != nil {
		return nil, err
	}
	out := &factsOutput{}
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		d, err := s.device(ctx, tx, who, in.ID)
		if err == nil {
			out.Body.Device, out.Body.Facts = d.ID, factsOf(d)
		}
		return err
	})
	return out, s.answer(err)
}

// Change is one line of a device's history.
type Change struct {
	At    time.Time           `json:"at"`
	Actor string              `json:"actor"`
	What  string              `json:"what" doc:"import, edit, merge, merged, absorbed, split, undo, undecide"`
	Run   int64               `json:"run,omitempty" doc:"The import that brought it"`
	Other string              `json:"other,omitempty" doc:"The other device of a merge"`
	Diff  map[string][]string `json:"diff,omitempty" doc:"Attribute: before and after"`
}

type historyOutput struct {
	Body struct {
		Changes []Change `json:"changes"`
	}
}

// historyLimit is how many changes one answer holds.
const historyLimit = 500

func (s *server) getHistory(ctx context.Context, in *idInput) (*historyOutput, error) {
	who, err := s.may(ctx, account.InventoryRead)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{}
	out.Body.Changes = []Change{}
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		d, err := s.device(ctx, tx, who, in.ID)
		if err != nil {
			return err
		}
		list, err := s.Inventory.History(tx, d.ID, historyLimit)
		for _, c := range list {
			x := Change{At: c.At, Actor: c.Actor, What: c.What, Run: c.Run, Other: c.Other}
			for attr, v := range c.Diff {
				if x.Diff == nil {
					x.Diff = map[string][]string{}
				}
				x.Diff[attr] = v[:]
			}
			out.Body.Changes = append(out.Body.Changes, x)
		}
		return err
	})
	return out, s.answer(err)
}

type editInput struct {
	ID   string `path:"id" maxLength:"64" doc:"Id of a device, or of one that went into it"`
	Body struct {
		Values map[string]*string `json:"values" minProperties:"1" maxProperties:"50" doc:"Attribute and value; null takes back what a person or a token stated"`
		Why    string             `json:"why,omitempty" maxLength:"500"`
	}
}

func (s *server) editDevice(ctx context.Context, in *editInput) (*deviceOutput, error) {
	who, err := s.may(ctx, account.InventoryWrite)
	if err != nil {
		return nil, err
	}
	edit := inventory.Edit{Device: in.ID, Actor: who.String(), Why: in.Body.Why, Values: map[fact.Attr]string{}}
	for attr, value := range in.Body.Values {
		edit.Values[fact.Attr(attr)] = ""
		if value != nil {
			edit.Values[fact.Attr(attr)] = *value
		}
	}
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		_, err := s.device(ctx, tx, who, in.ID)
		return err
	})
	if err == nil {
		err = s.Inventory.State(ctx, edit)
	}
	if err != nil {
		return nil, s.answer(err)
	}
	s.Changed()
	out := &deviceOutput{}
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		d, err := s.Inventory.Get(tx, in.ID)
		if err == nil {
			out.Body = deviceOf(d, who.Scope.Holds)
		}
		return err
	})
	return out, s.answer(err)
}

type changesInput struct {
	Cursor string `query:"cursor" maxLength:"200" doc:"cursor of the last answer; empty reads the whole inventory from its oldest change"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
}

type changesOutput struct {
	Body struct {
		Devices []Device `json:"devices"`
		Gone    []Gone   `json:"gone" doc:"Devices that are no more"`
		Cursor  string   `json:"cursor" doc:"For the next call"`
		More    bool     `json:"more" doc:"There is more now: call again at once"`
	}
}

// Gone is a device that is no more.
type Gone struct {
	ID   string `json:"id"`
	Heir string `json:"heir,omitempty" doc:"The device that it went into"`
}

func (s *server) listChanges(ctx context.Context, in *changesInput) (*changesOutput, error) {
	who, err := s.may(ctx, account.InventoryRead)
	if err != nil {
		return nil, err
	}
	after, err := edgeOf(in.Cursor)
	if err != nil {
		return nil, s.answer(err)
	}
	out := &changesOutput{}
	out.Body.Devices, out.Body.Gone = []Device{}, []Gone{}
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		list, edge, err := s.Inventory.ChangedAfter(tx, after, in.Limit)
		if err != nil {
			return err
		}
		for _, d := range list {
			if who.Scope.Holds(d.Place()) {
				out.Body.Devices = append(out.Body.Devices, deviceOf(d, who.Scope.Holds))
			}
		}
		out.Body.More = len(list) == in.Limit
		if !out.Body.More {
			edge = inventory.Edge{Rev: max(edge.Rev, tx.Rev()), ID: lastID}
		}
		if in.Cursor != "" {
			if err := s.gone(tx, after, edge, out); err != nil {
				return err
			}
		}
		out.Body.Cursor = cursorOf(edge)
		return nil
	})
	return out, s.answer(err)
}

// lastID is after every id: the feed has been read to the end of the revision.
const lastID = "~"

// gone adds what ceased between two places of the feed. Places of merged devices are not known any more, so that
// only ids are told, which say nothing.
func (s *server) gone(tx *sqldb.Tx, after, upto inventory.Edge, out *changesOutput) error {
	list, err := s.Inventory.GoneSince(tx, after.Rev)
	for _, g := range list {
		if g.Rev <= upto.Rev {
			out.Body.Gone = append(out.Body.Gone, Gone{ID: g.ID, Heir: g.Heir})
		}
	}
	return err
}

func cursorOf(e inventory.Edge) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(int64(e.Rev), 10) + " " + e.ID))
}

func edgeOf(cursor string) (inventory.Edge, error) {
	if cursor == "" {
		return inventory.Edge{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	rev, id, ok := strings.Cut(string(b), " ")
	n, bad := strconv.ParseInt(rev, 10, 64)
	if err != nil || !ok || bad != nil {
		return inventory.Edge{}, fmt.Errorf("cursor %q is none of ours; begin without one: %w", cursor, fault.Invalid)
	}
	return inventory.Edge{Rev: sqldb.Rev(n), ID: id}, nil
}
