use super::*;
use std::path::Path;

#[test]
fn what_is_built_is_what_is_published() {
    let server = Server::start();
    let user = User::with_namespace(&server, "acme");
    user.write(
        "wit/types.wit",
        "package acme:kit@0.3.0;\ninterface types { use dep:base/things@1.0.0.{thing}; get: func() -> thing;\n@unstable(feature = more)\nmore: func(); }\n",
    );
    user.write(
        "wit/deps/base.wit",
        "package dep:base@1.0.0;\ninterface things { record thing { n: u32 } }\n",
    );
    let built = user.json(&["wit", "build"]);
    let said = user.ok(&["publish", "acme-kit-0.3.0.wasm", "--yes"]);
    assert!(said.contains("to publish acme:kit@0.3.0"), "{said}");
    let found = user.json(&["info", "acme:kit@0.3.0"]);
    assert!(
        found
            .to_string()
            .contains(built["digest"].as_str().unwrap()),
        "{found}"
    );
    assert!(found.to_string().contains("dep:base"), "{found}");

    // The text is the same release, however it is named.
    for path in ["wit", "wit/types.wit"] {
        let said = user.json(&["publish", path, "--yes"]);
        assert_eq!(said["state"], "published-before", "{said}");
    }
    let diff = user.json(&["diff", "acme:kit@0.3.0", "wit"]);
    assert_eq!(diff["verdict"], "identical", "{diff}");
    let printed = user.tenon(&["wit", "acme:kit@0.3.0"]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.contains("@unstable(feature = more)"), "{printed}");
}

const POLL: &str = "/// What waits.\ninterface poll { resource pollable; }\n";
const STREAMS: &str = "interface streams { use poll.{pollable}; get: func() -> pollable; }\n";

fn io(version: &str) -> String {
    let more = if version == "0.2.3" { STREAMS } else { "" };
    format!("package acme:io@{version};\n{POLL}{more}")
}

/// A user of a registry with two releases of `acme:io` on one track, one on another, an `acme:http` for each track that
/// was made against the lowest, and `acme:mix`, which was made against both of the first track.
fn with_releases(server: &Server) -> User {
    let user = User::with_namespace(server, "acme");
    let publish = |text: &str, deps: &[&str]| {
        let _ = fs::remove_dir_all(user.at("made"));
        user.write("made/a.wit", text);
        for version in deps {
            user.write(&format!("made/deps/io-{version}.wit"), &io(version));
        }
        user.ok(&["publish", "made", "--yes"]);
    };
    for version in ["0.2.0", "0.2.3", "0.3.0"] {
        publish(&io(version), &[]);
    }
    for version in ["0.2.0", "0.3.0"] {
        let text = format!(
            "package acme:http@{version};\ninterface types {{ use acme:io/poll@{version}.{{pollable}}; ready: func() -> pollable; }}\n\
             world proxy {{ import acme:io/poll@{version}; export types; }}\n"
        );
        publish(&text, &[version]);
    }
    let mix = "package acme:mix@1.0.0;\nworld w { import acme:io/poll@0.2.0; import acme:io/streams@0.2.3; }\n";
    publish(mix, &["0.2.0", "0.2.3"]);
    fs::remove_dir_all(user.at("made")).unwrap();
    user
}

