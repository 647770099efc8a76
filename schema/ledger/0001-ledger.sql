-- The ledger, version 1. Evidence is in leaves, checkpoints and blobs; everything else is either derived
-- from them or meant to be erased.

-- The log: exact bytes, in order.
CREATE TABLE leaves (
  sequence INTEGER PRIMARY KEY CHECK (sequence >= 0),
  bytes BLOB NOT NULL CHECK (length(bytes) <= 65535)
) STRICT;

-- Hashes of complete subtrees (RFC 6962), so that a proof costs O(log n). Level 0 is the leaves.
CREATE TABLE nodes (
  level INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

-- Signed heads (C2SP tlog-checkpoint), one for each append.
CREATE TABLE checkpoints (
  size INTEGER PRIMARY KEY CHECK (size > 0),
  note TEXT NOT NULL
) STRICT;

-- What leaves name by digest: signed bundles.
CREATE TABLE blobs (
  sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
  media_type TEXT NOT NULL,
  bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Erasable: facts about persons, told by salted disclosures whose digests stand in leaves.
CREATE TABLE disclosures (
  digest TEXT PRIMARY KEY,
  request TEXT NOT NULL,
  disclosure TEXT NOT NULL
) STRICT;

-- Erasable: the keys of undo capsules. Without its key a capsule is noise.
CREATE TABLE undo_keys (
  capsule TEXT PRIMARY KEY,
  key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;

-- Where models lie on this machine. Not evidence.
CREATE TABLE places (
  path TEXT PRIMARY KEY,
  model TEXT NOT NULL
) STRICT;

-- Against mistakes; against attackers there are the tree and the pins.
CREATE TRIGGER leaves_stay BEFORE UPDATE ON leaves BEGIN SELECT RAISE(ABORT, 'leaves are append-only'); END;
CREATE TRIGGER leaves_last BEFORE DELETE ON leaves BEGIN SELECT RAISE(ABORT, 'leaves are append-only'); END;
CREATE TRIGGER nodes_stay BEFORE UPDATE ON nodes BEGIN SELECT RAISE(ABORT, 'nodes are append-only'); END;
CREATE TRIGGER nodes_last BEFORE DELETE ON nodes BEGIN SELECT RAISE(ABORT, 'nodes are append-only'); END;
CREATE TRIGGER checkpoints_stay BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;
CREATE TRIGGER checkpoints_last BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;

-- For people with SQL; `verify` reads none of these.
CREATE VIEW events AS
  SELECT sequence, json_extract(CAST(bytes AS TEXT), '$.time') AS time,
         json_extract(CAST(bytes AS TEXT), '$.type') AS type,
         json_extract(CAST(bytes AS TEXT), '$.request') AS request,
         json_extract(CAST(bytes AS TEXT), '$.model') AS model,
         json_extract(CAST(bytes AS TEXT), '$.patch') AS patch,
         CAST(bytes AS TEXT) AS leaf
  FROM leaves;
CREATE VIEW requests AS
  SELECT request, time AS recorded, json_extract(leaf, '$.regime') AS regime,
         json_extract(leaf, '$.ground') AS ground, json_extract(leaf, '$.received') AS received,
         json_extract(leaf, '$.due') AS due
  FROM events WHERE type = 'request.received';
