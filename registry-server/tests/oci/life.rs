//! The whole life of every kind of artefact, in every kind of repository, by every algorithm: pushed by digest
//! and by tag, listed, looked at, pulled, referred to, and deleted, all of which is visible at once.

use crate::artefacts::{self, Artefact};
use crate::guest::{Algorithm, Guest, INDEX, digest, fails};
use crate::house::House;
use serde_json::{Value, json};

/// Repositories: of two segments, which is where releases are, and of any other number.
const REPOSITORIES: [&str; 4] = [
    "conformance/repo1",
    "one",
    "conformance/repo2/deep",
    "a/b.c/d__e/f-g",
];

struct Life<'a> {
    guest: &'a Guest,
    name: &'a str,
    algorithm: Algorithm,
    artefact: &'a Artefact,
}

/// A manifest, as it is pushed.
struct Pushed {
    bytes: Vec<u8>,
    said: Value,
    digest: String,
    tag: String,
}

fn lives(make: fn(Algorithm) -> Artefact) {
    lives_in(&REPOSITORIES, make);
}

fn lives_in(names: &[&str], make: fn(Algorithm) -> Artefact) {
    let house = House::new();
    let guest = Guest::new(&house);
    for name in names {
        for algorithm in Algorithm::ALL {
            let life = Life {
                guest: &guest,
                name,
                algorithm,
                artefact: &make(algorithm),
            };
            life.live();
        }
    }
}

