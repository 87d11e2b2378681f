-- Edits: what a person stated before and after each change of theirs, so that a change of many devices can be taken
-- back as one.
CREATE TABLE inventory_edit (
    id TEXT NOT NULL,
    device TEXT NOT NULL,
    attr TEXT NOT NULL,
    before_value TEXT NOT NULL,
    after_value TEXT NOT NULL,
    PRIMARY KEY (id, device, attr)
);

-- Documents that people attached to a device. They stay with the id they were attached to, so that they come back
-- with it when a merge is taken back; reading follows the heirs.
CREATE TABLE inventory_document (
    id TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    size BIGINT NOT NULL,
    actor TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX inventory_document_device ON inventory_document (device);
CREATE INDEX inventory_document_deleted ON inventory_document (deleted_at);
CREATE INDEX inventory_gone_heir ON inventory_gone (heir);
