//! What is put in comes out; what is yanked, taken down or void does not.

use crate::support::*;
use tenon_registry_client::api::{PublisherInfo, ReleaseStatus};
use tenon_registry_client::chain::{Availability, NamespaceChain, Publisher};
use tenon_registry_client::log::{Hash, Origin};
use tenon_registry_client::name::Pattern;
use tenon_registry_client::record::{
    Attestation, Grant, Link, NamespaceAct, Permission, Record, SignedRecord, Statement,
    TakedownReason, Time, YankReason,
};
use tenon_registry_server::catalog::{Catalog, MAX_WORLD, PackageQuery, Readable, Scope, Usage};
use tenon_registry_server::log::LogId;

/// The version that the list has for `acme:http`.
fn listed(registry: &Registry) -> Option<String> {
    let page = registry.packages(&PackageQuery::default());
    let package = page.packages.iter();
    let mut package = package.filter(|package| package.name == "acme:http");
    package.next().unwrap().version.clone()
}

#[test]
fn a_release_is_shown_as_it_was_put_in() {
    let registry = Registry::new();
    let mut attested = release("acme:http", "1.10.0-rc.1+build", "b");
    attested.seq = 9;
    attested.content.size = u64::MAX;
    attested.publisher = Publisher::Registry {
        key: key("registry/ingest").vkey().clone(),
        attestation: Attestation::Token("ci-7".to_owned()),
    };
    let world = world("a server", &["wasi:io/streams@0.2.0"], &["run"]);
    registry.put(&release("acme:http", "1.9.0", "a"), Some(&world));
    registry.put(&attested, None);
    let registry = registry.reopened();
    let shown = registry.package("acme:http").unwrap();
    assert_eq!((shown.name.as_str(), shown.size), ("acme:http", 7));
    let [first, second] = shown.releases.as_slice() else {
        panic!("{shown:?}")
    };
    assert_eq!(first.version, "1.10.0-rc.1+build");
    assert_eq!((first.content_size, first.index), (u64::MAX, 9));
    let attested = "token ci-7".to_owned();
    assert_eq!(first.publisher, PublisherInfo::Registry { attested });
    assert_eq!(first.world, None);
    assert_eq!(second.version, "1.9.0");
    assert_eq!(
        second.digest,
        release("acme:http", "1.9.0", "a")
            .content
            .digest
            .to_string()
    );
    assert_eq!(second.time, "2024-10-04T00:00:00Z");
    assert_eq!(
        (second.kind.as_str(), second.content_size),
        ("component", 1_000)
    );
    let keys = vec!["acme/alice".to_owned()];
    assert_eq!(second.publisher, PublisherInfo::Publisher { keys });
    assert_eq!(second.status, ReleaseStatus::Available);
    assert_eq!(second.world.as_ref(), Some(&world));
    assert_eq!(registry.package("acme:other"), None);
}

#[test]
fn the_highest_version_is_listed_not_the_last() {
    let registry = Registry::new();
    let put = |version: &str, availability| {
        let mut release = release("acme:http", version, version);
        release.availability = availability;
        registry.put(&release, Some(&world(version, &[], &[])));
    };
    let yanked = Availability::Yanked(YankReason::Broken);
    let gone = Availability::TakenDown(TakedownReason::Malware);
    put("2.0.0-rc.2", Availability::Available);
    put("2.0.0-rc.10", Availability::Available);
    assert_eq!(listed(&registry).as_deref(), Some("2.0.0-rc.10"));
    put("1.10.0", Availability::Available);
    put("1.9.0", Availability::Available);
    assert_eq!(listed(&registry).as_deref(), Some("1.10.0"));
    assert_eq!(registry.found(&words("1 10")), ["acme:http"]);
    put("1.10.0", yanked);
    assert_eq!(listed(&registry).as_deref(), Some("1.9.0"));
    assert_eq!(registry.found(&words("1 10")), [""; 0]);
    put("1.10.0", Availability::Available);
    assert_eq!(listed(&registry).as_deref(), Some("1.10.0"));
    put("1.10.0", gone);
    registry.remove("acme:http", "1.9.0");
    assert_eq!(listed(&registry).as_deref(), Some("2.0.0-rc.10"));
    put("2.0.0-rc.10", yanked);
    put("2.0.0-rc.2", gone);
    assert_eq!(listed(&registry), None);
    assert_eq!(registry.found(&words("http")), [""; 0]);
    let shown = registry.package("acme:http").unwrap();
    let statuses: Vec<_> = shown
        .releases
        .iter()
        .map(|release| (&*release.version, &release.status))
        .collect();
    let reason = |reason: &str| reason.to_owned();
    let taken_down = ReleaseStatus::TakenDown {
        reason: reason("malware"),
    };
    assert_eq!(
        statuses,
        [
            (
                "2.0.0-rc.10",
                &ReleaseStatus::Yanked {
                    reason: reason("broken")
                }
            ),
            ("2.0.0-rc.2", &taken_down),
            ("1.10.0", &taken_down),
        ]
    );
    // What was yanked keeps its world, what was taken down does not.
    let worlds: Vec<_> = shown
        .releases
        .iter()
        .map(|release| release.world.is_some())
        .collect();
    assert_eq!(worlds, [true, false, false]);
}

