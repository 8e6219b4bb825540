//! Pages of a large registry cost what they are, not what the registry is.

use crate::support::*;
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_registry_client::api::SearchQuery;
use tenon_registry_server::catalog::{Catalog, PackageQuery};
use tenon_registry_server::log::LogId;

const PACKAGES: usize = 20_000;
const RELEASES: usize = 5;

fn name(number: usize) -> String {
    format!("ns-{}:package-{number}", number % 500)
}

fn large() -> Registry {
    let registry = Registry::new();
    registry.write(|tx| {
        let catalog = Catalog::new(tx, LogId::Public);
        let mut any = release("any:package", "1.0.0", "any");
        for number in 0..PACKAGES {
            // Everything exports something common, and each two hundredth something else.
            let mut exported = vec!["wasi:cli/run@0.2.0"];
            if number % 200 == 0 {
                exported.push("rare:things/store@1.0.0");
            }
            let world = world(
                "a component of some use",
                &["wasi:io/streams@0.2.6"],
                &exported,
            );
            any.package = package(&name(number));
            for minor in 0..RELEASES {
                any.version = format!("1.{minor}.0").parse().unwrap();
                any.content.digest = Digest::of(format!("{number} {minor}").as_bytes());
                let listed = (minor + 1 == RELEASES).then_some(&world);
                catalog.put_release(&entry(&any, listed, START))?;
            }
            catalog.refresh_package(&any.package)?;
        }
        Ok(())
    });
    registry
}

/// The least of a few times.
fn least(mut act: impl FnMut()) -> Duration {
    let times = (0..7).map(|_| {
        let begin = Instant::now();
        act();
        begin.elapsed()
    });
    times.min().unwrap()
}

#[test]
fn a_page_costs_what_it_is() {
    let registry = large();
    let last = package("ns-99:package-9599");
    let first_page = PackageQuery::default();
    let last_page = PackageQuery {
        after: Some(&last),
        ..first_page
    };
    let within = PackageQuery {
        prefix: "ns-77:",
        ..first_page
    };
    // Whatever is in none of the indexes has to be looked for in each row.
    let scan = least(|| {
        let count: i64 = registry.write(|tx| {
            let scan =
                "SELECT count(*) FROM package WHERE description LIKE '%use%' AND name LIKE '%7%'";
            Ok(tx.query_row(scan, [], |row| row.get(0))?)
        });
        assert!(count > 1_000);
    });
    let page = |query: SearchQuery| SearchQuery {
        n: Some(20),
        ..query
    };
    let after = |query: SearchQuery| SearchQuery {
        after: Some("0-ns-99:package-9399".to_owned()),
        ..query
    };
    let times = [
        (
            "first page",
            least(|| assert_eq!(registry.packages(&first_page).packages.len(), 100)),
        ),
        (
            "last page",
            least(|| assert!(registry.packages(&last_page).packages.len() < 100)),
        ),
        (
            "namespace",
            least(|| assert_eq!(registry.packages(&within).packages.len(), 40)),
        ),
        (
            "package",
            least(|| assert_eq!(registry.package(&name(7)).unwrap().releases.len(), RELEASES)),
        ),
        (
            "common export",
            least(|| assert_eq!(registry.found(&page(exports("wasi:cli/run@0.2"))).len(), 20)),
        ),
        (
            "its last page",
            least(|| {
                assert!(
                    !registry
                        .found(&after(page(exports("wasi:cli/run@0.2"))))
                        .is_empty()
                )
            }),
        ),
        (
            "rare export",
            least(|| {
                assert_eq!(
                    registry.found(&page(exports("rare:things/store"))).len(),
                    20
                )
            }),
        ),
        (
            "dependents",
            least(|| assert_eq!(registry.found(&page(imports("wasi:io@0.2"))).len(), 20)),
        ),
        (
            "no such export",
            least(|| assert!(registry.found(&exports("no:such/thing")).is_empty())),
        ),
    ];
    let common = least(|| assert_eq!(registry.found(&page(words("component use"))).len(), 20));
    let one = least(|| {
        let found = registry.found(&page(words("package-19999")));
        assert_eq!(found, [name(19_999)]);
    });
    let report = format!("scan {scan:?}, one {one:?}, words in everything {common:?}, {times:?}");
    for (what, time) in times {
        assert!(time * 2 < scan, "{what}: {report}");
    }
    // What has the words has to be looked at, a few times; not more than that.
    assert!(one < scan * 10, "{report}");
    assert!(common < scan * 30, "{report}");
    // A release is put in without a look at others.
    let put = least(|| registry.put(&release(&name(3), "2.0.0", "new"), None));
    assert!(put < scan * 10, "put {put:?}: {report}");
}
