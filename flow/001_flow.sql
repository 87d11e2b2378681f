-- Hosts: the ends of conversations, by the subject of their wire record ("mac|", "|ip"). Groups and broadcasts are one.
CREATE TABLE flow_host (
    id BIGINT PRIMARY KEY,
    subject TEXT NOT NULL UNIQUE
);

-- Services: what two ends talk by.
CREATE TABLE flow_service (
    id BIGINT PRIMARY KEY,
    protocol TEXT NOT NULL,
    transport BIGINT NOT NULL,
    port BIGINT NOT NULL,
    UNIQUE (protocol, transport, port)
);

-- Sources: what can be taken back as one (an import, a session of a sensor), and the point at which it listened.
CREATE TABLE flow_source (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    point TEXT NOT NULL
);

-- Sums of each pair and service over an hour (grain 0), a day (1) and a month (2). start counts hours and days since
-- 1970, months since year 0; parts has a bit for each minute, hour or day in which a frame was seen; first_at and
-- last_at are seconds.
-- clustered
CREATE TABLE flow_sum (
    grain BIGINT NOT NULL,
    start BIGINT NOT NULL,
    client BIGINT NOT NULL,
    server BIGINT NOT NULL,
    service BIGINT NOT NULL,
    source BIGINT NOT NULL,
    up_bytes BIGINT NOT NULL,
    up_packets BIGINT NOT NULL,
    down_bytes BIGINT NOT NULL,
    down_packets BIGINT NOT NULL,
    conversations BIGINT NOT NULL,
    associations BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    studies BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (grain, start, client, server, service, source)
);
CREATE INDEX flow_sum_server ON flow_sum (server, grain, start) WHERE grain > 0;

-- What one host did in a day: hours has a bit for each hour in which it was seen at all, active one for each minute in
-- which it worked.
-- clustered
CREATE TABLE flow_use (
    day BIGINT NOT NULL,
    host BIGINT NOT NULL,
    source BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    received BIGINT NOT NULL,
    associations BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    studies BIGINT NOT NULL,
    hours BIGINT NOT NULL,
    active BYTEA NOT NULL,
    PRIMARY KEY (day, host, source)
);

-- When each source was listening: a bit for each hour of the day in which it saw any frame.
-- clustered
CREATE TABLE flow_watch (
    day BIGINT NOT NULL,
    source BIGINT NOT NULL,
    hours BIGINT NOT NULL,
    PRIMARY KEY (day, source)
);
