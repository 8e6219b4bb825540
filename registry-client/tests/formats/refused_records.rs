//! Texts that are no record: each breaks one rule of the grammar.

use crate::samples::text_of;
use crate::support::*;
use tenon_registry_client::log::Algorithm;

/// A text of some kind, what to replace in it, by what, and which rule that breaks.
type Edit = (&'static str, &'static str, String, String);

/// Which rule is broken, and the bytes that break it.
pub(crate) fn refusals() -> Vec<(String, Vec<u8>)> {
    let mut all = encodings();
    for (kind, rule, from, to) in edits() {
        let text = text_of(kind);
        assert!(
            text.contains(&from),
            "{kind}: {rule}: {from} is not in {text}"
        );
        all.push((
            format!("{kind}: {rule}"),
            text.replacen(&from, &to, 1).into_bytes(),
        ));
    }
    all
}

/// What is wrong with the bytes as such.
fn encodings() -> Vec<(String, Vec<u8>)> {
    let release = text_of("release");
    let (body, signature) = release.rsplit_once("\n\n").unwrap();
    let line = signature.trim_end();
    let (before, base64) = line.rsplit_once(' ').unwrap();
    let texts: Vec<(&str, String)> = vec![
        ("nothing", String::new()),
        ("CRLF throughout", release.replace('\n', "\r\n")),
        ("CRLF in one line", release.replacen('\n', "\r\n", 1)),
        ("no newline at the end", release.trim_end().to_owned()),
        ("a newline more at the end", format!("{release}\n")),
        ("text after the signatures", format!("{release}more\n")),
        (
            "no empty line before the signatures",
            release.replace("\n\n", "\n"),
        ),
        ("no signature", format!("{body}\n\n")),
        ("no signature, no empty line", format!("{body}\n")),
        ("a byte order mark", format!("\u{feff}{release}")),
        ("an empty line in front", format!("\n{release}")),
        ("NUL", release.replacen("alice", "ali\0ce", 1)),
        ("a tab", release.replacen("seq ", "seq\t", 1)),
        ("a second empty line", release.replacen("\n\n", "\n\n\n", 1)),
        (
            "an empty line in the text",
            release.replacen("\nseq", "\n\nseq", 1),
        ),
        ("a space after a signature", format!("{body}\n\n{line} \n")),
        (
            "a signature that begins with -",
            release.replacen('—', "-", 1),
        ),
        (
            "a signature without a name",
            format!("{body}\n\n— {base64}\n"),
        ),
        (
            "a signature of an id alone",
            format!("{body}\n\n{before} AAAAAA==\n"),
        ),
        (
            "a signature in base64 without padding",
            format!("{body}\n\n{before} {}\n", base64.trim_end_matches('=')),
        ),
        (
            "a signature with bits after its last byte",
            format!("{body}\n\n{before} AAAAAAF=\n"),
        ),
        (
            "17 signatures",
            format!("{body}\n\n{}", signature.repeat(17)),
        ),
        (
            "a signature among the text",
            format!("{body}\n{line}\n\n{signature}"),
        ),
    ];
    let rule = |(rule, text): (&str, String)| (format!("encoding: {rule}"), text.into_bytes());
    let mut all: Vec<(String, Vec<u8>)> = texts.into_iter().map(rule).collect();
    let latin = [release.as_bytes(), b"\xe9\n"].concat();
    all.push(("encoding: not UTF-8".to_owned(), latin));
    all
}

