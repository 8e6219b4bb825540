//! What an operator sees and sets.

use crate::client::Client;
use crate::house::House;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use tenon_registry_client::api::ProblemCode;
use tenon_registry_server::app::State;
use tenon_registry_server::config::{Config, ConfigError};
use tenon_registry_server::content::Options;
use tenon_registry_server::directory::{self, DirectoryError};

#[test]
fn health_readiness_and_metrics() {
    let house = House::new();
    assert_eq!(house.get("/healthz").status, 200);
    assert_eq!(house.get("/readyz").status, 200);
    for state in [State::Starting, State::ReadOnly, State::Stopping] {
        house.app.start(state);
        house.get("/readyz").problem(ProblemCode::Overloaded);
        assert_eq!(house.get("/healthz").status, 200);
    }
    house.get("/nothing");
    let metrics = house.get("/metrics");
    let text = metrics.text();
    for line in [
        "tenon_registry_requests_total{route=\"/healthz\",status=\"200\"} 4",
        "tenon_registry_requests_total{route=\"none\",status=\"404\"} 1",
        "tenon_registry_refused_total{code=\"NOT_FOUND\"} 1",
        "tenon_registry_log_size{log=\"public\"} 2",
        "tenon_registry_ready 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("tenon_registry_request_seconds_bucket"));
    assert!(text.contains("tenon_registry_disk_free_bytes "));
}

#[test]
fn rates_and_times_that_nobody_can_keep_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("config.toml");
    for text in [
        "[rates]\nwrites = { per-second = nan, burst = 1 }",
        "[rates]\nwrites = { per-second = inf, burst = 1 }",
        "[rates]\nwrites = { per-second = -1.0, burst = 1 }",
        "[rates]\nwrites = { per-second = 1e-300, burst = 1 }",
        "[limits]\nidle-seconds = 9000000000000000000",
        "[cosigning]\npatience-seconds = 9000000000000000000",
    ] {
        std::fs::write(&file, text).unwrap();
        let loaded = Config::load(Some(&file), [], []);
        let refused = matches!(
            loaded,
            Err(ConfigError::Rate { .. } | ConfigError::Bounds { .. })
        );
        assert!(refused, "{text}: {loaded:?}");
    }
}

#[test]
fn a_log_keeps_its_origin_and_its_keys() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let open = |origin: Option<&str>| {
        let config = Config {
            origin: origin.map(str::to_owned),
            ..Config::default()
        };
        let app = directory::open(&dir, config, Options::default())?;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(app.close());
        Ok::<_, DirectoryError>(app.public().log().origin().clone())
    };
    assert_eq!(
        open(Some("one.example/log")).unwrap().as_str(),
        "one.example/log"
    );
    let other = open(Some("other.example/log"));
    assert!(
        matches!(other, Err(DirectoryError::OtherOrigin { .. })),
        "{other:?}"
    );
    let keys = dir.join("keys/public");
    std::fs::rename(&keys, temp.path().join("kept")).unwrap();
    let database = dir.join("registry.sqlite");
    for there in [true, false] {
        if !there {
            std::fs::rename(&database, temp.path().join("kept.sqlite")).unwrap();
        }
        for origin in [None, Some("one.example/log")] {
            let without = open(origin);
            assert!(
                matches!(without, Err(DirectoryError::Keys(_))),
                "{without:?}"
            );
            assert!(!keys.exists());
        }
    }
    std::fs::remove_file(&database).unwrap();
    std::fs::rename(temp.path().join("kept.sqlite"), &database).unwrap();
    std::fs::rename(temp.path().join("kept"), &keys).unwrap();
    assert_eq!(open(None).unwrap().as_str(), "one.example/log");
}

