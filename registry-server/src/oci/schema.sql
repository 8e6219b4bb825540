-- What the OCI door keeps besides releases. It is not in the log, so it cannot be made again from that.
-- `log` is 0 for what everybody may read, 1 for what takes a token; times are seconds since 1970-01-01.
CREATE TABLE oci_repository (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (log, name)
) STRICT;

-- Which content a repository holds, by the digest that it was pushed with; `content` is its SHA-256, by
-- which its file is found. `used` is when someone brought it, or asked for it who could push.
CREATE TABLE oci_blob (
    repository INTEGER NOT NULL,
    digest TEXT NOT NULL,
    content BLOB NOT NULL,
    size INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX oci_blob_content ON oci_blob (content);
CREATE INDEX oci_blob_digest ON oci_blob (digest);
CREATE INDEX oci_blob_used ON oci_blob (used);

-- Manifests, byte by byte as they were pushed; `descriptor` is how the referrers of `subject` list it.
CREATE TABLE oci_manifest (
    id INTEGER PRIMARY KEY,
    repository INTEGER NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    subject TEXT,
    artifact_type TEXT,
    descriptor TEXT,
    UNIQUE (repository, digest)
) STRICT;

CREATE INDEX oci_manifest_subject ON oci_manifest (repository, subject, digest)
WHERE subject IS NOT NULL;

-- The content that manifests name.
CREATE TABLE oci_part (
    manifest INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (manifest, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX oci_part_digest ON oci_part (digest);

CREATE TABLE oci_tag (
    repository INTEGER NOT NULL,
    tag TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (repository, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX oci_tag_digest ON oci_tag (repository, digest);

-- The OCI form of releases: the one that a release was pushed in, or else the one that was made of it
-- when it was first asked for, which stays. `rank` is that of the release in the catalog. A pushed one
-- is there before its release is logged, and counts once it is, for the same content.
CREATE TABLE oci_release (
    log INTEGER NOT NULL,
    package TEXT NOT NULL,
    rank BLOB NOT NULL,
    content BLOB NOT NULL,
    pushed INTEGER NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    manifest BLOB NOT NULL,
    config_digest TEXT NOT NULL,
    config BLOB NOT NULL,
    PRIMARY KEY (log, package, rank)
) STRICT, WITHOUT ROWID;

CREATE INDEX oci_release_digest ON oci_release (log, package, digest);
CREATE INDEX oci_release_config ON oci_release (log, package, config_digest);
