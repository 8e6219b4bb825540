//! Packages that are looked for.

use super::interface::{Asked, Way, name};
use super::package::summary;
use super::readable::Range;
use super::{Catalog, CatalogError, Readable, excerpt, page_size, rows};
use rusqlite::{OptionalExtension, named_params};
use tenon_registry_client::api::{PackageSummary, SearchHit, SearchPage, SearchQuery};
use tenon_registry_client::name::{Namespace, PackageName};
use tenon_registry_client::record::ContentKind;

/// The most words that are looked for at once.
pub(super) const MAX_WORDS: usize = 16;

/// The longest text that is looked for, in bytes.
pub(super) const MAX_TEXT: usize = 256;

/// The best packages first: 0 for the one that is called as was asked, 1 for those that begin so, 2 where
/// all words are in the name, 3 for the others.
type Class = i64;

/// Where a page ends: `<class>-<name>`.
struct Cursor {
    class: Class,
    name: String,
}

/// Words that are looked for, as SQLite's FTS5 is asked for them.
struct Words {
    /// The text they are of, in lower case.
    text: String,
    /// Each in quotes, so that nothing in them is syntax, and as the beginning of a word.
    phrases: String,
}

/// What is asked for besides words.
struct Filter {
    kind: Option<&'static str>,
    exports: Option<Term>,
    imports: Option<Term>,
    ranges: Vec<Range>,
    after: Option<Cursor>,
    n: usize,
}

/// An interface that some package has.
struct Term {
    id: i64,
    base: String,
}

struct Found {
    package: PackageSummary,
    class: Class,
}

/// By words. Everything that has them is looked at, for the best of it to come first.
const BY_WORDS: &str = "
WITH found AS (
  SELECT package.*, CASE
      WHEN :q IN (package.name, substr(package.name, instr(package.name, ':') + 1)) THEN 0
      WHEN instr(package.name, :q) = 1 OR instr(package.name, ':' || :q) > 0 THEN 1
      WHEN id IN (SELECT rowid FROM words WHERE words MATCH :in_name) THEN 2
      ELSE 3 END AS class
  FROM words CROSS JOIN package ON package.id = words.rowid
  WHERE words MATCH :anywhere AND package.log = :log
    AND (:kind IS NULL OR kind = :kind)
    AND (:exports IS NULL OR EXISTS (SELECT 1 FROM posting WHERE term = :exports AND posting.name = package.name))
    AND (:imports IS NULL OR EXISTS (SELECT 1 FROM posting WHERE term = :imports AND posting.name = package.name))
    AND package.name >= :from AND package.name < :to
    AND (:ranges IS NULL OR EXISTS (
      SELECT 1 FROM json_each(:ranges) WHERE package.name >= (value ->> 0) AND package.name < (value ->> 1)))
)
SELECT name, version, description, kind, class FROM found
WHERE (class, name) > (:class, :after) ORDER BY class, name LIMIT :n";

/// By an interface, and perhaps by another.
const BY_TERM: &str = "
SELECT package.name, package.version, package.description, package.kind
FROM posting CROSS JOIN package ON package.id = posting.package
WHERE posting.term = :term AND posting.name >= :from AND posting.name < :to
  AND (:kind IS NULL OR kind = :kind)
  AND (:other IS NULL OR EXISTS (SELECT 1 FROM posting AS o WHERE o.term = :other AND o.name = posting.name))
GROUP BY posting.name ORDER BY posting.name LIMIT :n";

/// By kind.
const BY_KIND: &str = "
SELECT name, version, description, kind FROM package
WHERE log = :log AND kind = :kind AND version IS NOT NULL AND name >= :from AND name < :to
ORDER BY name LIMIT :n";

/// By nothing but the name.
const BY_NAME: &str = "
SELECT name, version, description, kind FROM package
WHERE log = :log AND version IS NOT NULL AND name >= :from AND name < :to
ORDER BY name LIMIT :n";