#[test]
fn a_configuration_is_put_together() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("config.toml");
    let load = |text: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]| {
        std::fs::write(&file, text).unwrap();
        let owned = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect()
        };
        Config::load(Some(&file), owned(environment), owned(flags))
    };
    let text = "listen = \"127.0.0.1:1\"\n[limits]\nconnections = 2\nheaders = 3\nidle-seconds = 4\n\
                [[witness]]\nurl = \"https://w.example\"\nvkey = \"w\"\n";
    let environment = [
        ("TENON_REGISTRY_LIMITS_HEADERS", "5"),
        ("TENON_REGISTRY_LIMITS_IDLE_SECONDS", "6"),
        ("TENON_REGISTRY_PRIVATE", "true"),
        ("TENON_REGISTRY_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("TENON_REGISTRY_RATES_WRITES_PER_SECOND", "0.5"),
        ("TENON_REGISTRY_REFUSE_BREAKING", "acme:*, b:http-*"),
        ("HOME", "/nowhere"),
    ];
    let config = load(
        text,
        &environment,
        &[("limits.idle-seconds", "7"), ("log.format", "json")],
    )
    .unwrap();
    assert_eq!(config.listen.port(), 1);
    let limits = &config.limits;
    assert_eq!(
        (limits.connections, limits.headers, limits.idle_seconds),
        (2, 5, 7)
    );
    assert!(config.private && config.witness.len() == 1);
    assert!(
        (config.rates.writes.per_second - 0.5).abs() < 1e-9 && config.rates.writes.burst == 5_000
    );
    for (address, trusted) in [
        ("10.1.2.3", true),
        ("11.1.2.3", false),
        ("::1", true),
        ("::2", false),
    ] {
        assert_eq!(
            config.is_trusted_proxy(address.parse().unwrap()),
            trusted,
            "{address}"
        );
    }
    for (package, refuses) in [("acme:app", true), ("b:http-2", true), ("b:app", false)] {
        let package = package.parse().unwrap();
        assert_eq!(config.refuses_breaking(&package), refuses, "{package}");
    }
    let wrong = |text: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]| {
        let error = load(text, environment, flags).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error} {}", source.unwrap_or_default())
    };
    let error = wrong("listn = \"127.0.0.1:1\"", &[], &[]);
    assert!(error.contains("did you mean `listen`?"), "{error}");
    let error = wrong("[limits]\nconections = 1", &[], &[]);
    assert!(
        error.contains("did you mean `limits.connections`?"),
        "{error}"
    );
    let error = wrong("", &[("TENON_REGISTRY_LISTN", "x")], &[]);
    assert!(
        error.contains("did you mean `TENON_REGISTRY_LISTEN`?"),
        "{error}"
    );
    let error = wrong("", &[], &[("limits.idle", "1")]);
    assert!(error.contains("the command line"), "{error}");
    assert!(wrong("limits = 1", &[], &[]).contains("limits"));
    assert!(wrong("listen = ", &[], &[]).contains("not TOML"));
    assert!(wrong("trusted-proxies = [\"10.0.0.0/33\"]", &[], &[]).contains("10.0.0.0/33"));
    for url in [
        "registry.example",
        "ftp://registry.example",
        "https://",
        "https://a?b",
    ] {
        let error = wrong("", &[], &[("public-url", url)]);
        assert!(
            error.contains("such as `https://registry.example`"),
            "{error}"
        );
    }
    assert!(load("", &[], &[("public-url", "http://127.0.0.1:7180/sub")]).is_ok());
    let error = wrong("origin = \"https://registry.example/log\"", &[], &[]);
    assert!(
        error.contains("no address: such as `registry.example/log`"),
        "{error}"
    );
    let error = wrong("refuse-breaking = [\"acme\"]", &[], &[]);
    assert!(!error.trim_end().contains('\n'), "{error}");
    assert!(
        error.contains("`acme` is no pattern: expected `*`, `acme:*`"),
        "{error}"
    );
    assert!(wrong("", &[], &[("limits.connections", "0")]).contains("limits.connections"));
    assert!(wrong("", &[], &[("limits.page", "1001")]).contains("1,000"));
    assert!(wrong("", &[], &[("limits.page", "many")]).contains("many"));
}

/// The program itself, which is killed with this.
struct Served {
    child: Child,
    lines: Vec<String>,
}

