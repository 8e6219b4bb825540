//! An OCI registry in memory behind a real socket, without a log, and with faults that can be asked for.

#![allow(dead_code, reason = "shared by tests, each of which uses a part")]

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use tenon_registry_client::Digest;

/// A registry that listens as long as the test runs.
pub(crate) struct OciRegistry {
    pub(crate) address: SocketAddr,
    world: Arc<Mutex<World>>,
}

/// What a registry has, and how it behaves.
#[derive(Default)]
pub(crate) struct World {
    /// By repository and digest.
    pub(crate) blobs: BTreeMap<(String, String), Vec<u8>>,
    pub(crate) manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    /// By repository and tag.
    pub(crate) tags: BTreeMap<(String, String), String>,
    uploads: BTreeMap<String, Vec<u8>>,
    pub(crate) access: Access,
    /// What goes wrong with the next requests whose line contains the text, in order.
    pub(crate) faults: Vec<(String, Fault)>,
    pub(crate) asked: Vec<Asked>,
    /// How many tags a page has.
    pub(crate) page: Option<usize>,
    /// Whether it lists what manifests are about.
    pub(crate) lists_referrers: bool,
    /// Where content is, if it is elsewhere.
    pub(crate) content_at: Option<String>,
    /// What is said in `/.well-known/wasm-pkg/registry.json`.
    pub(crate) well_known: Option<Value>,
}

/// Who may do what.
#[derive(Clone, Default)]
pub(crate) enum Access {
    /// Everybody everything.
    #[default]
    Open,
    /// Whoever knows these.
    Basic(&'static str, &'static str),
    /// Whoever has a token of the service at this URL; `/token` of every registry is one that gives them to whoever knows
    /// these, or the identity `refresh-me`, and for reads to everybody.
    Token(String, &'static str, &'static str),
}

#[derive(Clone)]
pub(crate) enum Fault {
    /// This in place of the body.
    Body(Vec<u8>),
    /// This in place of the body, and where the next page is.
    Page(Vec<u8>, String),
    /// The length of the body is said, and the connection ends after so many bytes.
    CutAfter(usize),
    Status(u16),
    /// A header in place of another, or more.
    Header(&'static str, String),
    Redirect(String),
}

/// A request that came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

impl OciRegistry {
    pub(crate) fn start() -> OciRegistry {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let registry = OciRegistry {
            address: listener.local_addr().unwrap(),
            world: Arc::default(),
        };
        let world = registry.world.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let world = world.clone();
                std::thread::spawn(move || serve(&stream, &world));
            }
        });
        registry
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// Has it go wrong with the next request whose line contains the text.
    pub(crate) fn fault(&self, part: &str, fault: Fault) {
        self.world().faults.push((part.to_owned(), fault));
    }

    /// The requests so far whose line contains the text.
    pub(crate) fn asked(&self, part: &str) -> Vec<Asked> {
        let world = self.world();
        let all = world.asked.iter();
        all.filter(|asked| asked.line().contains(part))
            .cloned()
            .collect()
    }

    /// Has a component in a repository, as `oras` pushes one; the digest of its manifest.
    pub(crate) fn has(&self, repository: &str, tag: &str, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": "application/vnd.unknown.artifact.v1",
            "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": Digest::of(b"{}").to_string(), "size": 2, "data": "e30=" },
            "layers": [{
                "mediaType": "application/wasm",
                "digest": digest.to_string(),
                "size": content.len(),
                "annotations": { "org.opencontainers.image.title": "a.wasm" },
            }],
            "annotations": { "org.opencontainers.image.created": "2026-01-01T00:00:00Z" },
        });
        self.has_manifest(repository, tag, &manifest, &[content])
    }

    /// Has any manifest, and the content with it.
    pub(crate) fn has_manifest(
        &self,
        repository: &str,
        tag: &str,
        manifest: &Value,
        content: &[&[u8]],
    ) -> Digest {
        let bytes = serde_json::to_vec_pretty(manifest).unwrap();
        let digest = Digest::of(&bytes);
        let mut world = self.world();
        for content in content {
            let key = (repository.to_owned(), Digest::of(content).to_string());
            world.blobs.insert(key, content.to_vec());
        }
        let media = manifest["mediaType"]
            .as_str()
            .unwrap_or(MANIFEST)
            .to_owned();
        world
            .manifests
            .insert((repository.to_owned(), digest.to_string()), (media, bytes));
        world
            .tags
            .insert((repository.to_owned(), tag.to_owned()), digest.to_string());
        digest
    }
}

