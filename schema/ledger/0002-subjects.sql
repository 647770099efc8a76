-- Version 2: what the leaves add up to for each key, request, patch, model and applied patch, and for the log
-- itself, as canonical JSON. Written with the leaves, so that appending reads only what an event is about; derived
-- from them, so `verify` makes it anew and compares.
CREATE TABLE subjects (
  kind TEXT NOT NULL CHECK (kind IN ('log', 'key', 'request', 'patch', 'model', 'application')),
  id TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- The day from which on a disclosure is to be erased.
ALTER TABLE disclosures ADD COLUMN expires TEXT;
