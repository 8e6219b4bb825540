//! Packages that take no version that breaks those who use the one before it, whoever brings it, and by
//! whichever door.

use crate::guest::{Guest, fails};
use crate::house::House;
use crate::publisher::{FIRST, after, post, release, upload};
use crate::releases::{granted, prepare, private_granted};
use serde_json::Value;
use tenon_registry_client::api::ProblemCode;
use tenon_registry_client::record::{ContentKind, PackageAct, SignedRecord, Statement, Subject};
use tenon_registry_server::access::Action;

const CREATED: &str = "2026-09-01T10:00:00Z";

/// A component that exports functions of these names.
fn exports(names: &[&str]) -> Vec<u8> {
    let one = |name: &&str| {
        format!(
            "(func ${name} (canon lift (core func $m \"f\"))) (export \"{name}\" (func ${name}))"
        )
    };
    let all: String = names.iter().map(one).collect();
    wat::parse_str(format!(
        "(component
           (core module $M (func (export \"f\")))
           (core instance $m (instantiate $M))
           {all})"
    ))
    .unwrap()
}

/// A WIT package with an interface of functions of these names.
fn wit(version: &str, names: &[&str]) -> Vec<u8> {
    let functions: String = names
        .iter()
        .map(|name| format!("{name}: func(); "))
        .collect();
    let text = format!("package acme:api@{version}; interface i {{ {functions} }}");
    let mut resolve = wit_parser::Resolve::default();
    let id = resolve.push_str("a.wit", &text).unwrap();
    wit_component::encode(&resolve, id, false).unwrap()
}

/// A registry that refuses what breaks, for some packages.
fn strict(packages: &[&str]) -> House {
    House::with(|config| {
        config.refuse_breaking = packages.iter().map(|some| some.parse().unwrap()).collect();
    })
}

/// Someone who pushes versions of a package.
struct Pusher {
    guest: Guest,
    name: &'static str,
}

impl Pusher {
    fn push(&self, version: &str, bytes: &[u8]) -> crate::client::Answer {
        let manifest = prepare(&self.guest, self.name, bytes, CREATED);
        self.guest.put(self.name, version, &manifest)
    }

    #[track_caller]
    fn is_taken(&self, version: &str, names: &[&str]) {
        let answer = self.push(version, &exports(names));
        assert_eq!(answer.status, 201, "{version}: {}", answer.text());
    }

    #[track_caller]
    fn is_refused(&self, version: &str, names: &[&str]) -> String {
        let answer = self.push(version, &exports(names));
        fails(&answer, 409, "DENIED")
    }
}

/// The versions that were released, in the order of the log.
fn released(house: &House, package: &str) -> Vec<String> {
    let subject = Subject::Package(package.parse().unwrap());
    let chain = house.app.public().log().chain(&subject).unwrap();
    let version = |record: &SignedRecord| match &record.record().statement {
        Statement::Package {
            act: PackageAct::Release { version, .. },
            ..
        } => Some(version.to_string()),
        _ => None,
    };
    chain.iter().filter_map(version).collect()
}

#[test]
fn a_push_that_breaks_the_version_before_is_refused() {
    let house = strict(&["acme:app"]);
    granted(&house);
    let app = Pusher {
        guest: Guest::new(&house),
        name: "acme/app",
    };
    app.is_taken("1.0.0", &["f", "g"]);
    let size = house.log_size();
    let message = app.is_refused("1.1.0", &["f"]);
    for part in [
        "content-breaking: `acme:app@1.1.0` breaks those who use `acme:app@1.0.0`: the export `g` is gone;",
        "another track",
    ] {
        assert!(message.contains(part), "{message}");
    }
    // Nothing is left of it, by tag or by digest.
    assert_eq!(house.log_size(), size);
    let (manifest, _) = crate::releases::manifest(&exports(&["f"]), CREATED);
    for reference in ["1.1.0", &crate::guest::digest(&manifest)] {
        let answer = app
            .guest
            .get(&format!("/v2/acme/app/manifests/{reference}"));
        assert_eq!(answer.status, 404, "{reference}");
    }
    // And by other tags beside the version neither.
    let manifest = prepare(&app.guest, "acme/app", &exports(&["f"]), CREATED);
    let by = format!("{}?tag=1.1.0&tag=nightly", crate::guest::digest(&manifest));
    fails(&app.guest.put("acme/app", &by, &manifest), 409, "DENIED");
    assert_eq!(app.guest.get("/v2/acme/app/manifests/nightly").status, 404);
    // What does not break is taken, and so is what nobody asks to be compatible.
    app.is_taken("1.1.0", &["f", "g", "h"]);
    app.is_taken("1.0.1", &["f", "g"]);
    app.is_taken("2.0.0", &["f"]);
    app.is_taken("1.2.0-rc.1", &["f"]);
    assert!(
        app.is_refused("1.2.0", &["f", "g"])
            .contains("`acme:app@1.1.0`")
    );
    assert!(app.is_refused("1.1.1_build", &["f"]).contains("`g`"));
    let other = Pusher {
        guest: Guest::new(&house),
        name: "acme/other",
    };
    other.is_taken("1.0.0", &["f", "g"]);
    other.is_taken("1.1.0", &["f"]);
}

#[test]
fn a_version_between_two_is_compared_with_both() {
    let house = strict(&["*"]);
    let alice = granted(&house);
    let app = Pusher {
        guest: Guest::new(&house),
        name: "acme/app",
    };
    app.is_taken("1.0.0", &["f"]);
    app.is_taken("1.2.0", &["f", "h"]);
    // Whoever uses it would be given 1.2.0, which has no `g`.
    let message = app.is_refused("1.1.0", &["f", "g"]);
    for part in [
        "`acme:app@1.2.0` breaks those who use `acme:app@1.1.0`: the export `g` is gone",
        "above that one",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(
        app.is_refused("1.1.0", &["h"])
            .contains("the export `f` is gone")
    );
    app.is_taken("1.1.0", &["f", "h"]);
    app.is_taken("2.0.0", &["k"]);
    // Of another track nothing is asked, and neither is of what is yanked.
    app.is_taken("1.3.0", &["f", "h", "k"]);
    let subject = Subject::Package("acme:app".parse().unwrap());
    let chain = house.app.public().log().chain(&subject).unwrap();
    let yank = alice.yank("app", after(chain.last().unwrap()), "1.3.0");
    assert_eq!(post(&house, &yank).status, 201);
    app.is_taken("1.2.1", &["f", "h", "z"]);
}

#[test]
fn what_breaks_is_told_to_whoever_may_read() {
    let house = House::with(|config| {
        config.private = true;
        config.refuse_breaking = vec!["*".parse().unwrap()];
    });
    private_granted(&house);
    let push = |actions: &[Action], version: &str, names: &[&str]| {
        let token = house.token(actions, &["secret:*"]);
        let pusher = Pusher {
            guest: Guest::with(&house, &format!("Bearer {token}")),
            name: "private/secret/app",
        };
        pusher.push(version, &exports(names))
    };
    let answer = push(&[Action::Publish], "1.0.0", &["hidden", "seen"]);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let message = fails(&push(&[Action::Publish], "1.0.1", &[]), 409, "DENIED");
    assert!(message.contains("content-breaking"), "{message}");
    assert!(
        !message.contains("hidden") && !message.contains("1.0.0"),
        "{message}"
    );
    let both = [Action::Publish, Action::Read];
    let message = fails(&push(&both, "1.0.1", &["seen"]), 409, "DENIED");
    assert!(message.contains("the export `hidden` is gone"), "{message}");
    // Nor does a delete tell whether there is a release.
    let token = house.token(&[Action::Publish], &["secret:*"]);
    let blind = Guest::with(&house, &format!("Bearer {token}"));
    let content = crate::guest::digest(&exports(&["hidden", "seen"]));
    let none = crate::guest::digest(b"nothing");
    for [there, missing] in [
        ["manifests/1.0.0".to_owned(), "manifests/3.0.0".to_owned()],
        [format!("blobs/{content}"), format!("blobs/{none}")],
    ] {
        let ask = |path: &str| {
            let answer = blind.ask("DELETE", &format!("/v2/private/secret/app/{path}"));
            let code = answer.json::<Value>()["errors"][0]["code"].clone();
            (answer.status, code)
        };
        assert_eq!(ask(&there), ask(&missing), "{there}");
    }
}

#[test]
fn tracks_below_one_are_narrow() {
    let house = strict(&["*"]);
    granted(&house);
    let app = Pusher {
        guest: Guest::new(&house),
        name: "acme/app",
    };
    app.is_taken("0.0.1", &["f"]);
    app.is_taken("0.0.2", &["g"]);
    app.is_taken("0.1.0", &["f"]);
    app.is_taken("0.2.0", &["g"]);
    assert!(app.is_refused("0.1.9", &["g"]).contains("`acme:app@0.1.0`"));
    assert!(app.is_refused("0.2.1", &["f"]).contains("`acme:app@0.2.0`"));
    app.is_taken("0.10.0", &["h"]);
}

#[test]
fn publishers_with_keys_are_held_to_it_too() {
    let house = strict(&["acme:b-*", "acme:app"]);
    let alice = granted(&house);
    let mut link = FIRST;
    let mut publish = |version: &str, names: &[&str]| {
        let bytes = exports(names);
        upload(&house, &bytes);
        let record = alice.release("app", link, version, &bytes);
        let answer = post(&house, &record);
        if answer.status == 201 {
            link = after(&record);
        }
        answer
    };
    assert_eq!(publish("1.0.0", &["f", "g"]).status, 201);
    let answer = publish("1.0.1", &["g"]);
    let problem = answer.problem(ProblemCode::VersionBreaking);
    assert!(
        problem.detail.contains("the export `f` is gone"),
        "{}",
        problem.detail
    );
    // A version that was yanked is used by nobody new: what it had may go.
    assert_eq!(publish("1.1.0", &["f", "g", "h"]).status, 201);
    assert_eq!(publish("1.2.0", &["f", "g"]).status, 409);
    let yank = alice.yank("app", link, "1.1.0");
    assert_eq!(post(&house, &yank).status, 201);
    let bytes = exports(&["f", "g"]);
    let record = alice.release("app", after(&yank), "1.2.0", &bytes);
    assert_eq!(post(&house, &record).status, 201);
}

#[test]
fn wit_packages_are_held_to_it_too() {
    let house = strict(&["acme:*"]);
    let alice = granted(&house);
    let mut link = FIRST;
    for (version, names, status) in [("1.0.0", &["f", "g"][..], 201), ("1.1.0", &["f"], 409)] {
        let bytes = wit(version, names);
        upload(&house, &bytes);
        let act = release(version, &bytes, ContentKind::Wit);
        let record = alice.sign(alice.package_record("api", link, act));
        let answer = post(&house, &record);
        assert_eq!(answer.status, status, "{}", answer.text());
        link = after(&record);
    }
}

#[test]
fn a_record_that_follows_what_is_still_to_come_is_not_compared_with_what_is_here() {
    let house = strict(&["*"]);
    let alice = granted(&house);
    let contents = [exports(&["f"]), exports(&["f", "g"]), exports(&["f", "h"])];
    contents.iter().for_each(|bytes| upload(&house, bytes));
    let first = alice.release("app", FIRST, "1.0.0", &contents[0]);
    let second = alice.release("app", after(&first), "1.1.0", &contents[1]);
    let third = alice.release("app", after(&second), "1.2.0", &contents[2]);
    assert_eq!(post(&house, &first).status, 201);
    // It would break nothing of 1.0.0.
    let problem = post(&house, &third).problem(ProblemCode::Conflict);
    assert!(problem.detail.contains("follow"), "{}", problem.detail);
    assert_eq!(post(&house, &second).status, 201);
    let problem = post(&house, &third).problem(ProblemCode::VersionBreaking);
    assert!(
        problem.detail.contains("the export `g` is gone"),
        "{}",
        problem.detail
    );
    // What is in the log is answered for, whatever came since.
    assert_eq!(post(&house, &first).status, 200);
}

#[test]
fn of_two_that_break_each_other_at_once_one_is_refused() {
    let house = strict(&["*"]);
    let alice = granted(&house);
    let (wide, narrow) = (exports(&["f", "g"]), exports(&["f"]));
    upload(&house, &wide);
    upload(&house, &narrow);
    for round in 0..10 {
        let package = format!("app-{round}");
        let record = alice.release(&package, FIRST, "1.1.0", &wide);
        let guest = Guest::new(&house);
        let manifest = prepare(&guest, &format!("acme/{package}"), &narrow, CREATED);
        std::thread::scope(|scope| {
            scope.spawn(|| post(&house, &record));
            scope.spawn(|| guest.put(&format!("acme/{package}"), "1.2.0", &manifest));
        });
        // 1.2.0 may come first, and 1.1.0 breaks nothing of it then; but not behind it.
        let released = released(&house, &format!("acme:{package}"));
        assert!(!released.is_empty());
        assert_ne!(released, ["1.1.0", "1.2.0"], "{package}");
    }
}

#[test]
fn what_is_compared_with_must_be_here() {
    let house = strict(&["*"]);
    granted(&house);
    let app = Pusher {
        guest: Guest::new(&house),
        name: "acme/app",
    };
    app.is_taken("1.0.0", &["f", "g"]);
    let old = tenon_registry_client::Digest::of(&exports(&["f", "g"]));
    let file = house
        .dir
        .join(house.app.public().blobs().path(&old).as_str());
    std::fs::write(&file, b"\0asm nothing of the kind").unwrap();
    let answer = app.push("1.1.0", &exports(&["f", "g", "h"]));
    assert_eq!(answer.status, 500, "{}", answer.text());
    assert_eq!(released(&house, "acme:app"), ["1.0.0"]);
    // It is no reason not to go on elsewhere.
    app.is_taken("2.0.0", &["f"]);
    let page: Value = app.guest.get("/v2/acme/app/tags/list").json();
    assert_eq!(page["tags"], serde_json::json!(["1.0.0", "2.0.0"]));
}
