//! What a lock file answers, and who needs whom in it.

use crate::locks::{lock_of, made_up, need};
use tenon_registry_client::project::satisfaction::check;
use tenon_registry_client::project::{Asker, LockFile, LockedPackage, Tree};
use tenon_registry_client::resolve::{Need, Strength};

fn packages() -> [LockedPackage; 5] {
    let mut app = made_up(
        "acme:app",
        "1.4.0",
        &[("acme:log", "^0.1"), ("wasi:io", "^0.2.3")],
    );
    app.needs
        .push(need("wasi:http", "^0.2.3", Strength::IfPresent));
    [
        app,
        // A cycle, as no registry should have, but a text can.
        made_up(
            "acme:log",
            "0.1.5",
            &[("wasi:io", "^0.2.1"), ("acme:app", "^1")],
        ),
        made_up("wasi:http", "0.2.4", &[("wasi:io", "=0.2.6")]),
        made_up("wasi:http", "0.3.0", &[]),
        made_up("wasi:io", "0.2.6", &[]),
    ]
}

fn asked() -> Vec<Need> {
    [
        ("acme:app", "^1"),
        ("wasi:http", "^0.2"),
        ("wasi:http", "=0.3.0"),
    ]
    .map(|(package, requirement)| need(package, requirement, Strength::Always))
    .into()
}

fn said(lock: &LockFile, asked: &[Need]) -> Result<(), String> {
    let asked = asked.iter().map(|need| (need, "tenon.toml"));
    check(lock, asked).map_err(|unmet| unmet.to_string())
}

fn changed(change: impl FnOnce(&mut [LockedPackage; 5])) -> LockFile {
    let mut packages = packages();
    change(&mut packages);
    lock_of(&packages)
}

#[test]
fn a_lock_file_that_fits_is_found_to() {
    assert_eq!(said(&lock_of(&packages()), &asked()), Ok(()));
    assert_eq!(said(&LockFile::default(), &[]), Ok(()));
    let open = [need("a:b", "^1", Strength::IfPresent)];
    assert_eq!(said(&LockFile::default(), &open), Ok(()));
}

#[test]
fn the_first_thing_that_does_not_fit_is_said() {
    let lock = lock_of(&packages());
    let also = |package, requirement, strength| {
        let mut asked = asked();
        asked.push(need(package, requirement, strength));
        asked
    };
    let refused = |asked: &[Need]| said(&lock, asked).unwrap_err();
    assert_eq!(
        refused(&also("acme:app", "^1.5", Strength::Always)),
        "`tenon.toml` asks for `acme:app ^1.5`, and `tenon.lock` has 1.4.0"
    );
    assert_eq!(
        refused(&also("wasi:http", "=0.2.3", Strength::Always)),
        "`tenon.toml` asks for `wasi:http =0.2.3`, and `tenon.lock` has 0.2.4 and 0.3.0"
    );
    assert_eq!(
        refused(&also("acme:new", "^1", Strength::Always)),
        "`tenon.toml` asks for `acme:new ^1`, which `tenon.lock` does not have"
    );
    assert_eq!(
        refused(&asked()[1..]),
        "`tenon.lock` has `acme:app` 1.4.0, for which nothing asks any more"
    );
    assert_eq!(
        refused(&asked()[..2]),
        "`tenon.lock` has `wasi:http` 0.3.0, for which nothing asks any more"
    );
    let log = changed(|packages| packages[1] = made_up("acme:log", "0.2.0", &[]));
    assert_eq!(
        said(&log, &asked()).unwrap_err(),
        "`acme:app@1.4.0` asks for `acme:log ^0.1`, and `tenon.lock` has 0.2.0"
    );
    let mut lock = changed(|_| ());
    let other = Registry::new("other.example/log");
    let note = other.checkpoint().to_string();
    lock.registries.insert(other.origin.clone(), note);
    assert_eq!(
        said(&lock, &asked()).unwrap_err(),
        "`tenon.lock` has a checkpoint of `other.example/log`, from which nothing comes any more"
    );
}

use crate::support::Registry;

