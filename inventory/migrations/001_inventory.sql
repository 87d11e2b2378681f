-- Sources: who speaks, and of which kind.
CREATE TABLE inventory_source (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    mapping TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Runs: one import of one file, whole or not at all.
CREATE TABLE inventory_run (
    id BIGINT PRIMARY KEY,
    source TEXT NOT NULL,
    file TEXT NOT NULL,
    actor TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    mapping TEXT NOT NULL,
    whole BOOLEAN NOT NULL,
    rows_read BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    conflict BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    absent BIGINT NOT NULL,
    rejects TEXT NOT NULL,
    undone_at BIGINT NOT NULL,
    undone_by TEXT NOT NULL
);

-- Records: what each source says of each subject now.
CREATE TABLE inventory_record (
    id BIGINT PRIMARY KEY,
    source TEXT NOT NULL,
    record_key TEXT NOT NULL,
    device TEXT NOT NULL,
    born TEXT NOT NULL,
    kind TEXT NOT NULL,
    file TEXT NOT NULL,
    row_number BIGINT NOT NULL,
    said_at BIGINT NOT NULL,
    run BIGINT NOT NULL,
    seen_run BIGINT NOT NULL,
    absent_at BIGINT NOT NULL,
    absent_run BIGINT NOT NULL,
    body BYTEA NOT NULL,
    UNIQUE (source, record_key)
);
CREATE INDEX inventory_record_device ON inventory_record (device);

-- Statements that are not the current one, and every run's part of sources that gather: what undo goes back to.
CREATE TABLE inventory_statement (
    record BIGINT NOT NULL,
    run BIGINT NOT NULL,
    seen_run BIGINT NOT NULL,
    file TEXT NOT NULL,
    row_number BIGINT NOT NULL,
    said_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (record, run)
);
CREATE INDEX inventory_statement_run ON inventory_statement (run);

-- Keys: which records hold which linkage key.
CREATE TABLE inventory_key (
    link_key TEXT NOT NULL,
    record BIGINT NOT NULL,
    PRIMARY KEY (link_key, record)
);

-- Devices: the winners, one column an attribute that lists show; everything else said is in the records.
CREATE TABLE inventory_device (
    id TEXT PRIMARY KEY,
    rev BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    flags BIGINT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    name TEXT NOT NULL,
    category TEXT NOT NULL,
    class TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    model TEXT NOT NULL,
    serial TEXT NOT NULL,
    control_number TEXT NOT NULL,
    asset_tag TEXT NOT NULL,
    udi_di TEXT NOT NULL,
    version TEXT NOT NULL,
    os TEXT NOT NULL,
    macs TEXT NOT NULL,
    ips TEXT NOT NULL,
    hostnames TEXT NOT NULL,
    ae_titles TEXT NOT NULL,
    vlan TEXT NOT NULL,
    site TEXT NOT NULL,
    building TEXT NOT NULL,
    department TEXT NOT NULL,
    room TEXT NOT NULL,
    cost_center TEXT NOT NULL,
    clinical_owner TEXT NOT NULL,
    technical_owner TEXT NOT NULL,
    owner TEXT NOT NULL,
    status TEXT NOT NULL,
    criticality TEXT NOT NULL,
    life_support TEXT NOT NULL,
    acquired_on TEXT NOT NULL,
    acquired_cost TEXT NOT NULL,
    warranty_end TEXT NOT NULL,
    contract_end TEXT NOT NULL,
    pm_next TEXT NOT NULL,
    sources TEXT NOT NULL,
    conflicts TEXT NOT NULL,
    custom TEXT NOT NULL
);
CREATE INDEX inventory_device_rev ON inventory_device (rev);

-- Devices that are no more: merged into another (heir) or gone with their last record (heir empty).
CREATE TABLE inventory_gone (
    id TEXT PRIMARY KEY,
    heir TEXT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX inventory_gone_rev ON inventory_gone (rev);

-- Changes: what happened to a device, in order.
CREATE TABLE inventory_change (
    id BIGINT PRIMARY KEY,
    device TEXT NOT NULL,
    at BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    run BIGINT NOT NULL,
    actor TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX inventory_change_device ON inventory_change (device, id);

-- People's answers on pairs of records, by their stable names.
CREATE TABLE inventory_decision (
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    same BOOLEAN NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (a, b)
);
CREATE INDEX inventory_decision_b ON inventory_decision (b);

-- Pairs of records that may be one device.
CREATE TABLE inventory_proposal (
    a BIGINT NOT NULL,
    b BIGINT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    because TEXT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (a, b)
);
CREATE INDEX inventory_proposal_b ON inventory_proposal (b);

-- Orders of sources that an administrator changed.
CREATE TABLE inventory_precedence (
    attr TEXT PRIMARY KEY,
    sources TEXT NOT NULL
);

-- Attributes that the hospital defined for itself.
CREATE TABLE inventory_custom (
    attr TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    kind TEXT NOT NULL
);

-- How many devices were reconciled, day by day.
CREATE TABLE inventory_day (
    day TEXT PRIMARY KEY,
    devices BIGINT NOT NULL,
    reconciled BIGINT NOT NULL,
    conflicts BIGINT NOT NULL,
    no_owner BIGINT NOT NULL,
    unclassified BIGINT NOT NULL
);

-- Numbers handed out.
CREATE TABLE inventory_counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
