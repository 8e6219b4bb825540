//! Who may do what, how it is asked for, and what is said to those who may not.

use crate::guest::{Guest, digest, fails};
use crate::house::House;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tenon_registry_server::access::Action;

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[test]
fn base_says_where_a_token_is_got_to_who_has_none() {
    let house = House::new();
    let answer = Guest::nobody(&house).get("/v2/");
    fails(&answer, 401, "UNAUTHORIZED");
    let challenge = "Bearer realm=\"http://registry/v2/token\",service=\"tenon-registry\"";
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
    // As the configuration says, if it does.
    let house =
        House::with(|config| config.public_url = Some("https://registry.example/".to_owned()));
    let answer = Guest::nobody(&house).ask("POST", "/v2/acme/http/blobs/uploads/");
    fails(&answer, 401, "UNAUTHORIZED");
    let challenge = "Bearer realm=\"https://registry.example/v2/token\",service=\"tenon-registry\",scope=\"repository:acme/http:pull,push\"";
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
}

#[test]
fn reads_are_for_everyone_and_pushes_take_a_token() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push_image("repo", "v1", b"layer");
    let location = guest.begin("repo");
    let nobody = Guest::nobody(&house);
    assert_eq!(nobody.get("/v2/repo/manifests/v1").status, 200);
    let blob = format!("/v2/repo/blobs/{}", digest(b"layer"));
    for (method, path) in [
        ("POST", "/v2/repo/blobs/uploads/"),
        ("PATCH", location.as_str()),
        ("GET", location.as_str()),
        ("DELETE", location.as_str()),
        ("PUT", "/v2/repo/manifests/v2"),
        ("DELETE", "/v2/repo/manifests/v1"),
        ("DELETE", blob.as_str()),
    ] {
        let answer = nobody.ask(method, path);
        fails(&answer, 401, "UNAUTHORIZED");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.contains("scope=\"repository:repo:pull"),
            "{challenge}"
        );
    }
}

#[test]
fn a_token_is_a_bearer_token_or_a_password() {
    let house = House::new();
    let token = house.full_token();
    let unpadded = basic("someone", &token).trim_end_matches('=').to_owned();
    for header in [
        format!("Bearer {token}"),
        format!("bearer {token}"),
        basic("someone", &token),
        basic("", &token),
        unpadded,
    ] {
        let guest = Guest::with(&house, &header);
        assert_eq!(guest.get("/v2/").status, 200, "{header}");
        guest.push("repo", b"content");
    }
    for header in [
        "Bearer nonsense".to_owned(),
        format!("Bearer {}", token.replace('a', "b").replace('0', "1")),
        basic("someone", "nonsense"),
        "Basic !".to_owned(),
        "Digest a".to_owned(),
        token.clone(),
    ] {
        let guest = Guest::with(&house, &header);
        fails(&guest.get("/v2/"), 401, "UNAUTHORIZED");
        fails(&guest.get("/v2/repo/tags/list"), 401, "UNAUTHORIZED");
    }
    let header = format!("Authorization: Bearer {token}");
    let two = Guest::new(&house).send("GET", "/v2/", &[&header], b"");
    fails(&two, 400, "UNSUPPORTED");
}

#[test]
fn the_token_endpoint_gives_tokens_to_everyone_and_takes_no_wrong_ones() {
    let house = House::new();
    let token = house.full_token();
    let path = "/v2/token?service=tenon-registry&scope=repository:repo:pull";
    // To nobody, one that stands for nobody.
    let answer = Guest::nobody(&house).get(path);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let given: Value = answer.json();
    assert_eq!(given["token"], given["access_token"]);
    assert!(given["expires_in"].as_u64().unwrap() >= 60);
    let nobody = Guest::with(
        &house,
        &format!("Bearer {}", given["token"].as_str().unwrap()),
    );
    Guest::new(&house).push_image("repo", "v1", b"layer");
    assert_eq!(nobody.get("/v2/").status, 200);
    assert_eq!(nobody.get("/v2/repo/manifests/v1").status, 200);
    let answer = nobody.ask("POST", "/v2/repo/blobs/uploads/");
    fails(&answer, 401, "UNAUTHORIZED");
    // To who has one, as Docker and Podman ask for it.
    let known = Guest::with(&house, &basic("someone", &token));
    for wants in ["", "&offline_token=true"] {
        let given: Value = known
            .get(&format!("{path}&account=someone&client_id=docker{wants}"))
            .json();
        assert_eq!(given["token"], json!(token));
        // Docker would keep it in the place of the password, and `wkg` would not know what to do with it.
        assert_eq!(given["refresh_token"], Value::Null);
    }
    // By a form, as OAuth has it.
    let form = |text: &str| {
        let kind = "Content-Type: application/x-www-form-urlencoded";
        Guest::nobody(&house).send("POST", "/v2/token", &[kind], text.as_bytes())
    };
    let password = format!("grant_type=password&username=a&password={token}&access_type=offline");
    let given: Value = form(&password).json();
    assert_eq!(
        (&given["access_token"], &given["refresh_token"]),
        (&json!(token), &Value::Null)
    );
    let given: Value = form(&format!("grant_type=refresh_token&refresh_token={token}")).json();
    assert_eq!(given["access_token"], json!(token));
    fails(
        &form("grant_type=password&username=a&password=nonsense"),
        401,
        "UNAUTHORIZED",
    );
    fails(&form("grant_type=nonsense"), 400, "UNSUPPORTED");
    // S29: what is in a URL is no secret, and so none is taken from there.
    let url = format!("/v2/token?{password}&token={token}&access_token={token}");
    let given: Value = Guest::nobody(&house).get(&url).json();
    assert_ne!(given["token"], json!(token));
    let wrong = Guest::with(&house, &basic("someone", "nonsense"));
    fails(&wrong.get(path), 401, "UNAUTHORIZED");
}

