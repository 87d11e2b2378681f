package intake

// Place says where the rejected row stands and why it was rejected.
func (e *RowError) Place() (file string, row int, column, reason string) {
	return e.File, e.Row, e.Column, e.Reason
}
