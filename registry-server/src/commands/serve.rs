//! `tenon-registry serve`: serves a registry until it is told to stop.

use super::{Failure, Place, say};
use crate::access::Secret;
use crate::app::{App, State};
use crate::config::{Format, Level, LogConfig, Tls};
use crate::content::Options;
use crate::directory;
use crate::server;
use clap::Args;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tracing::level_filters::LevelFilter;

/// Serve a registry; make one first, if there is none
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// What clients call the registry, to be shown
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Serve a private log too, under `/private`
    #[arg(long)]
    private: bool,
    /// The certificate, in PEM, for HTTPS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<String>,
    /// The key of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<String>,
    /// `error`, `warn`, `info`, `debug` or `trace`
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// `text` or `json`
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl Serve {
    fn flags(self) -> Vec<(String, String)> {
        let private = self.private.then(|| "true".to_owned());
        [
            ("listen", self.listen),
            ("public-url", self.public_url),
            ("private", private),
            ("tls.cert", self.tls_cert),
            ("tls.key", self.tls_key),
            ("log.level", self.log_level),
            ("log.format", self.log_format),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect()
    }
}

pub(super) fn serve(place: &Place, serve: Serve) -> Result<(), Failure> {
    let config = place.load(serve.flags())?;
    log_to_stderr(&config.log);
    let tls = config.tls.as_ref().map(acceptor).transpose()?;
    // Before anything else, since the first token is shown once, and only by who serves.
    let listener = listen(config.listen)?;
    let app = Arc::new(directory::open(&place.data, config, Options::default())?);
    let token = directory::first_token(app.access())?;
    Runtime::new()?.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        let stop = stop_signal()?;
        app.start(State::Ready);
        welcome(&app, listener.local_addr()?, token.as_ref());
        server::serve(app, listener, tls, stop).await;
        Ok(())
    })
}

/// Why nobody can be served.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at `{address}`: choose another address with `--listen`")]
struct ListenError {
    address: SocketAddr,
    source: io::Error,
}

fn listen(address: SocketAddr) -> Result<std::net::TcpListener, ListenError> {
    let bound = std::net::TcpListener::bind(address);
    let ready = bound.and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    ready.map_err(|source| ListenError { address, source })
}

/// What there is to paste into a client.
fn welcome(app: &App, address: SocketAddr, token: Option<&Secret>) {
    let config = app.config();
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let url = config.public_url.clone();
    let url = url.unwrap_or_else(|| format!("{scheme}://{address}"));
    let mut lines = vec![
        format!("serving {url}"),
        format!(
            "  tenon registry add local {url} '{}' --default",
            app.public().log().pin()
        ),
    ];
    if let Some(private) = app.private() {
        let pin = private.log().pin();
        lines.push(format!(
            "  tenon registry add private {url}/private '{pin}'"
        ));
    }
    if let Some(token) = token {
        let token = token.reveal();
        lines.push(format!(
            "  echo {token} | tenon login local --token-stdin    # shown this once"
        ));
        lines.push("  tenon key generate NAME/you && tenon namespace create NAME".to_owned());
    }
    say(&lines.join("\n"));
}

pub(super) fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
}

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Failure> {
    let in_file =
        |path: &Path, error| format!("`{}` cannot be used for HTTPS: {error}", path.display());
    let certificates = CertificateDer::pem_file_iter(&tls.cert).and_then(Iterator::collect);
    let certificates: Vec<_> = certificates.map_err(|error| in_file(&tls.cert, error))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| in_file(&tls.key, error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn log_to_stderr(config: &LogConfig) {
    let level = match config.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let terminal = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        // It says that a line cannot be written by `eprintln`, which panics when that cannot be written.
        .log_internal_errors(false)
        .with_ansi(terminal);
    match config.format {
        Some(Format::Json) => lines.json().init(),
        None if !terminal => lines.json().init(),
        _ => lines.init(),
    }
}
