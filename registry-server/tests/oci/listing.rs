//! Lists: of tags, and of what refers to a manifest.

use crate::client::Answer;
use crate::guest::{Guest, INDEX, descriptor, digest, fails, image};
use crate::house::House;
use crate::publisher::{FIRST, Publisher, component, post, upload};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tenon_registry_server::access::Action;

fn tags(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page: Value = answer.json();
    serde_json::from_value(page["tags"].clone()).unwrap()
}

#[test]
fn end_8_tags_are_listed_in_ascii_order_all_of_them_or_by_pages() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("some/repo.d", "b", b"layer");
    for tag in ["a", "B", "_", "10", "9", "a.1", "a-1"] {
        guest.put("some/repo.d", tag, &manifest);
    }
    let path = "/v2/some/repo.d/tags/list";
    let all = ["10", "9", "B", "_", "a", "a-1", "a.1", "b"];
    let nobody = Guest::nobody(&house);
    let answer = nobody.get(path);
    assert_eq!(tags(&answer), all);
    assert_eq!(answer.json::<Value>()["name"], "some/repo.d");
    assert_eq!(answer.header("link"), None);
    // By pages, as the links say.
    let (mut found, mut next) = (vec![], format!("{path}?n=3"));
    loop {
        let answer = nobody.get(&next);
        found.push(tags(&answer));
        let Some(link) = answer.header("link") else {
            break;
        };
        let (url, rel) = link.split_once('>').unwrap();
        assert_eq!(rel, "; rel=\"next\"");
        next = url.strip_prefix('<').unwrap().to_owned();
    }
    assert_eq!(found, [&all[..3], &all[3..6], &all[6..]]);
    // `last` need not be there, and is not listed.
    assert_eq!(
        tags(&nobody.get(&format!("{path}?last=a"))),
        ["a-1", "a.1", "b"]
    );
    assert_eq!(tags(&nobody.get(&format!("{path}?n=1&last=Z"))), ["_"]);
    assert_eq!(tags(&nobody.get(&format!("{path}?last=z"))), [""; 0]);
    let none = nobody.get(&format!("{path}?n=0"));
    assert_eq!((tags(&none), none.header("link")), (vec![], None));
    let exact = nobody.get(&format!("{path}?n=8"));
    assert_eq!((tags(&exact).len(), exact.header("link")), (8, None));
}

#[test]
fn end_8_s36_numbers_of_tags_that_are_none_are_refused() {
    let house = House::new();
    Guest::new(&house).begin("repo");
    for n in ["-1", "x", "9223372036854775808", "1.5", ""] {
        let answer = Guest::nobody(&house).get(&format!("/v2/repo/tags/list?n={n}"));
        fails(&answer, 400, "UNSUPPORTED");
    }
    fails(
        &Guest::nobody(&house).get("/v2/absent/tags/list"),
        404,
        "NAME_UNKNOWN",
    );
}

#[test]
fn end_8_ten_thousand_tags_are_one_list_or_many_pages() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "begin", b"layer");
    let by_digest = digest(&manifest);
    for first in (0..10_000).step_by(50) {
        let tags: Vec<String> = (first..first + 50)
            .map(|tag| format!("tag=t{tag:04}"))
            .collect();
        let reference = format!("{by_digest}?{}", tags.join("&"));
        assert_eq!(guest.put("repo", &reference, &manifest).status, 201);
    }
    let all = tags(&guest.get("/v2/repo/tags/list"));
    assert_eq!(all.len(), 10_001);
    assert!(all.is_sorted());
    let page = guest.get("/v2/repo/tags/list?n=1000&last=t4999");
    assert_eq!(tags(&page), all[5001..6001]);
    let link = "</v2/repo/tags/list?n=1000&last=t5999>; rel=\"next\"";
    assert_eq!(page.header("link"), Some(link));
}

