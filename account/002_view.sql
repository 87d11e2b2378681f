-- Saved views: a question about a list under a name, of one person, or shared by them with everybody.
CREATE TABLE account_view (
	id TEXT PRIMARY KEY,
	person TEXT NOT NULL REFERENCES account_person (id),
	list TEXT NOT NULL, -- the page it belongs to: devices
	name TEXT NOT NULL,
	query TEXT NOT NULL, -- what stands after the page's "?"
	shared BOOLEAN NOT NULL,
	created BIGINT NOT NULL,
	UNIQUE (person, list, name)
);
CREATE INDEX account_view_list ON account_view (list, shared);
