//! `tenon remove`: packages out of a project.

use super::{add, lock};
use crate::args::{Global, Remove};
use crate::error::Failure;
use crate::project::{Change, Locking, MANIFEST, Project, Purpose};
use crate::suggestion::near;
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use tenon_registry_client::name::PackageName;
use tenon_registry_client::project::Subject;

#[derive(Serialize)]
struct RemoveContent {
    removed: Vec<String>,
    changes: Vec<Change>,
}

pub(crate) fn run(ui: &Ui, args: &Remove, global: &Global) -> Result<(), Failure> {
    let mut project = Project::open(Purpose::Change)?;
    if global.locked {
        return Err(
            Failure::usage(format!("`{MANIFEST}` cannot change with `--locked`"))
                .help("leave `--locked` and `--frozen` away"),
        );
    }
    let mut edit = add::edit(&project)?;
    let mut unplugged = vec![];
    for text in &args.packages {
        let is_removed = match text.parse::<PackageName>() {
            Ok(package) => edit
                .remove_dependency(&package)
                .map_err(|e| add::invalid(&e))?,
            Err(_) => false,
        };
        if !is_removed {
            let names = project
                .manifest
                .dependencies
                .keys()
                .map(ToString::to_string);
            let message = format!(
                "`{}` is no dependency of this project",
                ui::clean_line(text)
            );
            let failure = Failure::new("project::unknown", message);
            return Err(match near(text, &names.collect()) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help(format!("`[dependencies]` in `{MANIFEST}` lists them")),
            });
        }
        if edit.remove_plug(text).map_err(|e| add::invalid(&e))? {
            unplugged.push(text);
        }
    }
    let text = edit.to_string();
    project.manifest = add::parse(&text)?;
    let locking = Locking::keep(global, args.agreement.yes);
    let changes = project.lock_with_manifest(ui, &locking, text)?;
    if ui.json {
        let (removed, changes) = (args.packages.clone(), changes.changes);
        let content = RemoveContent { removed, changes };
        return ui.document(&Document::new("tenon/remove/1", content));
    }
    for package in &args.packages {
        ui.say(&format!("`{MANIFEST}` no longer asks for `{package}`"));
    }
    for package in unplugged {
        ui.say(&format!("`{package}` is no longer among its `plugs`"));
    }
    for package in args.packages.iter().filter(|name| is_named(&project, name)) {
        ui.warn(&format!(
            "`[compose]` still names `{package}`: take it out of `{MANIFEST}`, too"
        ));
    }
    lock::say(ui, &changes);
    Ok(())
}

/// Whether what is said of the composition names a package.
fn is_named(project: &Project, package: &str) -> bool {
    let Some(compose) = &project.manifest.compose else {
        return false;
    };
    let (sockets, plugs) = match &compose.what {
        Subject::Plug { sockets, plugs } => (sockets.as_slice(), plugs.as_deref()),
        Subject::File(_) => (&[][..], None),
    };
    let lists = [
        sockets,
        plugs.unwrap_or_default(),
        &compose.chains,
        &compose.wires,
        &compose.prefer,
        &compose.keep_imports,
        &compose.exports,
        &compose.renames,
    ];
    let mut texts = lists.into_iter().flatten();
    texts.any(|text| {
        text.split(['#', ',', '='])
            .any(|word| word.trim() == package)
    })
}