#[test]
fn clients_that_send_a_manifest_once_are_asked_who_they_are_before() {
    let house = House::new();
    Guest::new(&house).push_image("repo", "v1", b"layer");
    let blob = format!("/v2/repo/blobs/{}", digest(b"layer"));
    let look = |guest: &Guest, method: &str, path: &str, agent: &str| {
        guest.send(method, path, &[&format!("User-Agent: {agent}")], b"")
    };
    let nobody = Guest::nobody(&house);
    for path in [&*blob, "/v2/repo/manifests/v1"] {
        for agent in ["containerd/1.6.20~ds1", "buildkit/v0.12-dev"] {
            let answer = look(&nobody, "HEAD", path, agent);
            assert_eq!(answer.status, 401, "{path} {agent}");
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(
                challenge.contains("scope=\"repository:repo:pull\""),
                "{challenge}"
            );
            // What they want is read, and as nobody all of it.
            assert_eq!(look(&nobody, "GET", path, agent).status, 200);
            let known_as_nobody = Guest::with(&house, "Bearer tnr_anonymous");
            assert_eq!(look(&known_as_nobody, "HEAD", path, agent).status, 200);
        }
        assert_eq!(look(&nobody, "HEAD", path, "skopeo/1.9").status, 200);
        assert_eq!(nobody.ask("HEAD", path).status, 200);
    }
}

#[test]
fn s30_guesses_are_counted_whichever_way_they_come() {
    let house = House::with(|config| {
        config.rates.authentication_failures.per_second = 0.001;
        config.rates.authentication_failures.burst = 6;
    });
    let wrong = format!("tnr_{}_{}", "0".repeat(16), "0".repeat(64));
    let guess = |number: usize| match number % 3 {
        0 => Guest::with(&house, &basic("a", &wrong)).get("/v2/token"),
        1 => Guest::with(&house, &format!("Bearer {wrong}")).get("/v2/repo/tags/list"),
        _ => {
            let form = format!("grant_type=password&password={wrong}");
            Guest::nobody(&house).send("POST", "/v2/token", &[], form.as_bytes())
        }
    };
    for number in 0..6 {
        fails(&guess(number), 401, "UNAUTHORIZED");
    }
    for number in 0..3 {
        let answer = guess(number);
        fails(&answer, 429, "TOOMANYREQUESTS");
        assert!(answer.header("retry-after").is_some());
    }
    // Not even a right one is heard.
    fails(&Guest::new(&house).get("/v2/"), 429, "TOOMANYREQUESTS");
    assert_eq!(Guest::nobody(&house).get("/v2/token").status, 200);
}

#[test]
fn a_token_pushes_where_it_is_for() {
    let house = House::new();
    let begin = |actions: &[Action], scope: &str, name: &str| {
        let token = house.token(actions, &[scope]);
        let guest = Guest::with(&house, &format!("Bearer {token}"));
        guest.ask("POST", &format!("/v2/{name}/blobs/uploads/"))
    };
    for (scope, name) in [
        ("*", "acme/http"),
        ("*", "1/a"),
        ("acme:*", "acme"),
        ("acme:*", "acme/http"),
        ("acme:*", "acme/http/cache"),
        ("acme:*", "acme/h_t"),
        ("acme:http", "acme/http"),
        ("acme:http", "acme/http/cache"),
        ("acme:http-*", "acme/http-a"),
    ] {
        assert_eq!(
            begin(&[Action::Publish], scope, name).status,
            202,
            "{scope} {name}"
        );
    }
    for (scope, name) in [
        ("acme:*", "other/http"),
        ("acme:*", "1/a"),
        ("acme:http", "acme"),
        ("acme:http", "acme/https"),
        ("acme:http", "acme/h_t"),
        ("acme:http-*", "acme/http"),
    ] {
        fails(&begin(&[Action::Publish], scope, name), 403, "DENIED");
    }
    let all_others = [
        Action::Read,
        Action::Yank,
        Action::Namespace,
        Action::Operate,
    ];
    fails(&begin(&all_others, "*", "acme/http"), 403, "DENIED");
}

