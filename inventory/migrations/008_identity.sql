-- What the wire tells of a device's system: its version, whether its maker still looks after it, whether it serves or asks,
-- and which insecure practices were seen.
ALTER TABLE inventory_device ADD COLUMN os_version TEXT NOT NULL DEFAULT '';
ALTER TABLE inventory_device ADD COLUMN os_support TEXT NOT NULL DEFAULT '';
ALTER TABLE inventory_device ADD COLUMN role TEXT NOT NULL DEFAULT '';
ALTER TABLE inventory_device ADD COLUMN practice TEXT NOT NULL DEFAULT '';

-- Rule packs in their versions: the newest of each name stands, one that was switched off or removed does not speak.
CREATE TABLE inventory_rule_pack (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    origin TEXT NOT NULL,
    signer TEXT NOT NULL,
    state TEXT NOT NULL,
    rules BIGINT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX inventory_rule_pack_name ON inventory_rule_pack (name, id);

-- Public keys whose signature on a rule pack is believed, by the name people gave them.
CREATE TABLE inventory_rule_key (
    public TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL
);
