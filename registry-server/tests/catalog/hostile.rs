//! Texts that are no words, damage, and pages that there are not.

use crate::support::*;
use tenon_registry_client::api::{MAX_PAGE, SearchQuery};
use tenon_registry_server::catalog::{CatalogError, PackageQuery, Readable};
use tenon_registry_server::log::LogId;

/// What means something to SQLite, FTS5, JSON or a terminal.
const HOSTILE: &[&str] = &[
    "'",
    "\"",
    "\"\"",
    "';--",
    "'; DROP TABLE package; --",
    "\" OR \"a\" : \"b",
    "* OR 1",
    "*",
    "^http",
    "NEAR(a b, 2)",
    "AND",
    "OR NOT",
    "NOT http",
    "a AND",
    "log : private",
    "{log} : private",
    "-name : x",
    "(",
    ")))",
    "a+b",
    "%",
    "_",
    "\\",
    "$.x",
    "?1",
    ":q",
    "\0",
    "a\0b",
    "\u{1b}[31m",
    "\u{202e}",
    "(a+)+$",
    "\u{1d400}\u{10ffff}",
    "\u{2126}\u{301}",
    "\u{1e030}",
    "null",
    "[\"\",\"\"]",
];

fn registry() -> Registry {
    let registry = Registry::new();
    let world = world("http for people", &["a:b/c"], &["wasi:http/handler@0.2.0"]);
    registry.put(&release("acme:http", "1.0.0", "a"), Some(&world));
    registry.put_at(
        LogId::Private,
        &release("acme:hidden", "1.0.0", "h"),
        Some(&world),
        START,
    );
    registry
}

fn search(registry: &Registry, query: &SearchQuery) -> Result<Vec<String>, CatalogError> {
    registry.read(LogId::Public, |catalog| {
        Ok(names(&catalog.search(query, &Readable::all())?))
    })
}

#[test]
fn no_text_is_syntax() {
    let registry = registry();
    for text in HOSTILE {
        for text in [
            (*text).to_owned(),
            format!("http {text}"),
            format!("{text}http"),
        ] {
            let found = search(&registry, &words(&text)).unwrap();
            assert!(
                found.is_empty() || found == ["acme:http"],
                "{text:?}: {found:?}"
            );
            for query in [exports(&text), imports(&text)] {
                match search(&registry, &query) {
                    Ok(found) => assert_eq!(found, [""; 0], "{text:?}"),
                    Err(error) => assert!(matches!(error, CatalogError::Interface(_)), "{error:?}"),
                }
            }
            let kind = SearchQuery {
                kind: Some(text.clone()),
                ..SearchQuery::default()
            };
            assert!(
                matches!(search(&registry, &kind), Err(CatalogError::Kind(_))),
                "{text:?}"
            );
            let namespace = SearchQuery {
                namespace: Some(text.clone()),
                ..SearchQuery::default()
            };
            match search(&registry, &namespace) {
                // Some of these are good names.
                Ok(found) => assert_eq!(found, [""; 0], "{text:?}"),
                Err(error) => assert!(matches!(error, CatalogError::Namespace(_)), "{error:?}"),
            }
            let prefix = PackageQuery {
                prefix: &text,
                ..PackageQuery::default()
            };
            assert_eq!(registry.packages(&prefix).packages, [], "{text:?}");
        }
    }
    // Nothing of it did anything.
    assert_eq!(search(&registry, &words("http")).unwrap(), ["acme:http"]);
    assert_eq!(
        search(&registry, &words("* http *")).unwrap(),
        ["acme:http"]
    );
    assert_eq!(search(&registry, &words("  ")).unwrap(), ["acme:http"]);
    assert_eq!(search(&registry, &words("\"*\"")).unwrap(), [""; 0]);
}

#[test]
fn content_that_is_hostile_is_only_text() {
    let registry = Registry::new();
    for (number, text) in HOSTILE.iter().enumerate() {
        let name = format!("acme:p-{number}");
        let world = world(text, &[text], &[text, "a:b/c"]);
        registry.put(&release(&name, "1.0.0", text), Some(&world));
        let shown = registry.package(&name).unwrap();
        assert_eq!(shown.releases[0].world.as_ref(), Some(&world));
    }
    let page = registry.search(&exports("a:b/c"));
    assert_eq!(page.hits.len(), HOSTILE.len());
    let described = page
        .hits
        .iter()
        .map(|hit| hit.package.description.clone().unwrap());
    assert_eq!(
        described.collect::<std::collections::BTreeSet<_>>().len(),
        HOSTILE.len()
    );
}

