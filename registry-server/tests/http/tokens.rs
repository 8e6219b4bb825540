//! Tokens: missing, wrong, guessed, revoked.

use crate::house::House;
use std::process::Command;
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Paths, ProblemCode, TokenInfo};
use tenon_registry_server::access::{Action, NewToken};
use tenon_registry_server::config::Rate;

const WHOAMI: &str = "/api/v1/whoami";

#[test]
fn a_token_says_what_it_may_do() {
    let house = House::new();
    let token = house.token(
        &[Action::Publish, Action::Yank],
        &["acme:*", "other:http-*"],
    );
    let info: TokenInfo = house.client().token(&token).get(WHOAMI).json();
    assert_eq!(
        (info.label.as_str(), info.actions),
        ("test", vec!["publish".to_owned(), "yank".to_owned()])
    );
    assert_eq!(info.patterns, ["acme:*", "other:http-*"]);
    assert_eq!((info.expires, &token[4..20]), (None, info.id.as_str()));
}

#[test]
fn s28_a_token_that_does_not_count_is_refused() {
    let house = House::new();
    let answer = house.get(WHOAMI);
    answer.problem(ProblemCode::TokenInvalid);
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer realm=\"tenon-registry\"")
    );
    let good = house.full_token();
    let flip = |at: usize| {
        let mut token = good.clone().into_bytes();
        token[at] = if token[at] == b'0' { b'1' } else { b'0' };
        String::from_utf8(token).unwrap()
    };
    for token in [
        flip(5),
        flip(84),
        flip(30),
        good[..84].to_owned(),
        format!("{good}0"),
        good.to_uppercase(),
        "tnr_".to_owned(),
    ] {
        house
            .client()
            .token(&token)
            .get(WHOAMI)
            .problem(ProblemCode::TokenInvalid);
        // Not even where no token is needed.
        house
            .client()
            .token(&token)
            .get("/api/v1/registry")
            .problem(ProblemCode::TokenInvalid);
    }
    let new = NewToken {
        label: "old".to_owned(),
        actions: [Action::Publish].into(),
        scopes: vec!["*".parse().unwrap()],
        expires: Some(1),
    };
    let expired = house.app.access().create(new).unwrap().0;
    house
        .client()
        .token(expired.reveal())
        .get(WHOAMI)
        .problem(ProblemCode::TokenInvalid);
    assert_eq!(house.client().token(&good).get(WHOAMI).status, 200);
}

#[test]
fn s28_an_action_that_the_token_is_not_for_is_refused() {
    let house = House::new();
    let token = house.token(
        &[
            Action::Read,
            Action::Yank,
            Action::Namespace,
            Action::Operate,
        ],
        &["*"],
    );
    let answer =
        house
            .client()
            .token(&token)
            .ask_with("PUT", &Paths::upload(&Digest::of(b"a")), b"a");
    answer.problem(ProblemCode::Forbidden);
    let answer = house
        .client()
        .ask_with("PUT", &Paths::upload(&Digest::of(b"a")), b"a");
    answer.problem(ProblemCode::TokenInvalid);
    assert_eq!(house.drafts(), 0);
}

#[test]
fn s29_tokens_in_other_places_are_refused() {
    let house = House::new();
    let token = house.full_token();
    house
        .get(&format!("{WHOAMI}?token={token}"))
        .problem(ProblemCode::TokenInvalid);
    let both = house
        .client()
        .token(&token)
        .get(&format!("{WHOAMI}?access_token={token}"));
    both.problem(ProblemCode::QueryInvalid);
    for line in [
        "Authorization: Basic dXNlcjp0b2tlbg==".to_owned(),
        format!("Authorization: {token}"),
        format!("Authorization: Token {token}"),
        format!("Authorization: Bearer  {token}"),
        "Authorization:".to_owned(),
        "Authorization: Bearer \u{430}".to_owned(),
    ] {
        house
            .client()
            .header(&line)
            .get(WHOAMI)
            .problem(ProblemCode::TokenInvalid);
    }
    let twice = house.client().token(&token).token(&token).get(WHOAMI);
    twice.problem(ProblemCode::RequestInvalid);
    let cookie = house
        .client()
        .header(&format!("Cookie: token={token}"))
        .get(WHOAMI);
    cookie.problem(ProblemCode::TokenInvalid);
}

