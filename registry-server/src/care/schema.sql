-- How far `scrub` has come in each log: the blob that it looked at last, or else the tile.
CREATE TABLE scrub (
    log INTEGER PRIMARY KEY,
    blob TEXT NOT NULL,
    tile INTEGER NOT NULL
) STRICT;
