package program

// guideSource is where the guides come from: the topics of each role are the project's own proposal (domain/09 §9.5,
// [P]); the questions are Pons' own wording of them.
var guideSource = Provenance{Source: OwnProposal, Date: "2026-11", Confidence: "assumption"}

// DefaultGuides are the guides that Pons brings, in the order in which a program usually asks: who decides first, who
// sells last.
func DefaultGuides() []Guide {
	return []Guide{
		{"cio", "CIO / CTO", "Strategy, budget and who owns connected devices when IT and biomed both could.", []Question{
			{"What do you want to be true of our connected medical devices in two years that is not true today?", "a goal with a date, not a product"},
			{"Where do IT and biomed disagree about who owns a device, and how is it settled today?", "the last real case"},
			{"Which decisions about medical devices reach you that should have been made further down?", "missing decision rights"},
			{"What is spent on devices, their network and their security, and from which budgets?", "money nobody can name"},
			{"Which projects of the next eighteen months bring devices, and who counted the people they need?", "pipeline, hours after go-live"},
			{"When a device is hacked or fails tonight, who calls you, and what will they know?", "an honest answer about visibility"},
			{"What would you stop doing to pay for this program?", "priority"},
		}, guideSource},
		{"htm", "HTM / biomed director", "Counts, contracts, backlog and alternate maintenance as they are, not as reported.", []Question{
			{"How many devices are you responsible for, and how sure are you of that number?", "sources, last reconciliation"},
			{"Which classes do you maintain yourselves, which does a vendor, and which does nobody?", "gaps by class"},
			{"How large is the backlog of planned and corrective work, and what do you leave undone on purpose?", "hours, age, risk class"},
			{"Where do you follow the maker's schedule, where your own (AEM), and where is that written down?", "policy, committee approval"},
			{"Which contracts would you not renew, and which do you miss?", "price against use, coverage"},
			{"Which skills leave when one particular person leaves?", "single points of failure"},
			{"How much of the week goes to searching for devices, chasing vendors and entering data twice?", "wrench time"},
			{"What do you do about a patch that the maker has not released?", "compensating controls, who decides"},
		}, guideSource},
		{"ciso", "CISO / security", "What is seen, what went wrong, and what is excepted.", []Question{
			{"Which medical devices can you not see, and how do you know that they are there?", "blind spots"},
			{"What incidents or near misses with devices were there in the last two years?", "dates, what was learned"},
			{"How many exceptions for devices are open, who signed them, and when do they end?", "expiry, owner"},
			{"How long does it take from an advisory to the answer whether we have that device?", "hours or weeks"},
			{"Which vendors come in from outside, how, and who sees what they do?", "remote access, tickets"},
			{"What may you do to a device on your own authority, and for what must you ask whom?", "isolation rights, clinical voice"},
			{"What would you want from biomed that you do not get today?", "names, models, versions, owners"},
		}, guideSource},
		{"network", "Network", "Access control, segments and the wireless as the devices meet them.", []Question{
			{"How does a new medical device get onto the network, step by step, and how long does it take?", "request form, days"},
			{"On which sites and ports is network access control enforced, and where does it only watch?", "coverage, exceptions"},
			{"Which devices must share a segment with things they should never talk to?", "flat networks"},
			{"Where does the wireless fail devices: roaming, old ciphers, dead spots?", "places, models"},
			{"Which device problems reach you that turn out to be no network problems?", "misrouted tickets"},
			{"What do you need to know of a device before you would enforce a rule on it?", "flows, owner, window"},
		}, guideSource},
		{"clinical", "CNO / physicians", "Downtime, workarounds and what care loses by them.", []Question{
			{"Which device, when it is missing or down, changes what you can do for your patients?", "criticality, spare, diversion"},
			{"What workarounds does the ward use every day, and since when?", "unsafe practice"},
			{"Whom do you call at three in the morning when a device fails, and who comes?", "coverage, wrong number"},
			{"How long do you wait for a device to come back, and are you told when?", "turnaround, communication"},
			{"Where do devices lie unused while others search for them?", "utilisation, pool"},
			{"When is a device taken away for maintenance at the wrong hour?", "scheduling"},
			{"What did the last downtime drill show?", "manual procedure, date"},
		}, guideSource},
		{"supply", "Supply chain", "How devices are asked for, bought and brought in.", []Question{
			{"How does somebody ask for a device, and who must agree before it is ordered?", "gate for IT and security"},
			{"Which devices come in past that way: loans, trials, research, gifts?", "unrecorded devices"},
			{"Do contracts ask for MDS2, SBOM, patch terms and remote access terms? Which of them?", "contract language"},
			{"When does biomed learn that something was ordered?", "lead time for inspection"},
			{"Which service contracts renew by themselves, and who looks at them before?", "dates, owner"},
			{"How are devices given away, sold or scrapped, and who proves that no data left?", "sanitisation record"},
		}, guideSource},
		{"facilities", "Facilities", "Building systems and things that share the network with devices.", []Question{
			{"Which building systems are connected: nurse call, medical gas, refrigeration, air handling, locks?", "OT inventory"},
			{"Who maintains them, from where, and over which network?", "vendor access"},
			{"Which of them would stop care if they failed, and for how long can you do without?", "dependency"},
			{"How do you learn of a construction or a move that takes devices along?", "moves without records"},
			{"What is backed by emergency power, and when was it last tried with devices on it?", "test date"},
		}, guideSource},
		{"compliance", "Compliance / legal", "Duties, evidence and what a surveyor would find.", []Question{
			{"Which findings about equipment did the last survey or audit leave, and are they closed?", "evidence"},
			{"Who decides whether an event must be reported, and within which days?", "MDR path"},
			{"Which devices hold patient data, and who answers for their risk analysis?", "HIPAA"},
			{"Where is a risk accepted, by whom, and until when?", "risk acceptance with expiry"},
			{"Which business associate agreements are missing for vendors with remote access?", "list"},
			{"What record would you need that nobody can give you today?", "gap"},
		}, guideSource},
		{"finance", "Finance", "Capital, service cost and what a better number would change.", []Question{
			{"How is capital for devices planned, and what makes a replacement win?", "criteria, horizon"},
			{"What does the care of devices cost in all: people, contracts, parts, tools?", "COSR, what is not in it"},
			{"Which of these numbers would you not sign?", "data quality, acquisition cost"},
			{"What did unplanned rentals and emergency repairs cost last year?", "avoidable cost"},
			{"What would a business case for more staff have to show you?", "evidence, payback"},
			{"How are savings from a cancelled contract shown, and who keeps them?", "incentive"},
		}, guideSource},
		{"vendor", "Vendor", "Support, remote access and the end of it.", []Question{
			{"Which of your devices here are under support, and until when?", "end of support by model"},
			{"How do you reach your devices, with which accounts, and how do we see it?", "remote access, tickets"},
			{"How soon after an advisory do you release a patch, and who installs it?", "terms, days"},
			{"Which documents can you give us for each model: MDS2, SBOM, service manual?", "dates, versions"},
			{"What may our own people do without losing the warranty?", "training, keys, parts"},
			{"Who answers outside of business hours, and how soon by contract?", "response time, penalties"},
		}, guideSource},
	}
}