#[test]
fn end_12_referrers_are_listed_and_filtered_with_what_they_say() {
    let house = House::new();
    let guest = Guest::new(&house);
    let subject = guest.push_image("repo", "v1", b"layer");
    let mut signature: Value = serde_json::from_slice(&image(&[], Some(&subject))).unwrap();
    signature["artifactType"] = json!("application/x.signature");
    signature["annotations"] = json!({ "by": "alice" });
    let signature = serde_json::to_vec(&signature).unwrap();
    let bill = image(&[b"layer"], Some(&subject));
    let list = json!({
        "schemaVersion": 2, "mediaType": INDEX, "manifests": [],
        "subject": descriptor(crate::guest::IMAGE, &subject),
    });
    let list = serde_json::to_vec(&list).unwrap();
    for manifest in [&signature, &bill, &list] {
        let answer = guest.put("repo", &digest(manifest), manifest);
        assert_eq!(
            answer.header("oci-subject"),
            Some(digest(&subject).as_str())
        );
    }
    let path = format!("/v2/repo/referrers/{}", digest(&subject));
    let answer = Guest::nobody(&house).get(&path);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some(INDEX))
    );
    assert_eq!(answer.header("oci-filters-applied"), None);
    let index: Value = answer.json();
    assert_eq!(
        (&index["schemaVersion"], &index["mediaType"]),
        (&json!(2), &json!(INDEX))
    );
    let listed = index["manifests"].as_array().unwrap();
    let of = |manifest: &[u8]| {
        let wanted = json!(digest(manifest));
        listed
            .iter()
            .find(|it| it["digest"] == wanted)
            .unwrap()
            .clone()
    };
    assert_eq!(listed.len(), 3);
    assert_eq!(
        of(&signature),
        json!({
            "mediaType": crate::guest::IMAGE, "digest": digest(&signature), "size": signature.len(),
            "artifactType": "application/x.signature", "annotations": { "by": "alice" },
        })
    );
    // Without one of its own, the type is that of the config; an index has none.
    let config = "application/vnd.oci.image.config.v1+json";
    assert_eq!(of(&bill)["artifactType"], config);
    assert_eq!(of(&list)["artifactType"], Value::Null);
    let filtered = guest.get(&format!("{path}?artifactType=application%2Fx.signature"));
    assert_eq!(filtered.header("oci-filters-applied"), Some("artifactType"));
    let filtered: Value = filtered.json();
    assert_eq!(filtered["manifests"], json!([of(&signature)]));
    let filtered: Value = guest.get(&format!("{path}?artifactType=")).json();
    assert_eq!(filtered["manifests"], json!([of(&list)]));
    // What is deleted is not listed from then on.
    guest.ask("DELETE", &format!("/v2/repo/manifests/{}", digest(&bill)));
    let index: Value = guest.get(&path).json();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2);
}

#[test]
fn end_12_the_referrers_of_the_unknown_are_an_empty_index() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.begin("repo");
    for name in ["repo", "absent"] {
        let answer = guest.get(&format!("/v2/{name}/referrers/{}", digest(b"absent")));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(INDEX))
        );
        assert_eq!(answer.json::<Value>()["manifests"], json!([]));
    }
    fails(
        &guest.get("/v2/repo/referrers/sha256:abc"),
        400,
        "DIGEST_INVALID",
    );
}

#[test]
fn end_12_many_referrers_are_listed_by_pages() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    for number in 0..6 {
        let mut manifest: Value = serde_json::from_slice(&image(&[], Some(b"x"))).unwrap();
        manifest["annotations"] = json!({ "a": "a".repeat(1 << 20), "number": number.to_string() });
        let manifest = serde_json::to_vec(&manifest).unwrap();
        assert_eq!(guest.put("repo", &digest(&manifest), &manifest).status, 201);
    }
    let (mut found, mut next) = (0, format!("/v2/repo/referrers/{}", digest(b"x")));
    loop {
        let answer = guest.get(&next);
        assert!(answer.body.len() < 4 << 20);
        found += answer.json::<Value>()["manifests"]
            .as_array()
            .unwrap()
            .len();
        let Some(link) = answer.header("link") else {
            break;
        };
        next = link[1..link.find('>').unwrap()].to_owned();
    }
    assert_eq!(found, 6);
}

