//! C4 to C6: content and answers that do not end well, and redirects.

use crate::place::{Place, Said};
use crate::scene::*;
use crate::server::{Flow, Reply, Server};
use std::time::{Duration, Instant};
use tenon_registry_client::http::{Client, ErrorKind, Options, Timeouts};

fn blobs(place: &Place, mut lie: impl FnMut(&mut Reply) + Send + 'static) {
    tell(&place.server, move |target, reply| {
        if target.starts_with("/blobs/") {
            lie(reply);
        }
    });
}

fn proofs(place: &Place, mut lie: impl FnMut(&mut Reply) + Send + 'static) {
    tell(&place.server, move |target, reply| {
        if target.starts_with("/api/v1/proof") {
            lie(reply);
        }
    });
}

#[test]
fn c04_content_is_what_its_record_says() {
    let mut other = NEW.to_vec();
    other[3] ^= 1;
    let cases = [
        (other, "verify::content-differs"),
        (OLD.to_vec(), "verify::content-differs"),
        (NEW[..10].to_vec(), "verify::content-too-short"),
        (vec![], "verify::content-too-short"),
        ([NEW, b"!"].concat(), "verify::content-too-long"),
        (NEW.repeat(100_000), "verify::content-too-long"),
    ];
    for place in [used(), stranger()] {
        for (content, code) in cases.clone() {
            blobs(&place, move |reply| reply.body = content.clone());
            all_refuse(&place, code);
            for words in [
                &["fetch", "acme:http@1.1.0"][..],
                &["inspect", "acme:http@1.1.0"],
            ] {
                refuses(&place, 3, code, words);
            }
        }
        // Said to be as long as it should be, and then cut, as often as it is asked for.
        blobs(&place, |reply| {
            reply.length = Some(NEW.len() as u64);
            reply.body.truncate(10);
        });
        let before = place.server.asked("/blobs/");
        let said = refuses(&place, 4, "registry::unavailable", &GET);
        assert!(said.out.contains("was cut"), "{}", said.out);
        assert!(place.server.asked("/blobs/") - before <= 80);
        // Not there at all, though the log has it.
        blobs(&place, |reply| (reply.status, reply.body) = (404, vec![]));
        refuses(&place, 4, "registry::unavailable", &GET);
        believes_the_truth(&place);
    }
}

#[test]
fn c05_nothing_is_read_without_an_end() {
    let place = stranger();
    let begun = Instant::now();
    // Content ends where its record says, whatever comes.
    blobs(&place, |reply| {
        reply.flow = Flow::Endless;
        reply.body = vec![b'a'; 64 << 10];
    });
    refuses(&place, 3, "verify::content-too-long", &GET);
    blobs(&place, |reply| reply.length = Some(10_000_000_000));
    refuses(&place, 3, "verify::content-too-long", &GET);
    // So does evidence, by a bound of the client.
    proofs(&place, |reply| reply.length = Some(10_000_000_000));
    refuses(&place, 4, "registry::unavailable", &GET);
    proofs(&place, |reply| {
        reply.flow = Flow::Endless;
        reply.body = vec![b'a'; 64 << 10];
    });
    let output = bounded(&place, &GET).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    // 10^6 headers, and one of a megabyte.
    proofs(&place, |reply| {
        let header = ("x-header".to_owned(), "value".to_owned());
        reply.headers = vec![header; 1_000_000];
    });
    refuses(&place, 4, "registry::unavailable", &GET);
    proofs(&place, |reply| {
        reply.headers = vec![("x-header".to_owned(), "v".repeat(1 << 20))]
    });
    refuses(&place, 4, "registry::unavailable", &GET);
    // Redirects without an end.
    for path in ["/api/v1/proof", "/blobs/"] {
        tell(&place.server, move |target, reply| {
            if target.starts_with(path) {
                reply.status = 302;
                reply.headers = vec![("location".to_owned(), target.to_owned())];
            }
        });
        let before = place.server.asked(path);
        let said = refuses(&place, 4, "registry::unavailable", &GET);
        assert!(said.out.contains("more than 5 redirects"), "{}", said.out);
        assert_eq!(place.server.asked(path) - before, 6);
    }
    assert!(begun.elapsed() < Duration::from_secs(30));
    believes_the_truth(&place);
}

