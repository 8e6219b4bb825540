//! What the user sees: which stream, which colours, how much.

mod clean;
mod diagnostic;
mod json;
mod progress;
mod proof;
mod release;
mod sentence;
mod style;
mod table;
mod text;

use clean::clean_styled;
pub(crate) use clean::{clean, clean_line, clean_line_of, is_clean_line};
pub(crate) use json::{Document, Fields, PackageData};
use json::{Framed, Warned};
pub(crate) use proof::{Seen, proof};
pub(crate) use release::{CheckpointData, PublisherData, ReleaseData, StatusData, UnverifiedData};
pub(crate) use sentence::{log_sentence, publisher, sentence, signed_by_keys, witnesses};
pub(crate) use style::{bold, dim, failure_text, warning};
pub(crate) use table::table;
pub(crate) use text::{
    count, hoisted, instances, made, near_misses, plan, size, thousands, unusual,
};

use crate::args::{Color, Global};
use crate::error::Failure;
use anstream::{AutoStream, ColorChoice};
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tenon_registry_client::http::Progress;

/// The streams of a command.
pub(crate) struct Ui {
    quiet: bool,
    pub(crate) verbose: bool,
    pub(crate) json: bool,
    /// Whether standard output carries a component, so that nothing else may go there.
    stdout_is_taken: bool,
    /// The document that the next one is a part of.
    frame: Option<Fields>,
    /// Whether the document that was printed says what ends the command, too.
    is_concluded: AtomicBool,
    /// What belongs to the error that is reported next.
    details: Mutex<Option<serde_json::Value>>,
    warnings: Arc<Warnings>,
}

/// What may be wrong.
#[derive(Default)]
struct Warnings {
    /// Whether it is for a document.
    kept: bool,
    /// What was said that is said once.
    said: Mutex<BTreeSet<String>>,
    /// What comes with the document.
    list: Mutex<Vec<String>>,
}

