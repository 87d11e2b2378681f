-- Sensors: who may speak for which point of the network. Of its key the hub knows the public half only.
CREATE TABLE sensor_unit (
    name TEXT PRIMARY KEY,
    public_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    retired_at BIGINT NOT NULL,
    retired_by TEXT NOT NULL,
    heard_at BIGINT NOT NULL,
    batches BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    refused_why TEXT NOT NULL,
    missed BIGINT NOT NULL,
    health TEXT NOT NULL
);

-- Enrolment codes: the public half of the key that a code is.
CREATE TABLE sensor_code (
    public_key TEXT PRIMARY KEY,
    sensor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    used_by TEXT NOT NULL
);

-- Sessions of listening: how far each has been brought in, and as which run of the inventory.
CREATE TABLE sensor_session (
    sensor TEXT NOT NULL,
    session TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    run BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    heard_at BIGINT NOT NULL,
    PRIMARY KEY (sensor, session)
);

-- Samples: what a sensor did in five minutes.
CREATE TABLE sensor_sample (
    sensor TEXT NOT NULL,
    at BIGINT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    frames BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    dropped BIGINT NOT NULL,
    memory BIGINT NOT NULL,
    spooled BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    PRIMARY KEY (sensor, at)
);

-- Networks that a sensor has seen hosts of.
CREATE TABLE sensor_network (
    sensor TEXT NOT NULL,
    vlan BIGINT NOT NULL,
    prefix TEXT NOT NULL,
    hosts BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (sensor, vlan, prefix)
);

-- Where sensors reach this hub, as the server that runs says.
CREATE TABLE sensor_hub (
    id BIGINT PRIMARY KEY,
    address TEXT NOT NULL,
    pin TEXT NOT NULL
);
