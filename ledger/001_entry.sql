-- What people keep by hand: one row for each state that an entry ever had. The newest version is what it is now.
CREATE TABLE ledger_entry (
	book TEXT NOT NULL, -- the noun: "staff.person", "program.interview"
	id TEXT NOT NULL, -- UUIDv7, or a name that the book chose
	version BIGINT NOT NULL, -- 1, 2, 3 …
	newest BOOLEAN NOT NULL,
	removed BOOLEAN NOT NULL,
	locked BOOLEAN NOT NULL,
	body TEXT NOT NULL, -- the noun's own JSON
	at BIGINT NOT NULL, -- microseconds UTC
	actor TEXT NOT NULL,
	why TEXT NOT NULL,
	rev BIGINT NOT NULL,
	PRIMARY KEY (book, id, version)
);
CREATE UNIQUE INDEX ledger_entry_newest ON ledger_entry (book, id) WHERE newest;
