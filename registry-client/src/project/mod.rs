//! A project: `tenon.toml`, which people write, and `tenon.lock`, which remembers what came of it.