impl Asked {
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

fn serve(mut stream: &TcpStream, world: &Mutex<World>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let mut asked = Asked {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        ..Asked::default()
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        asked
            .headers
            .insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = asked
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    asked.body.resize(length, 0);
    reader.read_exact(&mut asked.body).ok()?;
    let (mut answer, fault) = {
        let mut world = world.lock().unwrap();
        world.asked.push(asked.clone());
        let line = asked.line();
        let at = world
            .faults
            .iter()
            .position(|(part, _)| line.contains(part.as_str()));
        let fault = at.map(|at| world.faults.remove(at).1);
        (world.answer(&asked), fault)
    };
    let mut cut = None;
    match fault {
        None => {}
        Some(Fault::Body(body)) => answer.body = body,
        Some(Fault::Page(body, next)) => {
            answer = Answer::of(200).body(body);
            answer = answer.with("Link", format!("<{next}>; rel=\"next\""));
        }
        Some(Fault::CutAfter(bytes)) => cut = Some(bytes),
        Some(Fault::Status(status)) => answer = Answer::of(status),
        Some(Fault::Header(name, value)) => {
            answer.headers.retain(|(known, _)| known != name);
            answer.headers.push((name.to_owned(), value));
        }
        Some(Fault::Redirect(to)) => answer = Answer::of(307).with("Location", to),
    }
    let mut head = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", answer.body.len()));
    stream.write_all(head.as_bytes()).ok()?;
    if asked.method != "HEAD" {
        stream
            .write_all(&answer.body[..cut.unwrap_or(answer.body.len())])
            .ok()?;
    }
    stream.flush().ok()
}

impl Answer {
    fn of(status: u16) -> Answer {
        Answer {
            status,
            headers: vec![],
            body: vec![],
        }
    }

    fn with(mut self, name: &str, value: impl ToString) -> Answer {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Answer {
        self.body = body.into();
        self
    }

    fn error(status: u16, code: &str) -> Answer {
        let body =
            json!({ "errors": [{ "code": code, "message": format!("the reason is {code}") }] });
        Answer::of(status).body(body.to_string())
    }
}

impl World {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
        let parameters: BTreeMap<String, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.to_owned(), decoded(value)))
            .collect();
        if path == "/token" {
            return self.token(asked, &parameters);
        }
        if path == "/.well-known/wasm-pkg/registry.json" {
            return match &self.well_known {
                Some(said) => Answer::of(200).body(said.to_string()),
                None => Answer::of(404),
            };
        }
        // Content of another registry.
        if let Some(digest) = path.strip_prefix("/elsewhere/") {
            let found = self.blobs.iter().find(|((_, known), _)| known == digest);
            return found.map_or(Answer::of(404), |(_, bytes)| {
                Answer::of(200).body(bytes.clone())
            });
        }
        let Some(rest) = path.strip_prefix("/v2/") else {
            return Answer::of(404);
        };
        for part in [
            "/manifests/",
            "/blobs/uploads/",
            "/blobs/",
            "/tags/",
            "/referrers/",
        ] {
            if let Some((repository, name)) = rest.rsplit_once(part) {
                if let Some(refused) = self.refusal(asked, repository) {
                    return refused;
                }
                let (repository, name) = (repository.to_owned(), name.to_owned());
                return match part {
                    "/manifests/" => self.manifest(asked, repository, name),
                    "/blobs/uploads/" => self.upload(asked, repository, &name, &parameters),
                    "/blobs/" => self.blob(asked, repository, name),
                    "/tags/" => self.tag_list(&repository, &parameters),
                    _ => self.referrers(&repository, &name),
                };
            }
        }
        Answer::of(404)
    }