#[test]
fn s30_guesses_are_counted_and_then_not_heard() {
    let house = House::with(|config| {
        config.rates.authentication_failures = Rate {
            per_second: 0.5,
            burst: 10,
        };
    });
    let token = house.full_token();
    let guess = format!("tnr_{}_{}", "0".repeat(16), "0".repeat(64));
    let mut client = house.client().token(&guess);
    for _ in 0..10 {
        client.get(WHOAMI).problem(ProblemCode::TokenInvalid);
    }
    for _ in 0..100 {
        let refused = client.get(WHOAMI);
        refused.problem(ProblemCode::RateLimited);
        assert!(
            refused
                .header("retry-after")
                .unwrap()
                .parse::<u64>()
                .unwrap()
                >= 1
        );
    }
    // A right guess cannot be told from a wrong one; who does not guess reads on.
    house
        .client()
        .token(&token)
        .get(WHOAMI)
        .problem(ProblemCode::RateLimited);
    assert_eq!(house.get("/log/checkpoint").status, 200);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(house.client().token(&token).get(WHOAMI).status, 200);
}

#[test]
fn floods_are_turned_away_by_address_also_behind_a_proxy() {
    let slow = Rate {
        per_second: 0.01,
        burst: 3,
    };
    let house = House::with(|config| {
        config.rates.anonymous_reads = slow;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let ask = |forwarded: &str| {
        house
            .client()
            .header(&format!("X-Forwarded-For: {forwarded}"))
            .get("/log/checkpoint")
    };
    for _ in 0..3 {
        assert_eq!(ask("198.51.100.1").status, 200);
    }
    ask("198.51.100.1").problem(ProblemCode::RateLimited);
    // What a client says before the proxy's own word counts for nothing.
    ask("203.0.113.9, 198.51.100.1").problem(ProblemCode::RateLimited);
    ask("203.0.113.9, 198.51.100.1, 127.0.0.2").problem(ProblemCode::RateLimited);
    assert_eq!(ask("198.51.100.2").status, 200);
    // Whoever watches the registry is not counted.
    for _ in 0..10 {
        assert_eq!(house.get("/healthz").status, 200);
    }
    let house = House::with(|config| config.rates.anonymous_reads = slow);
    for number in 0..3 {
        let forwarded = format!("X-Forwarded-For: 198.51.100.{number}");
        assert_eq!(
            house
                .client()
                .header(&forwarded)
                .get("/log/checkpoint")
                .status,
            200
        );
    }
    let forwarded = house
        .client()
        .header("X-Forwarded-For: 198.51.100.9")
        .get("/log/checkpoint");
    forwarded.problem(ProblemCode::RateLimited);
}

#[test]
fn tokens_are_made_and_revoked_beside_a_running_registry() {
    let house = House::new();
    let run = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_tenon-registry");
        let ran = Command::new(program)
            .args(["--data", house.dir.to_str().unwrap(), "token"])
            .args(arguments)
            .output();
        let ran = ran.unwrap();
        (
            ran.status.success(),
            String::from_utf8(ran.stdout).unwrap(),
            String::from_utf8(ran.stderr).unwrap(),
        )
    };
    let create = [
        "create",
        "--label",
        "ci\u{1b}[31m",
        "--action",
        "publish",
        "--action",
        "yank",
        "--pattern",
        "acme:*",
        "--expires",
        "90d",
    ];
    // The tokens that the registry knows are looked at just before.
    assert_eq!(
        house.client().token(&house.full_token()).get(WHOAMI).status,
        200
    );
    let (ok, token, error) = run(&create);
    assert!(ok, "{error}");
    let token = token.trim();
    let status = || house.client().token(token).get(WHOAMI).status;
    let wait_for = |wanted: u16| {
        let begin = Instant::now();
        while status() != wanted {
            assert!(begin.elapsed() < Duration::from_secs(1));
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    assert_eq!(status(), 200);
    let id = &token[4..20];
    let (_, list, _) = run(&["list"]);
    assert!(
        list.contains(id)
            && list.contains("publish yank  acme:*  until 20")
            && !list.contains('\u{1b}'),
        "{list}"
    );
    assert!(!list.contains(&token[21..]));
    assert!(run(&["revoke", id]).0);
    wait_for(401);
    let (ok, _, error) = run(&["revoke", "0000000000000000"]);
    assert!(
        !ok && error.contains("there is no token `0000000000000000`"),
        "{error}"
    );
    for wrong in [
        ["--action", "rule", "--pattern", "*"],
        ["--action", "read", "--pattern", "acme"],
        ["--action", "read", "--pattern", "acme:h*"],
    ] {
        assert!(!run(&[&["create", "--label", "x"][..], &wrong].concat()).0);
    }
    // Only hashes are stored.
    for file in ["registry.sqlite", "registry.sqlite-wal"] {
        let bytes = std::fs::read(house.dir.join(file)).unwrap_or_default();
        let secret = &token.as_bytes()[21..];
        assert!(!bytes.windows(64).any(|window| window == secret));
    }
}
