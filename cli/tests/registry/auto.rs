//! What is open is looked for in registries, and what is chosen becomes a part of the project.

use super::proxy::{Fate, Proxy};
use super::*;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

const LOG: &str = "acme:log/log@1.0.0";
const SINK: &str = "acme:otel/sink@0.2.0";

/// A component that imports interfaces with one function, and exports such; the type of that is `(func)` or what
/// follows a `=`, as in `a:b/c=n`, which is a function with a number for its result.
fn part(imports: &[&str], exports: &[&str]) -> String {
    let (mut text, mut ends) = ("(component\n".to_owned(), String::new());
    for (at, import) in imports.iter().enumerate() {
        text.push_str(&format!(
            "  (import \"{import}\" (instance $i{at} (export \"f\" (func))))\n"
        ));
    }
    for (at, export) in exports.iter().enumerate() {
        let (name, func) = export.split_once('=').unwrap_or((export, "f"));
        ends.push_str(&format!(
            "  (instance $e{at} (export \"f\" (func ${func})))\n  (export \"{name}\" (instance $e{at}))\n"
        ));
    }
    text + "  (core module $m (func (export \"f\")) (func (export \"n\") (result i32) i32.const 7))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i \"f\")))
  (func $n (result u32) (canon lift (core func $i \"n\")))
" + &ends
        + ")\n"
}

/// A registry, and someone who publishes in the namespaces `acme` and `other` there.
fn shelf() -> (Server, User) {
    let server = Server::start();
    let publisher = User::with_namespace(&server, "acme");
    publisher.ok(&["namespace", "create", "other", "--yes"]);
    (server, publisher)
}

impl User {
    fn release(&self, package: &str, version: &str, imports: &[&str], exports: &[&str]) {
        self.write("part.wat", &part(imports, exports));
        self.publish("part.wat", package, version);
    }

    /// A user with a project whose socket imports these; the rest of its manifest follows `[compose]`.
    fn with_project(server: &Server, imports: &[&str], rest: &str) -> User {
        let user = User::new(server);
        user.write("app.wat", &part(imports, &["acme:app/run@1.0.0"]));
        let text = format!(
            "# by hand\n[package]\nname = \"acme:shop\" # ours\nversion = \"0.1.0\"\n\n[compose]\nsocket = \"app.wat\"\n{rest}"
        );
        user.write("tenon.toml", &text);
        user
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    fn has_nothing_locked(&self) -> bool {
        let lock = fs::read_to_string(self.at("tenon.lock")).unwrap_or_default();
        !lock.contains("[[package]]")
    }

    /// The document that a command prints which ends with this exit code.
    fn refused(&self, exit: i32, words: &[&str]) -> Value {
        let output = self.tenon(&[words, &["--json"]].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

const MAPPED: &str = "\n[namespaces]\nacme = \"local\"\n";

#[test]
fn the_only_one_in_a_mapped_namespace_is_taken_and_written_down() {
    let (server, publisher) = shelf();
    publisher.release("acme:logger", "1.0.0", &[], &[LOG]);
    publisher.release("acme:logger", "1.1.0", &[], &[LOG]);
    publisher.release("acme:logger", "1.2.0", &[], &[LOG]);
    publisher.release("acme:logger", "2.0.0-rc.1", &[], &[LOG]);
    publisher.ok(&["yank", "acme:logger@1.2.0", "--reason", "security", "--yes"]);
    publisher.release("other:logger", "9.0.0", &[], &[LOG]);
    // It would do, but is on another track.
    publisher.release("acme:later", "3.0.0", &[], &["acme:log/log@2.0.0"]);
    let user = User::with_project(&server, &[LOG], MAPPED);

    let said = user.ok(&["build"]);
    let hint =
        format!("hint: `tenon build --auto` looks in the registries for what exports `{LOG}`");
    assert!(said.contains(&hint), "{said}");
    assert!(user.has_nothing_locked());

    let said = user.ok(&["build", "--auto"]);
    for line in [
        &format!("`{LOG}` is open, for `app`"),
        "acme:logger 1.1.0 of `local`: it fits; `acme` is mapped to `local`",
        "other:logger 9.0.0 of `local`: it fits; nothing maps `other`",
        &format!(
            "plugged in acme:logger 1.1.0 of `local` for `{LOG}`, and into `tenon.toml`: it is the only one that fits in a namespace that is mapped"
        ),
        &format!("{LOG} <- acme:logger@1.1.0"),
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("acme:later"), "{said}");
    assert!(!said.contains("hint:"), "{said}");
    let text = user.text("tenon.toml");
    assert!(text.starts_with("# by hand\n"), "{text}");
    assert!(text.contains("name = \"acme:shop\" # ours\n"), "{text}");
    assert!(
        text.contains("[dependencies]\n\"acme:logger\" = \"^1.1.0\"\n"),
        "{text}"
    );
    assert!(user.text("tenon.lock").contains("version = \"1.1.0\""));

    // There is nothing more to do.
    let lock = user.text("tenon.lock");
    let said = user.ok(&["build", "--auto"]);
    assert!(said.contains("is up to date"), "{said}");
    assert!(!said.contains("is open"), "{said}");
    assert_eq!(
        (user.text("tenon.toml"), user.text("tenon.lock")),
        (text, lock)
    );
    let document = user.json(&["build", "--auto"]);
    assert_eq!(document["auto"], serde_json::json!([]));
    user.ok(&["build", "--auto", "--frozen"]);
}

#[test]
fn a_tie_is_not_decided_without_being_asked() {
    let (server, publisher) = shelf();
    publisher.release("acme:low", "1.0.0", &[], &[LOG]);
    publisher.release("acme:high", "2.0.0", &[], &[LOG]);
    let rest = format!("plugs = [\n  # none yet\n]\n{MAPPED}");
    let user = User::with_project(&server, &[LOG], &rest);
    let before = user.text("tenon.toml");
    let said = user.fails(1, "project::choose", &["build", "--auto"]);
    assert!(
        said.contains(&format!("several packages fit `{LOG}`")),
        "{said}"
    );
    assert!(
        said.contains("also: acme:high 2.0.0 of `local`: it fits"),
        "{said}"
    );
    assert!(said.contains("`tenon add acme:high`"), "{said}");
    assert_eq!(user.text("tenon.toml"), before);
    assert!(user.has_nothing_locked() && !user.at("build").exists());

    let document = user.refused(1, &["build", "--auto"]);
    let error = &document["error"];
    assert_eq!(error["code"], "project::choose");
    assert_eq!(error["details"]["import"], LOG);
    let candidates = error["details"]["candidates"].as_array().unwrap();
    let names: Vec<_> = candidates
        .iter()
        .map(|it| it["package"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["acme:high", "acme:low"]);
    assert_eq!(candidates[0]["fits"], true);
    assert_eq!(candidates[0]["standing"], "mapped");
    assert_eq!(candidates[0]["version"], "2.0.0");

    let document = user.json(&["build", "--auto", "--yes"]);
    assert_eq!(document["state"], "built");
    assert_eq!(document["auto"][0]["chosen"], "acme:high@2.0.0");
    assert_eq!(document["changes"][0]["package"], "acme:high");
    let why = document["auto"][0]["why"].as_str().unwrap();
    assert_eq!(why, "it is the first of 2 that fit, and `--yes` takes it");
    let text = user.text("tenon.toml");
    assert!(text.contains("  # none yet\n"), "{text}");
    assert!(text.contains("\"acme:high\""), "{text}");
    let plugs = text.split("plugs = [").nth(1).unwrap();
    assert!(
        plugs.split(']').next().unwrap().contains("\"acme:high\""),
        "{text}"
    );
}

#[test]
fn nothing_is_taken_of_a_namespace_that_nobody_mapped() {
    let (server, publisher) = shelf();
    publisher.release("other:logger", "1.0.0", &[], &[LOG]);
    let user = User::with_project(&server, &[LOG], MAPPED);
    let said = user.fails(1, "project::choose", &["build", "--auto"]);
    let why = format!("what fits `{LOG}` is in no namespace that is mapped");
    assert!(said.contains(&why), "{said}");
    assert!(said.contains("nothing maps `other`"), "{said}");
    let said = user.ok(&["build", "--auto", "--yes"]);
    assert!(said.contains("plugged in other:logger 1.0.0"), "{said}");
    assert!(
        said.contains("it is the only one that fits, and `--yes` takes it"),
        "{said}"
    );
    // The same, mapped by the user.
    let user = User::with_project(&server, &[LOG], MAPPED);
    let path = user.at("config/config.toml");
    let config = fs::read_to_string(&path).unwrap() + "\n[namespaces]\nother = \"local\"\n";
    fs::write(path, config).unwrap();
    let said = user.ok(&["build", "--auto"]);
    assert!(said.contains("plugged in other:logger 1.0.0"), "{said}");
}

#[test]
fn a_high_version_puts_no_stranger_first() {
    let (server, publisher) = shelf();
    publisher.release("acme:tool", "1.0.0", &[], &["acme:tool/tool@1.0.0"]);
    publisher.release("acme:logger", "1.0.0", &[], &[LOG]);
    publisher.release("other:alogger", "99.0.0", &[], &[LOG]);
    // Nothing is mapped, as after `tenon registry add --default`.
    let rest = "plugs = []\n\n[dependencies]\n\"acme:tool\" = \"1\"\n";
    let user = User::with_project(&server, &[LOG], rest);
    let said = user.fails(1, "project::choose", &["build", "--auto"]);
    for line in [
        "nothing maps `acme`, but the project depends on others of it",
        "help: name the one you mean, such as with `tenon add acme:logger`; `--yes` takes the first; or map a namespace that you trust: `acme = \"local\"` under `[namespaces]` of `tenon.toml`, or `tenon registry add NAME URL PIN --namespace acme`",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let said = user.ok(&["build", "--auto", "--yes"]);
    assert!(said.contains("plugged in acme:logger 1.0.0"), "{said}");
    assert!(!user.text("tenon.toml").contains("other:"));

    // Of strangers none is taken, and none is proposed.
    publisher.release("other:blogger", "1.0.0", &[], &[LOG]);
    publisher.ok(&["yank", "acme:logger@1.0.0", "--reason", "security", "--yes"]);
    let user = User::with_project(&server, &[LOG], "");
    let before = user.text("tenon.toml");
    for words in [&["build", "--auto"][..], &["build", "--auto", "--yes"]] {
        let said = user.fails(1, "project::choose", words);
        assert!(
            said.contains("also: other:alogger 99.0.0 of `local`: it fits; nothing maps `other`"),
            "{said}"
        );
        assert!(
            said.contains("help: name the one you mean with `tenon add NAME`; or map"),
            "{said}"
        );
    }
    assert_eq!(user.text("tenon.toml"), before);
    assert!(user.has_nothing_locked());
}

#[test]
fn what_does_not_fit_by_type_is_shown_with_the_reason() {
    let (server, publisher) = shelf();
    publisher.release("acme:wrong", "1.0.0", &[], &[&format!("{LOG}=n")]);
    publisher.release("acme:shop", "1.0.0", &[], &[LOG]);
    let user = User::with_project(&server, &[LOG], MAPPED);
    let before = user.text("tenon.toml");
    for words in [&["build", "--auto"][..], &["build", "--auto", "--yes"]] {
        let said = user.ok(words);
        let line = "  acme:wrong 1.0.0 of `local`: `acme:wrong@1.0.0` exports `acme:log/log@1.0.0`, but not as `app` imports it: ";
        assert!(said.contains(line), "{said}");
        let line = "  acme:shop of `local`: it is this project\n";
        assert!(said.contains(line), "{said}");
        let stays = format!("`{LOG}` stays open: nothing that exports it can be taken");
        assert!(said.contains(&stays), "{said}");
    }
    assert_eq!(user.text("tenon.toml"), before);
    publisher.release("acme:right", "1.0.0", &[], &[LOG]);
    let said = user.ok(&["build", "--auto"]);
    assert!(said.contains("plugged in acme:right 1.0.0"), "{said}");
}

#[test]
fn what_was_chosen_is_looked_for_in_its_turn() {
    let (server, publisher) = shelf();
    publisher.release("acme:logger", "1.0.0", &[SINK], &[LOG]);
    publisher.release(
        "acme:sink",
        "0.3.1",
        &["acme:disk/disk@1.0.0"],
        &["acme:otel/sink@0.2.4"],
    );
    publisher.release("acme:sink-next", "1.0.0", &[], &["acme:otel/sink@0.3.0"]);
    let rest = format!("plugs = []\n{MAPPED}");
    let user = User::with_project(
        &server,
        &[LOG, "wasi:cli/environment@0.2.0", "lonely"],
        &rest,
    );
    let said = user.ok(&["build", "--auto"]);
    for line in [
        &format!("asks for `{SINK}` in its turn"),
        "plugged in acme:logger 1.0.0",
        &format!("plugged in acme:sink 0.3.1 of `local` for `{SINK}`"),
        "`acme:disk/disk@1.0.0` stays open, for `acme:sink@0.3.1`: nothing in `local` exports it",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("sink-next"), "{said}");
    assert!(
        !said.contains("`wasi:cli/environment@0.2.0` is open"),
        "{said}"
    );
    let text = user.text("tenon.toml");
    assert!(
        text.contains("plugs = [\"acme:logger\", \"acme:sink\"]"),
        "{text}"
    );
    assert!(text.contains("\"acme:sink\" = \"^0.3.1\""), "{text}");
    // What is still open is said again, and nothing else is done.
    let said = user.ok(&["build", "--auto"]);
    assert!(said.contains("`acme:disk/disk@1.0.0` stays open"), "{said}");
    assert!(said.contains("is up to date"), "{said}");
    assert_eq!(user.text("tenon.toml"), text);
}

#[test]
fn what_is_filled_stays_filled_as_it_is() {
    let (server, publisher) = shelf();
    // It has the very version that is asked for, which the plug that is there has not.
    publisher.release("acme:logger", "1.0.0", &[], &[LOG, SINK]);
    let rest = format!("plugs = [\"sink.wat\"]\n{MAPPED}");
    let user = User::with_project(&server, &[LOG, SINK], &rest);
    user.write("sink.wat", &part(&[], &["acme:otel/sink@0.2.4"]));
    let said = user.ok(&["build", "--auto", "--yes"]);
    let line =
        format!("acme:logger 1.0.0 of `local`: it would take the place of `sink` for `{SINK}`");
    assert!(said.contains(&line), "{said}");
    assert!(said.contains(&format!("`{LOG}` stays open")), "{said}");
    assert!(user.has_nothing_locked());
}

#[test]
fn a_circle_ends() {
    let (server, publisher) = shelf();
    // Each asks for the other, and one for itself.
    publisher.release("acme:a", "1.0.0", &["acme:x/b@1.0.0"], &["acme:x/a@1.0.0"]);
    publisher.release("acme:b", "1.0.0", &["acme:x/a@1.0.0"], &["acme:x/b@1.0.0"]);
    publisher.release("acme:middle", "1.0.0", &[LOG], &[LOG]);
    let user = User::with_project(&server, &["acme:x/a@1.0.0", LOG], MAPPED);
    let said = user.ok(&["build", "--auto"]);
    assert!(said.contains("plugged in acme:a 1.0.0"), "{said}");
    assert!(said.contains("plugged in acme:middle 1.0.0"), "{said}");
    assert!(said.contains(&format!("`{LOG}` stays open")), "{said}");
}

#[test]
fn nothing_is_looked_for_where_it_must_not() {
    let (server, publisher) = shelf();
    publisher.release("acme:logger", "1.0.0", &[], &[LOG]);
    let user = User::with_project(&server, &[LOG], MAPPED);
    let before = user.text("tenon.toml");
    user.ok(&["lock"]);
    let said = user.fails(1, "project::locked", &["build", "--auto", "--locked"]);
    assert!(said.contains(&format!("`{LOG}` is open")), "{said}");
    user.fails(1, "project::locked", &["build", "--auto", "--frozen"]);
    let said = user.fails(4, "registry::offline", &["build", "--auto", "--offline"]);
    assert!(
        said.contains("cannot be looked for with `--offline`"),
        "{said}"
    );
    assert_eq!(user.text("tenon.toml"), before);
    // A file says how things are composed.
    user.write("shop.wac", "package acme:shop;\n");
    user.write("tenon.toml", "[compose]\nfile = \"shop.wac\"\n");
    user.fails(2, "cli::usage", &["build", "--auto"]);
    fs::remove_file(user.at("tenon.toml")).unwrap();
    user.fails(2, "project::none", &["build", "--auto"]);
}

#[test]
fn a_namespace_is_looked_for_where_it_comes_from_only() {
    let (home, at_home) = shelf();
    let (public, stranger) = shelf();
    // Anyone can make the namespace `acme` elsewhere, and offer more than there is at home.
    at_home.release("acme:logger", "1.0.0", &[], &[LOG]);
    stranger.release("acme:logger", "99.0.0", &[], &[LOG]);
    stranger.release("acme:other", "99.0.0", &[], &[LOG]);
    let user = User::with_project(&home, &[LOG], MAPPED);
    user.ok(&["registry", "add", "public", &public.url, &public.pin]);
    // The stranger's registry is where everything else comes from.
    let path = user.at("config/config.toml");
    let config = fs::read_to_string(&path).unwrap();
    let config = config.replace(
        "default-registry = \"local\"",
        "default-registry = \"public\"",
    );
    assert!(config.contains("\"public\""), "{config}");
    fs::write(&path, config).unwrap();
    let said = user.ok(&["build", "--auto"]);
    assert!(
        said.contains("plugged in acme:logger 1.0.0 of `local`"),
        "{said}"
    );
    let line = "acme:other of `public`: it is not for this registry to offer: the namespace `acme` comes from `local`";
    assert!(said.contains(line), "{said}");
    let lock = user.text("tenon.lock");
    assert!(!lock.contains("99.0.0"), "{lock}");

    // With `--yes`, and nothing at home, it is the same.
    at_home.ok(&["yank", "acme:logger@1.0.0", "--reason", "security", "--yes"]);
    let user = User::with_project(&home, &[LOG], MAPPED);
    user.ok(&["registry", "add", "public", &public.url, &public.pin]);
    fs::write(
        user.at("config/config.toml"),
        fs::read_to_string(&path).unwrap(),
    )
    .unwrap();
    let said = user.ok(&["build", "--auto", "--yes"]);
    assert!(said.contains(&format!("`{LOG}` stays open")), "{said}");
    assert!(user.has_nothing_locked());
    // Nor does the command line make it so.
    let said = user.ok(&[
        "build",
        "--auto",
        "--yes",
        "--registry",
        "public",
        "--force",
    ]);
    assert!(said.contains(&format!("`{LOG}` stays open")), "{said}");
}

/// Puts whoever answers every search with this between a user and the registry.
fn search_says(user: &User, server: &Server, hits: &[Value], next: Option<&str>) -> Proxy {
    let page = serde_json::json!({ "hits": hits, "next": next }).to_string();
    route(user, server, "GET /api/v1/search", move || {
        Fate::Json(page.clone())
    })
}

/// Puts whoever decides what becomes of some requests between a user and the registry.
fn route(
    user: &User,
    server: &Server,
    part: &'static str,
    fate: impl Fn() -> Fate + Send + 'static,
) -> Proxy {
    let plan = move |line: &str| match line.contains(part) {
        true => fate(),
        false => Fate::Pass,
    };
    let proxy = Proxy::start(server, Box::new(plan));
    let path = user.at("config/config.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&server.url, &proxy.url)).unwrap();
    proxy
}

fn hit(name: &str) -> Value {
    serde_json::json!({
        "name": name, "version": "7.7.7", "description": "\u{1b}[2J", "kind": "component",
        "interfaces": ["\u{1b}]0;x\u{7}"]
    })
}

#[test]
fn what_a_registry_says_of_names_steers_nothing() {
    let (server, publisher) = shelf();
    publisher.release("acme:logger", "1.0.0", &[], &[LOG]);
    let user = User::with_project(&server, &[LOG], MAPPED);
    let hits = [
        "\u{1b}[2Jacme:x",
        "",
        "acme",
        "a:b:c",
        "../etc:x",
        "acme:gone",
        "acme:logger",
    ];
    let _proxy = search_says(&user, &server, &hits.map(hit), None);
    let said = user.ok(&["build", "--auto"]);
    assert!(!said.contains('\u{1b}'), "{said:?}");
    assert!(
        said.contains("acme:gone of `local`: ") && said.contains("the log proves it"),
        "{said}"
    );
    assert!(
        said.contains("names besides that no package can have"),
        "{said}"
    );
    assert!(said.contains("plugged in acme:logger 1.0.0"), "{said}");
}

#[test]
fn what_a_registry_says_is_exported_is_held_against_the_bytes() {
    let (server, publisher) = shelf();
    publisher.release("acme:liar", "1.0.0", &[], &["acme:else/else@1.0.0"]);
    let user = User::with_project(&server, &[LOG], MAPPED);
    publisher.release("acme:later", "1.0.0", &[], &["acme:log/log@2.0.0"]);
    let hits = ["acme:liar", "acme:later"].map(hit);
    let _proxy = search_says(&user, &server, &hits, None);
    let said = user.ok(&["build", "--auto", "--yes"]);
    let line = format!(
        "acme:liar 1.0.0 of `local`: it does not export `{LOG}`, though the registry says so"
    );
    assert!(said.contains(&line), "{said}");
    let line = "exports `acme:log/log@2.0.0`, which is on track 2, but `app` imports";
    assert!(said.contains(line), "{said}");
    assert!(user.has_nothing_locked());
}

#[test]
fn pages_without_end_come_to_an_end() {
    let (server, publisher) = shelf();
    publisher.release("acme:logger", "1.0.0", &[], &[LOG]);
    let user = User::with_project(&server, &[LOG], MAPPED);
    let mut hits = vec![hit("acme:logger")];
    hits.extend((0..99).map(|n| hit(&format!("other:n{n}"))));
    let proxy = search_says(&user, &server, &hits, Some("again"));
    // It is the only one that was seen in a mapped namespace, but there may be others.
    let said = user.fails(1, "project::choose", &["build", "--auto"]);
    assert!(
        said.contains("acme:logger 1.0.0 of `local`: it fits"),
        "{said}"
    );
    assert_eq!(proxy.count("GET /api/v1/search"), 10);

    let user = User::with_project(&server, &[LOG], MAPPED);
    let hits: Vec<_> = (0..10_000).map(|n| hit(&format!("other:n{n}"))).collect();
    let proxy = search_says(&user, &server, &hits, None);
    let said = user.ok(&["build", "--auto"]);
    assert!(said.contains(&format!("`{LOG}` stays open")), "{said}");
    assert!(said.lines().count() < 60, "{said}");
    let asked = proxy.count("/api/v1/proof") + proxy.count("/api/v1/packages");
    assert!(asked <= 10, "{asked}");
}

#[test]
fn a_registry_that_does_not_answer_does_not_choose() {
    let (server, publisher) = shelf();
    publisher.release("acme:logger", "1.0.0", &[], &[LOG]);
    publisher.release("acme:tracer", "1.0.0", &[], &[LOG]);
    let user = User::with_project(&server, &[LOG], MAPPED);
    let before = user.text("tenon.toml");
    let broken = "HTTP/1.1 404 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let _proxy = route(&user, &server, "GET /blobs/", move || Fate::Answer(broken));
    let output = user.tenon(&["build", "--auto", "--yes"]).output().unwrap();
    assert!(!output.status.success(), "{}", said(&output));
    assert_eq!(user.text("tenon.toml"), before);
}

#[test]
fn a_registry_that_cannot_prove_itself_ends_it() {
    let (server, publisher) = shelf();
    publisher.release("acme:logger", "1.0.0", &[], &[LOG]);
    let user = User::with_project(&server, &[LOG], MAPPED);
    let before = user.text("tenon.toml");
    let _proxy = route(&user, &server, "/api/v1/proof", || {
        Fate::Change(|body| {
            let middle = body.len() / 2;
            body[middle] ^= 1;
        })
    });
    let output = user.tenon(&["build", "--auto", "--yes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(user.text("tenon.toml"), before);
}

#[test]
fn what_someone_else_saves_meanwhile_stays() {
    let (server, publisher) = shelf();
    publisher.release("acme:logger", "1.0.0", &[], &[LOG]);
    let user = User::with_project(&server, &[LOG], MAPPED);
    let (path, edited) = (
        user.at("tenon.toml"),
        "# mine now\n[namespaces]\nacme = \"local\"\n",
    );
    let _proxy = route(&user, &server, "GET /api/v1/search", move || {
        fs::write(&path, edited).unwrap();
        Fate::Pass
    });
    user.fails(1, "project::changed", &["build", "--auto"]);
    assert_eq!(user.text("tenon.toml"), edited);
    assert!(user.has_nothing_locked());
}

#[test]
fn a_dependency_that_is_not_plugged_is_taken_as_it_is_locked() {
    let (server, publisher) = shelf();
    publisher.release("acme:logger", "1.0.0", &[], &[LOG]);
    let rest = format!("plugs = []\n\n[dependencies]\n\"acme:logger\" = \"1\" # by hand\n{MAPPED}");
    let user = User::with_project(&server, &[LOG], &rest);
    user.ok(&["lock"]);
    publisher.release("acme:logger", "1.1.0", &[], &[LOG]);
    // It is known already, so that no other one is asked about, though that is mapped as well.
    publisher.release("acme:another", "3.0.0", &[], &[LOG]);
    let said = user.ok(&["build", "--auto"]);
    assert!(said.contains("plugged in acme:logger 1.0.0"), "{said}");
    assert!(
        said.contains("into `tenon.toml`: the project depends on it already"),
        "{said}"
    );
    let text = user.text("tenon.toml");
    assert!(text.contains("plugs = [\"acme:logger\"]"), "{text}");
    assert!(
        text.contains("\"acme:logger\" = \"1\" # by hand\n"),
        "{text}"
    );
}

/// A component of a world, whose functions trap.
fn of_world(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("part.wit", wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let abi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let mut module = dummy_module(&resolve, world, abi);
    let encoding = StringEncoding::UTF8;
    embed_component_metadata(&mut module, &resolve, world, encoding, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).unwrap().encode().unwrap()
}

const TYPES: &str = "acme:types/types@1.0.0";
const GET: &str = "acme:get/get@1.0.0";

/// A component with these imports and exports, of two interfaces that share a resource.
fn sharing(items: &str) -> Vec<u8> {
    sharing_what(items, "text: func() -> u8;")
}

/// As [`sharing`], where the resource has these methods.
fn sharing_what(items: &str, methods: &str) -> Vec<u8> {
    of_world(&format!(
        "package test:part;\nworld part {{ {items} }}
package acme:types@1.0.0 {{ interface types {{ resource entry {{ {methods} }} make: func() -> entry; }} }}
package acme:get@1.0.0 {{ interface get {{ use acme:types/types@1.0.0.{{entry}}; get: func() -> entry; }} }}"
    ))
}

impl User {
    fn release_bytes(&self, package: &str, bytes: &[u8]) {
        fs::write(self.at("part.wasm"), bytes).unwrap();
        self.publish("part.wasm", package, "1.0.0");
    }

    /// A user with a project whose socket imports two interfaces that share a resource.
    fn with_sharing(server: &Server, plugs: &str) -> User {
        let user = User::new(server);
        let app = sharing(&format!("import {TYPES}; import {GET};"));
        fs::write(user.at("app.wasm"), app).unwrap();
        let text = format!("[compose]\nsocket = \"app.wasm\"\nplugs = [{plugs}]\n{MAPPED}");
        user.write("tenon.toml", &text);
        user
    }
}

#[test]
fn what_has_a_resource_of_its_own_is_refused() {
    let (server, publisher) = shelf();
    let own = sharing(&format!("export {TYPES}; export {GET};"));
    publisher.release_bytes("acme:own", &own);
    // Its types are not those that are asked for, so that they are taken for nothing; its entries are none of the others'.
    let less = sharing_what(&format!("export {TYPES}; export {GET};"), "");
    publisher.release_bytes("acme:less", &less);
    let user = User::with_sharing(&server, "\"types.wasm\"");
    let types = sharing(&format!("export {TYPES};"));
    fs::write(user.at("types.wasm"), types).unwrap();
    let before = user.text("tenon.toml");
    let output = user.tenon(&["build", "--auto", "--yes"]).output().unwrap();
    let said = said(&output);
    let line = format!(
        "acme:less 1.0.0 of `local`: `app` gets `{TYPES}` from `types` but `{GET}` from `acme:less@1.0.0`, which has one of its own"
    );
    assert!(said.contains(&line), "{said}");
    assert!(said.contains("acme:own 1.0.0 of `local`: "), "{said}");
    assert!(!said.contains("it fits"), "{said}");
    assert!(said.contains(&format!("`{GET}` stays open")), "{said}");
    assert_eq!(user.text("tenon.toml"), before);
    // Where nothing has the resource yet, it fills both.
    let user = User::with_sharing(&server, "");
    let said = user.ok(&["build", "--auto"]);
    let line = format!("`acme` is mapped to `local`; fills `{GET}` too");
    assert!(said.contains(&line), "{said}");
    assert!(said.contains("nothing stays open"), "{said}");
}

#[test]
fn what_shares_a_resource_is_found_one_after_the_other() {
    let (server, publisher) = shelf();
    let types = sharing(&format!("export {TYPES};"));
    let get = sharing(&format!("import {TYPES}; export {GET};"));
    publisher.release_bytes("acme:types", &types);
    publisher.release_bytes("acme:get", &get);
    let user = User::with_sharing(&server, "");
    let said = user.ok(&["build", "--auto"]);
    assert!(said.contains("plugged in acme:types 1.0.0"), "{said}");
    assert!(said.contains("plugged in acme:get 1.0.0"), "{said}");
    assert!(said.contains("nothing stays open"), "{said}");
}