#[test]
fn what_became_void_is_gone() {
    let registry = Registry::new();
    let world = world("a server", &[], &["wasi:http/handler@0.2.0"]);
    registry.put(&release("acme:http", "1.0.0", "a"), Some(&world));
    assert_eq!(registry.found(&exports("wasi:http/handler")), ["acme:http"]);
    registry.remove("acme:http", "2.0.0");
    registry.remove("acme:none", "1.0.0");
    registry.remove("acme:http", "1.0.0");
    assert_eq!(registry.package("acme:http"), None);
    assert_eq!(registry.packages(&PackageQuery::default()).packages, []);
    for query in [
        words("http"),
        words("server"),
        exports("wasi:http/handler"),
        exports("wasi:http"),
    ] {
        assert_eq!(registry.found(&query), [""; 0]);
    }
    let usage = registry.read(LogId::Public, |catalog| {
        catalog.usage(&"acme".parse().unwrap(), None)
    });
    assert_eq!(usage.unwrap(), Usage::default());
    assert_eq!(rows(&registry, "world"), 0);
    assert_eq!(rows(&registry, "words"), 0);
}

/// How many rows a table has.
fn rows(registry: &Registry, table: &str) -> i64 {
    registry.write(|tx| {
        let count = format!("SELECT count(*) FROM {table}");
        Ok(tx.query_row(&count, [], |row| row.get(0))?)
    })
}

#[test]
fn a_world_is_stored_once_and_dropped_with_its_last_release() {
    let registry = Registry::new();
    let world = world("the same", &[], &[]);
    let twins = ["acme:a", "acme:b", "other:c"].map(|name| release(name, "1.0.0", "same"));
    for twin in &twins {
        registry.put(twin, Some(&world));
    }
    assert_eq!(rows(&registry, "world"), 1);
    for (twin, left) in twins.iter().zip([1, 1, 0]) {
        let gone = Availability::TakenDown(TakedownReason::Secret);
        registry.put(
            &tenon_registry_client::chain::Release {
                availability: gone,
                ..twin.clone()
            },
            Some(&world),
        );
        assert_eq!(rows(&registry, "world"), left);
    }
    // A world that is too large to keep is left out, and its release is not.
    let huge = crate::support::world(&"x".repeat(MAX_WORLD), &[], &["run"]);
    registry.put(&release("acme:huge", "1.0.0", "huge"), Some(&huge));
    assert_eq!(rows(&registry, "world"), 0);
    let shown = registry.package("acme:huge").unwrap();
    assert_eq!(shown.releases[0].world, None);
    assert_eq!(registry.found(&words("huge")), ["acme:huge"]);
}

#[test]
fn pages_of_packages_end_and_go_on() {
    let registry = Registry::new();
    let all = [
        "ab:a", "acme-x:a", "acme:a", "acme:a-b", "acme:a-c", "acme:b", "b:a",
    ];
    for name in all {
        registry.put(&release(name, "1.0.0", name), None);
    }
    let page = |prefix, after: Option<&str>, n| {
        let after = after.map(package);
        let after = after.as_ref();
        let page = registry.packages(&PackageQuery { prefix, after, n });
        let names: Vec<String> = page
            .packages
            .into_iter()
            .map(|package| package.name)
            .collect();
        (names, page.next)
    };
    let own = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(page("", None, None), (own(&all), None));
    assert_eq!(page("", None, Some(7)), (own(&all), None));
    assert_eq!(
        page("", None, Some(2)),
        (own(&all[..2]), Some("acme-x:a".to_owned()))
    );
    assert_eq!(
        page("", Some("acme-x:a"), Some(2)),
        (own(&all[2..4]), Some("acme:a-b".to_owned()))
    );
    assert_eq!(page("acme:", None, None), (own(&all[2..6]), None));
    assert_eq!(
        page("acme:", Some("ab:a"), Some(1)),
        (own(&["acme:a"]), Some("acme:a".to_owned()))
    );
    assert_eq!(
        page("acme:a-", None, None),
        (own(&["acme:a-b", "acme:a-c"]), None)
    );
    assert_eq!(page("acme:", Some("b:a"), None), (vec![], None));
    assert_eq!(page("", Some("ab:b"), Some(1)).0, ["acme-x:a"]);
    assert_eq!(page("", None, Some(0)), (vec![], None));
}

