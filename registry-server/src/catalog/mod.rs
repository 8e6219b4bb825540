//! The catalog: packages, releases and namespaces, to be listed and searched.
//!
//! It is made from the log and from content that was checked, so that it can be made again; nothing in
//! it is believed by a client. What is written is written in the log's own transaction, so that the
//! catalog is never behind the log. The two logs see nothing of each other, which is why the order of
//! what was found depends on nothing but the package itself: no statistics of other packages.
//!
//! After the releases of a package were [put](Catalog::put_release) or
//! [removed](Catalog::remove_release), [`Catalog::refresh_package`] makes lists and search know.

mod entry;
mod holder;
mod interface;
mod listing;
mod namespace;
mod package;
mod rank;
mod readable;
mod search;
mod terms;
mod usage;

pub use entry::{Entry, MAX_WORLD};
pub use package::PackageQuery;
pub(crate) use rank::rank;
pub use readable::{Readable, Scope};
pub use usage::Usage;

use crate::log::LogId;
use rusqlite::Transaction;
use tenon_registry_client::api::MAX_PAGE;
use tenon_registry_client::name::NameError;

/// The entries of a page, unless a query says otherwise.
pub const DEFAULT_PAGE: u32 = 100;

/// What one log's packages, releases and namespaces are, in one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Catalog<'t> {
    tx: &'t Transaction<'t>,
    log: i64,
}

/// Why the catalog does not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// SQLite says so.
    #[error("the catalog cannot be used")]
    Sqlite(#[from] rusqlite::Error),
    /// A row is not as it was written.
    #[error("the catalog's {row} is damaged: run `tenon-registry rebuild`")]
    Damaged {
        /// Which row.
        row: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A query says to go on where no page ended.
    #[error("`{0}` is not where a page ended: give the `next` of the page before as it is")]
    Cursor(String),
    /// A query asks for an interface that none can be.
    #[error(
        "`{0}` is no interface to look for: expected such as `wasi:http/types`, `wasi:http/types@0.2` or `wasi:http`"
    )]
    Interface(String),
    /// A query asks for a kind of content that there is not.
    #[error("`{0}` is no kind of content: expected `component` or `wit`")]
    Kind(String),
    /// A query asks for a namespace that none can be.
    #[error("the namespace to look in cannot be one")]
    Namespace(#[source] NameError),
    /// A query has more words than are looked for.
    #[error(
        "the words to look for are too many or too long: give at most {} words and {} bytes",
        search::MAX_WORDS,
        search::MAX_TEXT
    )]
    Words,
}

impl<'t> Catalog<'t> {
    /// The catalog of a log, as it is in a transaction; what is written is there once that commits.
    pub fn new(tx: &'t Transaction<'t>, log: LogId) -> Catalog<'t> {
        let log = match log {
            LogId::Public => 0,
            LogId::Private => 1,
        };
        Catalog { tx, log }
    }

    /// Forgets everything, for it to be made again.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn clear(&self) -> Result<(), CatalogError> {
        for statement in [
            "DELETE FROM words WHERE rowid IN (SELECT id FROM package WHERE log = ?1)",
            "DELETE FROM posting WHERE term IN (SELECT id FROM term WHERE log = ?1)",
            "DELETE FROM release WHERE package IN (SELECT id FROM package WHERE log = ?1)",
            "DELETE FROM term WHERE log = ?1",
            "DELETE FROM world WHERE log = ?1",
            "DELETE FROM package WHERE log = ?1",
            "DELETE FROM namespace WHERE log = ?1",
            "DELETE FROM tally WHERE log = ?1",
        ] {
            self.tx.execute(statement, [self.log])?;
        }
        Ok(())
    }
}

/// How many entries a page has.
fn page_size(wanted: Option<u32>) -> usize {
    wanted.unwrap_or(DEFAULT_PAGE).min(MAX_PAGE) as usize
}

/// A number of rows, as SQLite is told it.
fn rows(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A text that came from outside, short enough to be shown.
fn excerpt(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
