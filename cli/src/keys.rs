//! The keys of the user: Ed25519 keys that sign records, each in a file of its own.

use crate::error::Failure;
use crate::key_file::{Cost, Dice, KeyFile, KeyFileError};
use crate::places::Place;
use crate::secret::Passphrase;
use crate::stored::{self, Access};
use crate::ui;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tenon_registry_client::log::{KeyName, SigningKey};
use zeroize::Zeroizing;

/// The longest name of a file that a key may lead to: some systems have none beyond 255 bytes.
const MAX_FILE_NAME: usize = 200;

/// A key, and where it is.
pub(crate) struct Stored {
    pub(crate) path: PathBuf,
    pub(crate) file: KeyFile,
}

/// The key to sign with: that of this name, or in this file; else what `TENON_KEY` names; else the
/// only one there is. Its passphrase is asked for if it has one.
pub(crate) fn load(wanted: Option<&str>, passphrase: &Passphrase) -> Result<SigningKey, Failure> {
    let key = find(wanted)?;
    let secret = match key.file.is_sealed() {
        true => passphrase.ask(&ui::clean_line(key.name()))?,
        false => Zeroizing::default(),
    };
    key.file.open(&secret).map_err(|error| match error {
        KeyFileError::Passphrase => Failure::new(
            "key::passphrase",
            format!("the passphrase does not open the key `{}`", ui::clean_line(key.name())),
        )
        .help("try again; if it is surely the right one, the file was changed, and a copy of it is needed"),
        error => damaged(&key.path, &error),
    })
}

/// The key that [`load`] would open.
pub(crate) fn find(wanted: Option<&str>) -> Result<Stored, Failure> {
    let environment = std::env::var("TENON_KEY").ok();
    let environment = environment.filter(|name| !name.is_empty());
    if let Some(text) = wanted.or(environment.as_deref()) {
        return find_named(text);
    }
    let mut paths = paths()?;
    match (paths.pop(), paths.is_empty()) {
        (Some(path), true) => read(path),
        (None, _) => Err(Failure::new("key::none", "there is no key to sign with")
            .help("make one with `tenon key generate NAME`, such as `acme/alice`")),
        (Some(_), false) => Err(Failure::new(
            "key::several",
            format!("there are {} keys", paths.len() + 1),
        )
        .help("say which: `tenon key list` names them, and `TENON_KEY` can name one for good")),
    }
}

/// Every key in the user's folder, in the order of their file names; or why a file is none.
pub(crate) fn all() -> Result<Vec<Result<Stored, Failure>>, Failure> {
    Ok(paths()?.into_iter().map(read).collect())
}

/// Makes a key and its file, in the user's folder or in `folder`. A file that is there stays.
pub(crate) fn generate(
    name: &str,
    passphrase: Option<&Passphrase>,
    folder: Option<&Path>,
) -> Result<Stored, Failure> {
    let name = parse_name(name)?;
    let path = match folder {
        Some(folder) => std::path::absolute(folder)
            .map_err(|error| Failure::io("find", folder, &error))?
            .join(file_name(&name)),
        None => keys_folder()?.join(file_name(&name)),
    };
    // It is asked before a passphrase is, and again by `create`.
    if path.exists() {
        return Err(exists(&path));
    }
    let passphrase = passphrase
        .map(|passphrase| passphrase.choose(name.as_str()))
        .transpose()?;
    let mut dice = Dice {
        seed: Zeroizing::default(),
        salt: [0; 16],
        nonce: [0; 12],
    };
    for bytes in [&mut dice.seed[..], &mut dice.salt, &mut dice.nonce] {
        getrandom::fill(bytes).map_err(|error| {
            Failure::new("cli::io", "the system has no random numbers for a key").cause(error)
        })?;
    }
    let protection = passphrase.as_ref().map(|text| (text.as_str(), Cost::USUAL));
    let file = KeyFile::new(name, &dice, protection).map_err(|error| damaged(&path, &error))?;
    match stored::create(&path, Access::Private, &file.text())? {
        true => Ok(Stored { path, file }),
        false => Err(exists(&path)),
    }
}

/// Reads the name for a new key.
///
/// It ends up in records, reviews and messages, so it must look like what it is.
fn parse_name(text: &str) -> Result<KeyName, Failure> {
    let wrong = |message: String| {
        Failure::configuration("key::name", message)
            .help("take a name such as `acme/alice`: letters, digits and `/ . - _ @` always work")
    };
    let name = KeyName::new(text).map_err(|error| wrong(error.to_string()))?;
    if !ui::is_clean_line(text) {
        let shown = ui::clean_line(text);
        return Err(wrong(format!(
            "`{shown}` is not a key name: it has characters that cannot be seen, or is too long"
        )));
    }
    match file_name(&name).len() {
        0..=MAX_FILE_NAME => Ok(name),
        _ => Err(wrong(format!(
            "`{text}` is too long for the name of a file"
        ))),
    }
}

