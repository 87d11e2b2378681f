package demo

import "pons/program"

// question is the text of a role's question, so that answers stand under it. Past the end it is what came by itself.
func question(role string, n int) string {
	for _, g := range program.DefaultGuides() {
		if g.Role == role && n > 0 && n <= len(g.Questions) {
			return g.Questions[n-1].Text
		}
	}
	return ""
}

// said is one answer to a role's question.
func said(role string, n int, tag program.Tag, severity int, often program.Frequency, theme, text string) program.Answer {
	return program.Answer{Question: question(role, n), Text: text, Tag: tag, Severity: severity, Frequency: often, Theme: theme}
}

// talks are eight invented interviews with forty answers. Nobody of them exists, and no patient is spoken of.
func talks(day func(back int) program.Day) []program.Interview {
	const (
		trust, night, owner, search = "One list to trust", "Who answers at night", "Who owns it", "Searching for devices"
		unknown, vendor, hands      = "Unknown on the network", "Vendor remote access", "Too few hands"
		money, patch                = "Contracts nobody compares", "Patches that wait"
	)
	talk := func(role, who string, back int, consent program.Consent, answers ...program.Answer) program.Interview {
		return program.Interview{Role: role, Who: who, On: day(back), By: "Program lead", Held: true, Consent: consent, Note: invented, Answers: answers}
	}
	return []program.Interview{
		talk("cio", "Chief information officer", 178, program.Agreed,
			said("cio", 1, program.Requirement, 4, "", trust, "One number of devices that finance, security and biomed all sign."),
			said("cio", 2, program.Pain, 4, program.Weekly, owner, "The last gateway that failed was neither IT's nor biomed's for two hours."),
			said("cio", 5, program.Risk, 4, program.Monthly, hands, "Three projects bring devices next year; nobody has counted the people for after go-live."),
			said("cio", 6, program.Risk, 5, program.Rarely, night, "I would be called by the newspaper first."),
			said("cio", 6, program.Quoted, 0, "", night, "“Tell me who answers at three in the morning, and I will fund the rest.”")),
		talk("htm", "Director of biomedical engineering", 176, program.Agreed,
			said("htm", 1, program.Pain, 4, program.Daily, trust, "The maintenance system says one thing, the network another; we do not know which devices are gone."),
			said("htm", 3, program.Pain, 3, program.Monthly, hands, "Low-risk maintenance is pushed out every month because two posts are open."),
			said("htm", 5, program.Opportunity, 3, program.Rarely, money, "Two imaging contracts cover hours that we never use."),
			said("htm", 6, program.Risk, 5, program.Rarely, hands, "Anaesthesia rests on one technician."),
			said("htm", 7, program.Pain, 3, program.Daily, search, "A fifth of the day goes into finding devices that are due.")),
		talk("ciso", "Head of information security", 171, program.NotAsked,
			said("ciso", 1, program.Risk, 5, program.Daily, unknown, "We see addresses on clinical segments that no system can name."),
			said("ciso", 4, program.Pain, 4, program.Monthly, patch, "From an advisory to the answer whether we have it takes a week."),
			said("ciso", 5, program.Risk, 4, program.Weekly, vendor, "Some vendors still come in by a modem pool that nobody owns."),
			said("ciso", 6, program.Requirement, 4, "", owner, "I need a name at the ward before I may isolate a device."),
			said("ciso", 7, program.Requirement, 3, "", trust, "Model, version and owner of every device, in one place, by the hour.")),
		talk("network", "Network lead", 166, program.Agreed,
			said("network", 1, program.Pain, 3, program.Weekly, owner, "A new device waits two weeks for somebody to say whose it is."),
			said("network", 2, program.Risk, 4, program.Daily, unknown, "Access control only watches at two sites; there anything gets on."),
			said("network", 3, program.Risk, 4, program.Daily, unknown, "Pumps and door cameras share a segment in the old building."),
			said("network", 5, program.Pain, 2, program.Weekly, night, "At night every device problem is a network problem until proven otherwise."),
			said("network", 6, program.Quoted, 0, "", unknown, "“I will block what you can name.”")),
		talk("clinical", "Nurse manager, intensive care", 163, program.Agreed,
			said("clinical", 2, program.Pain, 3, program.Daily, search, "Nurses keep pumps in a cupboard, because the pool is empty at noon."),
			said("clinical", 3, program.Risk, 5, program.Weekly, night, "At night we have three numbers, and two of them do not answer."),
			said("clinical", 4, program.Pain, 3, program.Monthly, hands, "A monitor comes back after two weeks, and nobody says when."),
			said("clinical", 5, program.Opportunity, 3, program.Daily, search, "The day clinic has pumps standing idle while we search."),
			said("clinical", 2, program.Quoted, 0, "", search, "“We hide them, or we have none.”")),
		talk("clinical", "Lead anaesthetist", 159, program.Refused,
			said("clinical", 1, program.Risk, 5, program.Rarely, hands, "Two theatres stop when the one who knows the anaesthesia machines is away."),
			said("clinical", 6, program.Pain, 3, program.Monthly, patch, "An update took a machine away on an operating morning."),
			said("clinical", 7, program.Requirement, 4, "", night, "A drill at night, with the people who would come."),
			said("clinical", 3, program.Quoted, 0, "", night, "“The first call is always the wrong one.”"),
			said("clinical", 0, program.Requirement, 3, "", patch, "No update without a word from the theatre.")),
		talk("finance", "Finance controller", 155, program.Agreed,
			said("finance", 2, program.Pain, 3, program.Monthly, money, "Service cost is spread over five accounts; the sum is an estimate."),
			said("finance", 3, program.Risk, 4, program.Rarely, trust, "I would not sign the acquisition values: a third is missing."),
			said("finance", 4, program.Pain, 3, program.Monthly, search, "We rent pumps although we own enough of them."),
			said("finance", 5, program.Requirement, 4, "", hands, "A staffing request must show hours by kind of work, and where they come from."),
			said("finance", 6, program.Opportunity, 2, program.Rarely, money, "Savings from a contract should stay with the department for a year.")),
		talk("vendor", "Service manager of an imaging vendor", 150, program.Agreed,
			said("vendor", 1, program.Risk, 4, program.Monthly, patch, "Four of your scanners leave support next year; nobody has asked us."),
			said("vendor", 2, program.Risk, 4, program.Weekly, vendor, "Our engineers use one account for all of your sites."),
			said("vendor", 3, program.Pain, 3, program.Monthly, patch, "Patches wait for a window that your theatres do not give."),
			said("vendor", 4, program.Opportunity, 3, program.Rarely, patch, "We can send MDS2 and SBOM for every model that you name."),
			said("vendor", 6, program.Requirement, 3, "", vendor, "Tell us whom to call when we come in.")),
	}
}
