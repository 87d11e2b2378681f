package account

import (
	"slices"
	"strings"
)

// Role is what a person is in the hospital, as far as Pons cares.
type Role string

// The roles.
const (
	Administrator Role = "administrator" // people, settings, everything
	Biomed        Role = "biomed"        // clinical engineering: records, imports, queues
	IT            Role = "it"            // the same for IT's sources
	Security      Role = "security"      // reads all, the audit log too; feeds
	Clinical      Role = "clinical"      // a ward: looks up devices, corrects owner and place
	Executive     Role = "executive"     // CIO, CFO: reads risk, money and people
	Viewer        Role = "viewer"        // reads
)

// Roles lists all roles in the order of menus.
func Roles() []Role { return []Role{Administrator, Biomed, IT, Security, Clinical, Executive, Viewer} }

// Verb is something that an actor may do. Pages and API routes name the one they need.
type Verb string

// The verbs. Those of rows (inventory.*, queue.*) are also bound to the actor's sites and departments.
const (
	InventoryRead   Verb = "inventory.read"
	InventoryWrite  Verb = "inventory.write"  // correct values, owner, place, custom attributes
	InventoryMerge  Verb = "inventory.merge"  // merge and split records
	InventoryExport Verb = "inventory.export" // CSV, XLSX
	QueueResolve    Verb = "queue.resolve"
	ImportRead      Verb = "import.read"
	ImportRun       Verb = "import.run" // also the dry run
	ImportUndo      Verb = "import.undo"
	SettingRead     Verb = "setting.read"
	SettingWrite    Verb = "setting.write" // precedence of sources, aliases, taxonomy, custom attributes
	PlanRead        Verb = "plan.read"     // pay stands in it
	PlanWrite       Verb = "plan.write"
	ProgramRead     Verb = "program.read"
	ProgramWrite    Verb = "program.write"
	StaffRead       Verb = "staff.read" // who works here, their skills and hours
	StaffWrite      Verb = "staff.write"
	DutyRead        Verb = "duty.read" // who answers for what
	DutyWrite       Verb = "duty.write"
	FlowRead        Verb = "flow.read" // who talks with whom, and how much a device is used
	SensorRead      Verb = "sensor.read"
	SensorWrite     Verb = "sensor.write"      // enrol, rename, retire sensors
	RuleWrite       Verb = "fingerprint.write" // local fingerprint rules and rule packs
	FeedRead        Verb = "feed.read"
	FeedRun         Verb = "feed.run"
	AuditRead       Verb = "audit.read"
	AccountManage   Verb = "account.manage"
	TokenOwn        Verb = "token.own" // make API tokens for oneself
	SystemOperate   Verb = "system.operate"
)

// Verbs lists all verbs.
func Verbs() []Verb {
	return []Verb{InventoryRead, InventoryWrite, InventoryMerge, InventoryExport, QueueResolve, ImportRead, ImportRun, ImportUndo,
		SettingRead, SettingWrite, PlanRead, PlanWrite, ProgramRead, ProgramWrite, StaffRead, StaffWrite, DutyRead, DutyWrite, FlowRead, SensorRead, SensorWrite, RuleWrite, FeedRead, FeedRun, AuditRead, AccountManage, TokenOwn, SystemOperate}
}

// Verbs are what the role allows: the table of permissions.
func (r Role) Verbs() []Verb {
	read := []Verb{InventoryRead, InventoryExport, ImportRead, ProgramRead, DutyRead, FlowRead, SensorRead, FeedRead, TokenOwn}
	switch r {
	case Administrator:
		return Verbs()
	case Biomed, IT:
		return append(read, InventoryWrite, InventoryMerge, QueueResolve, ImportRun, ImportUndo, SettingRead, SettingWrite,
			PlanRead, PlanWrite, ProgramWrite, StaffRead, StaffWrite, DutyWrite, SensorWrite, RuleWrite)
	case Security:
		return append(read, SettingRead, PlanRead, ProgramWrite, StaffRead, SensorWrite, RuleWrite, FeedRun, AuditRead)
	case Executive:
		return append(read, PlanRead, StaffRead)
	case Clinical:
		return []Verb{InventoryRead, InventoryWrite, DutyRead}
	case Viewer:
		return []Verb{InventoryRead, InventoryExport, DutyRead}
	}
	return nil
}

// Kind is how an actor came in.
type Kind string

// The kinds of actor.
const (
	ByPerson  Kind = "person"  // signed in
	ByToken   Kind = "token"   // a program with a person's API token
	ByCommand Kind = "command" // the command line on the server, which owns the database anyway
)

// Actor is who does something: the subject of every permission and of every audit entry. The zero Actor may do
// nothing.
type Actor struct {
	Kind  Kind
	ID    string // of the person; empty for a command
	Login string // of the person; the system's user for a command
	Name  string
	Token string // name of the API token
	Roles []Role
	Only  []Verb // a token's limits; nil = what the roles allow
	Scope Scope
}

// Scope bounds an actor to the rows of some sites and departments. An empty list bounds nothing.
type Scope struct {
	Sites       []string
	Departments []string
}

// All says that the scope bounds nothing.
func (s Scope) All() bool { return len(s.Sites) == 0 && len(s.Departments) == 0 }

// Holds says whether a row of this site and department is inside. A row whose site is not known is outside of a
// scope that names sites: unknown is not "yours".
func (s Scope) Holds(site, department string) bool {
	return holds(s.Sites, site) && holds(s.Departments, department)
}

func holds(list []string, name string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(x string) bool {
		return strings.EqualFold(strings.TrimSpace(x), strings.TrimSpace(name))
	})
}

// Command is the actor of the command line, which may do everything.
func Command(user string) Actor {
	return Actor{Kind: ByCommand, Login: user, Name: user, Roles: []Role{Administrator}}
}

// Can says whether the actor may do this at all, on whichever rows. Menus and routes ask it.
func (a Actor) Can(v Verb) bool {
	if a.Only != nil && !slices.Contains(a.Only, v) {
		return false
	}
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return slices.Contains(r.Verbs(), v) })
}

// May says whether the actor may do this to a row of this site and department. Lists ask Scope instead.
func May(a Actor, v Verb, site, department string) bool {
	return a.Can(v) && a.Scope.Holds(site, department)
}

// String names the actor in the audit log: "person:ann", "token:ann/ci", "command:root".
func (a Actor) String() string {
	switch a.Kind {
	case ByToken:
		return string(a.Kind) + ":" + a.Login + "/" + a.Token
	case ByPerson, ByCommand:
		return string(a.Kind) + ":" + a.Login
	}
	return "nobody"
}
