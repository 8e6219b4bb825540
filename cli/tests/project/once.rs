//! What is asked for, and how often.

use crate::scene::*;
use crate::shop::*;
use std::fs;

fn count(asked: &[String], path: &str) -> usize {
    asked.iter().filter(|asked| asked.contains(path)).count()
}

#[test]
fn nothing_is_downloaded_twice_and_a_second_build_asks_nothing() {
    let shop = new();
    // Another package with the same content.
    shop.place
        .server
        .world()
        .publish("acme:twin", "1.0.0", &http("1.0.0"));
    shop.write(
        "tenon.toml",
        MANIFEST
            .replace("[compose]", "\"acme:twin\" = \"1\"\n\n[compose]")
            .replace("socket", "plugs = [\"acme:http\"]\nsocket"),
    );
    let asked = shop.asks(|shop| {
        shop.ok(&["fetch"]);
        shop.ok(&["build"]);
    });
    assert_eq!(count(&asked, "/blobs/"), 1, "{asked:?}");
    let written = fs::metadata(shop.at(BUILT)).unwrap().modified().unwrap();
    let kept = shop.kept();
    let asked = shop.asks(|shop| {
        let said = shop.ok(&["build"]);
        assert!(
            said.err
                .contains("is up to date: nothing has changed since it was built"),
            "{}",
            said.err
        );
        for words in [
            &["lock"][..],
            &["lock", "--locked"],
            &["tree"],
            &["why", "acme:http"],
        ] {
            shop.ok(words);
        }
    });
    assert_eq!(asked, [""; 0]);
    assert_eq!(changes(&kept, &shop.kept()), [""; 0]);
    let again = fs::metadata(shop.at(BUILT)).unwrap().modified().unwrap();
    assert_eq!(again, written);
    // What has to be built again is verified again, and not downloaded; once for each release.
    for words in [&["build", "--force"][..], &["fetch"]] {
        let asked = shop.asks(|shop| drop(shop.ok(words)));
        assert_eq!(count(&asked, "/blobs/"), 0, "{asked:?}");
        let releases = if words == ["fetch"] { 2 } else { 1 };
        assert_eq!(
            count(&asked, "/api/v1/proof"),
            releases,
            "{words:?}: {asked:?}"
        );
    }
    // Without the file, or with another, it is built.
    fs::remove_file(shop.at(BUILT)).unwrap();
    shop.ok(&["build", "--frozen"]);
    let built = fs::read(shop.at(BUILT)).unwrap();
    fs::write(shop.at(BUILT), b"another").unwrap();
    shop.ok(&["build", "--frozen"]);
    assert_eq!(fs::read(shop.at(BUILT)).unwrap(), built);
    // So it is where something of the project is another.
    shop.write("app.wasm", component("other", &["http"], &["run"]));
    shop.ok(&["build", "--frozen"]);
    assert_ne!(fs::read(shop.at(BUILT)).unwrap(), built);
}

#[test]
fn a_cache_that_was_damaged_is_filled_again_once() {
    let shop = built();
    let blob = shop.place.blob();
    fs::set_permissions(&blob, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    fs::write(&blob, b"damaged").unwrap();
    let built = fs::read(shop.at(BUILT)).unwrap();
    let asked = shop.asks(|shop| drop(shop.ok(&["build", "--force"])));
    assert_eq!(count(&asked, "/blobs/"), 1, "{asked:?}");
    assert_eq!(fs::read(shop.at(BUILT)).unwrap(), built);
}