/// The names of what is in a folder.
fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn a_project_of_wit_is_fetched_built_published_and_used() {
    let server = Server::start();
    let user = with_releases(&server);
    user.write(
        "wit/shop.wit",
        "package acme:shop@0.1.0;\nworld shop { import acme:http/types@0.2.0; import acme:http/types@0.3.0; include acme:mix/w@1.0.0; }\n",
    );
    assert!(
        user.ok(&["init"])
            .contains("next: tenon wit fetch, then tenon build")
    );
    let fetched = user.json(&["wit", "fetch"]);
    let all = [
        "acme-http-0.2.0",
        "acme-http-0.3.0",
        "acme-io-0.2.3",
        "acme-io-0.3.0",
        "acme-mix-1.0.0",
    ];
    assert_eq!(fetched["written"], serde_json::json!(all));
    assert_eq!(names(&user.at("wit/deps")), all);
    // What was made against other versions refers to those that are here; what was two is one.
    let text =
        |name: &str| fs::read_to_string(user.at(&format!("wit/deps/{name}/package.wit"))).unwrap();
    assert!(text("acme-http-0.2.0").contains("use acme:io/poll@0.2.3.{pollable};"));
    assert!(text("acme-http-0.3.0").contains("use acme:io/poll@0.3.0.{pollable};"));
    assert!(
        text("acme-mix-1.0.0").contains(
            "world w {\n  import acme:io/poll@0.2.3;\n  import acme:io/streams@0.2.3;\n}"
        )
    );
    assert!(
        user.ok(&["wit", "fetch"])
            .contains("`wit/deps` is up to date: 5 packages")
    );

    // A build does what has to be done, and no more.
    let build = |state: &str| {
        let built = user.json(&["build"]);
        assert_eq!(
            (&built["state"], &built["output"]),
            (&state.into(), &"build/shop.wasm".into())
        );
    };
    build("built");
    build("up-to-date");
    let again = |path: &str, from: &str, to: &str| {
        let text = fs::read_to_string(user.at(path)).unwrap();
        user.write(path, &text.replacen(from, to, 1));
        build("built");
        build("up-to-date");
    };
    again("wit/shop.wit", "world", "/// What a shop needs.\nworld");
    again(
        "tenon.toml",
        "version = \"0.1.0\"",
        "version = \"0.1.0\"\ndescription = \"A shop.\"",
    );
    again(
        "wit/deps/acme-io-0.2.3/package.wit",
        "What waits",
        "Who waits",
    );
    assert!(text("acme-io-0.2.3").contains("/// What waits."));
    fs::remove_dir_all(user.at("wit/deps/acme-http-0.3.0")).unwrap();
    build("built");
    build("up-to-date");

    // What it uses, by its bytes, is what the registry says, and what its users lock.
    user.ok(&["publish", "build/shop.wasm", "--yes"]);
    user.write(
        "user/wit/w.wit",
        "package acme:user@0.1.0;\nworld w { include acme:shop/shop@0.1.0; }\n",
    );
    let there = |words: &[&str]| {
        let output = user
            .tenon(words)
            .current_dir(user.at("user"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        said(&output)
    };
    there(&["init"]);
    there(&["wit", "fetch"]);
    there(&["build"]);
    let lock = fs::read_to_string(user.at("user/tenon.lock")).unwrap();
    let needs = "needs = [\n    \"acme:http ^0.2.0\",\n    \"acme:http ^0.3.0\",\n    \"acme:io ^0.2.3\",\n    \"acme:io ^0.3.0\",\n]";
    assert!(lock.contains(needs), "{lock}");
    let of_mix = "needs = [\n    \"acme:io ^0.2.0\",\n    \"acme:io ^0.2.3\",\n]";
    let own = fs::read_to_string(user.at("tenon.lock")).unwrap();
    assert!(own.contains(of_mix), "{own}");
    assert_eq!(
        names(&user.at("user/wit/deps")),
        [
            "acme-http-0.2.0",
            "acme-http-0.3.0",
            "acme-io-0.2.3",
            "acme-io-0.3.0",
            "acme-shop-0.1.0"
        ]
    );
}

#[test]
fn what_cannot_be_fetched_for_wit_is_said_with_file_and_line() {
    let server = Server::start();
    let user = with_releases(&server);
    let conflict = |text: &str, parts: &[&str]| {
        user.write("wit/w.wit", text);
        let said = user.fails(1, "project::conflict", &["wit", "fetch"]);
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    };
    user.write("tenon.toml", "");
    conflict(
        "package acme:u@0.1.0;\nworld w { import acme:io/poll@0.2.0; import acme:io/streams@0.2.3; }\n",
        &[
            "`wit/w.wit:2:26` asks for `acme:io =0.2.0`",
            "`wit/w.wit:2:53` asks for `acme:io =0.2.3`",
            "write another one in `wit/w.wit:2:26` or `wit/w.wit:2:53`",
        ],
    );
    conflict(
        "package acme:u@0.1.0;\nworld w { import acme:io/poll@0.2.9; }\n",
        &[
            "there are 0.2.0 and 0.2.3",
            "write another one in `wit/w.wit:2:26`",
        ],
    );
    user.write(
        "wit/w.wit",
        "package acme:u@0.1.0;\nworld w { import acme:io/poll; }\n",
    );
    let said = user.fails(1, "wit::missing-package", &["wit", "fetch"]);
    assert!(
        said.contains("the package `acme:io` that `wit/w.wit:2:18` uses is not in `wit/deps`")
            && said.contains("there is `acme:io@0.3.0`")
            && said.contains("name that version in the WIT"),
        "{said}"
    );
    assert_eq!(names(&user.at("wit")), ["w.wit"]);
    assert!(!user.at("tenon.lock").exists());
}

#[test]
fn packages_from_paths_use_what_is_locked() {
    let server = Server::start();
    let user = with_releases(&server);
    user.write(
        "own/wit/w.wit",
        "package acme:u@0.1.0;\nworld w { import acme:a/i@1.0.0; import acme:io/poll@0.2.3; }\n",
    );
    user.write(
        "a/a.wit",
        "package acme:a@1.0.0;\ninterface i { use acme:b/i@1.0.0.{p}; f: func() -> p; }\n",
    );
    user.write("b/b.wit", "package acme:b@1.0.0;\ninterface i { use acme:io/poll@0.2.3.{pollable}; type p = pollable; }\n");
    user.write("c.wat", &component(&["in"], &["out"]));
    user.write(
        "own/tenon.toml",
        "[dependencies]\n\"acme:a\" = { path = \"../a\" }\n\"acme:b\" = { path = \"../b\" }\n\"acme:c\" = { path = \"../c.wat\" }\n[wit]\ndir = \"wit\"\n",
    );
    let run = |words: &[&str]| {
        let output = user
            .tenon(words)
            .current_dir(user.at("own"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        said(&output)
    };
    run(&["wit", "fetch"]);
    assert_eq!(
        names(&user.at("own/wit/deps")),
        ["acme-a-1.0.0", "acme-b-1.0.0", "acme-io-0.2.3"]
    );
    assert_eq!(names(&user.at("a")), ["a.wit"]);
    assert!(run(&["build"]).contains("built `acme:u@0.1.0`"));
    assert!(run(&["build"]).contains("is up to date"));
    // What changes there is built again.
    user.write("b/b.wit", "package acme:b@1.0.0;\ninterface i { use acme:io/poll@0.2.3.{pollable}; type p = pollable; new: func(); }\n");
    assert!(run(&["build"]).contains("built `acme:u@0.1.0`"));
    let text = fs::read_to_string(user.at("own/wit/deps/acme-b-1.0.0/package.wit")).unwrap();
    assert!(text.contains("new: func();"), "{text}");
}

#[test]
fn what_was_fetched_for_another_lock_file_is_not_built() {
    let server = Server::start();
    let user = with_releases(&server);
    user.write(
        "wit/w.wit",
        "package acme:u@0.1.0;\nworld w { import acme:io/poll@0.2.0; }\n",
    );
    user.write("wit/deps/mine/k.wit", "package mine:kit@1.0.0;\n");
    let asked = |version: &str| {
        let text = format!("[dependencies]\n\"acme:io\" = \"={version}\"\n");
        user.write("tenon.toml", &text);
        user.ok(&["lock"]);
    };
    asked("0.2.0");
    user.ok(&["wit", "fetch"]);
    user.ok(&["wit", "build"]);
    let wit = fs::read_to_string(user.at("wit/w.wit")).unwrap();
    user.write("wit/w.wit", &wit.replace("0.2.0", "0.2.3"));
    asked("0.2.3");
    let said = user.fails(1, "wit::deps-stale", &["wit", "build"]);
    assert!(
        said.contains("`wit/deps/acme-io-0.2.0`: `acme:io@0.2.0` is not locked")
            && said.contains("run `tenon wit fetch` first"),
        "{said}"
    );
    user.ok(&["wit", "fetch"]);
    user.ok(&["wit", "build"]);
    // The same version, made from other bytes.
    let made = user.at("wit/deps/acme-io-0.2.3/package.wit");
    let text = fs::read_to_string(&made).unwrap();
    let (before, digest) = text.rsplit_once("(sha256:").unwrap();
    let other = format!("{before}(sha256:{}{}", "0".repeat(64), &digest[64..]);
    fs::write(&made, other).unwrap();
    let said = user.fails(1, "wit::deps-stale", &["wit", "build"]);
    assert!(
        said.contains("`acme:io@0.2.3` is locked with other content"),
        "{said}"
    );
    user.ok(&["build"]);
    user.ok(&["wit", "build"]);
}

#[test]
fn what_another_tool_fetched_is_used_until_it_is_replaced() {
    let server = Server::start();
    let user = with_releases(&server);
    user.write("wit/w.wit", "package acme:u@0.1.0;\nworld w { import acme:http/types@0.2.0; import mine:kit/kit@1.0.0; }\n");
    // As `wkg` writes them: only what is used of what is used by another one, and no documentation of that.
    let http = "package acme:http@0.2.0;\n\ninterface types {\n  use acme:io/poll@0.2.0.{pollable};\n\n  ready: func() -> pollable;\n}\n\n\
                world proxy {\n  import acme:io/poll@0.2.0;\n\n  export types;\n}\n";
    user.write("wit/deps/acme-http-0.2.0/package.wit", http);
    user.write(
        "wit/deps/acme-io-0.2.0/package.wit",
        "package acme:io@0.2.0;\n\ninterface poll {\n  resource pollable;\n}\n",
    );
    user.write(
        "wit/deps/mine-kit-1.0.0/package.wit",
        "package mine:kit@1.0.0;\ninterface kit {}\n",
    );
    let lock = |digest: &str| {
        format!(
            "version = 1\n\n[[packages]]\nname = \"acme:io\"\nregistry = \"wkg.example\"\n\n[[packages.versions]]\nrequirement = \"=0.2.0\"\nversion = \"0.2.0\"\ndigest = \"sha256:{}\"\n",
            digest.repeat(64)
        )
    };
    user.write("wkg.lock", &lock("0"));
    assert!(
        user.ok(&["init"])
            .contains("next: tenon wit fetch --replace, then tenon build")
    );
    let said = user.ok(&["wit", "fetch"]);
    assert!(
        said.contains("someone else put `wit/deps/acme-http-0.2.0`, `wit/deps/acme-io-0.2.0`, `wit/deps/mine-kit-1.0.0` there"),
        "{said}"
    );
    assert!(!user.at("tenon.lock").exists());
    user.ok(&["build"]);
    let before = fs::read(user.at("build/u.wasm")).unwrap();

    // What the registry has is fetched, in the versions that were there.
    let said = user.ok(&["wit", "fetch", "--replace"]);
    assert!(
        said.contains("`wit/deps/mine-kit-1.0.0` stays: ")
            && said.contains("`acme:io@0.2.0` is other content than `wkg.lock` has")
            && said.contains("added acme:io 0.2.0"),
        "{said}"
    );
    let text =
        |name: &str| fs::read_to_string(user.at(&format!("wit/deps/{name}/package.wit"))).unwrap();
    assert!(text("acme-io-0.2.0").contains("/// What waits."));
    assert!(
        text("acme-http-0.2.0").starts_with(http) && text("acme-http-0.2.0").contains("// Made by")
    );
    assert_eq!(
        text("mine-kit-1.0.0"),
        "package mine:kit@1.0.0;\ninterface kit {}\n"
    );
    user.ok(&["build"]);
    assert_eq!(fs::read(user.at("build/u.wasm")).unwrap(), before);
    user.ok(&["lock", "--locked"]);

    // What `wkg` had locked besides, for another requirement, is said not to be.
    fs::remove_file(user.at("tenon.lock")).unwrap();
    user.write(
        "wkg.lock",
        &lock("0").replace("0.2.0\"\ndigest", "0.2.3\"\ndigest"),
    );
    user.write("wit/x.wit", "world x { import acme:io/poll@0.2.0; }\n");
    let said = user.ok(&["lock"]);
    assert!(
        said.contains("`wkg.lock` has `acme:io@0.2.3`, and locked is 0.2.0"),
        "{said}"
    );
    fs::remove_file(user.at("wit/x.wit")).unwrap();

    // What has more than the release, or is in the place of another one, is not given up without a word.
    let patched =
        "package acme:io@0.2.0;\ninterface poll { resource pollable { patched: func(); } }\n";
    user.write("wit/deps/patch/io.wit", patched);
    fs::remove_dir_all(user.at("wit/deps/acme-io-0.2.0")).unwrap();
    let said = user.ok(&["wit", "fetch"]);
    assert!(
        said.contains("removed acme:io 0.2.0") && said.contains("`wit/deps/patch`"),
        "{said}"
    );
    assert_eq!(
        names(&user.at("wit/deps")),
        ["acme-http-0.2.0", "mine-kit-1.0.0", "patch"]
    );
    user.ok(&["build"]);
    let said = user.fails(1, "wit::deps-taken", &["wit", "fetch", "--replace"]);
    assert!(
        said.contains("`wit/deps/patch` is not the `acme:io@0.2.0` that is locked: ")
            && said.contains("patched"),
        "{said}"
    );
    assert_eq!(
        fs::read_to_string(user.at("wit/deps/patch/io.wit")).unwrap(),
        patched
    );
    // Nor is the lock file of that what was not agreed to.
    user.ok(&["lock", "--locked"]);
    let replaced = user.json(&["wit", "fetch", "--replace", "--yes", "-q"]);
    assert_eq!(
        replaced["removed"],
        serde_json::json!(["patch"]),
        "{replaced}"
    );
    assert_eq!(
        replaced["kept"],
        serde_json::json!(["wit/deps/mine-kit-1.0.0"])
    );
    assert_eq!(names(&user.at("wit")), ["deps", "w.wit"]);
}

#[test]
fn whenever_a_fetch_is_killed_the_wit_resolves_and_the_next_one_tidies_up() {
    let server = Server::start();
    let user = with_releases(&server);
    user.write(
        "wit/w.wit",
        "package acme:u@0.1.0;\nworld w { import acme:http/types@0.2.0; }\n",
    );
    let states = [
        "\"acme:io\" = \"=0.2.0\"\n",
        "\"acme:mix\" = \"1\"\n\"acme:io\" = \"=0.2.3\"\n",
    ];
    let states = states.map(|lines| {
        user.write("tenon.toml", &format!("[dependencies]\n{lines}"));
        user.ok(&["wit", "fetch"]);
        ["tenon.toml", "tenon.lock"].map(|name| (name, fs::read_to_string(user.at(name)).unwrap()))
    });
    for round in 0..12 {
        for (name, text) in &states[round % 2] {
            user.write(name, text);
        }
        let mut child = user
            .tenon(&["wit", "fetch", "--offline", "-q"])
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(10 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        // Of a folder that is named, nothing is asked of the lock file, which may be ahead of it.
        user.ok(&["wit", "build", "wit", "-o", "u.wasm"]);
    }
    // Many at once do what one does.
    let fetches = (0..6).map(|_| user.tenon(&["wit", "fetch", "-q"]).spawn().unwrap());
    for mut child in fetches.collect::<Vec<_>>() {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(names(&user.at("wit")), ["deps", "w.wit"]);
    assert_eq!(
        names(&user.at("wit/deps")),
        ["acme-http-0.2.0", "acme-io-0.2.3", "acme-mix-1.0.0"]
    );
}