/// It holds for the version on its track, if there is one, and for no other.
#[test]
fn what_holds_only_if_present_holds_on_its_track() {
    let with = |requirement: &str| {
        changed(|packages| {
            packages[0].needs[2] = need("wasi:http", requirement, Strength::IfPresent);
        })
    };
    for fits in [
        "^0.2",
        "^0.2.4",
        "^0.3.0",
        "^0.4",
        "^1",
        "^0.0.1",
        "^0",
        "*",
        ">=0.2.4",
        "<0.4",
        "<0.3",
        ">=0.2, <0.3",
    ] {
        assert_eq!(said(&with(fits), &asked()), Ok(()), "{fits}");
    }
    for wrong in ["^0.2.5", "=0.2.3", "^0.3.1", "~0.2.5", "<0.2.4"] {
        let why = said(&with(wrong), &asked()).expect_err(wrong);
        let requirement: semver::VersionReq = wrong.parse().unwrap();
        let wanted = format!(
            "`acme:app@1.4.0` asks for `wasi:http {requirement}`, and `tenon.lock` has 0.2.4 and 0.3.0"
        );
        assert_eq!(why, wanted);
    }
}

fn chains(tree: &Tree<'_>, package: &LockedPackage) -> Vec<String> {
    let chains = tree.chains(package).into_iter().map(|chain| {
        let steps = chain.iter().map(|step| {
            let by = match step.by {
                Asker::Project(name) => name.to_owned(),
                Asker::Package(by) => by.package().to_string(),
            };
            let to = step.to;
            format!(
                "{by} -{}-> {}@{}",
                step.need.requirement,
                to.package(),
                to.version()
            )
        });
        steps.collect::<Vec<_>>().join(", ")
    });
    chains.collect()
}

#[test]
fn a_tree_says_who_needs_whom() {
    let (packages, asked) = (packages(), asked());
    let lock = lock_of(&packages);
    let tree = Tree::new(&lock, asked.iter().map(|need| (need, "tenon.toml")));
    let first: Vec<_> = tree.asked().map(|step| step.to.key()).collect();
    let [app, log, http, next, io] = &packages;
    assert_eq!(first, [app, http, next].map(LockedPackage::key));
    let needs: Vec<_> = tree.needs(&lock.packages[&app.key()]).collect();
    assert_eq!(
        needs.iter().map(|step| step.to).collect::<Vec<_>>(),
        [log, io, http]
    );
    assert_eq!(needs[2].need.strength, Strength::IfPresent);
    assert_eq!(tree.versions(http.package()), [http, next]);
    assert_eq!(
        tree.versions(&"a:b".parse().unwrap()),
        Vec::<&LockedPackage>::new()
    );

    assert_eq!(
        chains(&tree, next),
        ["tenon.toml -=0.3.0-> wasi:http@0.3.0"]
    );
    assert_eq!(chains(&tree, app), ["tenon.toml -^1-> acme:app@1.4.0"]);
    // The shortest, although there is one by acme:log; and one for each thing that is asked.
    assert_eq!(
        chains(&tree, io),
        [
            "tenon.toml -^1-> acme:app@1.4.0, acme:app -^0.2.3-> wasi:io@0.2.6",
            "tenon.toml -^0.2-> wasi:http@0.2.4, wasi:http -=0.2.6-> wasi:io@0.2.6",
        ]
    );
    // What only may be there is no reason to be there.
    let asked = [need("acme:app", "^1", Strength::Always)];
    let tree = Tree::new(&lock, asked.iter().map(|need| (need, "x")));
    assert_eq!(chains(&tree, http), Vec::<String>::new());
}

#[test]
fn a_long_lock_file_takes_no_longer_than_it_is() {
    let name = |at: usize| format!("a:p{at}");
    let packages: Vec<_> = (0..3_000)
        .map(|at| made_up(&name(at), "1.0.0", &[(&name((at + 1) % 3_000), "^1")]))
        .collect();
    let mut lock = lock_of(&packages[..1]);
    lock.packages = packages.iter().map(|it| (it.key(), it.clone())).collect();
    let asked = [need("a:p0", "^1", Strength::Always)];
    assert_eq!(said(&lock, &asked), Ok(()));
    let tree = Tree::new(&lock, asked.iter().map(|need| (need, "x")));
    let chains = tree.chains(&packages[2_999]);
    assert_eq!((chains.len(), chains[0].len()), (1, 3_000));
}
