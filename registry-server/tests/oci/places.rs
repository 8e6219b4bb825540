//! Where the registry is kept: on a disk that is full, in a database of an earlier layout.

use crate::guest::{Guest, digest, fails};
use crate::house::House;
use crate::publisher::{FIRST, Publisher, component, post, upload};

#[test]
fn s41_a_full_disk_takes_nothing_in_and_all_can_be_pulled() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let record = alice.release("app", FIRST, "1.0.0", &bytes);
    assert_eq!(post(&house, &record).status, 201);
    let temp = house.leave();
    let house = House::open(temp, |config| {
        config.limits.disk_reserve_bytes = u64::MAX / 4
    });
    let guest = guest.at(&house);
    assert_eq!(guest.get("/v2/repo/manifests/v1").body, manifest);
    let path = format!("/v2/repo/blobs/{}", digest(b"layer"));
    assert_eq!(guest.get(&path).text(), "layer");
    // A release that nobody asked for yet, too: nothing is written for that.
    let answer = guest.get("/v2/acme/app/manifests/1.0.0");
    assert_eq!(answer.status, 200);
    let config = answer.json::<serde_json::Value>()["config"]["digest"].clone();
    for path in [
        format!("manifests/{}", digest(&answer.body)),
        format!("blobs/{}", config.as_str().unwrap()),
        format!("blobs/{}", digest(&bytes)),
    ] {
        assert_eq!(
            guest.get(&format!("/v2/acme/app/{path}")).status,
            200,
            "{path}"
        );
    }
    for (method, path) in [
        ("POST", "/v2/repo/blobs/uploads/"),
        ("PUT", "/v2/repo/manifests/v2"),
        ("DELETE", "/v2/repo/manifests/v1"),
        ("DELETE", path.as_str()),
    ] {
        let answer = guest.ask(method, path);
        fails(&answer, 507, "UNAVAILABLE");
        assert!(answer.header("retry-after").is_some());
    }
}

#[test]
fn a_database_of_the_first_layout_gets_what_it_has_not() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let record = alice.release("app", FIRST, "1.0.0", &bytes);
    assert_eq!(post(&house, &record).status, 201);
    let temp = house.leave();
    let database = temp.path().join("data/registry.sqlite");
    let connection = rusqlite::Connection::open(&database).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'oci_*'";
    let tables: Vec<String> = connection
        .prepare(tables)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(tables.len(), 6, "{tables:?}");
    for table in tables {
        connection
            .execute_batch(&format!("DROP TABLE {table}"))
            .unwrap();
    }
    connection
        .execute_batch(
            "DROP INDEX release_digest; DROP INDEX release_down; PRAGMA user_version = 1",
        )
        .unwrap();
    drop(connection);
    // Commands that do not serve leave it as it is.
    for command in ["gc", "fsck"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_tenon-registry"))
            .args([command, "--data"])
            .arg(temp.path().join("data"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
    }
    let house = House::at(temp);
    let guest = Guest::new(&house);
    assert_eq!(guest.get("/v2/acme/app/manifests/1.0.0").status, 200);
    guest.push_image("repo", "v1", b"layer");
}

#[test]
fn s45_a_manifest_that_was_changed_in_the_database_is_not_sent() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push_image("repo", "v1", b"layer");
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let record = alice.release("app", FIRST, "1.0.0", &bytes);
    assert_eq!(post(&house, &record).status, 201);
    let manifest: serde_json::Value = guest.get("/v2/acme/app/manifests/1.0.0").json();
    let config = manifest["config"]["digest"].as_str().unwrap();
    let config = format!("/v2/acme/app/blobs/{config}");
    let paths = [
        "/v2/repo/manifests/v1",
        "/v2/acme/app/manifests/1.0.0",
        &config,
    ];
    for path in paths {
        assert_eq!(guest.get(path).status, 200);
    }
    let database = rusqlite::Connection::open(house.dir.join("registry.sqlite")).unwrap();
    database
        .execute_batch(
            "UPDATE oci_manifest SET bytes = CAST(replace(CAST(bytes AS TEXT), 'size', 'sise') AS BLOB);
             UPDATE oci_release SET
               manifest = CAST(replace(CAST(manifest AS TEXT), 'size', 'sise') AS BLOB),
               config = CAST(replace(CAST(config AS TEXT), 'wasm', 'warm') AS BLOB);",
        )
        .unwrap();
    for path in paths {
        fails(&guest.get(path), 500, "UNKNOWN");
    }
    drop(database);
    let layer = &digest(b"layer")[7..];
    let file = format!("blobs/sha256/{}/{layer}", &layer[..2]);
    std::fs::write(house.dir.join(&file), b"leyer").unwrap();
    let temp = house.leave();
    let data = temp.path().join("data");
    let fsck = || {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_tenon-registry"));
        let output = program
            .args(["fsck", "--data"])
            .arg(&data)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let said = fsck();
    assert!(said.contains("4 things are wrong"), "{said}");
    assert_eq!(
        said.matches("it is something else in the database").count(),
        3,
        "{said}"
    );
    assert!(
        said.contains(&file) && said.contains("`repo` holds it"),
        "{said}"
    );
    std::fs::remove_file(data.join(&file)).unwrap();
    assert!(fsck().contains("it is missing; the repository `repo` holds it"));
}
