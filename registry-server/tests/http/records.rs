//! Records that are sent: good ones, and all the others.

use crate::house::House;
use crate::publisher::{
    FIRST, Publisher, after, component, key, post, post_bytes, release, upload,
};
use tenon_registry_client::api::{
    Accepted, NamespaceInfo, PackageInfo, PackagePage, Paths, ProblemCode, ReleaseStatus,
    SearchPage,
};
use tenon_registry_client::log::{Checkpoint, Hash, SignedCheckpoint, verify_inclusion};
use tenon_registry_client::record::{
    ContentKind, Grant, Link, NamespaceAct, PackageAct, Permission, SignedRecord, TakedownReason,
};
use tenon_registry_server::access::Action;

#[test]
fn a_release_is_logged_and_proved() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let record = alice.release("http", FIRST, "1.0.0", &bytes);
    let answer = post(&house, &record);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let accepted: Accepted = answer.json();
    let log = house.app.public().log();
    let signed = SignedCheckpoint::open(
        accepted.checkpoint.as_bytes(),
        log.origin(),
        [log.pin().key()],
    );
    let Checkpoint { size, root, .. } = signed.unwrap().checkpoint().clone();
    assert_eq!(size, accepted.size);
    let proof: Vec<Hash> = accepted
        .inclusion
        .iter()
        .map(|hash| hash.parse().unwrap())
        .collect();
    verify_inclusion(&record.hash(), accepted.index, size, &root, &proof).unwrap();
}

#[test]
fn s14_a_record_that_is_sent_again_is_the_same() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let record = alice.release("http", FIRST, "1.0.0", &bytes);
    let first: Accepted = post(&house, &record).json();
    let size = house.log_size();
    let again = post(&house, &record);
    assert_eq!(again.status, 200);
    assert_eq!(again.json::<Accepted>().index, first.index);
    assert_eq!(post(&house, &alice.chain[0]).status, 200);
    assert_eq!(house.log_size(), size);
}

#[test]
fn s11_s12_records_with_names_and_versions_that_are_none() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let text = String::from_utf8(
        alice
            .release("http", FIRST, "1.0.0", &bytes)
            .bytes()
            .to_vec(),
    )
    .unwrap();
    let size = house.log_size();
    let long = "a".repeat(65);
    for name in [
        "\u{430}cme:http",
        "\u{ff41}cme:http",
        "acme:ht\u{200d}tp",
        "acme:\u{202e}http",
        "ACME:http",
        "a--b:http",
        "-a:http",
        "acme:",
        "a:b:c",
        "con:nul",
        "acme:aux",
        &long,
    ] {
        let changed = text.replace("package acme:http", &format!("package {name}"));
        post_bytes(&house, changed.as_bytes()).problem(ProblemCode::NameInvalid);
    }
    let prerelease = format!("1.0.0-{}", "a".repeat(10_000));
    for version in [
        "01.0.0",
        "1.0",
        "18446744073709551616.0.0",
        "v1.0.0",
        &prerelease,
    ] {
        let changed = text.replace("version 1.0.0", &format!("version {version}"));
        post_bytes(&house, changed.as_bytes()).problem(ProblemCode::VersionInvalid);
    }
    assert_eq!(house.log_size(), size);
}

#[test]
fn s11_names_that_differ_in_hyphens_only_are_refused() {
    let house = House::new();
    let alice = Publisher::new(&house, "my-space");
    let bytes = component(1);
    upload(&house, &bytes);
    assert_eq!(
        post(&house, &alice.release("my-http", FIRST, "1.0.0", &bytes)).status,
        201
    );
    post(&house, &alice.release("myhttp", FIRST, "1.0.0", &bytes))
        .problem(ProblemCode::NameInvalid);
    let other = Publisher::unknown(alice.origin.clone(), "myspace");
    post(&house, &other.create()).problem(ProblemCode::NameInvalid);
}

#[test]
fn s12_s13_a_version_is_released_once() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let (one, two) = (component(1), component(2));
    upload(&house, &one);
    upload(&house, &two);
    let first = alice.release("http", FIRST, "1.0.0", &one);
    assert_eq!(post(&house, &first).status, 201);
    let size = house.log_size();
    for record in [
        alice.release("http", FIRST, "1.0.0", &two),
        alice.release("http", after(&first), "1.0.0", &two),
        alice.release("http", after(&first), "1.0.0", &one),
        alice.release("http", after(&first), "1.0.0+meta", &two),
    ] {
        post(&house, &record).problem(ProblemCode::Conflict);
    }
    assert_eq!(house.log_size(), size);
}

