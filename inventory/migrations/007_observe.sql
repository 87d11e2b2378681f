-- Live sources speak in sessions, each a run. Of a record the parts of the latest sessions are kept one by one; those of
-- earlier ones are folded into one part, which is stated by a run of its own and can be taken back as one.
ALTER TABLE inventory_source ADD COLUMN fold_run BIGINT NOT NULL DEFAULT 0;
ALTER TABLE inventory_run ADD COLUMN folded_into BIGINT NOT NULL DEFAULT 0;
