//! `tenon-registry init`: makes a registry.

use super::{Failure, Place, say};
use crate::content::Options;
use crate::directory;
use clap::Args;
use tokio::runtime::Runtime;

/// Make a registry without serving it
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Make a private log too
    #[arg(long)]
    private: bool,
    /// The origin of the public log, such as `registry.example/log`, which can never change
    #[arg(long)]
    origin: Option<String>,
}

pub(super) fn init(place: &Place, init: &Init) -> Result<(), Failure> {
    let private = init
        .private
        .then(|| ("private".to_owned(), "true".to_owned()));
    let origin = init
        .origin
        .clone()
        .map(|origin| ("origin".to_owned(), origin));
    let config = place.load(private.into_iter().chain(origin).collect())?;
    let app = directory::open(&place.data, config, Options::default())?;
    say(&format!("pin: {}", app.public().log().pin()));
    if let Some(private) = app.private() {
        say(&format!("pin of the private log: {}", private.log().pin()));
    }
    if let Some(secret) = directory::first_token(app.access())? {
        say(&format!("token, shown this once: {}", secret.reveal()));
    }
    Runtime::new()?.block_on(app.close());
    Ok(())
}
