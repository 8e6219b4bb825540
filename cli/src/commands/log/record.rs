//! `tenon log record`: a record, proved to be in the log.

use crate::args::LogRecord;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::remote::Remote;
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use tenon_registry_client::http::{Client, Error};
use tenon_registry_client::log::{
    Checkpoint, Hash, ProofError, TilePath, Tiles, prove_inclusion, tiles_for_inclusion,
    verify_inclusion,
};
use tenon_registry_client::verify::VerifyError;

#[derive(Serialize)]
struct RecordContent {
    registry: String,
    index: u64,
    /// Its leaf hash.
    hash: String,
    /// The size of the checkpoint that includes it.
    size: u64,
    record: String,
}

pub(super) fn run(ui: &Ui, remote: &Remote, args: &LogRecord) -> Result<(), Failure> {
    let view = remote.wait(remote.client.registry())?;
    let checkpoint = view.checkpoint().checkpoint();
    let (index, size) = (args.index, checkpoint.size);
    let Some(bundle) = TilePath::bundle_of(index, size).filter(|_| index < size) else {
        let last = ui::thousands(size.saturating_sub(1));
        let index = ui::thousands(index);
        let message = format!("the log has no record {index}: its last is {last}");
        return Err(Failure::usage(message).help("`tenon log show` says how many there are"));
    };
    let entries = remote.wait(remote.client.entries(bundle))?;
    let at = index.saturating_sub(bundle.start().unwrap_or_default());
    let entry = usize::try_from(at).ok().and_then(|at| entries.get(at));
    let entry = entry.map(Vec::as_slice).unwrap_or_default();
    let hash = Hash::leaf(entry);
    let included = remote.wait(included(&remote.client, checkpoint, index, hash))?;
    included.map_err(|reason| {
        Failure {
            exit: ExitKind::Refused,
            ..Failure::new(
                "verify::not-included",
                format!("what the registry serves as record {index} is not in its log"),
            )
        }
        .cause(reason)
        .help("do not use it: the registry serves what no honest registry has; tell its operator")
    })?;
    let record = String::from_utf8_lossy(entry).into_owned();
    if ui.json {
        let content = RecordContent {
            registry: remote.name.to_string(),
            index,
            hash: hash.to_string(),
            size,
            record,
        };
        return ui.document(&Document::new("tenon/log-record/1", content));
    }
    ui.print(&ui::clean(&record))?;
    ui.say(&format!(
        "record {} of {}, leaf hash {hash}, is in the log of {} records",
        ui::thousands(index),
        ui::clean_line(checkpoint.origin.as_str()),
        ui::thousands(size),
    ));
    Ok(())
}

/// Whether a leaf is in the log: by a proof that is made of the log's tiles.
async fn included(
    client: &Client,
    checkpoint: &Checkpoint,
    index: u64,
    leaf: Hash,
) -> Result<Result<(), ProofError>, Error> {
    let (size, root) = (checkpoint.size, &checkpoint.root);
    let mut tiles = Tiles::new();
    for path in tiles_for_inclusion(index, size).map_err(VerifyError::NotIncluded)? {
        let bytes = client.tile(path).await?;
        if tiles.insert(path, &bytes).is_err() {
            // What is missing then is missing in the proof.
            continue;
        }
    }
    let proof = prove_inclusion(&tiles, index, size).unwrap_or_default();
    Ok(verify_inclusion(&leaf, index, size, root, &proof))
}
