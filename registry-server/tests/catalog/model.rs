//! Whatever is done in whatever order, the catalog says what a naive one does, and what one says that is
//! made anew.

use crate::support::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tenon_composer::ItemPath;
use tenon_registry_client::api::world::World;
use tenon_registry_client::api::{PackageSummary, SearchQuery};
use tenon_registry_client::chain::{Availability, Release};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::{TakedownReason, YankReason};
use tenon_registry_server::catalog::{Catalog, PackageQuery, Readable, Scope, Usage};
use tenon_registry_server::log::LogId;

const PACKAGES: [&str; 6] = [
    "a:http",
    "a:http-x",
    "a-b:http",
    "ab:cli",
    "b:cli-http",
    "b:zed",
];
const VERSIONS: [&str; 6] = [
    "0.9.0",
    "0.10.0",
    "1.0.0-rc.2",
    "1.0.0-rc.10",
    "1.0.0",
    "1.0.1-a",
];
const INTERFACES: [&str; 5] = [
    "w:io/s@0.2.0",
    "w:io/s@0.2.6",
    "w:io/s@0.3.0",
    "w:io/t",
    "w:cli/run@1.0.0",
];

#[derive(Clone, Debug)]
enum Op {
    Put {
        private: bool,
        package: usize,
        version: usize,
        availability: usize,
        with_world: bool,
    },
    Remove {
        private: bool,
        package: usize,
        version: usize,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let place = || (any::<bool>(), 0..PACKAGES.len(), 0..VERSIONS.len());
    prop_oneof![
        4 => (place(), 0_usize..5, any::<bool>()).prop_map(|((private, package, version), availability, with_world)| {
            Op::Put { private, package, version, availability, with_world }
        }),
        1 => place().prop_map(|(private, package, version)| Op::Remove { private, package, version }),
    ]
}

/// What there is, and nothing that is made of it.
#[derive(Default)]
struct Model(BTreeMap<PackageName, BTreeMap<Version, Item>>);

struct Item {
    release: Release,
    world: Option<World>,
    day: u64,
}

/// Some versions share their content.
fn content(package: usize, version: usize) -> usize {
    (package * 5 + version) % 7
}

fn world_of(content: usize) -> World {
    let interface = |at: usize| INTERFACES[at % INTERFACES.len()];
    let words = [
        "quick http server",
        "slow",
        "server of files",
        "",
        "http",
        "quick",
        "zed",
    ];
    let imports = [interface(content), interface(content + 2)];
    world(words[content], &imports, &[interface(content * 3 + 1)])
}

fn availability(number: usize) -> Availability {
    match number {
        3 => Availability::Yanked(YankReason::Broken),
        4 => Availability::TakenDown(TakedownReason::Legal),
        _ => Availability::Available,
    }
}

fn may_be_listed(item: &&Item) -> bool {
    item.release.availability == Availability::Available
}

impl Model {
    fn put(&mut self, release: Release, world: Option<World>, day: u64) {
        let versions = self.0.entry(release.package.clone()).or_default();
        let gone = matches!(release.availability, Availability::TakenDown(_));
        let item = versions.entry(release.version.clone());
        let item = item.or_insert_with(|| Item {
            release: release.clone(),
            world: None,
            day,
        });
        item.release.availability = release.availability;
        item.world = item.world.take().or(world).filter(|_| !gone);
    }

    fn remove(&mut self, package: &PackageName, version: &Version) {
        if let Some(versions) = self.0.get_mut(package) {
            versions.remove(version);
        }
        self.0.retain(|_, versions| !versions.is_empty());
    }

    fn listed(&self, package: &PackageName) -> Option<&Item> {
        let items = || self.0[package].values().filter(may_be_listed);
        let mut final_ones = items().filter(|item| item.release.version.semver().pre.is_empty());
        final_ones.next_back().or_else(|| items().next_back())
    }

    fn packages(&self) -> Vec<PackageSummary> {
        let summary = |package: &PackageName| {
            let listed = self.listed(package);
            let world = listed.and_then(|item| item.world.as_ref());
            PackageSummary {
                name: package.to_string(),
                version: listed.map(|item| item.release.version.to_string()),
                description: world.and_then(|world| world.metadata.description.clone()),
                kind: "component".to_owned(),
            }
        };
        let mut packages: Vec<_> = self.0.keys().map(summary).collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        packages
    }

