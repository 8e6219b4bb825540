//! Certificates.

use crate::server::Server;
use crate::support::*;
use crate::user::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use std::sync::Arc;
use tenon_registry_client::http::Token;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Issuer {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server whose certificate is for a name, and signed by this one.
async fn serving_as(name: &str, issuer: &Issuer, expired: bool) -> Server {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if expired {
        (params.not_before, params.not_after) =
            (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 2, 1));
    }
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    Server::start_with(small(), Some(tls)).await
}

#[tokio::test]
async fn only_whom_an_authority_vouches_for_is_the_registry() {
    let (ours, another) = (authority(), authority());
    for (name, issuer, expired, good) in [
        ("localhost", &ours, false, true),
        ("elsewhere.example", &ours, false, false),
        ("localhost", &another, false, false),
        ("localhost", &ours, true, false),
    ] {
        let server = serving_as(name, issuer, expired).await;
        server.world().token = Some("tnr_secret".to_owned());
        let mut user = User::of(&server);
        let port = server.address.port();
        user.options.base = format!("https://localhost:{port}").parse().unwrap();
        user.options.credentials = Arc::new(Token::new("tnr_secret").unwrap());
        user.options.extra_roots = vec![ours.pem().into_bytes()];
        let result = user.client().registry().await;
        if good {
            result.unwrap();
            assert_ne!(user.state(), None);
            continue;
        }
        let error = result.unwrap_err();
        assert_eq!(
            (why(&error).as_str(), error.attempts),
            ("Tls", 1),
            "{error:?}"
        );
        // Nothing was said to it.
        assert_eq!(server.asked("").len(), 0);
        assert_eq!(user.state(), None);
    }
}
