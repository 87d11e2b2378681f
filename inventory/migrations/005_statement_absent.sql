-- Since when a statement that was replaced had been missing from its source, so that an undo restores that too.
ALTER TABLE inventory_statement ADD COLUMN absent_run BIGINT NOT NULL DEFAULT 0;
ALTER TABLE inventory_statement ADD COLUMN absent_at BIGINT NOT NULL DEFAULT 0;