fn find_named(text: &str) -> Result<Stored, Failure> {
    if let Ok(name) = KeyName::new(text) {
        let path = keys_folder()?.join(file_name(&name));
        if path.is_file() {
            return read(path);
        }
    }
    let path = Path::new(text);
    if path.extension().is_some_and(|extension| extension == "key") && path.is_file() {
        return read(path.to_owned());
    }
    let failure = Failure::new(
        "key::unknown",
        format!("there is no key `{}`", ui::clean_line(text)),
    );
    let names: Vec<String> = all()?
        .into_iter()
        .flatten()
        .map(|key| ui::clean_line(key.name()))
        .collect();
    let nearest = names
        .iter()
        .map(|name| (strsim::levenshtein(name, text), name))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    Err(match nearest {
        Some((_, nearest)) => failure.help(format!("did you mean `{nearest}`?")),
        None => failure.help("`tenon key list` says which there are"),
    })
}

fn read(path: PathBuf) -> Result<Stored, Failure> {
    let text = stored::read(&path, Access::Private)?
        .ok_or_else(|| Failure::io("read", &path, &io::ErrorKind::NotFound.into()))?;
    match KeyFile::parse(&text) {
        Ok(file) => Ok(Stored { path, file }),
        Err(error) => Err(damaged(&path, &error)),
    }
}

fn paths() -> Result<Vec<PathBuf>, Failure> {
    let folder = keys_folder()?;
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| Failure::io("read", &folder, &error))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| Failure::io("read", &folder, &error))?
            .path();
        if path.extension().is_some_and(|extension| extension == "key") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn keys_folder() -> Result<PathBuf, Failure> {
    Ok(Place::Config.folder()?.join("keys"))
}

/// The name of the file of a key: every key has one of its own, on every system.
///
/// `/` becomes `+`, which no key name has; what is not a lower-case letter, a digit or one of
/// `-_@.` is written as `%` and its bytes; and so is a `.` at the beginning.
fn file_name(name: &KeyName) -> String {
    let mut file_name = String::new();
    for (at, byte) in name.as_str().bytes().enumerate() {
        match byte {
            b'/' => file_name.push('+'),
            b'.' if at == 0 => file_name.push_str("%2e"),
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'@' | b'.' => file_name.push(byte as char),
            _ => file_name.push_str(&format!("%{byte:02x}")),
        }
    }
    file_name + ".key"
}

fn exists(path: &Path) -> Failure {
    Failure::new(
        "key::exists",
        format!("there is a key already: `{}`", path.display()),
    )
    .help("keys are never overwritten: choose another name, or move the file away")
}

fn damaged(path: &Path, error: &KeyFileError) -> Failure {
    Failure::new(
        "key::damaged",
        format!("`{}` is no key that can be used", path.display()),
    )
    .cause(error)
    .help("take it from a copy, or make another key and have it granted")
}

impl Stored {
    /// The name of the key, as the file has it.
    pub(crate) fn name(&self) -> &str {
        self.file.vkey().name().as_str()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(text: &str) -> String {
        file_name(&KeyName::new(text).unwrap())
    }

    #[test]
    fn a_name_leads_to_a_file_in_its_folder() {
        for (name, expected) in [
            ("acme/alice", "acme+alice.key"),
            ("../../.ssh/id", "%2e.+..+.ssh+id.key"),
            ("/etc/passwd", "+etc+passwd.key"),
            ("Alice", "%41lice.key"),
            ("a\\b:c%", "a%5cb%3ac%25.key"),
            ("alice@acme.example", "alice@acme.example.key"),
            ("ä", "%c3%a4.key"),
        ] {
            assert_eq!(named(name), expected);
        }
    }

    proptest! {
        #[test]
        fn two_names_never_share_a_file(a in "[aA/.%é2+-]{1,6}", b in "[aA/.%é2+-]{1,6}") {
            let file = |text: &str| KeyName::new(text).ok().map(|name| file_name(&name));
            if let (Some(left), Some(right)) = (file(&a), file(&b)) {
                prop_assert_eq!(a == b, left.eq_ignore_ascii_case(&right));
                prop_assert_eq!(Path::new(&left).components().count(), 1);
                prop_assert!(!left.starts_with('.'));
            }
        }
    }

    #[test]
    fn a_name_shows_all_of_itself() {
        for wrong in [
            "",
            "a b",
            "a+b",
            "a\u{202e}b",
            "a\u{200b}",
            "a\u{7f}",
            "a\u{9b}",
        ] {
            assert_eq!(
                parse_name(wrong).unwrap_err().code,
                "key::name",
                "{wrong:?}"
            );
        }
        assert!(parse_name(&"a".repeat(300)).is_err());
        assert!(parse_name(&"é".repeat(100)).is_err());
        assert!(parse_name("acme/alice").is_ok());
    }
}