#[test]
fn end_8_last_is_a_tag_and_no_number() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "1", b"layer");
    for tag in ["10", "2", "3", "a"] {
        guest.put("repo", tag, &manifest);
    }
    let list = |query: &str| tags(&guest.get(&format!("/v2/repo/tags/list?{query}")));
    assert_eq!(list("last=1"), ["10", "2", "3", "a"]);
    assert_eq!(list("last=2&n=1"), ["3"]);
    assert_eq!(list("last=0&n=2"), ["1", "10"]);
    assert_eq!(list("last=4"), ["a"]);
}

#[test]
fn end_8_ns_and_other_parameters_change_nothing() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    for rest in [
        "tags/list".to_owned(),
        "manifests/v1".to_owned(),
        format!("manifests/{}", digest(&manifest)),
        format!("blobs/{}", digest(b"layer")),
        format!("referrers/{}", digest(&manifest)),
    ] {
        let path = format!("/v2/repo/{rest}");
        let plain = guest.get(&path);
        let other = guest.get(&format!("{path}?ns=registry.example&unknown=1"));
        assert_eq!((plain.status, other.status), (200, 200), "{rest}");
        assert_eq!(plain.body, other.body, "{rest}");
        assert_eq!(other.header("oci-namespace"), None);
    }
}

#[test]
fn end_12_what_clients_list_in_a_tag_themselves_is_listed_too() {
    let house = House::new();
    let guest = Guest::new(&house);
    let subject = guest.push_image("repo", "v1", b"layer");
    let about = image(&[b"layer"], Some(&subject));
    assert_eq!(guest.put("repo", &digest(&about), &about).status, 201);
    let of = digest(&subject);
    let tag = of.replace(':', "-");
    let list = json!({
        "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [descriptor(crate::guest::IMAGE, &about)],
    });
    let list = serde_json::to_vec(&list).unwrap();
    assert_eq!(guest.put("repo", &tag, &list).status, 201);
    let path = format!("/v2/repo/referrers/{of}");
    for _ in 0..2 {
        let index: Value = guest.get(&path).json();
        assert_eq!(index["manifests"][0]["digest"], digest(&about));
        assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
        // Nor does the tag matter.
        guest.ask("DELETE", &format!("/v2/repo/manifests/{tag}"));
    }
}

/// A registry in which `repo` has these tags.
fn tagged(tags: &[&str]) -> House {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", tags[0], b"layer");
    for tag in &tags[1..] {
        assert_eq!(guest.put("repo", tag, &manifest).status, 201);
    }
    house
}

fn list(house: &House, query: &str) -> Answer {
    Guest::nobody(house).get(&format!("/v2/repo/tags/list{query}"))
}

#[test]
fn end_8_a_list_has_the_name_and_the_tags_and_may_be_empty() {
    let house = House::new();
    Guest::new(&house).begin("repo");
    let answer = list(&house, "");
    let kind = answer.header("content-type");
    assert_eq!((answer.status, kind), (200, Some("application/json")));
    assert_eq!(
        answer.json::<Value>(),
        json!({ "name": "repo", "tags": [] })
    );
}

#[test]
fn end_8_n_is_how_many_tags_are_listed_if_there_are_so_many() {
    let house = tagged(&["a", "b", "c"]);
    for (n, expected) in [(1, 1), (2, 2), (3, 3), (4, 3), (4_294_967_295_u32, 3)] {
        assert_eq!(tags(&list(&house, &format!("?n={n}"))).len(), expected);
    }
}

#[test]
fn end_8_a_link_says_where_more_are_and_only_where_there_are_more() {
    let house = tagged(&["a", "b", "c"]);
    let first = list(&house, "?n=2");
    let link = "</v2/repo/tags/list?n=2&last=b>; rel=\"next\"";
    assert_eq!(first.header("link"), Some(link));
    for query in ["", "?n=3", "?n=4", "?n=1&last=b", "?last=a", "?n=2&last=z"] {
        assert_eq!(list(&house, query).header("link"), None, "{query}");
    }
}