#[test]
fn s15_of_two_records_for_one_place_one_is_logged() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let contents: Vec<Vec<u8>> = (0..6).map(component).collect();
    contents.iter().for_each(|bytes| upload(&house, bytes));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = contents
            .iter()
            .map(|bytes| {
                let record = alice.release("http", FIRST, "1.0.0", bytes);
                scope.spawn({
                    let house = &house;
                    move || post(house, &record).status
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 409).count(),
        5,
        "{statuses:?}"
    );
}

#[test]
fn s16_records_by_keys_that_may_not_sign_them() {
    let house = House::new();
    let mut alice = Publisher::new(&house, "acme");
    let evil = Publisher::new(&house, "evil");
    let bytes = component(1);
    upload(&house, &bytes);
    let (bob, carol) = (key("acme/bob", 7), key("acme/carol", 8));
    let grant = |key: &tenon_registry_client::log::SigningKey, permission, pattern: &str| {
        let grant = Grant {
            permissions: [permission].into(),
            pattern: pattern.parse().unwrap(),
            expires: None,
        };
        NamespaceAct::Grant(key.vkey().clone(), grant)
    };
    let revoke = NamespaceAct::Revoke {
        key: carol.vkey().clone(),
        from_index: None,
    };
    let acts = [
        grant(&bob, Permission::Release, "other"),
        grant(&carol, Permission::Release, "*"),
        revoke,
    ];
    let statement = alice.package_record(
        "http",
        FIRST,
        release("1.0.0", &bytes, ContentKind::Component),
    );
    let unknown = alice.sign_with(statement.clone(), &key("acme/mallory", 9));
    post(&house, &unknown).problem(ProblemCode::NotAuthorised);
    for act in acts {
        let record = alice.namespace_record(after(alice.chain.last().unwrap()), act);
        assert_eq!(post(&house, &record).status, 201);
        alice.chain.push(record);
    }
    let statement = alice.package_record(
        "http",
        FIRST,
        release("1.0.0", &bytes, ContentKind::Component),
    );
    for key in [&bob, &carol, &evil.key] {
        post(&house, &alice.sign_with(statement.clone(), key)).problem(ProblemCode::NotAuthorised);
    }
    // By the authority of another namespace.
    let mut borrowed = Publisher::unknown(alice.origin.clone(), "acme");
    borrowed.key = evil.key.clone();
    borrowed.chain = evil.chain;
    post(&house, &borrowed.release("http", FIRST, "1.0.0", &bytes))
        .problem(ProblemCode::NotAuthorised);
    // The operator's record, by a publisher.
    let first = alice.release("http", FIRST, "1.0.0", &bytes);
    assert_eq!(post(&house, &first).status, 201);
    let takedown = PackageAct::Takedown {
        version: "1.0.0".parse().unwrap(),
        reason: TakedownReason::Abuse,
    };
    let takedown = alice.sign(alice.package_record("http", after(&first), takedown));
    assert!(matches!(post(&house, &takedown).status, 400 | 403));
    // A key of a test, with its signature changed.
    let mut text = String::from_utf8(
        alice
            .release("http", after(&first), "1.1.0", &bytes)
            .bytes()
            .to_vec(),
    )
    .unwrap();
    let at = text.len() - 20;
    let other = if text.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    text.replace_range(at..=at, other);
    post_bytes(&house, text.as_bytes()).problem(ProblemCode::NotAuthorised);
}

#[test]
fn s16_tokens_say_whose_records_may_be_sent() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let release = alice.release("http", FIRST, "1.0.0", &bytes);
    let send = |actions: &[Action], pattern: &str, record: &SignedRecord| {
        let token = house.token(actions, &[pattern]);
        house
            .client()
            .token(&token)
            .ask_with("POST", Paths::records(), record.bytes())
    };
    let publish = &[Action::Publish][..];
    send(publish, "other:*", &release).problem(ProblemCode::Forbidden);
    send(publish, "acme:https", &release).problem(ProblemCode::Forbidden);
    send(
        &[Action::Yank, Action::Namespace, Action::Read],
        "*",
        &release,
    )
    .problem(ProblemCode::Forbidden);
    assert_eq!(send(publish, "acme:http", &release).status, 201);
    let yank = alice.yank("http", after(&release), "1.0.0");
    send(publish, "*", &yank).problem(ProblemCode::Forbidden);
    assert_eq!(send(&[Action::Yank], "acme:*", &yank).status, 201);
    let other = Publisher::unknown(alice.origin.clone(), "other").create();
    send(&[Action::Namespace], "other:http", &other).problem(ProblemCode::Forbidden);
    assert_eq!(send(&[Action::Namespace], "other:*", &other).status, 201);
    let answer = house
        .client()
        .ask_with("POST", Paths::records(), release.bytes());
    answer.problem(ProblemCode::TokenInvalid);
}

