-- How far each stage has folded. problem is the text of its last failure, empty when it went well.
CREATE TABLE stage_cursor (
	name TEXT PRIMARY KEY,
	rev BIGINT NOT NULL,
	at BIGINT NOT NULL, -- microseconds UTC of the last attempt
	problem TEXT NOT NULL DEFAULT '',
	failures BIGINT NOT NULL DEFAULT 0 -- in a row
);