#[test]
fn end_8_n_of_zero_is_an_empty_list_without_a_link() {
    let house = tagged(&["a", "b"]);
    for query in ["?n=0", "?n=0&last=a", "?last=b&n=0"] {
        let answer = list(&house, query);
        assert_eq!((tags(&answer), answer.header("link")), (vec![], None));
    }
}

#[test]
fn end_8_last_is_not_listed_and_need_not_be_there() {
    let house = tagged(&["B", "a", "a.1", "b"]);
    for (query, expected) in [
        ("?last=a", &["a.1", "b"][..]),
        ("?last=A", &["B", "a", "a.1", "b"]),
        ("?last=a.0", &["a.1", "b"]),
        ("?last=a&n=1", &["a.1"]),
        ("?last=b", &[]),
    ] {
        assert_eq!(tags(&list(&house, query)), expected, "{query}");
    }
}

/// A registry in which these refer to something that is not there; the list of them.
fn referred(about: &[Value], query: &str) -> (Answer, Vec<Vec<u8>>) {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    let manifests: Vec<Vec<u8>> = about
        .iter()
        .map(|fields| {
            let mut manifest: Value = serde_json::from_slice(&image(&[], Some(b"x"))).unwrap();
            for (key, value) in fields.as_object().unwrap() {
                manifest[key] = value.clone();
            }
            if manifest["mediaType"] == INDEX {
                manifest.as_object_mut().unwrap().remove("config");
                manifest.as_object_mut().unwrap().remove("layers");
            }
            let manifest = serde_json::to_vec(&manifest).unwrap();
            assert_eq!(guest.put("repo", &digest(&manifest), &manifest).status, 201);
            manifest
        })
        .collect();
    let path = format!("/v2/repo/referrers/{}{query}", digest(b"x"));
    (Guest::nobody(&house).get(&path), manifests)
}

fn entries(answer: &Answer) -> Vec<Value> {
    let index: Value = answer.json();
    index["manifests"].as_array().unwrap().clone()
}

#[test]
fn end_12_the_list_is_an_image_index_of_its_own_type() {
    let (answer, _) = referred(&[json!({})], "");
    let kind = answer.header("content-type");
    assert_eq!((answer.status, kind), (200, Some(INDEX)));
    let index: Value = answer.json();
    assert_eq!(index["schemaVersion"], 2);
    assert_eq!(index["mediaType"], INDEX);
}

#[test]
fn end_12_an_entry_has_type_digest_and_size_of_the_manifest() {
    let (answer, manifests) = referred(&[json!({})], "");
    let entry = &entries(&answer)[0];
    assert_eq!(entry["mediaType"], crate::guest::IMAGE);
    assert_eq!(entry["digest"], digest(&manifests[0]));
    assert_eq!(entry["size"], manifests[0].len());
}

#[test]
fn end_12_the_artifact_type_is_that_of_the_manifest_or_else_of_its_config() {
    let list = json!({ "mediaType": INDEX, "manifests": [] });
    let typed =
        json!({ "mediaType": INDEX, "manifests": [], "artifactType": "application/x.list" });
    for (fields, expected) in [
        (
            json!({ "artifactType": "application/x" }),
            json!("application/x"),
        ),
        (json!({}), json!("application/vnd.oci.image.config.v1+json")),
        (
            json!({ "artifactType": "" }),
            json!("application/vnd.oci.image.config.v1+json"),
        ),
        (typed, json!("application/x.list")),
        (list, Value::Null),
    ] {
        let (answer, _) = referred(&[fields], "");
        let entry = &entries(&answer)[0];
        assert_eq!(entry["artifactType"], expected);
        let is_said = entry.as_object().unwrap().contains_key("artifactType");
        assert_eq!(is_said, !expected.is_null());
    }
}

#[test]
fn end_12_the_annotations_are_all_of_the_manifest() {
    let annotations = json!({ "a": "1", "org.example.\u{e4}": "\"2\"\n", "": "" });
    let (answer, _) = referred(&[json!({ "annotations": annotations })], "");
    assert_eq!(entries(&answer)[0]["annotations"], annotations);
}

