-- Since when sources have disagreed on a device without anybody deciding; 0: they do not.
ALTER TABLE inventory_device ADD COLUMN conflict_at BIGINT NOT NULL DEFAULT 0;