impl Life<'_> {
    fn live(&self) {
        for bytes in &self.artefact.blobs {
            self.push(bytes);
        }
        let manifests = self.artefact.manifests.iter().enumerate();
        let all: Vec<Pushed> = manifests.map(|(at, said)| self.put(at, said)).collect();
        self.list(&all);
        for one in &all {
            self.pull(one);
        }
        self.refer(&all);
        self.delete(&all);
    }

    fn path(&self, rest: &str) -> String {
        format!("/v2/{}/{rest}", self.name)
    }

    fn push(&self, bytes: &[u8]) {
        let digest = self.algorithm.of(bytes);
        let path = self.path(&format!("blobs/uploads/?digest={digest}"));
        let answer = self.guest.send("POST", &path, &[], bytes);
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.header("docker-content-digest"), Some(&*digest));
        let location = answer.header("location").unwrap();
        assert_eq!(self.guest.get(location).body, bytes);
    }

    fn put(&self, at: usize, said: &Value) -> Pushed {
        let bytes = Artefact::bytes(said);
        let (digest, tag) = (self.algorithm.of(&bytes), format!("tag-{at}"));
        let subject = said["subject"]["digest"].as_str();
        for reference in [&digest, &tag] {
            let answer = self.guest.put(self.name, reference, &bytes);
            assert_eq!(answer.status, 201, "{}", answer.text());
            assert_eq!(answer.header("docker-content-digest"), Some(&*digest));
            assert_eq!(answer.header("oci-subject"), subject);
            let location = answer.header("location").unwrap();
            assert_eq!(self.guest.get(location).body, bytes);
        }
        let said = said.clone();
        Pushed {
            bytes,
            said,
            digest,
            tag,
        }
    }

    fn tags(&self, query: &str) -> Vec<String> {
        let answer = self.guest.get(&self.path(&format!("tags/list{query}")));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page: Value = answer.json();
        assert_eq!(page["name"], self.name);
        serde_json::from_value(page["tags"].clone()).unwrap()
    }

    fn list(&self, all: &[Pushed]) {
        let tags: Vec<&str> = all.iter().map(|one| one.tag.as_str()).collect();
        assert!(tags.is_sorted());
        assert_eq!(self.tags(""), tags);
        assert_eq!(self.tags(&format!("?last={}", tags[0])), tags[1..]);
        assert_eq!(self.tags("?n=1"), tags[..1]);
    }

    fn pull(&self, one: &Pushed) {
        let length = one.bytes.len().to_string();
        for reference in [&one.digest, &one.tag] {
            for method in ["HEAD", "GET"] {
                let answer = self
                    .guest
                    .ask(method, &self.path(&format!("manifests/{reference}")));
                assert_eq!(answer.status, 200, "{method} {reference}");
                let header = |name| answer.header(name).unwrap();
                assert_eq!(header("content-type"), one.said["mediaType"]);
                assert_eq!(header("content-length"), length);
                assert_eq!(header("docker-content-digest"), one.digest);
                let body: &[u8] = if method == "GET" { &one.bytes } else { b"" };
                assert_eq!(answer.body, body);
            }
        }
    }

    fn referrers(&self, digest: &str, filter: Option<&str>) -> Vec<Value> {
        let query = filter.map_or_else(String::new, |it| format!("?artifactType={it}"));
        let answer = self
            .guest
            .get(&self.path(&format!("referrers/{digest}{query}")));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some(INDEX));
        let applied = filter.map(|_| "artifactType");
        assert_eq!(answer.header("oci-filters-applied"), applied);
        let index: Value = answer.json();
        assert_eq!(index["schemaVersion"], 2);
        assert_eq!(index["mediaType"], INDEX);
        index["manifests"].as_array().unwrap().clone()
    }

    /// How a manifest is listed with the others that have its subject.
    fn described(one: &Pushed) -> Value {
        let said = &one.said;
        let mut descriptor = json!({
            "mediaType": said["mediaType"], "digest": one.digest, "size": one.bytes.len(),
        });
        // Of an image without a type of its own it is that of its config, and of an index there is none.
        for kind in [&said["artifactType"], &said["config"]["mediaType"]] {
            if descriptor["artifactType"].is_null() && kind.is_string() {
                descriptor["artifactType"] = kind.clone();
            }
        }
        if descriptor["artifactType"].is_null() {
            descriptor.as_object_mut().unwrap().remove("artifactType");
        }
        if said["annotations"].is_object() {
            descriptor["annotations"] = said["annotations"].clone();
        }
        descriptor
    }

    fn refer(&self, all: &[Pushed]) {
        let subjects = all
            .iter()
            .filter_map(|one| one.said["subject"]["digest"].as_str());
        let own = all.iter().map(|one| one.digest.as_str());
        for subject in subjects.chain(own) {
            let about = all
                .iter()
                .filter(|one| one.said["subject"]["digest"] == subject);
            let mut expected: Vec<Value> = about.map(Life::described).collect();
            expected.sort_by_key(|one| one["digest"].to_string());
            let mut found = self.referrers(subject, None);
            found.sort_by_key(|one| one["digest"].to_string());
            assert_eq!(found, expected);
            for kind in expected.iter().filter_map(|it| it["artifactType"].as_str()) {
                let mut found = self.referrers(subject, Some(&kind.replace('+', "%2B")));
                found.sort_by_key(|one| one["digest"].to_string());
                let of_kind = expected.iter().filter(|one| one["artifactType"] == kind);
                assert!(found.iter().eq(of_kind), "{kind}");
            }
            assert!(self.referrers(subject, Some("application/none")).is_empty());
        }
    }

    fn gone(&self, rest: &str, code: &str) {
        fails(&self.guest.get(&self.path(rest)), 404, code);
        assert_eq!(self.guest.ask("HEAD", &self.path(rest)).status, 404);
        fails(&self.guest.ask("DELETE", &self.path(rest)), 404, code);
    }

    fn delete(&self, all: &[Pushed]) {
        for one in all {
            let tag = format!("manifests/{}", one.tag);
            assert_eq!(self.guest.ask("DELETE", &self.path(&tag)).status, 202);
            self.gone(&tag, "MANIFEST_UNKNOWN");
            assert!(!self.tags("").contains(&one.tag));
            let kept = self.path(&format!("manifests/{}", one.digest));
            assert_eq!(self.guest.get(&kept).body, one.bytes);
        }
        assert_eq!(self.tags(""), [""; 0]);
        for one in all.iter().rev() {
            // A tag that leads to it goes with it.
            self.guest.put(self.name, "again", &one.bytes);
            let manifest = format!("manifests/{}", one.digest);
            assert_eq!(self.guest.ask("DELETE", &self.path(&manifest)).status, 202);
            self.gone(&manifest, "MANIFEST_UNKNOWN");
            self.gone("manifests/again", "MANIFEST_UNKNOWN");
            if let Some(subject) = one.said["subject"]["digest"].as_str() {
                let left = self.referrers(subject, None);
                assert!(left.iter().all(|it| it["digest"] != one.digest.as_str()));
            }
        }
        for bytes in &self.artefact.blobs {
            let blob = format!("blobs/{}", self.algorithm.of(bytes));
            assert_eq!(self.guest.ask("DELETE", &self.path(&blob)).status, 202);
            self.gone(&blob, "BLOB_UNKNOWN");
        }
    }
}

