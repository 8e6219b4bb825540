//! What the OCI Distribution specification asks of clients, against a registry that listens on this machine and
//! does as it is told; `docs/oci-conformance.md` says which sentence is held by which test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod oci_registry;

use oci_registry::{Fault, MANIFEST, OciRegistry};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tenon_registry_client::Digest;
use tenon_registry_client::http::Uploading;
use tenon_registry_client::http::oci::{
    Attached, ComponentForm, Descriptor, OciClient, OciOptions, Pick, Repository, Tag, media,
};

/// A client that sends parts of so many bytes.
fn client(registry: &OciRegistry, part: u64) -> OciClient {
    client_with(registry, part, |_| {})
}

fn client_with(
    registry: &OciRegistry,
    part: u64,
    change: impl FnOnce(&mut OciOptions),
) -> OciClient {
    let cache = std::env::temp_dir().join("unused");
    let mut options = OciOptions::new(registry.host().parse().unwrap(), cache).unwrap();
    options.timeouts.pause = Duration::from_millis(1);
    options.part = part;
    change(&mut options);
    OciClient::new(options).unwrap()
}

fn repository() -> Repository {
    "a/b".parse().unwrap()
}

async fn push(client: &OciClient, content: &[u8]) {
    let package = ComponentForm::default().package(Digest::of(content), content.len() as u64);
    let content = Uploading::Bytes(content.to_vec().into());
    let tag: Tag = "1.0.0".parse().unwrap();
    let pushed = client.push(&repository(), &tag, content, &package).await;
    pushed.unwrap();
}

/// Says something about the manifest of the tag `1.0.0`.
async fn attach(client: &OciClient) -> Result<Digest, tenon_registry_client::http::Error> {
    let pick = Pick::Tag("1.0.0".parse().unwrap());
    let named = client.manifest(&repository(), &pick).await.unwrap();
    let attached = Attached {
        media_type: media::CYCLONEDX.to_owned(),
        bytes: b"{}".into(),
        title: None,
    };
    let subject = Descriptor::from(&named);
    client.attach(&repository(), &subject, &attached).await
}

#[tokio::test]
async fn manifests_are_asked_for_by_their_types() {
    let registry = OciRegistry::start();
    registry.has("a/b", "1.0.0", b"wasm");
    let pick = Pick::Tag("1.0.0".parse().unwrap());
    let client = client(&registry, 1000);
    client.manifest(&repository(), &pick).await.unwrap();
    let asked = registry.asked("GET /v2/a/b/manifests/");
    let accept = asked[0].header("accept").unwrap();
    assert!(accept.contains("manifest"), "{accept}");
}

