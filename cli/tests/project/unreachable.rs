//! Registries that cannot be reached, or say what nobody understands; and no network at all.

use crate::place::Said;
use crate::scene::*;
use crate::server::Flow;
use crate::shop::*;
use std::fs;
use std::time::{Duration, Instant};

/// How much longer a command may take where a registry refuses connections than where none is asked: four attempts with
/// pauses of up to 1.4 seconds in all, however many packages there are.
const PATIENCE: Duration = Duration::from_millis(2500);

#[test]
fn a_registry_that_is_down_is_warned_of() {
    let shop = new();
    let mut manifest = MANIFEST.replace("socket", "plugs = [\"acme:http\", \"acme:p0\"]\nsocket");
    for number in 0..40 {
        let name = format!("acme:p{number}");
        let bytes = component(&format!("p{number}"), &[], &[&format!("p{number}")]);
        shop.place.server.world().publish(&name, "1.0.0", &bytes);
        let line = format!("\"{name}\" = \"1\"\n\n[compose]");
        manifest = manifest.replace("\n[compose]", &line);
    }
    shop.write("tenon.toml", &manifest);
    shop.write("app.wasm", component("app", &["http", "p0"], &["run"]));
    shop.ok(&["fetch"]);
    let kept = shop.kept();
    shop.ok(&["build"]);
    let built = fs::read(shop.at(BUILT)).unwrap();
    fs::remove_dir_all(shop.at("build")).unwrap();
    let began = Instant::now();
    shop.ok(&["fetch", "--offline"]);
    let patience = began.elapsed() + PATIENCE;
    reach(&shop, &nowhere());
    for words in [&["fetch"][..], &["fetch", "--locked"], &["build"]] {
        let began = Instant::now();
        let said = shop.ok(words);
        let took = began.elapsed();
        assert!(took < patience, "{words:?}: {took:?} of {patience:?}");
        let warned = said.err.matches("what was verified before is used").count();
        assert_eq!(warned, 1, "{words:?}: {}", said.err);
    }
    assert_eq!(fs::read(shop.at(BUILT)).unwrap(), built);
    fs::remove_dir_all(shop.at("build")).unwrap();
    assert_eq!(changes(&kept, &shop.kept()), [""; 0]);
    // What has to ask says so, and changes nothing.
    for words in [&["update"][..], &["add", "acme:log"], &["outdated"]] {
        let began = Instant::now();
        let said = shop.fails(4, "registry::unavailable", words);
        assert!(
            began.elapsed() < patience,
            "{words:?}: {:?}",
            began.elapsed()
        );
        assert!(
            said.err.contains("check that the registry is running"),
            "{}",
            said.err
        );
    }
    // Something is missing.
    fs::remove_file(shop.place.at("cache/blobs").join(blob_of(&http("1.0.0")))).unwrap();
    for words in [&["fetch"][..], &["build"]] {
        shop.fails(4, "registry::unavailable", words);
    }
    shop.fails(4, "registry::offline", &["build", "--frozen"]);
    shop.fails(4, "registry::offline", &["fetch", "--offline"]);
    assert!(!shop.at(BUILT).exists());
    let base = shop.place.server.base();
    reach(&shop, &base);
    shop.ok(&["build"]);
    assert_eq!(fs::read(shop.at(BUILT)).unwrap(), built);
}

/// Where content is in the cache, below its folder.
fn blob_of(bytes: &[u8]) -> String {
    let hex = tenon_registry_client::Digest::of(bytes).hex();
    format!("sha256/{}/{hex}", &hex[..2])
}

