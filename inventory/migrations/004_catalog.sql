-- The hospital's own makers, models, classes and aliases, beside those that Pons brings: the latest row stands.
CREATE TABLE inventory_catalog (
    id BIGINT PRIMARY KEY,
    body TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL
);
