-- Where a device hangs in the network, and when a capture or a sensor saw it last; -1: not judged yet.
ALTER TABLE inventory_device ADD COLUMN at_switch TEXT NOT NULL DEFAULT '';
ALTER TABLE inventory_device ADD COLUMN heard_at BIGINT NOT NULL DEFAULT -1;
