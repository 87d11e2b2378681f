package plan

// The defaults of a plan that says nothing of them (domain note 1, §1.6; expert defaults).
const (
	DefaultBenefits       = 0.28
	DefaultWageEscalation = 0.035
	DefaultHorizon        = 3
)
