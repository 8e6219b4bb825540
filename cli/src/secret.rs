//! Secrets as the user gives them: typed without being shown, or read from where the user says.

use crate::error::Failure;
use crate::stored::{self, Access};
use crate::ui;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The longest secret that is read from standard input, in bytes.
const MAX_SECRET: u64 = 4096;

/// Where the passphrase of a key comes from.
pub(crate) enum Passphrase {
    /// The user types it.
    Prompt,
    /// The first line of a file.
    File(PathBuf),
}

impl Passphrase {
    pub(crate) fn of(file: Option<&Path>) -> Passphrase {
        match file {
            Some(file) => Passphrase::File(file.to_owned()),
            None => Passphrase::Prompt,
        }
    }

    /// The passphrase of a key that there is.
    pub(crate) fn ask(&self, key: &str) -> Result<Zeroizing<String>, Failure> {
        match self {
            Passphrase::File(path) => first_line(path),
            Passphrase::Prompt => prompt(
                &format!("passphrase of `{key}`: "),
                "--passphrase-file FILE",
            ),
        }
    }

    /// The passphrase of a new key, which is typed twice.
    pub(crate) fn choose(&self, key: &str) -> Result<Zeroizing<String>, Failure> {
        let first = self.ask(key)?;
        let again = match self {
            Passphrase::File(_) => None,
            Passphrase::Prompt => Some(prompt("the same again: ", "--passphrase-file FILE")?),
        };
        if again.is_some_and(|again| again != first) {
            return Err(
                Failure::new("key::passphrase", "the two passphrases differ")
                    .help("try again; nothing was written"),
            );
        }
        match first.is_empty() {
            true => Err(Failure::new("key::passphrase", "the passphrase is empty")
                .help("give one, or leave the option out for a key without a passphrase")),
            false => Ok(first),
        }
    }
}

/// What the user types, which is not shown; `instead` is the option for where nobody can type.
pub(crate) fn prompt(question: &str, instead: &str) -> Result<Zeroizing<String>, Failure> {
    if !io::stdin().is_terminal() {
        return Err(
            Failure::usage("a secret is asked for, and standard input is no terminal")
                .help(format!("use `{instead}`")),
        );
    }
    rpassword::prompt_password(ui::clean_line(question))
        .map(Zeroizing::new)
        .map_err(|error| Failure::io("read from", "the terminal", &error))
}

/// All of standard input.
pub(crate) fn standard_input() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    io::stdin()
        .lock()
        .take(MAX_SECRET)
        .read_to_string(&mut text)
        .map_err(|error| Failure::io("read", "standard input", &error))?;
    Ok(text)
}

fn first_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = stored::read(path, Access::Shared)?
        .ok_or_else(|| Failure::io("read", path, &io::ErrorKind::NotFound.into()))?;
    Ok(Zeroizing::new(
        text.lines().next().unwrap_or_default().to_owned(),
    ))
}