#[tokio::test]
async fn a_warning_is_told_and_changes_nothing() {
    let registry = OciRegistry::start();
    let expected = registry.has("a/b", "1.0.0", b"wasm");
    let pick = Pick::Tag("1.0.0".parse().unwrap());
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let client = client_with(&registry, 1000, |options| {
        options.warned = Arc::new(move |text| hears.lock().unwrap().push(text.to_owned()));
    });
    for warning in [
        r#"299 - "it is going away""#,
        r#"299 - "\"quoted\" \\ all" "Mon, 23 Nov 2026 00:00:00 GMT""#,
        "299 - unquoted",
        r#"299 - "unended"#,
        r#"110 - "stale""#,
    ] {
        registry.fault("manifests/", Fault::Header("Warning", warning.to_owned()));
        let named = client.manifest(&repository(), &pick).await.unwrap();
        assert_eq!(named.digest, expected);
    }
    let expected = ["it is going away", r#""quoted" \ all"#];
    assert_eq!(*told.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_manifest_of_another_type_than_it_says_is_refused() {
    let registry = OciRegistry::start();
    registry.has("a/b", "1.0.0", b"wasm");
    let pick = Pick::Tag("1.0.0".parse().unwrap());
    let client = client(&registry, 1000);
    let index = "application/vnd.oci.image.index.v1+json".to_owned();
    registry.fault("manifests/", Fault::Header("Content-Type", index));
    let error = client.manifest(&repository(), &pick).await.unwrap_err();
    assert!(
        error.to_string().contains("type of the manifest"),
        "{error}"
    );
    // Parameters are no part of the type.
    let same = format!("{MANIFEST}; charset=utf-8");
    registry.fault("manifests/", Fault::Header("Content-Type", same));
    client.manifest(&repository(), &pick).await.unwrap();
}

#[tokio::test]
async fn an_upload_that_is_given_up_is_cancelled() {
    let registry = OciRegistry::start();
    registry.fault("PATCH ", Fault::Status(500));
    let content = [7; 4000];
    let (client, repository, digest) =
        (client(&registry, 1000), repository(), Digest::of(&content));
    let sending = Uploading::Bytes(content.to_vec().into());
    let sent = client.push_blob(&repository, sending, digest, 4000);
    sent.await.unwrap_err();
    assert_eq!(registry.asked("DELETE /v2/a/b/blobs/uploads/").len(), 1);
    // One that came to its end is not.
    push(&client, &content).await;
    assert_eq!(registry.asked("DELETE ").len(), 1);
}

#[tokio::test]
async fn uploads_begin_with_nothing_and_go_on_in_parts_of_the_least_length() {
    let registry = OciRegistry::start();
    let least = Fault::Header("OCI-Chunk-Min-Length", "1500".to_owned());
    registry.fault("POST /v2/a/b/blobs/uploads/", least);
    push(&client(&registry, 1000), &[7; 4000]).await;
    for begun in registry.asked("POST ") {
        assert_eq!(begun.header("content-length"), Some("0"));
    }
    let parts = registry.asked("PATCH ");
    let ranges: Vec<_> = parts.iter().map(|it| it.header("content-range")).collect();
    let expected = ["0-1499", "1500-2999", "3000-3999"];
    assert_eq!(ranges, expected.map(Some));
}

#[tokio::test]
async fn locations_are_followed_as_they_are() {
    let registry = OciRegistry::start();
    // Relative, with a parameter that this registry insists on, and then absolute.
    push(&client(&registry, 1000), &[1; 2500]).await;
    let location = format!(
        "http://{}/v2/a/b/blobs/uploads/0?state=a%2Fb&more=%7E",
        registry.host()
    );
    registry.fault("POST ", Fault::Header("Location", location));
    push(&client(&registry, 10_000), &[2; 2500]).await;
    let digest = Digest::of(&[2; 2500]).to_string().replace(':', "%3A");
    let target = format!("PUT /v2/a/b/blobs/uploads/0?state=a%2Fb&more=%7E&digest={digest}");
    assert_eq!(registry.asked(&target).len(), 1);
}

#[tokio::test]
async fn a_manifest_is_pushed_by_its_own_type() {
    let registry = OciRegistry::start();
    push(&client(&registry, 1000), b"wasm").await;
    let put = registry.asked("PUT /v2/a/b/manifests/");
    let manifest: Value = serde_json::from_slice(&put[0].body).unwrap();
    assert_eq!(manifest["mediaType"], MANIFEST);
    assert_eq!(put[0].header("content-type"), Some(MANIFEST));
}

#[tokio::test]
async fn what_is_about_a_manifest_is_in_its_tag_where_the_registry_does_not_list_it() {
    for lists_referrers in [true, false] {
        let registry = OciRegistry::start();
        registry.world().lists_referrers = lists_referrers;
        let subject = registry.has("a/b", "1.0.0", b"wasm");
        let client = client(&registry, 1000);
        let one = attach(&client).await.unwrap();
        assert_eq!(attach(&client).await.unwrap(), one);
        let tag = subject.to_string().replace(':', "-");
        let world = registry.world();
        let found = world.tags.get(&("a/b".to_owned(), tag));
        assert_eq!(found.is_none(), lists_referrers);
        if let Some(list) = found {
            let (media_type, bytes) = &world.manifests[&("a/b".to_owned(), list.clone())];
            assert_eq!(media_type, media::INDEX);
            let list: Value = serde_json::from_slice(bytes).unwrap();
            let size = world.manifests[&("a/b".to_owned(), one.to_string())]
                .1
                .len();
            let expected = json!({
                "mediaType": MANIFEST, "digest": one.to_string(), "size": size,
                "artifactType": media::CYCLONEDX,
            });
            assert_eq!(list["manifests"], json!([expected]));
            assert_eq!(list["mediaType"], media::INDEX);
        }
    }
}

#[tokio::test]
async fn what_is_no_list_of_referrers_is_left_alone() {
    let registry = OciRegistry::start();
    let subject = registry.has("a/b", "1.0.0", b"wasm");
    let tag = subject.to_string().replace(':', "-");
    let other = registry.has("a/b", &tag, b"something else");
    attach(&client(&registry, 1000)).await.unwrap_err();
    let world = registry.world();
    let found = world.tags.get(&("a/b".to_owned(), tag));
    assert_eq!(found, Some(&other.to_string()));
}

/// Says that there are so many pages, each as this function says.
fn pages(registry: &OciRegistry, path: &str, count: usize, page: impl Fn(usize) -> Value) {
    for number in 0..count {
        let next = format!("/v2/a/b/{path}?page={}", number + 1);
        let body = page(number).to_string().into_bytes();
        registry.fault(path, Fault::Page(body, next));
    }
}

#[tokio::test]
async fn pages_of_tags_with_no_new_one_come_to_an_end() {
    let registry = OciRegistry::start();
    registry.has("a/b", "1.0.0", b"wasm");
    let client = client(&registry, 1000);
    let nothing = |_| json!({ "name": "a/b", "tags": [] });
    pages(&registry, "tags/list", 10, nothing);
    assert_eq!(client.tags(&repository()).await.unwrap().len(), 1);
    assert_eq!(registry.asked("tags/list").len(), 11);
    let the_same = |_| json!({ "name": "a/b", "tags": ["1.0.0"] });
    pages(&registry, "tags/list", 20, the_same);
    let error = client.tags(&repository()).await.unwrap_err();
    let said = "the registry lists more than 10 pages of tags with no new one";
    assert!(error.kind.to_string().starts_with(said), "{error:?}");
    assert!(error.is_unavailable());
    // The first had one.
    assert_eq!(registry.asked("tags/list").len(), 11 + 12);
}

#[tokio::test]
async fn lists_of_what_is_about_a_manifest_come_to_an_end() {
    let registry = OciRegistry::start();
    let subject = registry.has("a/b", "1.0.0", b"wasm");
    let client = client(&registry, 1000);
    let listed = |page: usize, count: usize, said: &str| {
        let one = |number: usize| {
            let digest = Digest::of(format!("{page} {number}").as_bytes()).to_string();
            json!({ "mediaType": MANIFEST, "digest": digest, "size": 1, "annotations": { "said": said } })
        };
        let manifests: Vec<_> = (0..count).map(one).collect();
        json!({ "schemaVersion": 2, "mediaType": media::INDEX, "manifests": manifests })
    };
    let path = format!("referrers/{subject}");
    // Of 16 MiB, four at a time.
    let large = "x".repeat((4 << 20) - 1_000);
    registry.world().lists_referrers = true;
    pages(&registry, &path, 4, |page| listed(page, 1, &large));
    let few = client.referrers(&repository(), &subject, None).await;
    assert_eq!(few.unwrap().len(), 4);
    for (count, text, said) in [
        (1, &*large, "16777216 bytes of manifests about one"),
        (2_001, "", "10000 manifests about one"),
    ] {
        let before = registry.asked(&path).len();
        pages(&registry, &path, 6, |page| listed(page, count, text));
        let error = client.referrers(&repository(), &subject, None).await;
        let text = error.unwrap_err().kind.to_string();
        let said = format!("the registry lists more than {said}");
        assert!(text.starts_with(&said), "{text}");
        assert_eq!(registry.asked(&path).len(), before + 5);
        registry.world().faults.clear();
    }
}