#[test]
fn a_registry_that_fails_is_down_and_one_that_talks_nonsense_is_not_believed() {
    let shop = built();
    shop.place.server.world().publish_http("1.1.0");
    shop.ok(&["outdated"]);
    let built = fs::read(shop.at(BUILT)).unwrap();
    // Down: what was verified is used.
    for status in [500, 502, 503] {
        tell(&shop.place.server, move |_, reply| {
            reply.status = status;
            reply.headers = vec![("retry-after".to_owned(), "0".to_owned())];
            reply.body = b"<html>gone</html>".to_vec();
        });
        let said = shop.ok(&["build", "--force"]);
        assert!(
            said.err.contains("what was verified before is used"),
            "{}",
            said.err
        );
        assert_eq!(fs::read(shop.at(BUILT)).unwrap(), built);
        shop.fails(4, "registry::problem", &["update"]);
    }
    // Nonsense in place of a proof is refused, whatever is kept here.
    for body in [&b"<html>Log in to this network</html>"[..], b"", &[0; 4096]] {
        tell(&shop.place.server, move |target, reply| {
            if target.starts_with("/api/v1/proof") {
                (reply.status, reply.body) = (200, body.to_vec());
            }
        });
        for words in [&["build", "--force"][..], &["fetch"], &["update"]] {
            let said = shop.run(words);
            assert_eq!(said.code, Some(3), "{words:?}: {}", said.err);
            assert!(!said.err.contains("verified before"), "{}", said.err);
        }
    }
    // What is said for people is not verified; it is missing.
    for body in [
        &b"<html>Log in to this network</html>"[..],
        b"",
        b"{}",
        b"[[[[[[",
    ] {
        tell(&shop.place.server, move |target, reply| {
            if target.starts_with("/api/v1/packages/") {
                (reply.status, reply.body) = (200, body.to_vec());
            }
        });
        shop.fails(4, "registry::unavailable", &["update"]);
    }
    // It has no end.
    tell(&shop.place.server, |target, reply| {
        if target.starts_with("/api/v1/packages/") {
            (reply.status, reply.body, reply.flow) = (200, vec![b'['; 1 << 16], Flow::Endless);
        }
    });
    shop.fails(4, "registry::unavailable", &["update"]);
    // It says no.
    for status in [400, 401, 403, 404, 410] {
        tell(&shop.place.server, move |_, reply| {
            (reply.status, reply.body) = (status, vec![]);
        });
        for words in [&["build", "--force"][..], &["update"]] {
            let before = shop.kept();
            let said = shop.run(words);
            assert!(
                said.code == Some(1),
                "{status} {words:?}: {:?} {}",
                said.code,
                said.err
            );
            assert_eq!(changes(&before, &shop.kept()), [""; 0]);
        }
    }
    // The content is nonsense.
    fs::remove_dir_all(shop.place.at("cache/blobs")).unwrap();
    for body in [&b"<html></html>"[..], b""] {
        tell(&shop.place.server, move |target, reply| {
            if target.starts_with("/blobs/") {
                (reply.status, reply.body) = (200, body.to_vec());
            }
        });
        let said = shop.run(&["build", "--force"]);
        assert_eq!(said.code, Some(3), "{}", said.err);
        assert_eq!(fs::read(shop.at(BUILT)).unwrap(), built);
    }
    shop.place.server.world().lie = None;
    shop.ok(&["build", "--force"]);
    assert_eq!(fs::read(shop.at(BUILT)).unwrap(), built);
}

/// A registry that has no answer to whether the lock file is of its history gets nothing past who has not verified
/// what is locked.
#[test]
fn a_registry_that_cannot_prove_its_growth_is_not_believed() {
    let author = built();
    author.place.server.world().publish_http("1.1.0");
    let reader = Shop::new(crate::place::Place::of(author.place.server.clone()));
    author.ok(&["update"]);
    author.place.server.world().publish_http("1.2.0");
    reader.write("tenon.lock", author.read("tenon.lock"));
    for (status, body) in [
        (200, &b"<html></html>"[..]),
        (200, b""),
        (503, b""),
        (404, b""),
    ] {
        tell(&author.place.server, move |target, reply| {
            if target.starts_with("/api/v1/consistency") {
                (reply.status, reply.body) = (status, body.to_vec());
            }
        });
        for words in [&["build"][..], &["fetch"], &["update"]] {
            let said = reader.run(words);
            assert!(
                said.code.is_some_and(|code| code > 0),
                "{status} {words:?}: {}",
                said.err
            );
            assert!(!reader.at(BUILT).exists());
            assert_eq!(reader.read("tenon.lock"), author.read("tenon.lock"));
        }
    }
    author.place.server.world().lie = None;
    reader.ok(&["build"]);
}

/// A command where there is no network at all: in an empty namespace, or else at an address where nobody listens.
fn alone(shop: &Shop, words: &[&str], is_empty: bool) -> Said {
    match is_empty {
        true => by(shop, "unshare", &["-rn"], words),
        false => shop.run(words),
    }
}