#[test]
fn end_12_a_filter_is_applied_and_said_and_no_other() {
    let about = [
        json!({ "artifactType": "application/x+json" }),
        json!({ "artifactType": "application/y" }),
    ];
    for (query, expected, said) in [
        ("", 2, None),
        ("?unknown=application/y", 2, None),
        ("?artifactType=application/y", 1, Some("artifactType")),
        (
            "?artifactType=application%2Fx%2Bjson",
            1,
            Some("artifactType"),
        ),
        ("?artifactType=application/z", 0, Some("artifactType")),
    ] {
        let (answer, _) = referred(&about, query);
        assert_eq!(entries(&answer).len(), expected, "{query}");
        assert_eq!(answer.header("oci-filters-applied"), said, "{query}");
    }
}

/// All repositories that are listed, page by page.
fn repositories(guest: &Guest, n: u32) -> Vec<String> {
    let mut all: Vec<String> = vec![];
    let mut path = format!("/v2/_catalog?n={n}");
    loop {
        let answer = guest.get(&path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page: Value = answer.json();
        let page: Vec<String> = serde_json::from_value(page["repositories"].clone()).unwrap();
        assert!(page.len() <= n as usize);
        all.extend(page);
        let Some(next) = answer.header("link") else {
            return all;
        };
        let next = next.strip_prefix('<').unwrap();
        path = next.strip_suffix(">; rel=\"next\"").unwrap().to_owned();
    }
}

#[test]
fn repositories_are_listed_to_whoever_may_read_them() {
    let house = House::with(|config| config.private = true);
    let guest = Guest::new(&house);
    let nobody = Guest::nobody(&house);
    assert_eq!(nobody.get("/v2/_catalog").text(), "{\"repositories\":[]}");
    // Of packages, which sort otherwise by their own names, and of others, within and between them.
    for namespace in ["a", "a-b", "a0"] {
        let alice = Publisher::new(&house, namespace);
        for name in ["app", "app-2", "zoo"] {
            let bytes = component(1);
            upload(&house, &bytes);
            let answer = post(&house, &alice.release(name, FIRST, "1.0.0", &bytes));
            assert_eq!(answer.status, 201, "{}", answer.text());
        }
    }
    for name in [
        "a",
        "a/app/x",
        "a/mid",
        "a/app",
        "images/base",
        "z",
        "private/corp/app",
        "private/other",
    ] {
        guest.push_image(name, "edge", b"layer");
    }
    let public = [
        "a",
        "a-b/app",
        "a-b/app-2",
        "a-b/zoo",
        "a/app",
        "a/app-2",
        "a/app/x",
        "a/mid",
        "a/zoo",
        "a0/app",
        "a0/app-2",
        "a0/zoo",
        "images/base",
        "z",
    ];
    let mut all: Vec<String> = public.iter().map(|name| (*name).to_owned()).collect();
    for n in [1, 2, 3, 5, 14, 15, 1_000, u32::MAX] {
        assert_eq!(repositories(&nobody, n), all, "{n}");
    }
    // What is private is listed to whoever may read it, and nobody else.
    let token = house.token(&[Action::Read], &["corp:*"]);
    let corp = Guest::with(&house, &format!("Bearer {token}"));
    all.insert(13, "private/corp/app".to_owned());
    for n in [1, 4, 1_000] {
        assert_eq!(repositories(&corp, n), all, "{n}");
    }
    let token = house.token(&[Action::Publish], &["*"]);
    let publisher = Guest::with(&house, &format!("Bearer {token}"));
    assert_eq!(repositories(&publisher, 7), public);
    all.insert(14, "private/other".to_owned());
    for n in [1, 4, 1_000] {
        assert_eq!(repositories(&guest, n), all, "{n}");
    }
    // Behind a name that is not there, and behind all.
    let behind = |last: &str| {
        guest
            .get(&format!("/v2/_catalog?last={last}"))
            .json::<Value>()
    };
    for (last, from) in [
        ("a/app/", 6),
        ("a/", 4),
        ("b", 12),
        ("private/d", 14),
        ("zz", 16),
    ] {
        assert_eq!(behind(last)["repositories"], json!(all[from..]), "{last}");
    }
    assert_eq!(
        nobody.get("/v2/_catalog?n=0").text(),
        "{\"repositories\":[]}"
    );
    fails(&nobody.get("/v2/_catalog?n=x"), 400, "UNSUPPORTED");
    fails(&nobody.ask("POST", "/v2/_catalog"), 405, "UNSUPPORTED");
    let wrong = Guest::with(&house, "Bearer nonsense");
    fails(&wrong.get("/v2/_catalog"), 401, "UNAUTHORIZED");
}

/// Puts packages with a release, namespaces without any, and repositories into a log.
fn fill(house: &House, log: u32, packages: &[String], empty: u32, others: &[String]) {
    let mut database = rusqlite::Connection::open(house.dir.join("registry.sqlite")).unwrap();
    let tx = database.transaction().unwrap();
    {
        let namespace = "INSERT OR IGNORE INTO namespace VALUES (?1, ?2, 1, '[]', 1)";
        let mut namespace = tx.prepare(namespace).unwrap();
        for n in 0..empty {
            namespace.execute((log, format!("empty-{n:05}"))).unwrap();
        }
        let package = "INSERT INTO package (log, name, kind) VALUES (?1, ?2, 'component')";
        let mut package = tx.prepare(package).unwrap();
        let release = "INSERT INTO release VALUES (?1, x'00', '1.0.0', x'00', 1, 'component', 1, 1, 1, '', '', 0, NULL)";
        let mut release = tx.prepare(release).unwrap();
        for name in packages {
            let (owner, _) = name.split_once(':').unwrap();
            namespace.execute((log, owner)).unwrap();
            let id = package.insert((log, name)).unwrap();
            release.execute([id]).unwrap();
        }
        let other = "INSERT INTO oci_repository (log, name) VALUES (?1, ?2)";
        let mut other = tx.prepare(other).unwrap();
        for name in others {
            other.execute((log, name)).unwrap();
        }
    }
    tx.commit().unwrap();
}

/// Names, made of few words, of which many begin as others do.
fn similar() -> (Vec<String>, Vec<String>) {
    let namespaces = [
        "a", "a-0", "a-0a", "a-b", "a0", "a0-0", "a0-a", "a00", "a000", "a01", "a01a", "a0a", "a1",
        "a1-1", "a9", "aa", "aa0", "b0-1-2", "b0-1-23", "b00", "c",
    ];
    let names = ["a", "a-0", "a-b", "a0", "a00", "b"];
    let packages = namespaces.iter().flat_map(|namespace| {
        let names = names
            .iter()
            .filter(|name| (namespace.len() + name.len()) % 3 > 0);
        names.map(move |name| format!("{namespace}:{name}"))
    });
    let others = [
        "0", "0/a", "a", "a-0/a.b", "a.0/a", "a/a", "a/a-0/x", "a/a-b_c", "a/a-b/x", "a/a/x",
        "a/a0/x", "a/a_b", "a/x/y/z", "a0/a/b", "a0/z", "a_0/a", "aa", "aa/a.b/c", "b0-1-2", "d/x",
    ];
    let others = others.iter().map(|name| (*name).to_owned());
    (packages.collect(), others.collect())
}

#[test]
fn repositories_are_in_order_behind_whatever_name_for_whatever_token() {
    let house = House::with(|config| config.private = true);
    let (packages, others) = similar();
    for log in [0, 1] {
        fill(&house, log, &packages, 0, &others);
    }
    let mut all: Vec<String> = packages.iter().map(|name| name.replace(':', "/")).collect();
    all.extend(others);
    all.sort();
    all.dedup();
    let nobody = Guest::nobody(&house);
    for n in [1, 2, 7, 1_000] {
        assert_eq!(repositories(&nobody, n), all, "{n}");
    }
    let wrong = [
        "", "-", ".", ":", "A", "a-", "a-0", "a.", "a/", "a/a-", "a/a/", "a0", "a0/", "a00-",
        "a01/b/c", "a:b", "a_b/c", "az", "b0-1", "zz", "0/", "a0:", "a%7F", "%C3%A4", "a/%C3%A4",
    ];
    for last in all.iter().map(String::as_str).chain(wrong) {
        let plain = last.replace("%7F", "\x7f").replace("%C3%A4", "\u{e4}");
        let expected: Vec<&String> = all.iter().filter(|name| **name > plain).collect();
        for n in [1, 3, 1_000] {
            let found: Value = nobody
                .get(&format!("/v2/_catalog?n={n}&last={last}"))
                .json();
            let expected = &expected[..n.min(expected.len())];
            assert_eq!(found["repositories"], json!(expected), "{n} behind {last}");
        }
    }
    // Whose a name is that is in the private log, as far as it matters here.
    let of = |name: &str, scope: &str| {
        let (owner, pattern) = scope.split_once(':').unwrap_or(("*", "*"));
        let mut parts = name.split('/');
        let (first, second) = (parts.next().unwrap(), parts.next());
        let is_package = second.is_some_and(|name| !name.contains(['.', '_']));
        let matches = match (pattern.strip_suffix('*'), second) {
            (Some(""), _) => true,
            (Some(start), Some(name)) => is_package && name.starts_with(start),
            (None, Some(name)) => is_package && name == pattern,
            (_, None) => false,
        };
        owner == "*" || owner == first && matches
    };
    for scopes in [
        &["*"][..],
        &["a:*"],
        &["a:a"],
        &["a:a-*"],
        &["a0:*", "a:a0"],
        &["a:a-b", "aa:*", "a:*", "a:a-*"],
        &["b0-1-2:*", "*"],
        &["nothing:*"],
    ] {
        let guest = Guest::with(
            &house,
            &format!("Bearer {}", house.token(&[Action::Read], scopes)),
        );
        let may = |name: &&String| scopes.iter().any(|scope| of(name, scope));
        let private = all.iter().filter(may).map(|name| format!("private/{name}"));
        let mut expected: Vec<String> = all.iter().cloned().chain(private).collect();
        expected.sort();
        for n in [1, 2, 1_000] {
            assert_eq!(repositories(&guest, n), expected, "{n} with {scopes:?}");
        }
    }
}

#[test]
fn a_page_takes_no_longer_for_what_is_not_on_it() {
    let house = House::with(|config| config.private = true);
    let names = |start: &str, count: u32| -> Vec<String> {
        (0..count).map(|n| format!("{start}{n:05}")).collect()
    };
    fill(&house, 0, &["zoo:app".to_owned()], 20_000, &[]);
    let packages = names("zoo:app-", 10_000);
    let mut others = names("acme/private/image-", 10_000);
    others.extend(names("corp/image_", 10_000));
    fill(&house, 1, &packages, 20_000, &others);
    let token = house.token(&[Action::Read], &["acme:other"]);
    let reader = Guest::with(&house, &format!("Bearer {token}"));
    let publisher = house.token(&[Action::Publish], &["*"]);
    let publisher = Guest::with(&house, &format!("Bearer {publisher}"));
    // The best of three, for others use this machine too.
    let takes = |what: &dyn Fn()| {
        let times = [(); 3].map(|()| {
            let begun = Instant::now();
            what();
            begun.elapsed()
        });
        let best = times.into_iter().min().unwrap();
        assert!(best < Duration::from_millis(250), "{times:?}");
    };
    let nobody = Guest::nobody(&house);
    for guest in [&nobody, &reader, &publisher] {
        takes(&|| {
            for n in [1, 1_000] {
                assert_eq!(repositories(guest, n), ["zoo/app"]);
            }
        });
    }
    // Nor for what is behind it.
    let packages = names("own-", 20_000)
        .into_iter()
        .map(|own| format!("{own}:app"));
    fill(&house, 0, &packages.collect::<Vec<_>>(), 0, &[]);
    takes(&|| {
        let page: Value = nobody.get("/v2/_catalog?n=1&last=own-10000").json();
        assert_eq!(page["repositories"], json!(["own-10000/app"]));
    });
    takes(&|| {
        let page: Value = nobody.get("/v2/_catalog?n=1000").json();
        assert_eq!(page["repositories"][999], "own-00999/app");
    });
}