impl Catalog<'_> {
    /// The packages that the reader may see and of which the listed version has all that is asked for.
    ///
    /// Words are looked for as beginnings of words in the name and the description. An interface
    /// without a version is any version of it, with one is any on its track; a package in place of an
    /// interface is any interface of it: so `imports` says who depends on either. What is called as the
    /// words come first, then what begins so, then what has them in its name; those that are equal are by
    /// name.
    ///
    /// A page without words takes as long as it is, where kinds or a second interface leave out little;
    /// one with words takes as long as there are packages that have them.
    ///
    /// # Errors
    ///
    /// SQLite's, or what is asked for cannot be: a cursor that no page ended with, an interface or
    /// a kind that is none, too many words.
    pub fn search(
        &self,
        query: &SearchQuery,
        readable: &Readable,
    ) -> Result<SearchPage, CatalogError> {
        let empty = SearchPage {
            hits: vec![],
            next: None,
        };
        let (q, exports, imports) = (&query.q, &query.exports, &query.imports);
        let words = q.as_deref().map(Words::parse).transpose()?.flatten();
        let after = query.after.as_deref().map(Cursor::parse).transpose()?;
        let kind = query.kind.as_deref().map(parse_kind).transpose()?;
        let exports = exports.as_deref().map(Asked::parse).transpose()?;
        let imports = imports.as_deref().map(Asked::parse).transpose()?;
        let prefix = query
            .namespace
            .as_deref()
            .map(parse_namespace)
            .transpose()?;
        // The order is by name alone unless there are words.
        let begin = after.as_ref().filter(|_| words.is_none());
        let begin = begin.map(|cursor| cursor.name.as_str());
        let ranges = readable.ranges(&prefix.unwrap_or_default(), begin);
        let mut filter = Filter {
            kind,
            exports: None,
            imports: None,
            ranges,
            after,
            n: page_size(query.n),
        };
        for (way, asked, term) in [
            (Way::Export, exports, &mut filter.exports),
            (Way::Import, imports, &mut filter.imports),
        ] {
            let Some(asked) = asked else { continue };
            *term = self.term(way, asked)?;
            if term.is_none() {
                return Ok(empty);
            }
        }
        if filter.n == 0 {
            return Ok(empty);
        }
        let found = match &words {
            Some(words) if words.phrases.is_empty() => return Ok(empty),
            Some(words) => self.by_words(words, &filter)?,
            None => self.by_name(&filter)?,
        };
        self.page(found, &filter)
    }

    fn by_words(&self, words: &Words, filter: &Filter) -> Result<Vec<Found>, CatalogError> {
        let (Some((from, _)), Some((_, to))) = (filter.ranges.first(), filter.ranges.last()) else {
            return Ok(vec![]);
        };
        let ranges = match filter.ranges.as_slice() {
            [_] => None,
            ranges => Some(super::entry::json(&ranges)?),
        };
        let mut select = self.tx.prepare_cached(BY_WORDS)?;
        let (log, phrases) = (self.log_word(), &words.phrases);
        let within = |columns| format!("log : \"{log}\" AND {{{columns}}} : ({phrases})");
        let after = filter.after.as_ref();
        let values = named_params! {
            ":log": self.log,
            ":q": words.text,
            ":anywhere": within("name description"),
            ":in_name": within("name"),
            ":kind": filter.kind,
            ":exports": filter.exports.as_ref().map(|term| term.id),
            ":imports": filter.imports.as_ref().map(|term| term.id),
            ":from": from,
            ":to": to,
            ":ranges": ranges,
            ":class": after.map_or(-1, |cursor| cursor.class),
            ":after": after.map_or("", |cursor| &cursor.name),
            ":n": rows(filter.n + 1),
        };
        let found = select.query_map(values, |row| {
            let class = row.get(4)?;
            Ok(Found {
                package: summary(row)?,
                class,
            })
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    fn by_name(&self, filter: &Filter) -> Result<Vec<Found>, CatalogError> {
        let terms = filter.exports.iter().chain(&filter.imports);
        let mut terms = terms.map(|term| term.id);
        let (term, other) = (terms.next(), terms.next());
        let mut select = self.tx.prepare_cached(match (term, filter.kind) {
            (Some(_), _) => BY_TERM,
            (None, Some(_)) => BY_KIND,
            (None, None) => BY_NAME,
        })?;
        let mut found = vec![];
        for (from, to) in &filter.ranges {
            // One more than the page has says whether there is another page.
            let left = rows(filter.n + 1 - found.len());
            let (log, kind) = (self.log, filter.kind);
            let read = |row: &rusqlite::Row<'_>| {
                let package = summary(row)?;
                Ok(Found { package, class: 0 })
            };
            let matching = match (term, kind) {
                (Some(_), _) => select.query_map(
                    named_params! { ":term": term, ":other": other, ":kind": kind, ":from": from, ":to": to, ":n": left },
                    read,
                )?,
                (None, Some(_)) => select.query_map(
                    named_params! { ":log": log, ":kind": kind, ":from": from, ":to": to, ":n": left },
                    read,
                )?,
                (None, None) => select.query_map(
                    named_params! { ":log": log, ":from": from, ":to": to, ":n": left },
                    read,
                )?,
            };
            for row in matching {
                found.push(row?);
            }
            if found.len() > filter.n {
                break;
            }
        }
        Ok(found)
    }

    fn page(&self, mut found: Vec<Found>, filter: &Filter) -> Result<SearchPage, CatalogError> {
        let more = found.len() > filter.n;
        found.truncate(filter.n);
        let next = found.last().filter(|_| more);
        let next = next.map(|last| format!("{}-{}", last.class, last.package.name));
        let mut select = self
            .tx
            .prepare_cached("SELECT version FROM posting WHERE term = ?1 AND name = ?2")?;
        let mut hits = vec![];
        for Found { package, .. } in found {
            let mut interfaces = vec![];
            for term in filter.exports.iter().chain(&filter.imports) {
                let versions = select.query_map((term.id, &package.name), |row| row.get(0))?;
                for version in versions {
                    let version: String = version?;
                    interfaces.push(name(&term.base, &version));
                }
            }
            interfaces.sort();
            interfaces.dedup();
            hits.push(SearchHit {
                package,
                interfaces,
            });
        }
        Ok(SearchPage { hits, next })
    }

    fn term(&self, way: Way, asked: Asked) -> Result<Option<Term>, CatalogError> {
        let mut select = self.tx.prepare_cached(
            "SELECT id FROM term WHERE log = ?1 AND way = ?2 AND base = ?3 AND track = ?4",
        )?;
        let values = (self.log, way as i64, &asked.base, &asked.track);
        let id = select.query_row(values, |row| row.get(0)).optional()?;
        let base = asked.base;
        Ok(id.map(|id| Term { id, base }))
    }

    /// The word that tells the logs apart where words are kept.
    pub(super) fn log_word(&self) -> &'static str {
        match self.log {
            0 => "public",
            _ => "private",
        }
    }
}