#[test]
fn what_was_fetched_once_is_built_without_a_network() {
    let shop = new();
    let io = |version: &str| {
        wit(&[&format!(
            "package acme:io@{version};\ninterface streams {{ flush: func(); }}\n"
        )])
    };
    {
        let mut world = shop.place.server.world();
        world.publish_wit("acme:io", "0.2.0", &io("0.2.0"));
        world.publish_http("1.1.0");
        world.publish("acme:never", "1.0.0", &component("never", &[], &["never"]));
    }
    // Text that uses a WIT package, and a package that is fetched and not asked for any more.
    fs::create_dir(shop.at("wit")).unwrap();
    shop.write(
        "wit/shop.wit",
        "package acme:shop;\nworld shop { import acme:io/streams@0.2.0; }\n",
    );
    let with = |line: &str| MANIFEST.replace("\n[compose]", &format!("{line}\n\n[compose]"));
    let manifest = MANIFEST.replace("^1", "=1.0.0");
    shop.write(
        "tenon.toml",
        with("\"acme:log\" = \"1\"").replace("^1", "=1.0.0"),
    );
    shop.ok(&["fetch"]);
    shop.write("tenon.toml", &manifest);
    shop.ok(&["fetch"]);
    shop.ok(&["wit", "fetch"]);
    let deps = {
        let mut found = std::collections::BTreeMap::new();
        collect(&shop.at("wit/deps"), &mut found);
        assert!(!found.is_empty());
        found
    };
    let is_empty = can_unshare("-rn");
    if !is_empty {
        reach(&shop, &nowhere());
    }
    shop.place.server.world().asked.clear();
    let ok = |words: &[&str]| {
        let said = alone(&shop, words, is_empty);
        assert_eq!(said.code, Some(0), "{words:?}: {}", said.err);
        said
    };
    let fails = |exit: i32, code: &str, words: &[&str]| {
        let before = shop.kept();
        let said = alone(&shop, words, is_empty);
        assert_eq!(said.code, Some(exit), "{words:?}: {}", said.err);
        assert!(
            said.err.contains(&format!("error[{code}]: ")),
            "{words:?}: {}",
            said.err
        );
        assert_eq!(changes(&before, &shop.kept()), [""; 0]);
        said
    };
    ok(&["build", "--frozen"]);
    let built = fs::read(shop.at(BUILT)).unwrap();
    let said = ok(&["build"]);
    assert!(said.err.contains("is up to date"), "{}", said.err);
    let said = ok(&["build", "--force"]);
    assert!(
        said.err.contains("what was verified before is used"),
        "{}",
        said.err
    );
    assert_eq!(fs::read(shop.at(BUILT)).unwrap(), built);
    ok(&["fetch", "--offline"]);
    assert!(ok(&["tree"]).out.contains("acme:io 0.2.0"));
    ok(&["why", "acme:io"]);
    fs::remove_dir_all(shop.at("wit/deps")).unwrap();
    ok(&["wit", "fetch", "--offline"]);
    let mut again = std::collections::BTreeMap::new();
    collect(&shop.at("wit/deps"), &mut again);
    assert_eq!(again, deps);
    let lock = shop.read("tenon.lock");
    ok(&["lock"]);
    ok(&["lock", "--frozen"]);
    assert_eq!(shop.read("tenon.lock"), lock);
    // Something that is here is asked for, and something that is not.
    let changed = with("\"acme:log\" = \"1\"").replace("^1", "1");
    shop.write("tenon.toml", &changed);
    fails(1, "project::locked", &["lock", "--frozen"]);
    fails(1, "project::locked", &["build", "--frozen"]);
    fails(4, "registry::unavailable", &["lock"]);
    ok(&["lock", "--offline"]);
    assert_eq!(shop.locked("acme:log"), ["1.0.0"]);
    // It takes what is here, in place of what is higher.
    assert_eq!(shop.locked("acme:http"), ["1.0.0"]);
    ok(&["build", "--frozen"]);
    ok(&["update", "--offline"]);
    assert_eq!(shop.locked("acme:http"), ["1.0.0"]);
    shop.write("tenon.toml", manifest.replace("=1.0.0", "=1.1.0"));
    let said = fails(1, "project::conflict", &["lock", "--offline"]);
    assert!(
        said.err.contains("1.1.0 is not in the cache"),
        "{}",
        said.err
    );
    shop.write("tenon.toml", with("\"acme:never\" = \"1\""));
    let said = fails(4, "registry::offline", &["lock", "--offline"]);
    assert!(
        said.err.contains("leave `--offline` away once"),
        "{}",
        said.err
    );
    fails(4, "registry::offline", &["add", "acme:zoo", "--offline"]);
    assert_eq!(shop.place.server.asked(""), 0);
}