#[test]
fn s17_a_record_of_another_log_is_refused() {
    let house = House::new();
    let other = House::new();
    let alice = Publisher::new(&house, "acme");
    post(&other, &alice.chain[0]).problem(ProblemCode::OriginWrong);
}

#[test]
fn s18_records_out_of_order_are_refused() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let first = alice.release("http", FIRST, "1.0.0", &bytes);
    assert_eq!(post(&house, &first).status, 201);
    let prev = alice.chain[0].hash();
    for link in [
        Link { seq: 1, prev },
        Link {
            seq: 2,
            prev: first.hash(),
        },
        FIRST,
    ] {
        post(&house, &alice.release("http", link, "1.1.0", &bytes)).problem(ProblemCode::Conflict);
    }
    let gap = Link { seq: 3, prev };
    post(&house, &alice.release("new", gap, "1.0.0", &bytes)).problem(ProblemCode::Conflict);
}

#[test]
fn s19_a_record_has_one_spelling() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let text = String::from_utf8(
        alice
            .release("http", FIRST, "1.0.0", &bytes)
            .bytes()
            .to_vec(),
    )
    .unwrap();
    for changed in [
        text.replace("version 1.0.0", "version  1.0.0"),
        text.replace("version 1.0.0\n", "version 1.0.0 \n"),
        text.replace('\n', "\r\n"),
        text.replace("version 1.0.0\n", "version 1.0.0\nversion 1.0.0\n"),
        text.replace("version 1.0.0\n", "version 1.0.0\nunknown line\n"),
        text.replace("seq 0", "seq 00"),
        text.replace("=\n", "==\n"),
        format!("{text}\n"),
        format!("{text}trailing"),
        format!("\u{feff}{text}"),
        text.replace("version 1.0.0\n", "version 1.0.0\u{2028}"),
        text[..text.len() - 1].to_owned(),
        String::new(),
        "hello".to_owned(),
    ] {
        let answer = post_bytes(&house, changed.as_bytes());
        assert_eq!(answer.status, 400, "{changed}");
    }
    assert_eq!(post_bytes(&house, &[0xff, 0xfe]).status, 400);
    assert_eq!(post_bytes(&house, text.as_bytes()).status, 201);
}

#[test]
fn s21_a_record_has_at_most_65_535_bytes() {
    let house = House::new();
    post_bytes(&house, &vec![b'a'; 65_535]).problem(ProblemCode::RecordInvalid);
    post_bytes(&house, &vec![b'a'; 65_536]).problem(ProblemCode::TooLarge);
    let mut client = house.client().token(&house.full_token());
    client.begin("POST", Paths::records(), "Transfer-Encoding: chunked");
    client.send(format!("10000\r\n{}\r\n", "a".repeat(65_536)).as_bytes());
    client.answer().unwrap().problem(ProblemCode::TooLarge);
}

#[test]
fn s22_content_that_is_missing_or_is_not_what_the_record_says() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let size = house.log_size();
    let send = |bytes: &[u8], kind| {
        let record = alice.sign(alice.package_record("http", FIRST, release("1.0.0", bytes, kind)));
        post(&house, &record)
    };
    let good = component(1);
    send(&good, ContentKind::Component).problem(ProblemCode::ContentMissing);
    let core = wat::parse_str("(module)").unwrap();
    let mut cut = good.clone();
    cut.truncate(good.len() - 3);
    for bytes in [&b"hello"[..], &core, &cut] {
        upload(&house, bytes);
        let problem = send(bytes, ContentKind::Component).problem(ProblemCode::ContentInvalid);
        assert!(problem.detail.starts_with("content-"), "{}", problem.detail);
    }
    upload(&house, &good);
    send(&good, ContentKind::Wit).problem(ProblemCode::ContentInvalid);
    let mut longer = release("1.0.0", &good, ContentKind::Component);
    if let PackageAct::Release { content, .. } = &mut longer {
        content.size += 1;
    }
    let record = alice.sign(alice.package_record("http", FIRST, longer));
    post(&house, &record).problem(ProblemCode::ContentInvalid);
    assert_eq!(house.log_size(), size);
    assert_eq!(send(&good, ContentKind::Component).status, 201);
}

#[test]
fn s38_namespaces_and_records_have_quotas() {
    let house = House::with(|config| {
        config.quota.namespaces_per_token = 2;
        config.quota.records_per_namespace = 3;
    });
    let origin = house.app.public().log().origin().clone();
    let token = house.full_token();
    let send = |record: &SignedRecord| {
        house
            .client()
            .token(&token)
            .ask_with("POST", Paths::records(), record.bytes())
    };
    let names =
        ["one", "two", "three"].map(|name| Publisher::unknown(origin.clone(), name).create());
    assert_eq!(send(&names[0]).status, 201);
    // What was there, or is refused, does not count.
    assert_eq!(send(&names[0]).status, 200);
    assert_eq!(send(&names[1]).status, 201);
    let refused = send(&names[2]);
    refused.problem(ProblemCode::RateLimited);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(send(&names[0]).status, 200);
    // Another token has a quota of its own.
    assert_eq!(post(&house, &names[2]).status, 201);
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let first = alice.release("a", FIRST, "1.0.0", &bytes);
    assert_eq!(post(&house, &first).status, 201);
    post(&house, &alice.release("b", FIRST, "1.0.0", &bytes)).problem(ProblemCode::RateLimited);
}