#[test]
fn a_reader_sees_what_it_may() {
    let registry = Registry::new();
    for name in ["a:a", "a:b", "a:b-c", "a:b-d", "a:bb", "b:a"] {
        registry.put(
            &release(name, "1.0.0", name),
            Some(&world("word", &[], &["x:y/z"])),
        );
    }
    let scope = |namespace: &str, pattern: &str| {
        Scope::Within(namespace.parse().unwrap(), pattern.parse().unwrap())
    };
    let cases: [(Vec<Scope>, &[&str]); 6] = [
        (vec![], &[]),
        (vec![scope("a", "b")], &["a:b"]),
        (vec![scope("a", "b-*")], &["a:b-c", "a:b-d"]),
        (
            vec![
                scope("b", "*"),
                scope("a", "b-*"),
                scope("a", "b-c"),
                scope("a", "b"),
            ],
            &["a:b", "a:b-c", "a:b-d", "b:a"],
        ),
        (
            vec![scope("a", "*"), scope("a", "b")],
            &["a:a", "a:b", "a:b-c", "a:b-d", "a:bb"],
        ),
        (
            vec![scope("c", "*"), Scope::All],
            &["a:a", "a:b", "a:b-c", "a:b-d", "a:bb", "b:a"],
        ),
    ];
    for (scopes, expected) in cases {
        let readable = Readable::scopes(scopes);
        let (mut listed, mut after) = (vec![], None);
        loop {
            let page = registry.read(LogId::Public, |catalog| {
                let query = PackageQuery {
                    after: after.as_ref(),
                    n: Some(1),
                    ..PackageQuery::default()
                };
                catalog.packages(&query, &readable)
            });
            let page = page.unwrap();
            listed.extend(page.packages.into_iter().map(|package| package.name));
            let Some(next) = page.next else { break };
            after = Some(package(&next));
        }
        assert_eq!(listed, expected);
        for mut query in [words("word"), exports("x:y/z"), Default::default()] {
            let mut found = vec![];
            query.n = Some(1);
            loop {
                let page =
                    registry.read(LogId::Public, |catalog| catalog.search(&query, &readable));
                let page = page.unwrap();
                found.extend(names(&page));
                let Some(next) = page.next else { break };
                query.after = Some(next);
            }
            assert_eq!(found, expected, "{query:?}");
        }
    }
}

#[test]
fn the_logs_see_nothing_of_each_other() {
    let registry = Registry::new();
    let world = world("secret plans", &["a:b/c"], &["x:y/z@1.0.0"]);
    registry.put_at(
        LogId::Private,
        &release("acme:hidden", "1.0.0", "h"),
        Some(&world),
        START,
    );
    registry.put(&release("acme:shown", "1.0.0", "s"), None);
    for query in [
        words("hidden"),
        words("secret"),
        words("private"),
        words("log private"),
        exports("x:y/z"),
        imports("a:b"),
    ] {
        assert_eq!(registry.found(&query), [""; 0], "{query:?}");
        let private = registry.read(LogId::Private, |catalog| {
            catalog.search(&query, &Readable::all())
        });
        let is_word_of_the_log = query.q.as_deref().is_some_and(|q| q.contains("private"));
        assert_eq!(
            private.unwrap().hits.is_empty(),
            is_word_of_the_log,
            "{query:?}"
        );
    }
    assert_eq!(registry.package("acme:hidden"), None);
    assert_eq!(
        registry.packages(&PackageQuery::default()).packages.len(),
        1
    );
    let usage = |log| {
        let usage = registry.read(log, |catalog| catalog.usage(&"acme".parse().unwrap(), None));
        usage.unwrap()
    };
    let one = Usage {
        packages: 1,
        releases: 1,
        bytes: 1_000,
    };
    assert_eq!((usage(LogId::Public), usage(LogId::Private)), (one, one));
    registry.write(|tx| Catalog::new(tx, LogId::Public).clear());
    assert_eq!(
        (usage(LogId::Public), usage(LogId::Private)),
        (Usage::default(), one)
    );
    assert_eq!(registry.packages(&PackageQuery::default()).packages, []);
    let private = registry.read(LogId::Private, |catalog| {
        catalog.search(&words("secret"), &Readable::all())
    });
    assert_eq!(names(&private.unwrap()), ["acme:hidden"]);
    registry.write(|tx| Catalog::new(tx, LogId::Private).clear());
    for table in [
        "package", "release", "world", "term", "posting", "words", "tally",
    ] {
        assert_eq!(rows(&registry, table), 0, "{table}");
    }
}

