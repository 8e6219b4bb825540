//! `tenon log mirror`: the log as static files.

use crate::args::LogMirror;
use crate::error::Failure;
use crate::remote::Remote;
use crate::ui::{self, Document, Ui};
use serde::Serialize;

#[derive(Serialize)]
struct MirrorContent {
    origin: String,
    folder: String,
    /// The size before.
    from: u64,
    /// The size now.
    size: u64,
    root: String,
}

pub(super) fn run(ui: &Ui, remote: &Remote, args: &LogMirror) -> Result<(), Failure> {
    let mirrored = remote.wait(remote.client.mirror(&args.folder))?;
    let checkpoint = mirrored.checkpoint.checkpoint();
    let folder = args.folder.display().to_string();
    if ui.json {
        let content = MirrorContent {
            origin: checkpoint.origin.to_string(),
            folder,
            from: mirrored.from,
            size: checkpoint.size,
            root: checkpoint.root.to_string(),
        };
        return ui.document(&Document::new("tenon/log-mirror/1", content));
    }
    let new = checkpoint.size.saturating_sub(mirrored.from);
    ui.say(&format!(
        "`{folder}` has all {} records of {}, {} of them new",
        ui::thousands(checkpoint.size),
        ui::clean_line(checkpoint.origin.as_str()),
        ui::thousands(new),
    ));
    Ok(())
}
