use super::*;

#[test]
fn a_token_is_kept_if_the_registry_knows_it() {
    let mut server = Server::start();
    let user = User::new(&server);
    user.fails(1, "registry::login", &["whoami"]);
    let (begin, end) = server.token.split_at(server.token.len() - 4);
    let wrong = format!("{begin}{}", if end == "0000" { "1111" } else { "0000" });
    let output = user.login(&wrong);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).starts_with("error[token::refused]: "),
        "{}",
        said(&output)
    );
    assert!(!said(&output).contains(&wrong[22..50]));
    assert!(!user.at("config/credentials.toml").exists());

    user.logged_in(&server.token);
    let token = server.token("ci\u{1b}[31m\u{202e}", &["read"], "acme:*");
    user.logged_in(&token);
    let output = user.tenon(&["whoami"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("may      read\n") && text.contains("with     acme:*\n"),
        "{text}"
    );
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    assert_eq!(user.json(&["whoami"])["token"]["id"], token[4..20]);

    // What the registry does not say is no reason to lose the token that is kept.
    server.kill();
    let output = user.login(&server.token);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let kept = fs::read_to_string(user.at("config/credentials.toml")).unwrap();
    assert!(kept.contains(&token) && !kept.contains(&server.token));
}