#[test]
fn a_cursor_is_checked() {
    let registry = registry();
    for text in HOSTILE.iter().copied().chain([
        "",
        "0",
        "-",
        "acme:http",
        "-acme:http",
        "4-acme:http",
        "00-acme:http",
        "-1-acme:http",
        "0-acme",
        "0-acme:http ",
        "0-ACME:http",
        "9223372036854775808-acme:http",
        &"0-".repeat(100_000),
    ]) {
        for query in [SearchQuery::default(), words("http"), exports("a:b/c")] {
            let query = SearchQuery {
                after: Some(text.to_owned()),
                ..query
            };
            let error = search(&registry, &query).unwrap_err();
            assert!(
                matches!(error, CatalogError::Cursor(_)),
                "{text:?}: {error:?}"
            );
            assert!(error.to_string().len() < 600, "{error}");
        }
    }
    // One of another query is a place like any other.
    for after in ["0-acme:a", "3-acme:a", "3-zed:z"] {
        let query = SearchQuery {
            after: Some(after.to_owned()),
            ..words("http")
        };
        assert!(search(&registry, &query).is_ok());
    }
}

#[test]
fn too_much_is_refused() {
    let registry = registry();
    let many = "a ".repeat(17);
    let long = "a".repeat(257);
    let longer = "a b".repeat(350_000);
    for text in [&many, &long, &longer] {
        assert!(matches!(
            search(&registry, &words(text)),
            Err(CatalogError::Words)
        ));
    }
    assert_eq!(
        search(&registry, &words(&"http ".repeat(16))).unwrap(),
        ["acme:http"]
    );
    assert!(matches!(
        search(&registry, &exports(&longer)),
        Err(CatalogError::Interface(_))
    ));
}

#[test]
fn what_exports_too_much_is_found_by_some_of_it() {
    let registry = Registry::new();
    let all: Vec<String> = (0..5_000).map(|number| format!("a:b/c-{number}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let world = world("", &[], &all);
    registry.put(&release("acme:http", "1.0.0", "a"), Some(&world));
    assert_eq!(registry.found(&exports("a:b/c-999")), ["acme:http"]);
    assert_eq!(registry.found(&exports("a:b/c-1000")), [""; 0]);
    let shown = registry.package("acme:http").unwrap();
    assert_eq!(shown.releases[0].world.as_ref(), Some(&world));
}

#[test]
fn a_page_is_no_longer_than_the_cap() {
    let registry = Registry::new();
    registry.write(|tx| {
        let catalog = tenon_registry_server::catalog::Catalog::new(tx, LogId::Public);
        let world = world("word", &[], &["a:b/c"]);
        for number in 0..=MAX_PAGE {
            let release = release(&format!("acme:p-{number}"), "1.0.0", "same");
            catalog.put_release(&entry(&release, Some(&world), START))?;
            catalog.refresh_package(&release.package)?;
        }
        Ok(())
    });
    for query in [SearchQuery::default(), words("word"), exports("a:b/c")] {
        for (n, expected) in [
            (Some(0), 0),
            (Some(1), 1),
            (None, 100),
            (Some(MAX_PAGE), 1_000),
            (Some(u32::MAX), 1_000),
        ] {
            let page = registry.search(&SearchQuery { n, ..query.clone() });
            assert_eq!(page.hits.len(), expected);
            assert_eq!(page.next.is_some(), expected > 0);
        }
    }
    let page = registry.packages(&PackageQuery {
        n: Some(u32::MAX),
        ..PackageQuery::default()
    });
    assert_eq!(page.packages.len(), 1_000);
}

#[test]
fn damage_is_named() {
    let damaged = |sql: &str| {
        let registry = registry();
        registry.write(|tx| Ok(tx.execute_batch(sql)?));
        let read = registry.read(LogId::Public, |catalog| {
            catalog.package(&package("acme:http"), 1)
        });
        let error = read.unwrap_err();
        assert!(std::error::Error::source(&error).is_some(), "{error:?}");
        error.to_string()
    };
    let say = "is damaged: run `tenon-registry rebuild`";
    for json in ["", "{", "7", "{\"imports\":7}", "\u{fffd}"] {
        let error = damaged(&format!("UPDATE world SET json = '{json}'"));
        assert_eq!(
            error,
            format!("the catalog's world of `acme:http 1.0.0` {say}")
        );
        for column in ["publisher", "status"] {
            let error = damaged(&format!("UPDATE release SET {column} = '{json}'"));
            assert_eq!(
                error,
                format!("the catalog's row of `acme:http 1.0.0` {say}")
            );
        }
    }
    let error = damaged("UPDATE release SET time = -1");
    assert_eq!(
        error,
        format!("the catalog's row of `acme:http 1.0.0` {say}")
    );
    assert_eq!(
        damaged("UPDATE release SET digest = x'00'"),
        "the catalog cannot be used"
    );
    // A world is read when its version comes to be listed.
    let registry = registry();
    registry.write(|tx| {
        Ok(tx.execute_batch("UPDATE world SET json = '{'; UPDATE package SET version = '0.9.0'")?)
    });
    let refreshed = registry.database.write(|tx| {
        tenon_registry_server::catalog::Catalog::new(tx, LogId::Public)
            .refresh_package(&package("acme:http"))
    });
    assert!(matches!(refreshed, Err(CatalogError::Damaged { .. })));
}
