//! The client of registries that speak OCI, against one that listens on this machine and does as it is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod oci_registry;

use oci_registry::{Access, Fault, MANIFEST, OciRegistry, token_for};
use serde_json::json;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use tenon_registry_client::Digest;
use tenon_registry_client::http::oci::{
    Attached, ComponentForm, Descriptor, OciClient, OciCredential, OciOptions, OciPulled, Pick,
    Repository, Tag, discover, media,
};
use tenon_registry_client::http::{Error, ErrorKind, FetchedFrom, Network, Uploaded, Uploading};

struct User {
    cache: tempfile::TempDir,
    client: OciClient,
}

fn user(registry: &OciRegistry) -> User {
    user_with(registry, |_| {})
}

fn user_with(registry: &OciRegistry, change: impl FnOnce(&mut OciOptions)) -> User {
    let cache = tempfile::tempdir().unwrap();
    let mut options = OciOptions::new(registry.host().parse().unwrap(), cache.path()).unwrap();
    options.timeouts.pause = Duration::from_millis(1);
    change(&mut options);
    let client = OciClient::new(options).unwrap();
    User { cache, client }
}

fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

fn tag(name: &str) -> Pick {
    Pick::Tag(name.parse().unwrap())
}

impl User {
    async fn pull(&self, name: &str, pick: Pick) -> Result<OciPulled, Error> {
        self.client.pull(&repository(name), &pick).await
    }

    fn files(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let each = entries.map(|entry| match entry.path().is_dir() {
                true => count(&entry.path()),
                false => 1,
            });
            each.sum()
        }
        count(self.cache.path())
    }
}

fn bytes(pulled: &mut OciPulled) -> Vec<u8> {
    let mut bytes = vec![];
    pulled.blob.file.read_to_end(&mut bytes).unwrap();
    bytes
}

fn content(size: u32) -> Vec<u8> {
    (0..size)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect()
}

fn basic(password: &str) -> OciCredential {
    OciCredential::Basic {
        user: "me".to_owned(),
        password: password.to_owned(),
    }
}

#[tokio::test]
async fn what_others_push_is_pulled_and_kept() {
    let registry = OciRegistry::start();
    let manifest = registry.has("wasi/io", "0.2.3", b"some wasm");
    let user = user(&registry);
    let mut pulled = user.pull("wasi/io", tag("0.2.3")).await.unwrap();
    assert_eq!(bytes(&mut pulled), b"some wasm");
    assert_eq!(
        (pulled.manifest, pulled.digest, pulled.size),
        (manifest, Digest::of(b"some wasm"), 9)
    );
    assert_eq!(pulled.blob.from, FetchedFrom::Registry);
    let again = user.pull("wasi/io", Pick::Digest(manifest)).await.unwrap();
    assert_eq!(again.blob.from, FetchedFrom::Cache);
    assert_eq!(registry.asked("GET /v2/wasi/io/blobs/").len(), 1);
    // An empty one is content, too.
    registry.has("wasi/io", "empty", b"");
    assert_eq!(
        bytes(&mut user.pull("wasi/io", tag("empty")).await.unwrap()),
        b""
    );
}

#[tokio::test]
async fn what_is_pushed_is_what_others_read() {
    let registry = OciRegistry::start();
    let user = user_with(&registry, |options| options.part = 1000);
    let (small, large) = (content(10), content(1000));
    for (name, content) in [("small", &small), ("large", &large)] {
        let form = ComponentForm {
            title: Some(format!("{name}.wasm")),
            ..ComponentForm::default()
        };
        let package = form.package(Digest::of(content), content.len() as u64);
        let file = user.cache.path().join(name);
        std::fs::write(&file, content).unwrap();
        let push = |content| {
            let (client, package) = (user.client.clone(), package.clone());
            async move {
                let tag: Tag = "1.0.0".parse().unwrap();
                client
                    .push(&repository("acme/it"), &tag, content, &package)
                    .await
            }
        };
        assert_eq!(push(Uploading::File(file)).await.unwrap(), Uploaded::Sent);
        let bytes = Uploading::Bytes(content.clone().into());
        assert_eq!(push(bytes).await.unwrap(), Uploaded::AlreadyThere);
        let (media, sent) = registry.world().manifests
            [&("acme/it".to_owned(), package.digest().to_string())]
            .clone();
        assert_eq!((media.as_str(), &sent), (MANIFEST, &package.bytes()));
        let mut pulled = user_with(&registry, |_| {})
            .pull("acme/it", tag("1.0.0"))
            .await
            .unwrap();
        assert_eq!(self::bytes(&mut pulled), *content);
    }
    // Four parts of a thousand bytes each.
    let ranges: Vec<_> = registry
        .asked("PATCH ")
        .iter()
        .map(|asked| asked.header("content-range").unwrap().to_owned())
        .collect();
    assert_eq!(ranges, ["0-999", "1000-1999", "2000-2999", "3000-3999"]);
}

