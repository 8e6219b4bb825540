//! A document in WAC: its packages, and what they are composed to.

use super::{refuse, say_host};
use crate::args::{Compose, Dedupe};
use crate::commands::plug;
use crate::error::Failure;
use crate::script::Script;
use crate::source::Sources;
use crate::ui::{Document, Ui};
use crate::wac::{Making, Read, Search};
use crate::write::{Target, check_not_read};
use std::path::PathBuf;
use tenon_composer::Composition;

/// Composes what a document describes, and gives the files that went in.
pub(super) fn run(
    sources: Sources<'_>,
    args: &Compose,
    target: &Target,
    script: &Script,
) -> Result<Vec<PathBuf>, Failure> {
    let given = [
        ("--config", args.config.is_some()),
        ("--root", args.root.is_some()),
        ("--search-path", !args.search_paths.is_empty()),
        ("--disallow-imports", args.disallow_imports),
    ];
    refuse(
        &given,
        "a document, which says itself what is composed",
        "leave it out",
    )?;
    let parsed = script.parse()?;
    let search = Search::within(sources, args.deps_dir.as_deref(), &args.deps)?;
    let read = Read::of(script, &parsed, search)?;
    let files = read.files();
    if let Some(path) = target.path().filter(|_| !args.dry_run) {
        check_not_read(path, &files)?;
    }
    let making = Making {
        name: args.name.clone(),
        dedupe: args.dedupe.unwrap_or(Dedupe::Auto).into(),
        import_components: args.import_components,
    };
    let composition = read.understand(args.skip_validation)?.compose(making)?;
    finish(sources.ui, args, target, &read, &composition)?;
    Ok(files.into_iter().collect())
}

/// Writes a composition, and reports it.
fn finish(
    ui: &Ui,
    args: &Compose,
    target: &Target,
    read: &Read<'_>,
    composition: &Composition<'_>,
) -> Result<(), Failure> {
    if !args.dry_run {
        plug::write(
            args.wat,
            target,
            composition,
            &Vec::from_iter(read.inputs()),
        )?;
    }
    let output = plug::output_of(target, args.dry_run);
    if ui.json {
        let releases = plug::releases(read.inputs());
        return ui.document(&Document::described(
            read.packages(),
            composition,
            releases,
            output,
        ));
    }
    say_host(ui, composition);
    plug::say_additions(ui, composition);
    let next = |path: &str| format!("tenon wit {path}");
    plug::say_made(ui, composition, args.dry_run, output.as_deref(), next);
    Ok(())
}
