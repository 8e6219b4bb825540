//! Projects that someone else wrote: what their `tenon.toml` can do, and cannot.

use super::asker::Asker;
use super::*;

const MANIFEST: &str = "project/tenon.toml";

fn token(number: usize) -> String {
    format!("tnr_{number:016x}_{}", "5ec2e7".repeat(11)[..64].to_owned())
}

/// Where a command fails in the project.
fn fails(place: &Place, code: &str, words: &[&str]) -> String {
    let (exit, _, said) = end(&mut place.inside(words));
    assert_eq!(exit, Some(2), "{words:?}: {said}");
    assert!(
        said.starts_with(&format!("error[{code}]: ")),
        "{words:?}: {said}"
    );
    said
}

#[test]
fn the_nearest_file_upwards_is_the_project() {
    let place = Place::new();
    let mapped = |name: &str| {
        format!(
            "[namespaces]\nacme = \"{name}\"\n{}",
            registry(name, &format!("https://{name}.example"), PIN)
        )
    };
    place.write("tenon.toml", &mapped("outer"));
    assert_eq!(
        end(&mut place.inside(&["registry", "which", "acme"])).1,
        "outer\n"
    );
    place.write(MANIFEST, &mapped("inner"));
    let (_, out, said) = end(&mut place.inside(&["registry", "which", "acme"]));
    assert_eq!(out, "inner\n");
    assert!(
        said.contains("since `[namespaces]` in the project's `tenon.toml` says so"),
        "{said}"
    );
    // Only the nearest counts, and only from there.
    let (_, out, _) = end(&mut place.inside(&["registry", "list"]));
    assert!(
        out.starts_with("inner (of the project)\n")
            && out.contains(&format!("  from        {}\n", place.at(MANIFEST).display()))
            && !out.contains("outer"),
        "{out}"
    );
    assert_eq!(place.ok(&["registry", "which", "acme"]), "outer\n");
    place.write(MANIFEST, "");
    let said = fails(&place, "registry::none", &["registry", "which", "acme"]);
    assert!(
        said.contains(&format!(
            "or for this project in `{}`",
            place.at(MANIFEST).display()
        )),
        "{said}"
    );
    // What the user has is changed as ever, whatever the project says.
    place.write(MANIFEST, "[");
    for words in [
        &["registry", "add", "mine", "https://mine.example", PIN][..],
        &[
            "registry",
            "add",
            "mine",
            "https://mine.example",
            PIN,
            "--default",
            "--json",
        ],
        &["registry", "reset", "mine", PIN],
        &["registry", "remove", "mine"],
    ] {
        assert_eq!(end(&mut place.inside(words)).0, Some(0), "{words:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_never_passed_over() {
    let place = Place::with_registry();
    place.ok(&[
        "registry",
        "add",
        "corp",
        "https://registry.example",
        PIN,
        "--default",
    ]);
    let which = ["registry", "which", "acme"];
    let fails = |code: &str| {
        let (exit, out, said) = end(&mut place.inside(&which));
        assert!(exit.is_some_and(|exit| exit == 1 || exit == 2), "{said}");
        assert!(said.starts_with(&format!("error[{code}]: ")), "{said}");
        assert!(said.contains("tenon.toml") && out.is_empty(), "{said}");
        assert!(!said.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{said:?}");
        assert!(said.len() < 8192, "{}", said.len());
    };
    let unclosed = "[".repeat(100_000);
    let nested = format!("a = {}", "[".repeat(100_000));
    let long = format!("# {}\n", "x".repeat(1 << 20));
    for text in [
        "[registries",
        "[registries.corp]",
        "registries = 5",
        "[namespaces]\nACME = \"corp\"",
        "[namespaces]\nacme = 5",
        "default-registry = \"\u{1b}]8;;https://evil.example\u{7}\u{202e}\"",
        "x = '\u{1b}[31m\u{202e}'\n[",
        "\0",
        &registry("corp", "http://evil.example", PIN),
        &registry("corp", "https://me:secret@evil.example", PIN),
        &registry("corp", "https://evil.example", "x"),
        &unclosed,
        &nested,
        &long,
    ] {
        place.write(MANIFEST, text);
        fails("config::invalid");
    }
    fs::write(place.at(MANIFEST), b"\xff\xfe\0binary").unwrap();
    fails("cli::io");
    let replace = |make: &dyn Fn(&Path)| {
        let path = place.at(MANIFEST);
        if fs::remove_file(&path).is_err() {
            let _ = fs::remove_dir(&path);
        }
        make(&path);
    };
    let link = |to: &'static str| move |path: &Path| std::os::unix::fs::symlink(to, path).unwrap();
    replace(&|path| fs::create_dir(path).unwrap());
    fails("cli::io");
    replace(&link("tenon.toml"));
    fails("cli::io");
    replace(&link("gone.toml"));
    fails("config::invalid");
    replace(&link("/dev/zero"));
    fails("config::invalid");
    replace(&|path| {
        let made = Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    });
    fails("config::invalid");
    replace(&|path| fs::write(path, "").unwrap());
    place.set_mode(MANIFEST, 0);
    // Root can read everything.
    if fs::read(place.at(MANIFEST)).is_err() {
        fails("cli::io");
    }
    place.set_mode(MANIFEST, 0o644);
    assert_eq!(end(&mut place.inside(&which)).1, "corp\n");
}

#[test]
fn a_project_cannot_be_believed_of_a_log_that_the_user_knows() {
    let place = Place::with_registry();
    let other = PIN.replace("#e0b3", "#e0b4");
    let origin = "[namespaces]\nacme = \"it\"\n";
    for (url, pin, refused) in [
        // The same place or the same log, by another pin.
        ("https://registry.example", other.as_str(), true),
        ("https://evil.example", &other, true),
        ("https://registry.example", PIN, false),
        ("https://mirror.example", PIN, false),
    ] {
        place.write(MANIFEST, &format!("{origin}{}", registry("it", url, pin)));
        let words = ["registry", "which", "acme"];
        if refused {
            let said = fails(&place, "registry::conflict", &words);
            assert!(said.contains("#e0b4") && said.contains("#e0b3"), "{said}");
            assert!(said.contains("tenon registry reset corp PIN"), "{said}");
            // Neither as the default, nor by name, nor as the only one.
            let text = format!("default-registry = \"it\"\n{}", registry("it", url, pin));
            place.write(MANIFEST, &text);
            fails(&place, "registry::conflict", &words);
            fails(
                &place,
                "registry::conflict",
                &[&words[..], &["--registry", "it"]].concat(),
            );
            fails(&place, "registry::conflict", &["search", "x"]);
        } else {
            assert_eq!(end(&mut place.inside(&words)).1, "it\n");
        }
    }
    // Once the user knows both, both are known.
    place.ok(&["registry", "add", "second", "https://evil.example", &other]);
    place.write(
        MANIFEST,
        &format!("{origin}{}", registry("it", "https://evil.example", &other)),
    );
    assert_eq!(
        end(&mut place.inside(&["registry", "which", "acme"])).1,
        "it\n"
    );
}

#[test]
fn a_project_that_goes_another_way_than_the_user_is_told_of_once() {
    let place = Place::with_registry();
    place.ok(&[
        "registry",
        "add",
        "corp",
        "https://registry.example",
        PIN,
        "--namespace",
        "acme",
        "--default",
    ]);
    place.write(
        MANIFEST,
        &format!(
            "[namespaces]\nacme = \"it\"\n{}",
            registry("it", "https://it.example", PIN)
        ),
    );
    let line = "warning: the project maps `acme` to `it`, your configuration to `corp`\n";
    let (_, out, said) = end(&mut place.inside(&["registry", "which", "acme"]));
    assert_eq!(
        (out.as_str(), said.matches(line).count()),
        ("it\n", 1),
        "{said}"
    );
    let (_, _, said) = end(&mut place.inside(&["--offline", "fetch", "acme:a", "acme:b"]));
    assert_eq!(said.matches(line).count(), 1, "{said}");
    // The same name for something else.
    place.write(MANIFEST, &registry("corp", "https://it.example", PIN));
    let line = "warning: the registry `corp` of the project is at https://it.example, yours of this name at https://registry.example\n";
    for namespace in ["acme", "other"] {
        let (_, _, said) = end(&mut place.inside(&["registry", "which", namespace]));
        assert_eq!(said.matches(line).count(), 1, "{said}");
    }
    let (_, _, said) = end(&mut place.inside(&["--offline", "fetch", "acme:a", "other:b"]));
    assert_eq!(said.matches(line).count(), 1, "{said}");
    let (_, _, said) = end(&mut place.inside(&["--offline", "search", "x"]));
    assert_eq!(said.matches(line).count(), 1, "{said}");
    // Agreement is not worth a word.
    place.write(
        MANIFEST,
        &format!(
            "[namespaces]\nacme = \"corp\"\n{}",
            registry("corp", "https://registry.example", PIN)
        ),
    );
    let (_, out, said) = end(&mut place.inside(&["registry", "which", "acme"]));
    assert!(out == "corp\n" && !said.contains("warning"), "{said}");
}

#[test]
fn the_rules_of_the_user_hold_in_a_project() {
    const POLICY: &str =
        "witness w0 w.example/0+3315a576+BD+eXw8e37NC3e6AZmyjapN9NGxeG7sBcmpuvHb3Wre/\nquorum w0\n";
    let place = Place::with_registry();
    place.write("policy", POLICY);
    place.ok(&[
        "registry",
        "add",
        "corp",
        "https://registry.example",
        PIN,
        "--policy",
        "policy",
    ]);
    for lines in [
        "",
        "policy = \"quorum none\\n\"\n",
        "max-age = \"9999days\"\n",
    ] {
        for url in ["https://registry.example", "https://mirror.example"] {
            place.write(MANIFEST, &format!("{}{lines}", registry("it", url, PIN)));
            let (_, out, said) = end(&mut place.inside(&["registry", "list", "--json"]));
            let listed: serde_json::Value = serde_json::from_str(&out).unwrap();
            let it = &listed["registries"][1];
            assert_eq!(
                (&it["name"], &it["layer"]),
                (&"it".into(), &"project".into()),
                "{said}"
            );
            assert_eq!(it["witnessed"], true, "{lines}");
            assert_eq!(it["witnesses"], serde_json::json!(["w0"]), "{lines}");
            assert_eq!(it["max_age"], 86400, "{lines}");
        }
    }
}

#[test]
fn no_token_goes_where_only_a_project_says() {
    let place = Place::with_registry();
    let asker = Asker::start();
    place.login("corp", &token(1));
    let whoami = |environment: &str, more: &[&str]| {
        let mut command = place.inside(&[&["whoami"], more].concat());
        command
            .env("TENON_TOKEN", token(2))
            .env("TENON_REGISTRY", environment);
        let (code, _, said) = end(&mut command);
        assert_ne!(code, Some(0));
        (asker.tokens(), said)
    };
    // The project takes the name of the user's registry, or makes its own the default.
    for text in [
        registry("corp", &asker.base, PIN),
        format!(
            "default-registry = \"it\"\n{}",
            registry("it", &asker.base, PIN)
        ),
    ] {
        place.write(MANIFEST, &text);
        let name = if text.contains("corp") { "corp" } else { "it" };
        let by_flag = ["--registry", name];
        let mut ways = vec![(name, &[][..]), ("", &by_flag[..])];
        // The default of the project needs no name.
        if name == "it" {
            ways.push(("", &[]));
        }
        for (environment, more) in ways {
            let (shown, said) = whoami(environment, more);
            assert_eq!(shown, [""; 0], "{environment} {more:?}");
            let note = format!("TENON_REGISTRY={}", asker.base);
            assert!(
                said.contains("error[registry::login]: ") && said.contains(&note),
                "{said}"
            );
        }
        // Who names the URL means it.
        let expected = format!("authorization: bearer {}", token(2));
        for (environment, more) in [
            (asker.base.as_str(), &[][..]),
            ("", &["--registry", &asker.base]),
        ] {
            let (shown, _) = whoami(environment, more);
            assert!(
                !shown.is_empty() && shown.iter().all(|line| *line == expected),
                "{shown:?}"
            );
        }
    }
    assert!(!place.read("config/credentials.toml").contains(&asker.base));
}

#[test]
fn a_login_is_to_a_registry_of_the_user_or_a_url() {
    let place = Place::new();
    place.write(
        MANIFEST,
        &format!(
            "default-registry = \"it\"\n{}",
            registry("it", "https://it.example", PIN)
        ),
    );
    let login = |words: &[&str]| {
        let words = [&["login", "--token-stdin", "--offline"], words].concat();
        let output = give(place.inside(&words), &token(3))
            .wait_with_output()
            .unwrap();
        said(&output)
    };
    for words in [&["it"][..], &[], &["--registry", "it"]] {
        let said = login(words);
        assert!(said.starts_with("error[registry::of-project]: "), "{said}");
        assert!(said.contains("https://it.example"), "{said}");
        assert!(!place.at("config/credentials.toml").exists());
    }
    // Of two registries with one name, the user's is meant.
    place.ok(&["registry", "add", "it", "https://mine.example", PIN]);
    assert!(login(&["it"]).contains("(https://mine.example)"));
    assert!(login(&[]).contains("(https://mine.example)"));
    assert!(login(&["https://it.example"]).contains("`it` (https://it.example)"));
    let kept = place.read("config/credentials.toml");
    assert!(
        kept.contains("[\"https://mine.example\"]") && kept.contains("[\"https://it.example\"]")
    );
    assert_eq!(end(&mut place.inside(&["logout", "it"])).0, Some(0));
    assert!(!place.read("config/credentials.toml").contains("mine"));
}