impl Ui {
    pub(crate) fn new(global: &Global) -> Ui {
        match global.color {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
        Ui {
            quiet: global.quiet,
            verbose: global.verbose,
            json: global.json,
            stdout_is_taken: false,
            frame: None,
            is_concluded: AtomicBool::default(),
            details: Mutex::default(),
            warnings: Arc::new(Warnings::new(global.json)),
        }
    }

    /// The streams of a command that was not understood, but asks for JSON.
    pub(crate) fn json() -> Ui {
        Ui {
            quiet: false,
            verbose: false,
            json: true,
            stdout_is_taken: false,
            frame: None,
            is_concluded: AtomicBool::default(),
            details: Mutex::default(),
            warnings: Arc::new(Warnings::new(true)),
        }
    }

    /// Keeps standard output for a component.
    pub(crate) fn take_stdout(&mut self) {
        self.stdout_is_taken = true;
    }

    /// Has the next document be a part of one with these fields, as `composition`.
    pub(crate) fn frame(&mut self, fields: Fields) {
        self.frame = Some(fields);
    }

    /// Says what was done, on standard error.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet && !self.json {
            stderr(text);
        }
    }

    /// Says what may be wrong, on standard error, or in the document that comes.
    pub(crate) fn warn(&self, text: &str) {
        self.warnings.say(text);
    }

    /// Says what may be wrong, but not again.
    pub(crate) fn warn_once(&self, text: &str) {
        self.warnings.say_once(text);
    }

    /// Who says what a registry at a host warns of, each thing once.
    pub(crate) fn warned_by(&self, host: &str) -> Arc<dyn Fn(&str) + Send + Sync> {
        let (warnings, host) = (Arc::clone(&self.warnings), host.to_owned());
        Arc::new(move |text| warnings.say_once(&clean_line(&format!("`{host}` warns: {text}"))))
    }

    /// Asks once whether to go on, unless `yes` says so already.
    pub(crate) fn confirm(&self, question: &str, yes: bool) -> Result<(), Failure> {
        if yes {
            return Ok(());
        }
        let Some(answer) = self.ask(&format!("{question} [y/N] "))? else {
            return Err(Failure::usage(
                "this has to be agreed to, and there is no terminal to ask on",
            )
            .help("give `--yes` to agree, or `--dry-run` to only look"));
        };
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Failure::new(
                "cli::declined",
                "nothing was sent, as you wished",
            )),
        }
    }

    /// The line that is typed in answer to a question; `None` if there is no terminal to ask on.
    pub(crate) fn ask(&self, question: &str) -> Result<Option<String>, Failure> {
        if self.json || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(None);
        }
        let mut stderr = anstream::stderr().lock();
        let mut answer = String::new();
        write!(stderr, "{question}")
            .and_then(|()| stderr.flush())
            .and_then(|()| io::stdin().read_line(&mut answer))
            .map_err(|error| Failure::io("read from", "the terminal", &error))?;
        Ok(Some(answer))
    }

    /// How whoever waits sees how far something is: with bars on a terminal, and else not at all.
    pub(crate) fn progress(&self) -> Arc<dyn Progress> {
        let watched = !self.quiet && !self.verbose && !self.json && io::stderr().is_terminal();
        match watched && std::env::var_os("CI").is_none() {
            true => Arc::new(progress::Bars::default()),
            false => Arc::new(()),
        }
    }

    /// Prints data on standard output.
    pub(crate) fn print(&self, data: &str) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        stdout
            .write_all(data.as_bytes())
            .and_then(|()| stdout.flush())
            .or_else(ignore_closed)
            .map_err(|error| Failure::io("write to", "standard output", &error))
    }

    /// Prints a document as JSON, where `--json` puts it.
    pub(crate) fn document(&self, document: &impl Serialize) -> Result<(), Failure> {
        self.put(self.frame.as_ref(), document)
    }

    /// Prints a document that is whole, also if the command fails by what it says: no other one follows.
    pub(crate) fn conclude(&self, document: &impl Serialize) -> Result<(), Failure> {
        self.document(document)?;
        self.is_concluded.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn put(&self, frame: Option<&Fields>, document: &impl Serialize) -> Result<(), Failure> {
        let warnings = self.warnings.list();
        let warnings = warnings.as_slice();
        let text = match frame {
            None => serde_json::to_string_pretty(&Warned { document, warnings }),
            Some(fields) => {
                let document = &Framed { fields, document };
                serde_json::to_string_pretty(&Warned { document, warnings })
            }
        };
        let mut text = text.map_err(|error| {
            Failure::new("cli::json", "the report cannot be written as JSON").cause(error)
        })?;
        text.push('\n');
        let text = clean::clean_json(&text);
        if self.stdout_is_taken {
            stderr(text.trim_end());
            return Ok(());
        }
        self.print(&text)
    }

    /// Has what an error is about, as data, be a part of its document.
    pub(crate) fn detail(&self, details: serde_json::Value) {
        let mut kept = self.details.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(details);
    }

    /// Says what is wrong, and goes on; a document will have it, too.
    pub(crate) fn report(&self, failure: &Failure) {
        if !self.json {
            stderr(&failure_text(failure));
            // What follows is about something else.
            stderr("");
        }
    }

    /// Reports what ended the command.
    pub(crate) fn fail(&self, failure: &Failure) {
        if self.is_concluded.load(Ordering::Relaxed) {
            return;
        }
        let details = self.details.lock();
        let details = details.unwrap_or_else(PoisonError::into_inner).take();
        if self.json && self.put(None, &Document::error(failure, details)).is_ok() {
            return;
        }
        stderr(&failure_text(failure));
    }
}

impl Warnings {
    fn new(kept: bool) -> Warnings {
        Warnings {
            kept,
            ..Warnings::default()
        }
    }

    fn say(&self, text: &str) {
        match self.kept {
            true => self.list().push(text.to_owned()),
            false => stderr(&warning(text)),
        }
    }

    fn say_once(&self, text: &str) {
        // What a thread that panicked had said was said all the same.
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.insert(text.to_owned()) {
            self.say(text);
        }
    }

    fn list(&self) -> MutexGuard<'_, Vec<String>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stderr(text: &str) {
    // A stream that takes colours out writes what is left in parts, of which there may be thousands.
    let has_colours = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
    let text = clean_styled(text.trim_end(), has_colours) + "\n";
    // There is nobody left to tell if this fails.
    let _ = match has_colours {
        true => anstream::stderr().lock().write_all(text.as_bytes()),
        false => io::stderr().lock().write_all(text.as_bytes()),
    };
}

/// A reader that has seen enough, such as `head`, is no error.
fn ignore_closed(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    }
}