#[tokio::test]
async fn every_byte_is_what_it_is_called() {
    let registry = OciRegistry::start();
    let good = content(100);
    let manifest = registry.has("a/b", "1.0.0", &good);
    let user = user(&registry);
    let differs = |error: Error| {
        assert!(error.is_verification(), "{error}");
        assert!(
            matches!(*error.kind, ErrorKind::ContentDiffers { .. }),
            "{error:?}"
        );
    };
    let mut flipped = good.clone();
    flipped[7] ^= 1;
    registry.fault("GET /v2/a/b/blobs/", Fault::Body(flipped));
    differs(user.pull("a/b", tag("1.0.0")).await.unwrap_err());
    registry.fault("GET /v2/a/b/blobs/", Fault::Body(good[..50].to_vec()));
    differs(user.pull("a/b", tag("1.0.0")).await.unwrap_err());
    registry.fault(
        "GET /v2/a/b/blobs/",
        Fault::Body([&good[..], b"!"].concat()),
    );
    differs(user.pull("a/b", tag("1.0.0")).await.unwrap_err());
    // A manifest by its digest, and one of which the registry says that it has another.
    let other = registry.has("a/b", "2.0.0", b"other");
    let served = registry.world().manifests[&("a/b".to_owned(), other.to_string())]
        .1
        .clone();
    registry.fault("manifests/sha256:", Fault::Body(served));
    differs(user.pull("a/b", Pick::Digest(manifest)).await.unwrap_err());
    registry.fault(
        "manifests/1.0.0",
        Fault::Header("Docker-Content-Digest", other.to_string()),
    );
    differs(user.pull("a/b", tag("1.0.0")).await.unwrap_err());
    assert_eq!(user.files(), 0);
    // The registry is told what was meant, and cannot have taken something else.
    let package = ComponentForm::default().package(Digest::of(b"x"), 1);
    registry.fault(
        "PUT /v2/a/b/manifests/",
        Fault::Header("Docker-Content-Digest", other.to_string()),
    );
    let (at, latest) = (repository("a/b"), Tag::latest());
    let content = Uploading::Bytes(b"x".as_slice().into());
    let push = user.client.push(&at, &latest, content, &package);
    differs(push.await.unwrap_err());
    user.pull("a/b", tag("1.0.0")).await.unwrap();
}

#[tokio::test]
async fn what_is_cut_goes_on_where_it_ended() {
    let registry = OciRegistry::start();
    let good = content(1000);
    registry.has("a/b", "1.0.0", &good);
    registry.fault("GET /v2/a/b/blobs/", Fault::CutAfter(1500));
    registry.fault("GET /v2/a/b/blobs/", Fault::CutAfter(100));
    let user = user(&registry);
    let mut pulled = user.pull("a/b", tag("1.0.0")).await.unwrap();
    assert_eq!(bytes(&mut pulled), good);
    let asked = registry.asked("GET /v2/a/b/blobs/");
    let ranges: Vec<_> = asked.iter().map(|asked| asked.header("range")).collect();
    assert_eq!(ranges, [None, Some("bytes=1500-"), Some("bytes=1600-")]);
    // What is busy is asked again, and what says no is not.
    registry.fault("tags/list", Fault::Status(503));
    assert_eq!(user.client.tags(&repository("a/b")).await.unwrap().len(), 1);
    let before = registry.asked("").len();
    user.pull("a/b", tag("gone")).await.unwrap_err();
    assert_eq!(registry.asked("").len(), before + 1);
}

