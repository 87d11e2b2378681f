-- Parts: what a device is said to be a part of, and the keys under which that text names another device.
ALTER TABLE inventory_device ADD COLUMN part_of TEXT NOT NULL DEFAULT '';
CREATE TABLE inventory_part (
    link_key TEXT NOT NULL,
    device TEXT NOT NULL,
    PRIMARY KEY (link_key, device)
);
CREATE INDEX inventory_part_device ON inventory_part (device);
