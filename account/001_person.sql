CREATE TABLE account_person (
	id TEXT PRIMARY KEY,
	login TEXT NOT NULL UNIQUE, -- lower case
	name TEXT NOT NULL,
	email TEXT NOT NULL,
	password TEXT NOT NULL, -- argon2id, in PHC notation; empty: cannot sign in with a password
	roles TEXT NOT NULL, -- separated by spaces
	sites TEXT NOT NULL, -- one in a line; none = all
	departments TEXT NOT NULL, -- the same
	disabled BOOLEAN NOT NULL,
	created BIGINT NOT NULL, -- microseconds UTC, like all times here
	signed_in BIGINT -- last time, NULL = never
);
CREATE TABLE account_session (
	hash TEXT PRIMARY KEY, -- SHA-256 of the cookie
	person TEXT NOT NULL REFERENCES account_person (id),
	created BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	address TEXT NOT NULL,
	agent TEXT NOT NULL
);
CREATE INDEX account_session_person ON account_session (person);
CREATE TABLE account_token (
	id TEXT PRIMARY KEY,
	hash TEXT NOT NULL UNIQUE, -- SHA-256 of the token
	person TEXT NOT NULL REFERENCES account_person (id),
	name TEXT NOT NULL,
	verbs TEXT NOT NULL, -- separated by spaces; the token may do what both these and its person's roles allow
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	used BIGINT, -- to the minute; NULL = never
	UNIQUE (person, name)
);
-- Failed sign-ins in a row, by login and by address; both as hashes, since people type passwords into the wrong field.
CREATE TABLE account_attempt (
	subject TEXT PRIMARY KEY,
	failures BIGINT NOT NULL,
	last BIGINT NOT NULL
);
-- The one-time code that lets its reader create the first administrator.
CREATE TABLE account_setup (one BIGINT PRIMARY KEY CHECK (one = 1), hash TEXT NOT NULL, created BIGINT NOT NULL);