    fn search(&self, query: &SearchQuery, readable: impl Fn(&str) -> bool) -> Vec<String> {
        let mut found = vec![];
        for summary in self.packages() {
            let name = summary.name.clone();
            let Some(listed) = self.listed(&package(&name)) else {
                continue;
            };
            let empty = World::default();
            let world = listed.world.as_ref().unwrap_or(&empty);
            let fits =
                |asked: &Option<String>, items: &[tenon_registry_client::api::world::Extern]| {
                    let Some(asked) = asked else { return true };
                    let path = |text: &str| ItemPath::parse(text, None).unwrap();
                    items.iter().any(|item| match asked.contains('@') {
                        true => path(asked).fits(&path(&item.name)).is_some(),
                        false => path(asked).base() == path(&item.name).base(),
                    })
                };
            if !readable(&name)
                || !fits(&query.exports, &world.exports)
                || !fits(&query.imports, &world.imports)
            {
                continue;
            }
            let class = match query.q.as_deref() {
                None => 0,
                Some(q) => {
                    let tokens = |text: &str| -> Vec<String> {
                        text.split(|char: char| !char.is_alphanumeric())
                            .map(str::to_owned)
                            .collect()
                    };
                    let all_in = |tokens: &[String]| {
                        let begins =
                            |word: &str| tokens.iter().any(|token| token.starts_with(word));
                        q.split(' ').all(begins)
                    };
                    let own = tokens(&name);
                    let text = tokens(summary.description.as_deref().unwrap_or_default());
                    let short = name.split_once(':').unwrap().1;
                    match () {
                        () if !all_in(&[own.clone(), text].concat()) => continue,
                        () if name == q || short == q => 0,
                        () if name.starts_with(q) || short.starts_with(q) => 1,
                        () if all_in(&own) => 2,
                        () => 3,
                    }
                }
            };
            found.push((class, name));
        }
        found.sort();
        found.into_iter().map(|(_, name)| name).collect()
    }