    fn refusal(&self, asked: &Asked, repository: &str) -> Option<Answer> {
        let said = asked.header("authorization").unwrap_or_default();
        let refused = Answer::error(401, "UNAUTHORIZED");
        match &self.access {
            Access::Open => None,
            Access::Basic(user, password) => {
                let is_known = said == format!("Basic {}", base64(&format!("{user}:{password}")));
                (!is_known).then(|| refused.with("WWW-Authenticate", "Basic realm=\"it\""))
            }
            Access::Token(realm, ..) => {
                let reads = matches!(&*asked.method, "GET" | "HEAD");
                let actions: &[&str] = match reads {
                    true => &["pull", "pull,push"],
                    false => &["pull,push"],
                };
                let scopes = actions
                    .iter()
                    .map(|actions| format!("repository:{repository}:{actions}"));
                let is_known = scopes
                    .into_iter()
                    .any(|scope| said == format!("Bearer {}", token_for(&scope)));
                let scope = format!("repository:{repository}:{}", actions[0]);
                let challenge =
                    format!("Bearer realm=\"{realm}\",service=\"it\",scope=\"{scope}\"");
                (!is_known).then(|| refused.with("WWW-Authenticate", challenge))
            }
        }
    }

    fn token(&self, asked: &Asked, parameters: &BTreeMap<String, String>) -> Answer {
        let Access::Token(_, user, password) = &self.access else {
            return Answer::of(404);
        };
        let form = String::from_utf8(asked.body.clone()).unwrap();
        let form: BTreeMap<_, _> = form
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let scope = match asked.method.as_str() {
            "POST" => form
                .get("scope")
                .map(|scope| decoded(scope))
                .unwrap_or_default(),
            _ => parameters.get("scope").cloned().unwrap_or_default(),
        };
        let is_known = match asked.header("authorization") {
            Some(said) => said == format!("Basic {}", base64(&format!("{user}:{password}"))),
            None if asked.method == "POST" => form.get("refresh_token") == Some(&"refresh-me"),
            None => scope.ends_with(":pull"),
        };
        match is_known {
            true => Answer::of(200)
                .body(json!({ "token": token_for(&scope), "expires_in": 60 }).to_string()),
            false => Answer::error(401, "UNAUTHORIZED"),
        }
    }

    fn manifest(&mut self, asked: &Asked, repository: String, name: String) -> Answer {
        if asked.method == "PUT" {
            let manifest: Value = serde_json::from_slice(&asked.body).unwrap();
            let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
            let missing = layers.iter().chain([&manifest["config"]]).any(|layer| {
                let digest = layer["digest"].as_str().map(str::to_owned);
                digest.is_some_and(|digest| !self.blobs.contains_key(&(repository.clone(), digest)))
            });
            if missing {
                return Answer::error(404, "MANIFEST_BLOB_UNKNOWN");
            }
            let digest = Digest::of(&asked.body).to_string();
            let media = asked.header("content-type").unwrap().to_owned();
            if !name.contains(':') {
                self.tags.insert((repository.clone(), name), digest.clone());
            }
            self.manifests
                .insert((repository, digest.clone()), (media, asked.body.clone()));
            let answer = Answer::of(201).with("Docker-Content-Digest", digest);
            return match manifest["subject"]["digest"]
                .as_str()
                .filter(|_| self.lists_referrers)
            {
                Some(subject) => answer.with("OCI-Subject", subject),
                None => answer,
            };
        }
        let digest = match name.contains(':') {
            true => Some(name),
            false => self.tags.get(&(repository.clone(), name)).cloned(),
        };
        let found = digest
            .and_then(|digest| Some((self.manifests.get(&(repository, digest.clone()))?, digest)));
        match found {
            Some(((media, bytes), digest)) => Answer::of(200)
                .with("Content-Type", media)
                .with("Docker-Content-Digest", digest)
                .body(bytes.clone()),
            None => Answer::error(404, "MANIFEST_UNKNOWN"),
        }
    }

