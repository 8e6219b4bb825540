//! Errors as the command line reports them.

use crate::diagnostic::Diagnostic;
use crate::exit::ExitKind;
use std::fmt;
use std::io;
use std::path::Path;

/// Something that ends a command: a message, and what belongs to it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// Why, from the nearest cause to the farthest.
    pub(crate) causes: Vec<String>,
    pub(crate) help: Option<String>,
    /// In a box, so that results are small.
    pub(crate) findings: Box<Findings>,
    pub(crate) exit: ExitKind,
}

/// What else was found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// A line each.
    pub(crate) notes: Vec<String>,
    /// What is wrong at places of texts. If anything is, code, message, causes and help are those of the first.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Failure {
        Failure {
            code,
            message: message.into(),
            causes: Vec::new(),
            help: None,
            findings: Box::default(),
            exit: ExitKind::Failure,
        }
    }

    /// What is wrong at places of texts, if anything is.
    pub(crate) fn of(diagnostics: Vec<Diagnostic>) -> Option<Failure> {
        let first = diagnostics.first()?;
        let mut failure = Failure::new(first.code, first.message.clone());
        failure.causes.clone_from(&first.causes);
        failure.help.clone_from(&first.help);
        failure.findings.diagnostics = diagnostics;
        Some(failure)
    }

    /// A wrong command line.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure {
            exit: ExitKind::Usage,
            ..Failure::new("cli::usage", message)
        }
    }

    /// A configuration that is wrong, or lacks something.
    pub(crate) fn configuration(code: &'static str, message: impl Into<String>) -> Failure {
        Failure {
            exit: ExitKind::Usage,
            ..Failure::new(code, message)
        }
    }

    /// A file that cannot be read or written: `action` says what was tried.
    pub(crate) fn io(action: &str, path: impl AsRef<Path>, error: &io::Error) -> Failure {
        let help = match error.kind() {
            io::ErrorKind::NotFound => Some("check the path"),
            io::ErrorKind::PermissionDenied => {
                Some("check the permissions of the file and its folder")
            }
            io::ErrorKind::StorageFull => Some("make room, or write to another disk"),
            io::ErrorKind::IsADirectory => Some("name a file, not a directory"),
            io::ErrorKind::FileTooLarge => {
                Some("use a smaller file, or raise the limit that is set")
            }
            _ => None,
        };
        Failure {
            help: help.map(str::to_owned),
            causes: vec![match error.raw_os_error() {
                None if error.kind() == io::ErrorKind::NotFound => {
                    "there is no such file".to_owned()
                }
                _ => error.to_string(),
            }],
            ..Failure::new(
                "cli::io",
                format!("cannot {action} `{}`", path.as_ref().display()),
            )
        }
    }

    /// The message and its causes, in one line.
    pub(crate) fn summary(&self) -> String {
        let parts = std::iter::once(&self.message).chain(&self.causes);
        parts.cloned().collect::<Vec<_>>().join(": ")
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn cause(mut self, cause: impl fmt::Display) -> Failure {
        self.causes.push(cause.to_string());
        self
    }

    pub(crate) fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Failure {
        self.findings.notes.extend(notes);
        self
    }
}

impl From<tenon_composer::Error> for Failure {
    fn from(error: tenon_composer::Error) -> Self {
        use tenon_composer::ErrorKind;
        let causes = std::iter::successors(std::error::Error::source(&error), |e| e.source())
            .map(ToString::to_string)
            .collect();
        let notes = match error.kind() {
            // The first near miss is in the message.
            ErrorKind::NothingPlugged { near, .. } => crate::ui::near_misses(near, 1),
            _ => Vec::new(),
        };
        Failure {
            code: error.code(),
            message: error.to_string(),
            causes,
            help: error.help().map(str::to_owned),
            findings: Box::new(Findings {
                notes,
                ..Findings::default()
            }),
            exit: match error.kind() {
                ErrorKind::InvalidOutput { .. } => ExitKind::Bug,
                _ => ExitKind::Failure,
            },
        }
    }
}

/// An error of a WIT library: its message, and its causes.
pub(crate) fn wit_failure(path: &str, error: &dyn fmt::Display) -> Failure {
    Failure::new("cli::wit", format!("the WIT in `{path}` cannot be read"))
        .cause(format!("{error:#}"))
        .help("check the syntax, and that `deps/` holds every package that is used")
}