#[tokio::test]
async fn tags_are_of_all_pages_and_versions_are_tags() {
    let registry = OciRegistry::start();
    for tag in [
        "0.1.0",
        "0.10.0",
        "1.0.0-rc.1",
        "1.0.0_linux",
        "latest",
        "v2.0.0",
        "2",
        "sha256-00",
    ] {
        registry.has("a/b", tag, tag.as_bytes());
    }
    registry.world().page = Some(3);
    let user = user(&registry);
    assert_eq!(user.client.tags(&repository("a/b")).await.unwrap().len(), 8);
    assert_eq!(registry.asked("tags/list").len(), 3);
    let versions = user.client.versions(&repository("a/b")).await.unwrap();
    let versions: Vec<_> = versions
        .iter()
        .map(|(version, tag)| format!("{version} {tag}"))
        .collect();
    assert_eq!(
        versions,
        [
            "0.1.0 0.1.0",
            "0.10.0 0.10.0",
            "1.0.0-rc.1 1.0.0-rc.1",
            "1.0.0+linux 1.0.0_linux"
        ]
    );
    // Pages that have no end, and those of others.
    for link in [
        "</v2/a/b/tags/list?last=0.1.0>; rel=\"next\"",
        "<https://evil.example/v2/a/b/tags/list>; rel=next",
    ] {
        for _ in 0..3 {
            registry.fault("tags/list", Fault::Header("Link", link.to_owned()));
        }
        let error = user.client.tags(&repository("a/b")).await.unwrap_err();
        assert!(
            matches!(*error.kind, ErrorKind::Redirect { .. }),
            "{error:?}"
        );
        registry.world().faults.clear();
    }
    let error = user.client.tags(&repository("no/such")).await.unwrap_err();
    assert!(error.is_not_found());
}

#[tokio::test]
async fn a_registry_is_convinced_as_it_asks() {
    let registry = OciRegistry::start();
    registry.has("a/b", "1.0.0", b"wasm");
    registry.has("a/c", "1.0.0", b"more");
    let with = |credential: OciCredential| {
        user_with(&registry, |options| {
            options.credentials = Arc::new(credential)
        })
    };
    registry.world().access = Access::Basic("me", "sesame");
    let error = user(&registry).pull("a/b", tag("1.0.0")).await.unwrap_err();
    assert!(
        matches!(&*error.kind, ErrorKind::Oci { status: 401, code, .. } if code == "UNAUTHORIZED"),
        "{error:?}"
    );
    with(basic("wrong"))
        .pull("a/b", tag("1.0.0"))
        .await
        .unwrap_err();
    with(basic("sesame"))
        .pull("a/b", tag("1.0.0"))
        .await
        .unwrap();
    // Nothing is shown before it is asked for.
    assert_eq!(registry.asked("")[0].header("authorization"), None);

    let realm = format!("http://{}/token", registry.host());
    registry.world().access = Access::Token(realm, "me", "sesame");
    let nobody = user(&registry);
    nobody.pull("a/b", tag("1.0.0")).await.unwrap();
    nobody.pull("a/c", tag("1.0.0")).await.unwrap();
    // A token is for one repository, and is asked for once.
    let scopes: Vec<_> = registry
        .asked("GET /token")
        .iter()
        .map(|asked| asked.target.clone())
        .collect();
    assert_eq!(scopes.len(), 2);
    assert!(
        scopes[0].contains("scope=repository%3Aa%2Fb%3Apull&service=it"),
        "{scopes:?}"
    );
    let push = |user: User| async move {
        let package = ComponentForm::default().package(Digest::of(b"x"), 1);
        let content = Uploading::Bytes(b"x".as_slice().into());
        let tag: Tag = "3.0.0".parse().unwrap();
        user.client
            .push(&repository("a/b"), &tag, content, &package)
            .await
    };
    let error = push(nobody).await.unwrap_err();
    assert!(
        matches!(*error.kind, ErrorKind::Oci { status: 401, .. }),
        "{error:?}"
    );
    push(with(basic("wrong"))).await.unwrap_err();
    push(with(OciCredential::Identity("wrong".to_owned())))
        .await
        .unwrap_err();
    push(with(OciCredential::Identity("refresh-me".to_owned())))
        .await
        .unwrap();
    push(with(basic("sesame"))).await.unwrap();
    let posts = registry.asked("POST /token");
    assert!(
        String::from_utf8_lossy(&posts[1].body)
            .contains("grant_type=refresh_token&client_id=tenon&refresh_token=refresh-me")
    );
    // A token that the user was given is shown as it is.
    let scope = "repository:a/b:pull,push";
    let token = tenon_registry_client::http::Token::new(&token_for(scope)).unwrap();
    push(with(OciCredential::Bearer(token))).await.unwrap();
}