    fn blob(&self, asked: &Asked, repository: String, digest: String) -> Answer {
        let Some(bytes) = self.blobs.get(&(repository, digest.clone())) else {
            return Answer::error(404, "BLOB_UNKNOWN");
        };
        if let Some(elsewhere) = &self.content_at {
            return Answer::of(307).with("Location", format!("{elsewhere}/elsewhere/{digest}"));
        }
        let start = asked.header("range").and_then(|range| {
            let start = range.strip_prefix("bytes=")?.strip_suffix('-')?;
            start.parse::<usize>().ok()
        });
        match start {
            Some(start) => Answer::of(206)
                .with(
                    "Content-Range",
                    format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len()),
                )
                .body(&bytes[start..]),
            None => Answer::of(200)
                .with("ETag", format!("\"{digest}\""))
                .body(bytes.clone()),
        }
    }

    fn upload(
        &mut self,
        asked: &Asked,
        repository: String,
        id: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Answer {
        let place = |id: &str| format!("/v2/{repository}/blobs/uploads/{id}?state=a%2Fb");
        if asked.method == "POST" {
            let id = self.uploads.len().to_string();
            self.uploads.insert(id.clone(), vec![]);
            return Answer::of(202).with("Location", place(&id));
        }
        assert_eq!(parameters.get("state").map(String::as_str), Some("a/b"));
        let Some(bytes) = self.uploads.get_mut(id) else {
            return Answer::error(404, "BLOB_UPLOAD_UNKNOWN");
        };
        if asked.method == "PATCH" {
            let range = asked.header("content-range").unwrap();
            let start = bytes.len();
            if range != format!("{start}-{}", start + asked.body.len() - 1) {
                return Answer::error(416, "BLOB_UPLOAD_INVALID");
            }
        }
        bytes.extend(&asked.body);
        if asked.method == "PATCH" {
            return Answer::of(202).with("Location", place(id));
        }
        let bytes = self.uploads.remove(id).unwrap();
        let digest = Digest::of(&bytes).to_string();
        if parameters.get("digest") != Some(&digest) {
            return Answer::error(400, "DIGEST_INVALID");
        }
        self.blobs.insert((repository, digest.clone()), bytes);
        Answer::of(201).with("Docker-Content-Digest", digest)
    }

    fn tag_list(&self, repository: &str, parameters: &BTreeMap<String, String>) -> Answer {
        let all = self.tags.keys().filter(|(known, _)| known == repository);
        let all: BTreeSet<&String> = all.map(|(_, tag)| tag).collect();
        if all.is_empty() {
            return Answer::error(404, "NAME_UNKNOWN");
        }
        let after = |tag: &&&String| parameters.get("last").is_none_or(|last| **tag > last);
        let rest: Vec<_> = all.iter().filter(after).collect();
        let page: Vec<_> = rest.iter().take(self.page.unwrap_or(usize::MAX)).collect();
        let answer = Answer::of(200).body(json!({ "name": repository, "tags": page }).to_string());
        match page.last().filter(|_| page.len() < rest.len()) {
            Some(last) => answer.with(
                "Link",
                format!("</v2/{repository}/tags/list?last={last}>; rel=\"next\""),
            ),
            None => answer,
        }
    }

    fn referrers(&self, repository: &str, digest: &str) -> Answer {
        if !self.lists_referrers {
            return Answer::of(404);
        }
        let all = self
            .manifests
            .iter()
            .filter(|((known, _), _)| known == repository);
        let about = all.filter_map(|((_, own), (media, bytes))| {
            let manifest: Value = serde_json::from_slice(bytes).ok()?;
            (manifest["subject"]["digest"] == digest).then(|| {
                json!({ "mediaType": media, "digest": own, "size": bytes.len(), "artifactType": manifest["artifactType"] })
            })
        });
        let about: Vec<_> = about.collect();
        let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": about });
        Answer::of(200).body(index.to_string())
    }
}

/// The token for a scope.
pub(crate) fn token_for(scope: &str) -> String {
    Digest::of(scope.as_bytes()).hex()
}

fn decoded(text: &str) -> String {
    text.replace("%3A", ":")
        .replace("%2F", "/")
        .replace("%2C", ",")
        .replace('+', " ")
}

pub(crate) fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let mut bytes = [0; 4];
        bytes[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(bytes);
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize] as char;
            out.push(if at > chunk.len() { '=' } else { digit });
        }
    }
    out
}
