-- Which imports of its source, of those between the first that said a statement and the last that repeated it, did not:
-- "12-17 20-23" says that 12 said it and 17 repeated it, and none between them. Of full lists it is empty, since what one
-- of them lacks is missing from then on. By it an undo knows who still says a statement.
ALTER TABLE inventory_record ADD COLUMN gaps TEXT NOT NULL DEFAULT '';
ALTER TABLE inventory_statement ADD COLUMN gaps TEXT NOT NULL DEFAULT '';
