-- Packages, releases and what they are: made from the log and the blobs.
-- `namespace`, and `name` of packages in full (`acme:http`); `log` is 0 for the public log, 1 for the private one.
CREATE TABLE namespace (
    log INTEGER NOT NULL,
    name TEXT NOT NULL,
    threshold INTEGER NOT NULL,
    keys TEXT NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (log, name)
) STRICT, WITHOUT ROWID;

-- `version`, `world` and `description` are those of the version that is listed, if one is.
-- `day` is that of the first release, from 1970-01-01.
CREATE TABLE package (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    version TEXT,
    world INTEGER,
    description TEXT,
    day INTEGER,
    UNIQUE (log, name)
) STRICT;

CREATE INDEX package_listed ON package (log, name) WHERE version IS NOT NULL;
CREATE INDEX package_kind ON package (log, kind, name) WHERE version IS NOT NULL;

-- `rank` sorts as versions do; `choice` is 2 where the version may be listed, 1 where it may for want
-- of a better, being a prerelease, 0 where not.
CREATE TABLE release (
    package INTEGER NOT NULL,
    rank BLOB NOT NULL,
    version TEXT NOT NULL,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    kind TEXT NOT NULL,
    time INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    day INTEGER NOT NULL,
    publisher TEXT NOT NULL,
    status TEXT NOT NULL,
    choice INTEGER NOT NULL,
    world INTEGER,
    PRIMARY KEY (package, rank)
) STRICT, WITHOUT ROWID;

CREATE INDEX release_choice ON release (package, choice, rank);
CREATE INDEX release_day ON release (package, day);
CREATE INDEX release_digest ON release (package, digest);
CREATE INDEX release_world ON release (world) WHERE world IS NOT NULL;
-- Few, and found by what a status has in it, which is not read here.
CREATE INDEX release_down ON release (digest) WHERE instr(status, 'taken-down') > 0;

-- What content is, as JSON, once for all releases that have it.
CREATE TABLE world (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    digest BLOB NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (log, digest)
) STRICT;

-- What can be asked for: an interface or a package, on a track or, where that is empty, on any.
-- `way` is 0 for what is imported and 1 for what is exported.
CREATE TABLE term (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    way INTEGER NOT NULL,
    base TEXT NOT NULL,
    track TEXT NOT NULL,
    UNIQUE (log, way, base, track)
) STRICT;

-- The packages of which the listed version has it, and in which version; empty where it has none.
CREATE TABLE posting (
    term INTEGER NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    package INTEGER NOT NULL,
    PRIMARY KEY (term, name, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX posting_package ON posting (package);

-- The words of listed versions, by the package's id.
CREATE VIRTUAL TABLE words USING fts5 (
    log, name, description, content = '', contentless_delete = 1, prefix = '2 3'
);

-- What was published in a namespace on each day.
CREATE TABLE tally (
    log INTEGER NOT NULL,
    namespace TEXT NOT NULL,
    day INTEGER NOT NULL,
    packages INTEGER NOT NULL,
    releases INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (log, namespace, day)
) STRICT, WITHOUT ROWID;