impl Served {
    fn start(dir: &std::path::Path, arguments: &[&str]) -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenon-registry"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--data",
                dir.to_str().unwrap(),
            ])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = vec![];
        while lines.len() < 2 || output.buffer().contains(&b'\n') {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "{lines:?}");
            lines.push(line.trim().to_owned());
        }
        Served { child, lines }
    }

    fn address(&self) -> std::net::SocketAddr {
        let url = self.lines[0].strip_prefix("serving ").unwrap();
        url.split_once("://").unwrap().1.parse().unwrap()
    }

    fn stop(&mut self) -> (bool, String) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (status.success(), log)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_first_start_says_what_to_paste_and_a_second_does_not_show_the_token() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let mut served = Served::start(&dir, &[]);
    let lines = served.lines.clone();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[1].starts_with(&format!(
        "tenon registry add local http://{} '",
        served.address()
    )));
    let words: Vec<&str> = lines[2].split(' ').collect();
    let [_, token, rest @ ..] = words.as_slice() else {
        panic!("{lines:?}")
    };
    assert!(
        rest.join(" ")
            .starts_with("| tenon login local --token-stdin")
    );
    let token = (*token).to_owned();
    assert!(lines[3].contains("tenon namespace create"));
    let checkpoint = Client::new(served.address()).get("/log/checkpoint").body;
    assert_eq!(
        Client::new(served.address())
            .token(&token)
            .get("/api/v1/whoami")
            .status,
        200
    );
    // Two processes do not share a directory.
    let second = Command::new(env!("CARGO_BIN_EXE_tenon-registry"))
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            dir.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(
        !second.status.success() && error.contains("in use by another process"),
        "{error}"
    );
    assert!(served.stop().0);

    let mut served = Served::start(&dir, &[]);
    assert_eq!(served.lines.len(), 2, "{:?}", served.lines);
    assert_eq!(
        served.lines[1].split(' ').nth(5),
        lines[1].split(' ').nth(5)
    );
    assert_eq!(
        Client::new(served.address())
            .get("/log/checkpoint")
            .body
            .len(),
        checkpoint.len()
    );
    assert_eq!(
        Client::new(served.address())
            .token(&token)
            .get("/api/v1/whoami")
            .status,
        200
    );
    assert!(served.stop().0);
}

#[test]
fn s35_what_is_asked_is_one_line_of_the_log() {
    let temp = tempfile::tempdir().unwrap();
    let mut served = Served::start(&temp.path().join("data"), &["--log-level", "debug"]);
    let mut client = Client::new(served.address())
        .header("User-Agent: a\u{1b}]8;;\"x\\ny\u{202e}{\"level\":\"ERROR\"}");
    client.get("/healthz");
    let mut client = Client::new(served.address()).header("User-Agent: plain\u{202e}\u{9b}31m");
    let secret = format!("tnr_{}_{}", "1".repeat(16), "2".repeat(64));
    client = client.token(&secret);
    client.get("/nothing%0a%1b[31m");
    let (_, log) = served.stop();
    let mut found = 0;
    for line in log.lines() {
        let json: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(
            !line.chars().any(char::is_control) && !line.contains('\u{202e}'),
            "{line}"
        );
        found += usize::from(json["fields"]["path"].as_str() == Some("\"/nothing%0a%1b[31m\""));
    }
    assert_eq!(found, 1, "{log}");
    assert!(!log.contains(&"2".repeat(64)));
}

#[test]
fn https_is_spoken_where_there_is_a_certificate() {
    use rustls::pki_types::{CertificateDer, ServerName};
    use std::io::Write;
    use std::sync::Arc;
    let temp = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (temp.path().join("cert.pem"), temp.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let flags = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let served = Served::start(&temp.path().join("data"), &flags);
    assert!(served.lines[0].starts_with("serving https://"));

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from(made.cert.der().to_vec()))
        .unwrap();
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = std::net::TcpStream::connect(served.address()).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, socket);
    stream
        .write_all(b"GET /log/checkpoint HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("tenon.invalid/log"),
        "{answer}"
    );

    // Who speaks something else is not answered.
    let mut plain = Client::new(served.address());
    plain.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(
        plain
            .answer_bytes()
            .is_none_or(|bytes| !bytes.starts_with(b"HTTP"))
    );
}