#[test]
fn names_and_methods_that_there_are_not_are_refused() {
    let house = House::new();
    let guest = Guest::new(&house);
    for name in [
        "ACME/http",
        "acme//http",
        "-a",
        "a_",
        "a/../b",
        &"a".repeat(256),
    ] {
        let answer = guest.get(&format!("/v2/{name}/tags/list"));
        fails(&answer, 400, "NAME_INVALID");
        let answer = guest.ask("POST", &format!("/v2/{name}/blobs/uploads/"));
        fails(&answer, 400, "NAME_INVALID");
    }
    for (method, path) in [
        ("POST", "/v2/"),
        ("PUT", "/v2/repo/tags/list"),
        ("POST", "/v2/repo/manifests/v1"),
        ("PUT", "/v2/repo/blobs/uploads/"),
        ("DELETE", "/.well-known/wasm-pkg/registry.json"),
    ] {
        let answer = guest.ask(method, path);
        fails(&answer, 405, "UNSUPPORTED");
        assert!(answer.header("allow").is_some());
    }
    // Lest it be taken for what is private.
    let answer = guest.ask("POST", "/v2/private/blobs/uploads/");
    assert!(fails(&answer, 400, "NAME_INVALID").contains("`private/acme/app`"));
    for path in ["/v2/repo", "/v2/repo/tags", "/v2/repo/unknown/x"] {
        assert_eq!(guest.get(path).status, 404, "{path}");
    }
}

#[test]
fn packages_are_looked_for_where_the_well_known_document_says_without_a_token() {
    let house = House::new();
    let answer = Guest::nobody(&house).get("/.well-known/wasm-pkg/registry.json");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json"))
    );
    let document: Value = answer.json();
    assert_eq!(document, json!({ "preferredProtocol": "oci", "oci": {} }));
}

#[test]
fn reads_and_writes_have_their_rates() {
    let house = House::with(|config| {
        config.rates.writes.per_second = 0.001;
        config.rates.writes.burst = 2;
    });
    let guest = Guest::new(&house);
    guest.begin("repo");
    guest.begin("repo");
    let answer = guest.ask("POST", "/v2/repo/blobs/uploads/");
    fails(&answer, 429, "TOOMANYREQUESTS");
    assert_eq!(guest.get("/v2/repo/tags/list").status, 200);
}

#[test]
fn the_realm_is_where_the_client_is_by_the_word_of_a_trusted_proxy_only() {
    let realm = |house: &House| {
        let answer = Guest::nobody(house).send("GET", "/v2/", &["X-Forwarded-Proto: https"], b"");
        let challenge = answer.header("www-authenticate").unwrap().to_owned();
        challenge.split('"').nth(1).unwrap().to_owned()
    };
    assert_eq!(realm(&House::new()), "http://registry/v2/token");
    let behind = House::with(|config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]);
    assert_eq!(realm(&behind), "https://registry/v2/token");
}

#[test]
fn s8_s9_s11_hostile_requests_are_refused_and_change_nothing() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push_image("repo", "v1", b"layer");
    let long = "a".repeat(3_000);
    let parts = [
        "..",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fkeys",
        "%00",
        "%ff%fe",
        "%",
        "%zz",
        "sha256:",
        "sha256:%00",
        "sha512:zz",
        ":",
        "a%0d%0ax-header:%20b",
        "\\",
        "*",
        "'%20OR%201=1",
        "\u{1}",
        &long,
    ];
    for part in parts {
        for path in [
            format!("/v2/{part}/tags/list"),
            format!("/v2/repo/{part}"),
            format!("/v2/repo/manifests/{part}"),
            format!("/v2/repo/blobs/{part}"),
            format!("/v2/repo/referrers/{part}"),
            format!("/v2/repo/blobs/uploads/{part}"),
            format!("/v2/repo/blobs/uploads/{part}?digest={part}"),
            format!("/v2/repo/manifests/v2?digest={part}&tag={part}"),
        ] {
            for method in ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"] {
                let answer = guest.ask(method, &path);
                assert!(
                    (400..500).contains(&answer.status),
                    "{method} {path}: {}",
                    answer.status
                );
                assert_eq!(answer.header("x-header"), None, "{method} {path}");
            }
        }
    }
    for query in [
        "n=1&last=%00",
        "last='%20OR%201=1",
        "n=1&n=x",
        "&&&=",
        "n=0",
    ] {
        let answer = guest.get(&format!("/v2/repo/tags/list?{query}"));
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    }
    for query in ["last=%ff", "%=%"] {
        let answer = guest.get(&format!("/v2/repo/tags/list?{query}"));
        fails(&answer, 400, "UNSUPPORTED");
    }
    let page: Value = guest.get("/v2/repo/tags/list").json();
    assert_eq!(page["tags"], json!(["v1"]));
}
