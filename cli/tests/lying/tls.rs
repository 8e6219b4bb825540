//! C27: whom `tenon` speaks to.

use crate::place::{Place, Said};
use crate::scene::*;
use crate::server::{self, Server, now};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::sync::Arc;

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Issuer {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name, by an authority or by itself.
fn serving_as(name: &str, issuer: Option<&Issuer>, expired: bool) -> Server {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if expired {
        (params.not_before, params.not_after) =
            (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 2, 1));
    }
    let key = KeyPair::generate().unwrap();
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer),
        None => params.self_signed(&key),
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap().der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let server = Server::start_with(server::registry(now()), move |stream| {
        let connection = ServerConnection::new(config.clone()).ok()?;
        Some(Box::new(StreamOwned::new(connection, stream)))
    });
    server.world().publish("acme:http", "1.1.0", NEW);
    server
}

fn token() -> String {
    format!("tnr_{}_{}", "0".repeat(16), "5".repeat(64))
}

#[test]
fn c27_only_whom_an_authority_vouches_for_is_spoken_to() {
    let (ours, another) = (authority(), authority());
    let place = Place::new();
    fs::write(place.at("config/roots.pem"), ours.pem()).unwrap();
    let cases = [
        ("good", "localhost", Some(&ours), false),
        ("wrong-host", "elsewhere.example", Some(&ours), false),
        ("unknown", "localhost", Some(&another), false),
        ("self-signed", "localhost", None, false),
        ("expired", "localhost", Some(&ours), true),
    ];
    for (registry, name, issuer, expired) in cases {
        let server = serving_as(name, issuer, expired);
        tell(&server, |_, reply| {
            if !reply.head.contains("authorization: bearer tnr_") {
                (reply.status, reply.body) = (401, vec![]);
            }
        });
        let url = format!("https://localhost:{}", server.address.port());
        place.ok(&["registry", "add", registry, &url, &server.pin()]);
        let before = Kept::by(&place);
        let words = [&GET[..], &["--registry", registry, "--json"]].concat();
        let mut command = place.tenon(&words);
        command
            .env("SSL_CERT_FILE", place.at("config/roots.pem"))
            .env_remove("SSL_CERT_DIR")
            .env("TENON_TOKEN", token());
        let said = Said::of(command.output().unwrap());
        if registry == "good" {
            assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
            assert_eq!(place.read("out"), NEW);
            fs::remove_file(place.at("out")).unwrap();
            assert!(
                server
                    .world()
                    .heads
                    .iter()
                    .any(|head| head.contains("bearer"))
            );
            continue;
        }
        assert_eq!(said.code, Some(4), "{registry}: {}{}", said.out, said.err);
        let error = &said.json()["error"];
        assert_eq!(error["code"], "registry::unavailable");
        // Nothing was said to it, least of all a token, and once is enough.
        assert_eq!(server.asked(""), 0, "{registry}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("certificate is refused") && !message.contains("attempts"),
            "{error}"
        );
        assert_eq!(Kept::by(&place), before);
    }
}

#[test]
fn c27_without_encryption_only_this_machine_is_spoken_to() {
    let place = Place::new();
    let pin = place.server.pin();
    for url in [
        "http://registry.example",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "http://0x7f.1.example",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "ftp://127.0.0.1",
        "file:///tmp",
    ] {
        refuses(
            &place,
            2,
            "registry::url",
            &["registry", "add", "far", url, &pin],
        );
        // Nor by hand.
        let path = place.at("config/config.toml");
        let good = fs::read_to_string(&path).unwrap();
        fs::write(&path, good.replace(&place.server.base(), url)).unwrap();
        let mut command = place.tenon(&[&GET[..], &["--json"]].concat());
        let said = Said::of(command.env("TENON_TOKEN", token()).output().unwrap());
        assert_eq!(said.code, Some(2), "{url}: {}", said.out);
        fs::write(&path, good).unwrap();
    }
    assert_eq!(place.server.asked(""), 0);
    // On this machine nothing needs to be encrypted, and a token is sent when it is asked for only.
    place.server.world().publish("acme:http", "1.1.0", NEW);
    let said = Said::of(
        place
            .tenon(&GET)
            .env("TENON_TOKEN", token())
            .output()
            .unwrap(),
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(is_anonymous(&place.server));
    fs::remove_file(place.at("out")).unwrap();
    believes_the_truth(&place);
}
