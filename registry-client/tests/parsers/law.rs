//! What holds of a parser, held against its committed seeds and many changes of them.

#[path = "change.rs"]
mod change;

use std::path::Path;

/// How many changes of its seeds each parser gets.
const CHANGES: usize = 20_000;

/// Holds one against the seeds in `fuzz/seeds` of a crate; those are accepted whose names begin with `ok-`.
pub(crate) fn check(folder: &str, target: &str, run: fn(&[u8]) -> bool) {
    let folder = Path::new(folder).join("fuzz/seeds").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut seeds = vec![];
    for file in files {
        let (bytes, name) = (std::fs::read(&file).unwrap(), file.file_name().unwrap());
        let is_good = name.to_string_lossy().starts_with("ok-");
        assert_eq!(run(&bytes), is_good, "{}", file.display());
        seeds.push(bytes);
    }
    assert!(!seeds.is_empty(), "{target}");
    let mut random = change::Random::new(target);
    for _ in 0..CHANGES {
        run(&change::change(&seeds, &mut random));
    }
}
