-- What was last promised in each log. A batch is in the log once this row says so.
CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    time INTEGER NOT NULL,
    checkpoint BLOB NOT NULL
) STRICT;

-- The files of batches that are in the log, until they are known to be on the disk.
CREATE TABLE staged (
    log INTEGER NOT NULL,
    size INTEGER NOT NULL,
    path TEXT NOT NULL,
    bytes BLOB NOT NULL,
    -- Of path and bytes: what is damaged here must not replace what is right on the disk.
    digest TEXT NOT NULL,
    PRIMARY KEY (log, size, path)
) STRICT, WITHOUT ROWID;

-- Where each chain ends: what the map says.
CREATE TABLE subject (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    text TEXT NOT NULL,
    -- The text without hyphens: no two names may differ in these only.
    folded TEXT NOT NULL,
    idx INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (log, text),
    UNIQUE (log, folded)
) STRICT;

-- Where the records of a chain are: index, and the bytes within the entry bundle.
CREATE TABLE chain (
    subject INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    PRIMARY KEY (subject, seq)
) STRICT, WITHOUT ROWID;

-- Where the index records are, and what time they say.
CREATE TABLE batch (
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;

-- Public keys that were ever granted something in a namespace: they cannot become an operator's.
CREATE TABLE granted (
    log INTEGER NOT NULL,
    key BLOB NOT NULL,
    PRIMARY KEY (log, key)
) STRICT, WITHOUT ROWID;