#[tokio::test]
async fn credentials_stay_where_they_belong() {
    let (registry, other) = (OciRegistry::start(), OciRegistry::start());
    registry.has("a/b", "1.0.0", b"wasm");
    other.has("x/y", "1.0.0", b"wasm");
    registry.world().access = Access::Basic("me", "sesame");
    let user = || {
        user_with(&registry, |options| {
            options.credentials = Arc::new(basic("sesame"))
        })
    };
    // Content may be elsewhere, and whoever has it is shown nothing.
    registry.world().content_at = Some(format!("http://{}", other.host()));
    user().pull("a/b", tag("1.0.0")).await.unwrap();
    let elsewhere = other.asked("/elsewhere/");
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(elsewhere[0].header("authorization"), None);
    // A manifest is of the registry, and what is written goes to one place.
    registry.fault(
        "manifests/",
        Fault::Redirect(format!("http://{}/v2/x/y/manifests/1.0.0", other.host())),
    );
    let error = user().pull("a/b", tag("1.0.0")).await.unwrap_err();
    assert!(
        matches!(*error.kind, ErrorKind::Redirect { .. }),
        "{error:?}"
    );
    let package = ComponentForm::default().package(Digest::of(b"x"), 1);
    for (part, fault) in [
        (
            "POST ",
            Fault::Header(
                "Location",
                format!("http://{}/v2/x/y/blobs/uploads/0", other.host()),
            ),
        ),
        (
            "POST ",
            Fault::Redirect(format!("http://{}/v2/x/y/blobs/uploads/", other.host())),
        ),
        (
            "PUT ",
            Fault::Redirect(format!("http://{}/v2/x/y/blobs/uploads/0", other.host())),
        ),
    ] {
        registry.fault(part, fault);
        let user = user();
        let content = Uploading::Bytes(b"x".as_slice().into());
        let (at, latest) = (repository("a/b"), Tag::latest());
        let push = user.client.push(&at, &latest, content, &package);
        let error = push.await.unwrap_err();
        assert!(
            matches!(*error.kind, ErrorKind::Redirect { .. }),
            "{error:?}"
        );
        registry.world().faults.clear();
    }
    assert_eq!(other.asked("").len(), 1);
    // Nor does plain http leave this machine, to content or to a token service.
    registry.world().content_at = Some("http://192.0.2.1".to_owned());
    let error = user().pull("a/b", tag("1.0.0")).await.unwrap_err();
    assert!(error.to_string().contains("over https only"), "{error}");
    for realm in [
        "http://192.0.2.1/token",
        "ftp://127.0.0.1/token",
        "nothing",
        "http://me:x@127.0.0.1/token",
    ] {
        registry.world().access = Access::Token(realm.to_owned(), "me", "sesame");
        let error = user().pull("a/b", tag("1.0.0")).await.unwrap_err();
        assert!(
            matches!(*error.kind, ErrorKind::Redirect { .. }),
            "{realm}: {error:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_component_says_what_it_is() {
    let registry = OciRegistry::start();
    let layer = |media: &str| json!({ "mediaType": media, "digest": Digest::of(b"a").to_string(), "size": 1 });
    let manifest = |layers: Vec<serde_json::Value>| json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": layer(media::EMPTY), "layers": layers });
    for (name, manifest, words) in [
        (
            "image",
            manifest(vec![layer("application/vnd.oci.image.layer.v1.tar+gzip")]),
            "its layer has the type",
        ),
        (
            "two",
            manifest(vec![layer(media::WASM), layer(media::WASM)]),
            "it has 2 layers",
        ),
        ("none", manifest(vec![]), "it has 0 layers"),
        (
            "index",
            json!({ "schemaVersion": 2, "mediaType": media::INDEX, "manifests": [layer(MANIFEST)] }),
            "a list of 1 manifests",
        ),
        (
            "nothing",
            json!({ "schemaVersion": 1 }),
            "it is no image manifest",
        ),
    ] {
        registry.has_manifest("a/b", name, &manifest, &[b"a"]);
        let error = user(&registry).pull("a/b", tag(name)).await.unwrap_err();
        assert!(
            matches!(*error.kind, ErrorKind::NoComponent { .. }),
            "{name}: {error:?}"
        );
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
    // A manifest that has no end is not read to it.
    registry.fault("manifests/", Fault::Body(vec![b' '; (4 << 20) + 1]));
    let error = user(&registry).pull("a/b", tag("two")).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::TooLarge(_)), "{error:?}");
}

#[tokio::test]
async fn what_is_said_about_a_manifest_is_listed() {
    for lists_referrers in [true, false] {
        let registry = OciRegistry::start();
        registry.world().lists_referrers = lists_referrers;
        let subject = registry.has("a/b", "1.0.0", b"wasm");
        let user = user(&registry);
        let named = user
            .client
            .manifest(&repository("a/b"), &Pick::Digest(subject))
            .await
            .unwrap();
        let subject = Descriptor::from(&named);
        let list = |kind: Option<&'static str>| {
            let (client, digest) = (user.client.clone(), subject.digest);
            async move {
                client
                    .referrers(&repository("a/b"), &digest, kind)
                    .await
                    .unwrap()
            }
        };
        assert_eq!(list(None).await, []);
        for (media_type, bytes) in [
            (media::CYCLONEDX, "{}"),
            ("application/x-other", "other"),
            (media::CYCLONEDX, "{}"),
        ] {
            let attached = Attached {
                media_type: media_type.to_owned(),
                bytes: bytes.into(),
                title: None,
            };
            user.client
                .attach(&repository("a/b"), &subject, &attached)
                .await
                .unwrap();
        }
        assert_eq!(list(None).await.len(), 2);
        let bills = list(Some(media::CYCLONEDX)).await;
        assert_eq!(bills.len(), 1);
        let bill = user
            .client
            .manifest(&repository("a/b"), &Pick::Digest(bills[0].digest))
            .await
            .unwrap();
        assert_eq!(bill.manifest.subject.unwrap().digest, subject.digest);
        assert_eq!(bill.manifest.layers[0].digest, Digest::of(b"{}"));
        // The list of clients is no version, and no component.
        let versions = user.client.versions(&repository("a/b")).await.unwrap();
        assert_eq!(versions.len(), 1);
    }
}