/// The command has the client's times, which are long; here the client has short ones, and the files of the command.
#[test]
fn c05_a_slow_registry_is_left() {
    let place = stranger();
    let pin = place.server.world().registry.pin();
    let base = place.server.base().parse().unwrap();
    let mut options = Options::new(base, pin, place.at("state"), place.at("cache"));
    options.timeouts = Timeouts {
        idle: Duration::from_millis(600),
        total: Duration::from_secs(3),
        grace: Duration::from_millis(500),
        attempts: 2,
        pause: Duration::from_millis(5),
        ..Timeouts::default()
    };
    let client = Client::new(options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (package, version) = ("acme:http".parse().unwrap(), "1.1.0".parse().unwrap());
    let before = Kept::by(&place);
    for path in ["/api/v1/proof", "/blobs/"] {
        tell(&place.server, move |target, reply| {
            if target.starts_with(path) {
                reply.flow = Flow::Drip;
            }
        });
        let begun = Instant::now();
        let error = runtime
            .block_on(client.fetch(&package, &version))
            .unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(4), "{error:?}");
        assert!(matches!(*error.kind, ErrorKind::Slow(_)), "{error:?}");
        assert_eq!(Kept::by(&place), before);
    }
    believes_the_truth(&place);
}

#[test]
fn c06_no_redirect_leaves_the_registry() {
    let place = stranger();
    let other = Server::start();
    let port = place.server.address.port();
    let leaving = [
        other.base(),
        format!("http://localhost:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://user:secret@{}", other.address),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://10.0.0.1".to_owned(),
        "http://[::1]:1".to_owned(),
        format!("//{}", other.address),
        "file:///etc/passwd".to_owned(),
        "ftp://127.0.0.1/x".to_owned(),
        "data:text/plain,x".to_owned(),
        "https://registry.example".to_owned(),
    ];
    let secret = format!("tnr_{}_{}", "0".repeat(16), "5".repeat(64));
    for token in [None, Some(&secret)] {
        for to in &leaving {
            for path in ["/api/v1/proof", "/blobs/"] {
                let rest_kept = !to.starts_with("data") && !to.starts_with("file");
                let leads = to.clone();
                let wanted = token.map(|token| format!("authorization: bearer {token}\r\n"));
                tell(&place.server, move |target, reply| {
                    let shown = wanted
                        .as_ref()
                        .is_none_or(|wanted| reply.head.contains(wanted));
                    if !shown {
                        (reply.status, reply.body) = (401, vec![]);
                    } else if target.starts_with(path) {
                        reply.status = 307;
                        let rest = if rest_kept { target } else { "" };
                        reply.headers = vec![("location".to_owned(), format!("{leads}{rest}"))];
                    }
                });
                let before = (Kept::by(&place), place.server.asked(path));
                let mut command = place.tenon(&[&GET[..], &["--json"]].concat());
                if let Some(token) = token {
                    command.env("TENON_TOKEN", token);
                }
                let said = Said::of(command.output().unwrap());
                assert_eq!(said.code, Some(4), "{to}: {}{}", said.out, said.err);
                assert_eq!(said.json()["error"]["code"], "registry::unavailable");
                assert!(said.out.contains("of another origin"), "{to}: {}", said.out);
                let asked = place.server.asked(path) - before.1;
                assert!(asked <= 2, "{to}: {asked}");
                assert_eq!(Kept::by(&place), before.0);
            }
        }
        // Nobody asked for a token in vain: without it none was sent.
        assert_eq!(is_anonymous(&place.server), token.is_none());
        assert_eq!(other.asked(""), 0);
    }
    // Within the registry they are followed.
    tell(&place.server, |target, reply| {
        if !target.contains("again") && target.starts_with("/blobs/") {
            reply.status = 307;
            reply.headers = vec![("location".to_owned(), format!("{target}?again"))];
        }
    });
    place.ok(&GET);
    std::fs::remove_file(place.at("out")).unwrap();
    believes_the_truth(&place);
}