#[test]
fn s38_who_hangs_up_before_the_answer_is_counted_all_the_same() {
    let house = House::with(|config| config.quota.namespaces_per_token = 2);
    let origin = house.app.public().log().origin().clone();
    let token = house.full_token();
    for name in ["one", "two", "three", "four", "five", "six"] {
        let record = Publisher::unknown(origin.clone(), name).create();
        let mut client = house.client().token(&token);
        let (head, body) = ("Transfer-Encoding: chunked", record.bytes());
        client.begin("POST", Paths::records(), head);
        client.send(format!("{:x}\r\n", body.len()).as_bytes());
        client.send(body);
        client.send(b"\r\n0\r\n\r\n");
        drop(client);
        // Whatever becomes of it has become of it by then.
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    let names = ["one", "two", "three", "four", "five", "six"];
    let there = names.map(|name| house.get(&format!("/api/v1/namespaces/{name}")).status);
    let logged = there.iter().filter(|status| **status == 200).count();
    assert_eq!(logged, 2, "{there:?}");
}

#[test]
fn encoded_records_and_other_kinds_are_refused() {
    let house = House::new();
    let token = house.full_token();
    let mut client = house
        .client()
        .token(&token)
        .header("Content-Encoding: gzip");
    client
        .ask_with("POST", Paths::records(), b"x")
        .problem(ProblemCode::EncodingUnsupported);
    house.app.start(tenon_registry_server::app::State::ReadOnly);
    let answer = post_bytes(&house, b"x");
    answer.problem(ProblemCode::StorageFull);
    assert!(answer.header("retry-after").is_some());
    assert_eq!(house.get("/log/checkpoint").status, 200);
}

#[test]
fn what_was_logged_is_listed_shown_and_found() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let first = alice.release("http", FIRST, "1.0.0", &bytes);
    let second = alice.release("http", after(&first), "1.1.0", &bytes);
    for record in [
        &first,
        &second,
        &alice.yank("http", after(&second), "1.1.0"),
    ] {
        assert_eq!(post(&house, record).status, 201);
    }
    let package: PackageInfo = house.get("/api/v1/packages/acme/http").json();
    assert_eq!(
        (package.name.as_str(), package.size),
        ("acme:http", house.log_size())
    );
    let releases: Vec<_> = package
        .releases
        .iter()
        .map(|release| (release.version.as_str(), &release.status))
        .collect();
    let yanked = ReleaseStatus::Yanked {
        reason: "broken".to_owned(),
    };
    assert_eq!(
        releases,
        [("1.1.0", &yanked), ("1.0.0", &ReleaseStatus::Available)]
    );
    let page: PackagePage = house.get("/api/v1/packages").json();
    assert_eq!(
        (page.packages.len(), page.packages[0].version.as_deref()),
        (1, Some("1.0.0"))
    );
    let found: SearchPage = house.get("/api/v1/search?q=http").json();
    assert_eq!(found.hits[0].package.name, "acme:http");
    let namespace: NamespaceInfo = house.get("/api/v1/namespaces/acme").json();
    assert_eq!((namespace.records, namespace.keys.len()), (2, 1));
    let bundle = house.get("/api/v1/proof?package=acme:http&version=1.0.0&known=0&held=0,0,0");
    assert_eq!(bundle.status, 200);
}

#[test]
fn s38_packages_and_bytes_have_quotas() {
    let house = House::with(|config| {
        config.quota.packages_per_namespace = 2;
        config.quota.bytes_per_namespace = 10 * component(1).len() as u64;
    });
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    for name in ["a", "b"] {
        assert_eq!(
            post(&house, &alice.release(name, FIRST, "1.0.0", &bytes)).status,
            201
        );
    }
    post(&house, &alice.release("c", FIRST, "1.0.0", &bytes)).problem(ProblemCode::RateLimited);
    let mut last = alice.release("a", FIRST, "1.0.0", &bytes);
    for minor in 1..9 {
        let next = alice.release("a", after(&last), &format!("1.{minor}.0"), &bytes);
        assert_eq!(post(&house, &next).status, 201);
        last = next;
    }
    let next = alice.release("a", after(&last), "1.9.0", &bytes);
    post(&house, &next).problem(ProblemCode::RateLimited);
}
