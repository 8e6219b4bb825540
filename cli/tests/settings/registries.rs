use super::*;

#[test]
fn processes_that_add_registries_lose_nothing() {
    let place = Place::new();
    place.write("config/config.toml", "# mine\nlater = 1\n");
    let names: Vec<_> = (0..PROCESSES).map(|n| format!("r{n}")).collect();
    let children: Vec<_> = names
        .iter()
        .map(|name| {
            let url = format!("https://{name}.example");
            let words = ["registry", "add", name, &url, PIN, "--namespace", name];
            give(place.tenon(&words), "")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let list = place.ok(&["registry", "list"]);
    for name in &names {
        assert!(
            list.contains(&format!("url         https://{name}.example\n")),
            "{list}"
        );
        assert_eq!(place.ok(&["registry", "which", name]), format!("{name}\n"));
    }
    assert!(
        place
            .read("config/config.toml")
            .starts_with("# mine\nlater = 1\n")
    );
    assert_eq!(litter(&place.at("config"), &["config.toml"]), [""; 0]);
}

#[test]
fn comments_and_unknown_keys_survive_every_edit() {
    let place = Place::new();
    let text = format!(
        "# The registries of our team.\n\
         colour = 'blue' # later\n\n\
         [registries.corp] # ours\n\
         url = 'https://registry.example/' # with a slash\n\
         pin = '{PIN}'\n\
         mirror = true\n\n\
         [future]\n\
         thing = [ 1,\n 2 ] # two\n"
    );
    place.write("config/config.toml", &text);
    place.ok(&[
        "registry",
        "add",
        "other",
        "http://127.0.0.1:8080",
        PIN,
        "--namespace",
        "acme",
    ]);
    place.ok(&[
        "registry",
        "add",
        "corp",
        "https://registry.example",
        PIN,
        "--default",
    ]);
    let edited = place.read("config/config.toml");
    for line in text.lines() {
        assert!(edited.contains(line), "{line}: {edited}");
    }
    assert!(edited.contains("default-registry = \"corp\"") && edited.contains("acme = \"other\""));
    place.ok(&["registry", "remove", "other"]);
    let edited = place.read("config/config.toml");
    for line in text.lines() {
        assert!(edited.contains(line), "{line}: {edited}");
    }
    assert!(!edited.contains("other"), "{edited}");
}

#[test]
fn a_link_to_the_configuration_stays_a_link() {
    let place = Place::new();
    place.write("dotfiles/tenon.toml", "# mine\n");
    fs::create_dir(place.at("config")).unwrap();
    std::os::unix::fs::symlink(
        place.at("dotfiles/tenon.toml"),
        place.at("config/config.toml"),
    )
    .unwrap();
    place.ok(&["registry", "add", "corp", "https://registry.example", PIN]);
    assert!(place.at("config/config.toml").is_symlink());
    assert!(
        place
            .read("dotfiles/tenon.toml")
            .contains("[registries.corp]")
    );
}

#[test]
fn a_file_that_is_no_configuration_is_left_alone() {
    let place = Place::new();
    let broken = "default-registry = \"gone\"\n# \u{1b}]8;;https://evil.example\u{7}\u{202e}\n[";
    for text in [
        "[registries",
        "default-registry = 'gone'",
        "x = '\u{1b}[31m\u{202e}'\n[",
        broken,
    ] {
        place.write("config/config.toml", text);
        let said = place.fails(
            "config::invalid",
            &["registry", "add", "corp", "https://registry.example", PIN],
        );
        assert!(!said.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{said:?}");
        assert_eq!(place.read("config/config.toml"), text);
    }
}

#[test]
fn a_namespace_is_looked_for_where_it_is_mapped_only() {
    let place = Place::with_registry();
    place.ok(&[
        "registry",
        "add",
        "corp",
        "https://registry.example",
        PIN,
        "--namespace",
        "corp",
    ]);
    place.ok(&[
        "registry",
        "add",
        "public",
        "https://public.example",
        PIN,
        "--default",
    ]);
    fn which<'w>(words: &[&'w str]) -> Vec<&'w str> {
        [&["registry", "which"], words].concat()
    }
    assert_eq!(place.ok(&which(&["corp"])), "corp\n");
    assert_eq!(place.ok(&which(&["other"])), "public\n");
    assert_eq!(place.ok(&which(&["other", "--registry", "corp"])), "corp\n");
    assert_eq!(
        place.ok(&which(&["corp", "--registry", "https://registry.example/"])),
        "corp\n"
    );
    place.fails(
        "registry::mapped",
        &which(&["corp", "--registry", "public"]),
    );
    place.fails(
        "registry::mapped",
        &[
            "registry",
            "add",
            "public",
            "https://public.example",
            PIN,
            "--namespace",
            "corp",
        ],
    );
    let with = |registry: &str, namespace: &str| {
        let mut command = place.tenon(&which(&[namespace]));
        let output = command.env("TENON_REGISTRY", registry).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    assert_eq!(with("public", "corp"), (Some(0), "corp\n".to_owned()));
    assert_eq!(with("corp", "other"), (Some(0), "corp\n".to_owned()));
    assert_eq!(with("", "other"), (Some(0), "public\n".to_owned()));
    assert_eq!(with("gone", "other"), (Some(2), String::new()));
    assert_eq!(with("gone", "corp"), (Some(0), "corp\n".to_owned()));
}

#[test]
fn a_reset_puts_aside_what_was_verified() {
    let place = Place::with_registry();
    // Where nothing was verified, there is nothing to put aside; it shows where the log's folder is.
    place.ok(&["registry", "reset", "corp", PIN]);
    let logs = litter(&place.at("state/logs"), &[]);
    assert_eq!(logs.len(), 1, "{logs:?}");
    let log = &format!("state/logs/{}", logs[0]);
    assert_eq!(litter(&place.at(log), &["lock"]), [""; 0]);
    place.write(&format!("{log}/trust"), "what was verified");
    let other = PIN.replace("#e0b3", "#e0b4");
    place.ok(&["registry", "remove", "corp"]);
    assert!(
        place.at(log).is_dir(),
        "to forget a registry forgets nothing of its log"
    );
    place.ok(&["registry", "add", "corp", "https://registry.example", PIN]);
    place.ok(&["registry", "reset", "corp", &other]);
    assert!(place.ok(&["registry", "list", "--json"]).contains("#e0b4"));
    let archived = litter(&place.at(log), &["lock"]);
    assert_eq!(archived.len(), 1, "{archived:?}");
    assert!(archived[0].starts_with("archived-20"), "{archived:?}");
    assert!(archived[0].ends_with('Z') && !archived[0].contains(':'));
    assert_eq!(
        place.read(&format!("{log}/{}", archived[0])),
        "what was verified"
    );

    // The same pin again is a new beginning, too; the archives stay apart within one second.
    place.ok(&["registry", "reset", "corp", PIN]);
    for count in 2..=3 {
        place.write(&format!("{log}/trust"), "again");
        place.ok(&["registry", "reset", "corp", PIN]);
        assert_eq!(litter(&place.at(log), &["lock"]).len(), count);
    }
    place.fails("registry::unknown", &["registry", "reset", "crop", PIN]);
    place.fails("registry::pin", &["registry", "reset", "corp", "x"]);
}

#[test]
fn the_directories_are_those_of_the_system() {
    let place = Place::new();
    let mut command = place.tenon(&["registry", "add", "corp", "https://registry.example", PIN]);
    let output = command
        .env_remove("TENON_CONFIG_DIR")
        .env("XDG_CONFIG_HOME", place.at("xdg"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(place.at("xdg/tenon/config.toml").is_file());
    assert_eq!(place.mode("xdg/tenon"), 0o700);
}