#[test]
fn end_7_an_image_lives() {
    lives(artefacts::image);
}

#[test]
fn end_7_an_uncompressed_image_lives() {
    lives(artefacts::uncompressed_image);
}

#[test]
fn end_7_an_image_without_layers_lives() {
    lives(artefacts::image_without_layers);
}

#[test]
fn end_7_a_manifest_of_almost_four_megabytes_lives() {
    lives_in(&REPOSITORIES[..1], artefacts::large_image);
}

#[test]
fn end_7_layers_that_may_not_be_given_on_need_not_be_there() {
    lives(artefacts::image_with_foreign_layers);
}

#[test]
fn end_7_descriptors_with_data_are_kept() {
    lives(artefacts::image_with_data);
}

#[test]
fn end_7_fields_that_nobody_knows_are_kept() {
    lives(artefacts::custom_fields);
}

#[test]
fn end_7_an_index_lives() {
    lives(artefacts::index);
}

#[test]
fn end_7_an_index_of_indexes_lives() {
    lives(artefacts::index_of_indexes);
}

#[test]
fn end_7_an_empty_index_lives() {
    lives(artefacts::empty_index);
}

#[test]
fn end_7_an_index_of_what_is_not_all_there_lives() {
    lives(artefacts::sparse_index);
}

#[test]
fn end_7_an_artefact_lives() {
    lives(artefacts::artefact);
}

#[test]
fn end_7_an_artefact_without_content_lives() {
    lives(artefacts::artefact_without_content);
}

#[test]
fn end_7_an_index_of_artefacts_lives() {
    lives(artefacts::artefact_index);
}

#[test]
fn end_12_what_refers_to_a_manifest_lives() {
    lives(artefacts::referrers);
}

#[test]
fn end_12_what_refers_to_a_manifest_that_is_not_there_lives() {
    lives(artefacts::missing_subject);
}

#[test]
fn end_7_an_image_of_which_a_layer_is_missing_is_refused_and_makes_no_repository() {
    let house = House::new();
    let guest = Guest::new(&house);
    for (name, algorithm) in REPOSITORIES.iter().zip(Algorithm::ALL.iter().cycle()) {
        let all = artefacts::image(*algorithm);
        let bytes = Artefact::bytes(&all.manifests[0]);
        let by_digest = algorithm.of(&bytes);
        for reference in [by_digest.as_str(), "tag"] {
            let answer = guest.put(name, reference, &bytes);
            fails(&answer, 400, "MANIFEST_BLOB_UNKNOWN");
        }
        fails(
            &guest.get(&format!("/v2/{name}/tags/list")),
            404,
            "NAME_UNKNOWN",
        );
    }
}

#[test]
fn end_3_an_image_is_pulled_in_any_order() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let paths = [
        format!("/v2/repo/blobs/{}", digest(b"layer")),
        "/v2/repo/manifests/v1".to_owned(),
        format!("/v2/repo/blobs/{}", digest(b"{}")),
        format!("/v2/repo/manifests/{}", digest(&manifest)),
    ];
    for at in 0..paths.len() {
        for path in paths.iter().cycle().skip(at).take(paths.len()) {
            assert_eq!(Guest::nobody(&house).get(path).status, 200, "{path}");
        }
    }
}