impl Cursor {
    fn parse(text: &str) -> Result<Cursor, CatalogError> {
        let refused = || CatalogError::Cursor(excerpt(text));
        let (class, name) = text.split_once('-').ok_or_else(refused)?;
        let name: PackageName = name.parse().map_err(|_| refused())?;
        match class.as_bytes() {
            [class @ b'0'..=b'3'] => Ok(Cursor {
                class: Class::from(class - b'0'),
                name: name.to_string(),
            }),
            _ => Err(refused()),
        }
    }
}

impl Words {
    /// Gives `None` for a text that is blank, which asks for nothing.
    fn parse(text: &str) -> Result<Option<Words>, CatalogError> {
        let text = text.trim();
        if text.len() > MAX_TEXT {
            return Err(CatalogError::Words);
        }
        let words = text.split(|char: char| !char.is_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        let phrases: Vec<String> = words.map(|word| format!("\"{word}\"*")).collect();
        if phrases.len() > MAX_WORDS {
            return Err(CatalogError::Words);
        }
        Ok((!text.is_empty()).then(|| Words {
            text: text.to_lowercase(),
            phrases: phrases.join(" AND "),
        }))
    }
}

fn parse_kind(text: &str) -> Result<&'static str, CatalogError> {
    let mut kinds = ContentKind::ALL.iter().map(|kind| kind.as_str());
    let kind = kinds.find(|kind| *kind == text);
    kind.ok_or_else(|| CatalogError::Kind(excerpt(text)))
}

/// How the names of a namespace's packages begin.
fn parse_namespace(text: &str) -> Result<String, CatalogError> {
    let namespace: Namespace = text.parse().map_err(CatalogError::Namespace)?;
    Ok(format!("{namespace}:"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;
    use crate::store::database::Database;

    /// How SQLite goes about a query: a line for each step.
    fn plan(query: &str) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(&directory.path().join("registry.db")).unwrap();
        let plan = database.read(|tx| {
            let mut explain = tx.prepare(&format!("EXPLAIN QUERY PLAN {query}"))?;
            // Its parameters are as good as any other.
            let plan = explain.raw_query().mapped(|row| row.get("detail"));
            plan.collect::<rusqlite::Result<Vec<String>>>()
        });
        plan.unwrap()
    }

    #[test]
    fn what_is_looked_for_is_in_an_index() {
        for query in [BY_TERM, BY_KIND, BY_NAME, BY_WORDS] {
            let plan = plan(query);
            let scans = |step: &&String| step.contains("SCAN") && !step.contains("VIRTUAL TABLE");
            let scans: Vec<_> = plan.iter().filter(scans).collect();
            assert!(scans.is_empty(), "{query}: {plan:#?}");
            // The order is that of an index, but where the best has to be found among all.
            let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
            assert_eq!(sorts, query == BY_WORDS, "{query}: {plan:#?}");
        }
        let has = |query, step| plan(query).iter().any(|found| found.contains(step));
        assert!(has(
            BY_TERM,
            "SEARCH posting USING PRIMARY KEY (term=? AND name>? AND name<?)"
        ));
        // Words come first, and say which packages are to be looked at.
        assert!(
            has(
                BY_WORDS,
                "SEARCH package USING INTEGER PRIMARY KEY (rowid=?)"
            ),
            "{:#?}",
            plan(BY_WORDS)
        );
    }

    #[test]
    fn words_are_quoted() {
        let phrases = |text| Words::parse(text).unwrap().map(|words| words.phrases);
        assert_eq!(
            phrases(" a-b \" OR "),
            Some("\"a\"* AND \"b\"* AND \"OR\"*".to_owned())
        );
        assert_eq!(phrases("\"\"*"), Some(String::new()));
        assert_eq!(phrases(" \t"), None);
    }
}
