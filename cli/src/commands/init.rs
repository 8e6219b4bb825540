//! `tenon init`: a project.

use crate::args::Init;
use crate::error::Failure;
use crate::project::{MANIFEST, WkgProject};
use crate::stored::{self, Access};
use crate::ui::{self, Document, Ui};
use crate::wit::{declared, vendored};
use serde::Serialize;
use std::path::{Path, PathBuf};
use tenon_registry_client::name::PackageName;
use tenon_registry_client::project::{About, Compose, Manifest, new_manifest};

#[derive(Serialize)]
struct InitContent {
    manifest: String,
    /// The files of other tools whose content was taken over.
    taken_over: Vec<String>,
}

pub(crate) fn run(ui: &Ui, args: &Init) -> Result<(), Failure> {
    let folder = args.folder.clone().unwrap_or_default();
    let path = folder.join(MANIFEST);
    if path.exists() {
        return Err(already_there(&path));
    }
    let mut new = Manifest::default();
    let mut taken_over = vec![];
    let name = args.name.as_ref().map(|name| {
        name.parse::<PackageName>().map_err(|error| {
            Failure::usage(format!(
                "`--name {}` names no package",
                ui::clean_line(name)
            ))
            .cause(ui::clean_line(&error.to_string()))
            .help("name it as `acme:shop`")
        })
    });
    let wit = folder.join(&new.wit.dir);
    let declared = declared(&wit)?;
    if declared.is_some() {
        taken_over.push(wit.display().to_string());
    }
    let (found, version) = declared.unzip();
    new.package = name.transpose()?.or(found).map(|name| About {
        name,
        version: version.flatten(),
        description: None,
        authors: None,
        licenses: None,
        homepage: None,
        source: None,
    });
    let wkg = WkgProject::read(&folder)?;
    if let Some(wkg) = &wkg {
        wkg.take_over(&mut new);
        taken_over.extend(wkg.files.iter().map(|path| path.display().to_string()));
    }
    if let Some(socket) = &args.socket {
        let is_package = !socket.exists()
            && socket
                .to_str()
                .is_some_and(|text| text.contains(':') && text.parse::<PackageName>().is_ok());
        let socket = match is_package {
            true => socket.clone(),
            false => seen_from(&folder, socket),
        };
        new.compose = Some(Compose::of_socket(socket.to_string_lossy()));
    }
    if !folder.as_os_str().is_empty() {
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failure::io("make the folder", &folder, &error))?;
    }
    if !stored::create(&path, Access::Shared, &new_manifest(&new))? {
        return Err(already_there(&path));
    }
    if ui.json {
        let manifest = path.display().to_string();
        let content = InitContent {
            manifest,
            taken_over,
        };
        return ui.document(&Document::new("tenon/init/1", content));
    }
    ui.say(&format!("{} {}", ui::bold("wrote"), path.display()));
    for file in &taken_over {
        ui.say(&format!("what `{file}` says was taken over"));
    }
    let members = wkg.iter().flat_map(WkgProject::members);
    let members: Vec<_> = members.map(|member| format!("`{member}`")).collect();
    if !members.is_empty() {
        ui.warn(&format!(
            "`wkg.toml` is that of a workspace, and this project is only its root: run `tenon init` in each member, too: {}",
            ui::clean_line(&members.join(", "))
        ));
    }
    let next = match (new.compose.is_some(), wit.is_dir()) {
        (true, _) => "tenon add NAMESPACE:NAME, then tenon build",
        (false, true) if vendored(&wit)?.is_empty() => "tenon wit fetch, then tenon build",
        (false, true) => "tenon wit fetch --replace, then tenon build",
        (false, false) => "tenon add NAMESPACE:NAME",
    };
    ui.say(&format!("{} {next}", ui::bold("next:")));
    Ok(())
}

/// A path of the command line, as seen from the folder of the project.
fn seen_from(folder: &Path, path: &Path) -> PathBuf {
    let absolute = |path: &Path| std::path::absolute(path).ok();
    let inside = absolute(path).and_then(|path| {
        let folder = absolute(folder)?;
        Some(path.strip_prefix(folder).ok()?.to_owned())
    });
    match inside {
        Some(inside) => inside,
        None if folder.as_os_str().is_empty() => path.to_owned(),
        None => absolute(path).unwrap_or_else(|| path.to_owned()),
    }
}

fn already_there(path: &Path) -> Failure {
    Failure::configuration(
        "project::exists",
        format!("`{}` is there already", path.display()),
    )
    .help("edit it, or add to it with `tenon add`")
}
