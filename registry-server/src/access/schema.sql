-- Tokens, of which only hashes are stored. Times are seconds since 1970-01-01.
CREATE TABLE token (
    id BLOB PRIMARY KEY,
    hash BLOB NOT NULL,
    label TEXT NOT NULL,
    actions TEXT NOT NULL,
    patterns TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER
) STRICT, WITHOUT ROWID;

-- Counts the changes of `token`, so that a running server sees that another process made one.
CREATE TABLE token_changes (
    count INTEGER NOT NULL
) STRICT;

INSERT INTO token_changes VALUES (0);