fn edits() -> Vec<Edit> {
    let fixed = |kind, edits: &[(&'static str, &str, &str)]| -> Vec<Edit> {
        let edit = |(rule, from, to): &(&'static str, &str, &str)| {
            (kind, *rule, (*from).to_owned(), (*to).to_owned())
        };
        edits.iter().map(edit).collect()
    };
    let mut all = fixed("release", RELEASE);
    all.extend(fixed("yank", YANK));
    all.extend(fixed(
        "takedown",
        &[
            (
                "`namespace` in place of `registry`",
                "\nregistry ",
                "\nnamespace ",
            ),
            ("a reason for a yank", "reason malware", "reason broken"),
        ],
    ));
    all.extend(fixed("index", INDEX));
    all.extend(fixed(
        "revoke",
        &[
            (
                "a leading zero in `from-index`",
                "from-index ",
                "from-index 0",
            ),
            ("an empty `from-index`", "\ntime ", "\nfrom-index \ntime "),
        ],
    ));
    all.extend(fixed(
        "threshold",
        &[
            ("a threshold of 0", "threshold 1\n", "threshold 0\n"),
            ("a threshold of 17", "threshold 1\n", "threshold 17\n"),
            ("a leading zero", "threshold 1\n", "threshold 01\n"),
        ],
    ));
    all.extend(fixed(
        "trust-oidc",
        &[
            ("a space in an item", "workflow .ci/", "workflow .ci /"),
            ("an empty item", "repository 123456789", "repository "),
            ("an item that is not ASCII", "https://ci.", "https://cí."),
            (
                "lines in another order",
                "issuer https://ci.example\nrepository 123456789",
                "repository 123456789\nissuer https://ci.example",
            ),
        ],
    ));
    all.extend(fixed(
        "grant",
        &[
            ("no permission", "permissions own", "permissions "),
            (
                "an unknown permission",
                "permissions own",
                "permissions admin",
            ),
            (
                "permissions in another order",
                "permissions own",
                "permissions release own",
            ),
            (
                "a permission twice",
                "permissions own",
                "permissions own own",
            ),
            (
                "permissions with a comma",
                "permissions own",
                "permissions own,release",
            ),
            ("an owner with a pattern", "pattern *", "pattern http"),
            (
                "an owner until a time",
                "pattern *\n",
                "pattern *\nexpires 2030-01-01T00:00:00Z\n",
            ),
            ("a pattern that is none", "pattern *", "pattern ht*"),
            ("an empty pattern", "pattern *", "pattern "),
            (
                "`expires` before `pattern`",
                "pattern *\n",
                "expires 2030-01-01T00:00:00Z\npattern *\n",
            ),
        ],
    ));
    all.extend(key_edits());
    all
}

const RELEASE: &[(&str, &str, &str)] = &[
    (
        "another version of the format",
        "tenon-record/v1",
        "tenon-record/v2",
    ),
    ("a kind in capitals", "v1 release", "v1 Release"),
    ("an unknown kind", "v1 release", "v1 publish"),
    ("a kind of another subject", "v1 release", "v1 grant"),
    ("a space after the kind", "v1 release\n", "v1 release \n"),
    ("no origin", "origin registry.example/log\n", ""),
    ("an empty origin", "origin registry.example/log", "origin "),
    (
        "a space after the origin",
        "example/log\n",
        "example/log \n",
    ),
    ("two spaces", "origin registry", "origin  registry"),
    (
        "a line separator, U+2028",
        "example/log\n",
        "example/log\u{2028}\n",
    ),
    (
        "a no-break space",
        "registry.example",
        "registry\u{a0}example",
    ),
    ("an origin with `+`", "registry.example", "registry+example"),
    (
        "an origin that is a cosignature",
        "origin registry.example/log",
        "origin cosignature/v1",
    ),
    (
        "an origin that is a record",
        "origin registry.example/log",
        "origin tenon-record/log",
    ),
    (
        "an unknown subject",
        "subject package acme:http",
        "subject bundle acme:http",
    ),
    ("a subject without a namespace", "acme:http", "http"),
    ("a subject in capitals", "acme:http", "Acme:http"),
    ("a subject with two `-`", "acme:http", "acme:ht--tp"),
    ("a subject that is a device", "acme:http", "acme:con"),
    (
        "a subject that looks like another",
        "acme:http",
        "\u{430}cme:http",
    ),
    ("seq with a leading zero", "seq 0", "seq 00"),
    ("seq with a sign", "seq 0", "seq +0"),
    ("seq that is negative", "seq 0", "seq -1"),
    ("seq of 2^32", "seq 0", "seq 4294967296"),
    ("seq that is empty", "seq 0", "seq "),
    ("seq 0 after a record", "prev AAAA", "prev BAAA"),
    ("seq 1 after none", "seq 0", "seq 1"),
    (
        "a hash with bits after its last byte",
        "AAAAA=\nnamespace",
        "AAAAB=\nnamespace",
    ),
    (
        "a hash without padding",
        "AAAAA=\nnamespace",
        "AAAAA\nnamespace",
    ),
    ("a hash of 30 bytes", "AAAAA=\nnamespace", "A\nnamespace"),
    (
        "prev before seq",
        "seq 0\nprev AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "prev AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nseq 0\n",
    ),
    ("seq twice", "seq 0\n", "seq 0\nseq 0\n"),
    ("no authority", "\nnamespace 6 ", "\nunknown 6 "),
    (
        "`registry` in place of `namespace`",
        "\nnamespace 6 ",
        "\nregistry 6 ",
    ),
    (
        "an authority without a hash",
        "\nnamespace 6 ",
        "\nnamespace 6\nhash ",
    ),
    (
        "an authority with a leading zero",
        "\nnamespace 6 ",
        "\nnamespace 06 ",
    ),
    ("a version of two numbers", "version 1.0.0", "version 1.0"),
    (
        "a version with a leading zero",
        "version 1.0.0",
        "version 01.0.0",
    ),
    ("a version with a v", "version 1.0.0", "version v1.0.0"),
    (
        "a version of 2^64",
        "version 1.0.0",
        "version 18446744073709551616.0.0",
    ),
    (
        "a version with empty build metadata",
        "version 1.0.0",
        "version 1.0.0+",
    ),
    ("a digest in capitals", "content sha256:", "content SHA256:"),
    (
        "another hash function",
        "content sha256:",
        "content sha512:",
    ),
    ("a digest without `:`", "content sha256:", "content sha256"),
    ("a size of 0", " 28 application", " 0 application"),
    (
        "a size with a leading zero",
        " 28 application",
        " 028 application",
    ),
    ("another media type", "application/wasm", "application/zip"),
    ("another kind of content", "wasm component", "wasm module"),
    ("content without its kind", "wasm component", "wasm"),
    ("an unknown line", "\ntime ", "\nnote hello\ntime "),
    (
        "an unknown attestation",
        "\ntime ",
        "\nattested friend bob\ntime ",
    ),
    (
        "an attestation without an id",
        "\ntime ",
        "\nattested token\ntime ",
    ),
    (
        "an attestation with an empty id",
        "\ntime ",
        "\nattested token \ntime ",
    ),
    (
        "an attestation with one item too few",
        "\ntime ",
        "\nattested oidc a b c\ntime ",
    ),
    (
        "two attestations",
        "\ntime ",
        "\nattested token a\nattested token a\ntime ",
    ),
    ("no time", "time 2026-", "date 2026-"),
    ("a time with a fraction", "Z\n\n", ".0Z\n\n"),
    ("a time with an offset", "Z\n\n", "+00:00\n\n"),
    ("a time in small letters", "Z\n\n", "z\n\n"),
    ("a time that is not", "time 2026-", "time 2026-13-"),
    ("a line after the time", "Z\n\n", "Z\nnote hello\n\n"),
    (
        "the time twice",
        "Z\n\n",
        "Z\ntime 2026-09-21T14:13:20Z\n\n",
    ),
    (
        "the time before the version",
        "version 1.0.0\n",
        "time 2026-09-21T14:13:20Z\nversion 1.0.0\n",
    ),
];

const YANK: &[(&str, &str, &str)] = &[
    (
        "a reason in free text",
        "reason broken",
        "reason it does not work",
    ),
    ("a reason for a takedown", "reason broken", "reason malware"),
    ("no reason", "reason broken\n", ""),
    ("content", "reason broken", "content broken"),
];

const INDEX: &[(&str, &str, &str)] = &[
    ("a seq", "covers ", "seq 0\ncovers "),
    ("another subject", "subject index", "subject registry"),
    ("another kind", "v1 index", "v1 release"),
    ("a leading zero", "covers ", "covers 0"),
    ("a map that is no hash", "map ", "map A"),
    (
        "the map before what it covers",
        "covers 1\nmap ",
        "map 1\ncovers ",
    ),
];

/// Keys that are no keys, or not where they belong.
fn key_edits() -> Vec<Edit> {
    let init = text_of("init");
    let line = |role: &str| -> String {
        let begin = format!("key {role} ");
        let line = init.lines().find(|line| line.starts_with(&begin));
        format!("{}\n", line.unwrap())
    };
    let (root, log, time) = (line("root"), line("log"), line("time"));
    let create = text_of("create");
    let owners: Vec<&str> = create
        .lines()
        .filter(|line| line.starts_with("owner "))
        .collect();
    let owners: [String; 2] = [0, 1].map(|at| format!("{}\n", owners[at]));
    let threshold = "threshold 2\n".to_owned();
    let wrong_id = {
        let vkey = key("acme/owner").vkey().to_string();
        let other = key("acme/other").vkey().id().to_string();
        vkey.replace(&key("acme/owner").vkey().id().to_string(), &other)
    };
    let owner = format!("owner {}\n", key("acme/owner").vkey());
    // The identity: every signature that is zero fits every text.
    let weak = vkey_of("acme/owner", 1, &[&[1][..], &[0; 31]].concat());
    let unknown = vkey_of("acme/owner", 6, key("acme/owner").vkey().key().as_bytes());
    let short = vkey_of(
        "acme/owner",
        1,
        &key("acme/owner").vkey().key().as_bytes()[1..],
    );
    let named = vkey_of("acmé/owner", 1, key("acme/owner").vkey().key().as_bytes());
    let cosigner = cosigner("acme/owner").vkey().to_string();
    let capitals = key("acme/owner").vkey().to_string();
    let id = key("acme/owner").vkey().id().to_string();
    let capitals = capitals.replace(&id, &id.to_uppercase());
    assert!(capitals.contains(&id.to_uppercase()) && id != id.to_uppercase());
    let mut all = vec![
        (
            "init",
            "no key",
            init[init.find("key ").unwrap()..init.find("time 2").unwrap()].to_owned(),
            String::new(),
        ),
        (
            "init",
            "a role there is not",
            "key root".to_owned(),
            "key admin".to_owned(),
        ),
        ("init", "a key twice", root.clone(), root.repeat(2)),
        (
            "init",
            "keys in another order",
            format!("{root}{log}"),
            format!("{log}{root}"),
        ),
        (
            "init",
            "a log key that cosigns",
            log.clone(),
            time.replace("key time", "key log"),
        ),
        (
            "init",
            "a time key that does not",
            time,
            log.replace("key log", "key time"),
        ),
        (
            "init",
            "no nonce",
            text_of("init").lines().nth(5).unwrap().to_owned() + "\n",
            String::new(),
        ),
        (
            "create",
            "owners in another order",
            owners.concat(),
            format!("{}{}", owners[1], owners[0]),
        ),
        (
            "create",
            "an owner twice",
            owners[0].clone(),
            owners[0].repeat(2),
        ),
        (
            "create",
            "fewer owners than the threshold",
            owners[0].clone(),
            String::new(),
        ),
        ("create", "no owner", owners.concat(), String::new()),
        (
            "create",
            "a threshold of 0",
            threshold.clone(),
            "threshold 0\n".to_owned(),
        ),
        (
            "create",
            "a threshold of 17",
            threshold.clone(),
            "threshold 17\n".to_owned(),
        ),
        ("create", "no threshold", threshold, String::new()),
    ];
    for (rule, vkey) in [
        ("a key with another's id", wrong_id),
        ("a key of small order", weak),
        ("a key of an unknown type", unknown),
        ("a key of 31 bytes", short),
        ("a key whose name is not ASCII", named),
        ("an owner that cosigns", cosigner),
        ("an id in capitals", capitals),
        ("a key without an id", "acme/owner+AQID".to_owned()),
    ] {
        all.push(("create", rule, owner.clone(), format!("owner {vkey}\n")));
    }
    all
}

/// The text of a key that need not be one.
pub(crate) fn vkey_of(name: &str, algorithm: u8, key: &[u8]) -> String {
    let id = signed_note::key_id(name, &[&[algorithm], key].concat());
    let bytes = [&[algorithm], key].concat();
    format!("{name}+{id:08x}+{}", crate::base64(&bytes))
}

#[test]
fn the_text_of_a_key_is_put_together_as_keys_are() {
    for (name, algorithm) in [("a", Algorithm::Ed25519), ("b", Algorithm::Cosignature)] {
        let (key, byte) = match algorithm {
            Algorithm::Ed25519 => (key(name), 1),
            Algorithm::Cosignature => (cosigner(name), 4),
        };
        let text = vkey_of(name, byte, key.vkey().key().as_bytes());
        assert_eq!(text, key.vkey().to_string());
    }
}
