use super::*;

const FILE: &str = "config/credentials.toml";

fn secret() -> String {
    "5ec2e7".repeat(11)[..64].to_owned()
}

fn token(number: usize) -> String {
    format!("tnr_{number:016x}_{}", secret())
}

#[test]
fn a_token_is_kept_for_one_registry_and_its_owner() {
    let place = Place::with_registry();
    place.ok(&[
        "registry",
        "add",
        "other",
        "https://registry.example/other",
        PIN,
    ]);
    let output = place.login("corp", &format!("{}\n", token(1)));
    assert_eq!(
        said(&output),
        "kept the token 0000000000000001 for `corp` (https://registry.example)\n"
    );
    assert_eq!(place.mode(FILE), 0o600);
    let expected = format!("[\"https://registry.example\"]\ntoken = \"{}\"\n", token(1));
    assert_eq!(place.read(FILE), expected);
    let list = place.ok(&["registry", "list", "-v"]);
    assert_eq!(
        list.matches("token       0000000000000001\n").count(),
        1,
        "{list}"
    );
    assert_eq!(list.matches("token       none\n").count(), 1, "{list}");

    let output = place.login("corp", &token(2));
    assert!(said(&output).contains("takes the place of the token 0000000000000001"));
    place.ok(&["logout", "corp"]);
    assert_eq!(place.read(FILE), "");
    assert!(place.run(&["logout", "corp"]).status.success());
    // Where the registry is no longer known, its URL is enough.
    place.login("corp", &token(3));
    place.ok(&["registry", "remove", "corp"]);
    place.ok(&["logout", "https://registry.example"]);
    assert_eq!(place.read(FILE), "");
}

#[test]
fn processes_that_log_in_lose_nothing() {
    let place = Place::new();
    let names: Vec<_> = (0..PROCESSES).map(|n| format!("r{n}")).collect();
    for name in &names {
        place.ok(&[
            "registry",
            "add",
            name,
            &format!("https://{name}.example"),
            PIN,
        ]);
    }
    let children: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            give(
                place.tenon(&["login", name, "--token-stdin", "--offline"]),
                &token(at),
            )
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let kept = place.read(FILE);
    for (at, name) in names.iter().enumerate() {
        let entry = format!("[\"https://{name}.example\"]\ntoken = \"{}\"\n", token(at));
        assert!(kept.contains(&entry), "{kept}");
    }
    assert_eq!(
        litter(&place.at("config"), &["config.toml", "credentials.toml"]),
        [""; 0]
    );
}

#[test]
fn the_environment_is_for_the_registry_that_is_chosen() {
    let place = Place::with_registry();
    place.ok(&["registry", "add", "other", "https://other.example", PIN]);
    let kept = |chosen: Option<&str>| {
        let mut command = place.tenon(&["registry", "list", "-v"]);
        command.env("TENON_TOKEN", token(7));
        if let Some(name) = chosen {
            command.env("TENON_REGISTRY", name);
        }
        let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let tokens = output
            .lines()
            .filter_map(|line| line.trim().strip_prefix("token       "));
        tokens.map(str::to_owned).collect::<Vec<_>>()
    };
    let from_environment = "0000000000000007, from `TENON_TOKEN`";
    assert_eq!(
        kept(None),
        ["none", "none"],
        "nothing is chosen, so nobody gets it"
    );
    assert_eq!(kept(Some("corp")), [from_environment, "none"]);
    assert_eq!(kept(Some("other")), ["none", from_environment]);
    place.ok(&["registry", "remove", "other"]);
    assert_eq!(kept(None), [from_environment]);
}

#[test]
fn a_secret_is_never_shown() {
    let place = Place::with_registry();
    let (good, secret) = (token(1), secret());
    let upper = good.to_uppercase();
    let half = &secret[..32];
    let mut outputs = vec![];
    // As a token, as something that was meant to be one, and as a word of the command line.
    for text in [
        &good,
        &upper,
        &format!("{good}x"),
        &good[4..],
        &format!("a {good}"),
    ] {
        for more in [&[][..], &["-v"], &["--json"], &["--json", "-v"]] {
            let words = [&["login", "corp", "--token-stdin", "--offline"], more].concat();
            outputs.push(give(place.tenon(&words), text).wait_with_output().unwrap());
            let words = [&["registry", "list", "-v"], &more[..more.len().min(1)]].concat();
            let mut command = place.tenon(&words);
            outputs.push(command.env("TENON_TOKEN", text).output().unwrap());
        }
    }
    // In a file that cannot be read, in every way in which it cannot.
    for broken in [
        format!("[\"https://registry.example\"]\ntoken = \"{good}"),
        format!("[\"https://registry.example\"]\ntoken = {good}\n"),
        format!("[\"https://registry.example\"]\ntoken = \"{upper}\"\n"),
        format!("\"https://registry.example\" = \"{good}\"\n"),
        format!("{good}\n"),
    ] {
        place.write(FILE, &broken);
        place.set_mode(FILE, 0o600);
        for more in [&[][..], &["--json"]] {
            outputs.push(place.run(&[&["registry", "list", "-v"], more].concat()));
            outputs.push(place.run(&[&["logout", "corp"], more].concat()));
        }
        place.write(FILE, &broken);
        outputs.push(place.login("corp", &good));
    }
    let failed = outputs.iter().filter(|output| !output.status.success());
    assert!(failed.count() > 20, "most of these are mistakes");
    for output in &outputs {
        let all = [output.stdout.clone(), output.stderr.clone()].concat();
        let all = String::from_utf8(all).unwrap().to_lowercase();
        assert!(!all.is_empty() && !all.contains(half), "{all}");
    }
    // It cannot be given where other users of the machine could see it.
    assert_eq!(
        place.run(&["login", "--token", &good]).status.code(),
        Some(2)
    );
}

#[test]
fn a_file_of_tokens_that_others_can_read_is_not_used() {
    let place = Place::with_registry();
    place.login("corp", &token(1));
    place.set_mode(FILE, 0o644);
    let before = place.read(FILE);
    let said = place.fails("config::exposed", &["registry", "list", "-v"]);
    assert!(said.contains("chmod 600"), "{said}");
    place.fails("config::exposed", &["logout", "corp"]);
    assert!(!place.login("corp", &token(2)).status.success());
    assert_eq!(place.read(FILE), before);
}

#[test]
fn what_needs_no_registry_reads_no_token() {
    let place = Place::new();
    place.write("config/config.toml", "[");
    place.write("tenon.toml", "[");
    place.write("xdg/wasm-pkg/config.toml", "[");
    place.write(FILE, "[");
    place.set_mode(FILE, 0o644);
    place.write("config/keys/a.key", "broken");
    let example = |file: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit-examples");
        folder.join(file).to_str().unwrap().to_owned()
    };
    let (app, greeter) = (example("greeter/app.wat"), example("greeter/greeter.wat"));
    let mut command = place.tenon(&["plug", &app, "--plug", &greeter, "-o", "out.wasm"]);
    let output = command.env("TENON_TOKEN", "no token").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    place.ok(&["inspect", "out.wasm"]);
}