    fn usage(&self, namespace: &str, since: u64) -> Usage {
        let mut usage = Usage::default();
        for (package, versions) in &self.0 {
            if package.namespace().as_str() != namespace {
                continue;
            }
            let days = || versions.values().map(|item| item.day);
            usage.packages += u64::from(days().min().unwrap() >= since);
            let releases = days().filter(|day| *day >= since).count() as u64;
            usage.releases += releases;
            usage.bytes += releases * 1_000;
        }
        usage
    }
}

/// Every page of something, of a few entries each.
fn pages(registry: &Registry, log: LogId, query: &SearchQuery, readable: &Readable) -> Vec<String> {
    let mut query = query.clone();
    let mut found = vec![];
    for n in [1, 2, 3].into_iter().cycle() {
        query.n = Some(n);
        let page = registry
            .read(log, |catalog| catalog.search(&query, readable))
            .unwrap();
        assert!(page.hits.len() == n as usize || page.next.is_none());
        found.extend(names(&page));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    found
}

/// All that can be asked for.
fn queries() -> Vec<SearchQuery> {
    let option = |texts: &[&str]| -> Vec<Option<String>> {
        let texts = texts.iter().map(|text| Some((*text).to_owned()));
        [None].into_iter().chain(texts).collect()
    };
    let mut queries = vec![];
    for q in option(&["http", "a", "quick server", "b cli", "zed"]) {
        for exports in option(&["w:io/s", "w:io/s@0.2", "w:io/t", "w:cli/run@1.9.0"]) {
            for imports in option(&["w:io/s@0.3.7", "w:io/s@0.2.1"]) {
                let (q, exports) = (q.clone(), exports.clone());
                queries.push(SearchQuery {
                    q,
                    exports,
                    imports,
                    ..SearchQuery::default()
                });
            }
        }
    }
    queries
}

fn check(registry: &Registry, log: LogId, model: &Model) {
    let list = |catalog: &Catalog<'_>| catalog.packages(&PackageQuery::default(), &Readable::all());
    let listed = registry.read(log, list).unwrap();
    assert_eq!(listed.packages, model.packages());
    for name in PACKAGES.map(package) {
        let shown = registry
            .read(log, |catalog| catalog.package(&name, 3))
            .unwrap();
        let Some(versions) = model.0.get(&name) else {
            assert_eq!(shown, None);
            continue;
        };
        let shown = shown.unwrap().releases.into_iter();
        let shown: Vec<_> = shown
            .map(|release| {
                (
                    release.version,
                    release.digest,
                    release.index,
                    release.world,
                )
            })
            .collect();
        let items = versions.values().rev();
        let items = items.map(|Item { release, world, .. }| {
            let digest = release.content.digest.to_string();
            (
                release.version.to_string(),
                digest,
                u64::from(release.seq),
                world.clone(),
            )
        });
        assert_eq!(shown, items.collect::<Vec<_>>());
    }
    let few = Readable::scopes([
        Scope::Within("a".parse().unwrap(), "http-*".parse().unwrap()),
        Scope::Within("b".parse().unwrap(), "*".parse().unwrap()),
        Scope::Within("ab".parse().unwrap(), "cli".parse().unwrap()),
    ]);
    let is_of_few = |name: &str| name == "a:http-x" || name == "ab:cli" || name.starts_with("b:");
    for query in queries() {
        let found = pages(registry, log, &query, &Readable::all());
        assert_eq!(found, model.search(&query, |_| true), "{query:?}");
        let found = pages(registry, log, &query, &few);
        assert_eq!(found, model.search(&query, is_of_few), "{query:?}");
    }
    for namespace in ["a", "a-b", "ab", "b"] {
        for since in 0..4 {
            let time =
                tenon_registry_client::record::Time::from_seconds(START + since * 86_400 + 5)
                    .unwrap();
            let usage = registry.read(log, |catalog| {
                catalog.usage(&namespace.parse().unwrap(), Some(time))
            });
            assert_eq!(usage.unwrap(), model.usage(namespace, since));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn the_catalog_says_what_a_naive_one_does(batches in prop::collection::vec(prop::collection::vec(op(), 1..12), 1..6)) {
        let registry = Registry::new();
        let mut models = [Model::default(), Model::default()];
        for (day, ops) in (0..).zip(&batches) {
            registry.write(|tx| {
                let mut touched = BTreeSet::new();
                for op in ops {
                    let (Op::Put { private, package: name, version, .. } | Op::Remove { private, package: name, version }) = op;
                    let log = [LogId::Public, LogId::Private][usize::from(*private)];
                    let model = &mut models[usize::from(*private)];
                    let catalog = Catalog::new(tx, log);
                    touched.insert((log, *name));
                    let content = content(*name, *version);
                    let mut release = release(PACKAGES[*name], VERSIONS[*version], &content.to_string());
                    match op {
                        Op::Put { availability: number, with_world, .. } => {
                            release.availability = availability(*number);
                            release.seq = u32::try_from(version * 5 % 7).unwrap();
                            let world = with_world.then(|| world_of(content));
                            catalog.put_release(&entry(&release, world.as_ref(), START + day * 86_400))?;
                            model.put(release, world, day);
                        }
                        Op::Remove { .. } => {
                            catalog.remove_release(&release.package, &release.version)?;
                            model.remove(&release.package, &release.version);
                        }
                    }
                }
                for (log, name) in touched {
                    Catalog::new(tx, log).refresh_package(&package(PACKAGES[name]))?;
                }
                Ok(())
            });
        }
        for (log, model) in [LogId::Public, LogId::Private].into_iter().zip(&models) {
            check(&registry, log, model);
            // Made anew, over what is there, and in another order.
            registry.write(|tx| {
                let catalog = Catalog::new(tx, log);
                catalog.clear()?;
                for (name, versions) in model.0.iter().rev() {
                    for item in versions.values().rev() {
                        let at = START + item.day * 86_400;
                        catalog.put_release(&entry(&item.release, item.world.as_ref(), at))?;
                    }
                    catalog.refresh_package(name)?;
                }
                Ok(())
            });
        }
        for (log, model) in [LogId::Public, LogId::Private].into_iter().zip(&models) {
            check(&registry, log, model);
        }
    }
}
