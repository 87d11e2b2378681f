-- The log of who changed what. Rows are only ever added; each carries the hash of the one before it.
CREATE TABLE audit_entry (
	seq BIGINT PRIMARY KEY, -- 1, 2, 3 … without a gap
	at BIGINT NOT NULL, -- microseconds UTC
	actor TEXT NOT NULL,
	verb TEXT NOT NULL,
	object TEXT NOT NULL,
	before TEXT NOT NULL, -- a JSON object of field to text, keys in order
	after TEXT NOT NULL,
	why TEXT NOT NULL,
	hash TEXT NOT NULL -- SHA-256, hexadecimal, of the hash before and the canonical entry
);
CREATE INDEX audit_entry_actor ON audit_entry (actor, seq);
CREATE INDEX audit_entry_object ON audit_entry (object, seq);
-- The newest link, so that a log cut off at its end is noticed.
CREATE TABLE audit_head (one BIGINT PRIMARY KEY CHECK (one = 1), seq BIGINT NOT NULL, hash TEXT NOT NULL);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');