#[test]
fn usage_counts_days() {
    let registry = Registry::new();
    const DAY: u64 = 86_400;
    let at = |name: &str, version: &str, at| {
        registry.put_at(LogId::Public, &release(name, version, version), None, at)
    };
    at("acme:a", "1.0.0", START);
    at("acme:a", "1.1.0", START + DAY);
    at("acme:b", "1.0.0", START + 2 * DAY - 1);
    at("acme:c", "1.0.0", START + 2 * DAY);
    at("acme-x:c", "1.0.0", START + 2 * DAY);
    // Again: nothing new.
    at("acme:c", "1.0.0", START + 9 * DAY);
    let usage = |since: Option<u64>| {
        let since = since.map(|since| Time::from_seconds(since).unwrap());
        let usage = registry.read(LogId::Public, |catalog| {
            catalog.usage(&"acme".parse().unwrap(), since)
        });
        let Usage {
            packages,
            releases,
            bytes,
        } = usage.unwrap();
        assert_eq!(bytes, releases * 1_000);
        (packages, releases)
    };
    assert_eq!(usage(None), (3, 4));
    assert_eq!(usage(Some(START)), (3, 4));
    assert_eq!(usage(Some(START + DAY + 7)), (2, 3));
    assert_eq!(usage(Some(START + 2 * DAY)), (1, 1));
    assert_eq!(usage(Some(START + 3 * DAY)), (0, 0));
    // The package now begins where its second release was.
    registry.remove("acme:a", "1.0.0");
    assert_eq!(usage(None), (3, 3));
    assert_eq!(usage(Some(START + DAY)), (3, 3));
}

#[test]
fn a_namespace_is_shown_as_it_is() {
    let registry = Registry::new();
    let origin = Origin::new("registry.example/log").unwrap();
    let (owner, publisher, former) = (key("acme/owner"), key("acme/ci"), key("acme/former"));
    let mut chain = NamespaceChain::new(origin.clone(), "acme".parse().unwrap());
    let expires: Time = "2030-01-01T00:00:00Z".parse().unwrap();
    let may = |expires| Grant {
        permissions: [Permission::Release, Permission::Yank].into(),
        pattern: "http-*".parse::<Pattern>().unwrap(),
        expires,
    };
    let acts = [
        NamespaceAct::Create {
            owners: vec![owner.vkey().clone()],
            threshold: 1,
        },
        NamespaceAct::Grant(publisher.vkey().clone(), may(Some(expires))),
        NamespaceAct::Grant(former.vkey().clone(), may(None)),
        NamespaceAct::Revoke {
            key: former.vkey().clone(),
            from_index: None,
        },
    ];
    for (seq, act) in (0..).zip(acts) {
        let prev = match seq {
            0 => Hash::ZERO,
            seq => chain.hash(seq - 1).unwrap(),
        };
        let namespace = "acme".parse().unwrap();
        let statement = Statement::Namespace {
            namespace,
            link: Link { seq, prev },
            act,
        };
        let record = Record {
            origin: origin.clone(),
            statement,
            time: Time::from_seconds(START).unwrap(),
        };
        chain
            .apply(&SignedRecord::sign(record, &[&owner]).unwrap())
            .unwrap();
        registry.write(|tx| Catalog::new(tx, LogId::Public).put_namespace(&chain));
    }
    let shown = |log, name: &str| {
        registry
            .read(log, |catalog| catalog.namespace(&name.parse().unwrap()))
            .unwrap()
    };
    let acme = shown(LogId::Public, "acme").unwrap();
    assert_eq!(
        (acme.name.as_str(), acme.threshold, acme.records),
        ("acme", 1, 4)
    );
    let mut keys: Vec<_> = acme
        .keys
        .iter()
        .map(|key| {
            (
                key.vkey.clone(),
                key.permissions.join(" "),
                &*key.pattern,
                key.expires.as_deref(),
            )
        })
        .collect();
    keys.sort();
    let mut expected = vec![
        (owner.vkey().to_string(), "own".to_owned(), "*", None),
        (
            publisher.vkey().to_string(),
            "release yank".to_owned(),
            "http-*",
            Some("2030-01-01T00:00:00Z"),
        ),
    ];
    expected.sort();
    assert_eq!(keys, expected);
    assert_eq!(shown(LogId::Public, "other"), None);
    assert_eq!(shown(LogId::Private, "acme"), None);
}