#[tokio::test]
async fn without_a_network_what_is_kept_is_had_by_its_digest() {
    let registry = OciRegistry::start();
    registry.has("a/b", "1.0.0", b"wasm");
    let online = user(&registry);
    online.pull("a/b", tag("1.0.0")).await.unwrap();
    let before = registry.asked("").len();
    let offline = user_with(&registry, |options| {
        options.network = Network::Offline;
        options.cache_dir = online.cache.path().to_owned();
    });
    let blob = offline
        .client
        .blob(&repository("a/b"), Digest::of(b"wasm"), 4)
        .await
        .unwrap();
    assert_eq!(blob.from, FetchedFrom::Cache);
    let error = offline.pull("a/b", tag("1.0.0")).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::Offline(_)), "{error:?}");
    assert_eq!(registry.asked("").len(), before);
    // What is damaged in the cache is not taken.
    std::fs::write(&blob.path, "w4sm").unwrap();
    let error = offline
        .client
        .blob(&repository("a/b"), Digest::of(b"wasm"), 4)
        .await
        .unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::Offline(_)), "{error:?}");
}

#[tokio::test]
async fn a_registry_says_where_its_packages_are() {
    let registry = OciRegistry::start();
    let options = OciOptions::new(registry.host().parse().unwrap(), "unused").unwrap();
    assert_eq!(discover(&options).await.unwrap(), None);
    let package = "wasi:io".parse().unwrap();
    for (said, expected) in [
        (
            json!({ "preferredProtocol": "oci", "oci": { "registry": "ghcr.example", "namespacePrefix": "webassembly/" } }),
            "ghcr.example webassembly/wasi/io",
        ),
        (
            json!({ "ociRegistry": "old.example", "ociNamespacePrefix": "x/", "other": {} }),
            "old.example x/wasi/io",
        ),
        (
            json!({ "warg": { "url": "https://w.example" } }),
            "- wasi/io",
        ),
    ] {
        registry.world().well_known = Some(said);
        let said = discover(&options).await.unwrap().unwrap();
        let repository = said.repository(&package).unwrap();
        assert_eq!(
            format!("{} {repository}", said.registry().unwrap_or("-")),
            expected
        );
    }
    registry.world().well_known = Some(json!({ "ociNamespacePrefix": "../" }));
    let said = discover(&options).await.unwrap().unwrap();
    assert!(said.repository(&package).is_err());
    registry.world().well_known = Some(json!([1]));
    let error = discover(&options).await.unwrap_err();
    assert!(
        matches!(*error.kind, ErrorKind::Malformed { .. }),
        "{error:?}"
    );
}
