//! `tenon verify` of what comes from a registry without a log: what holds it, and what nothing does.

use crate::args::{Global, Verify};
use crate::config::manifest;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::oci::{Foreign, OciHome, reference};
use crate::project::{LOCK, Project, Purpose, install, tag_moved};
use crate::source::Named;
use crate::ui::{self, Document, Ui, UnverifiedData};
use crate::wanted::Wanted;
use serde::Serialize;
use std::collections::BTreeSet;
use tenon_registry_client::http::oci::{Pick, tag_of};
use tenon_registry_client::project::{LockedPackage, UnloggedRelease};

#[derive(Serialize)]
struct VerifyContent {
    #[serde(flatten)]
    release: UnverifiedData,
    checks: Vec<CheckData>,
}

#[derive(Serialize)]
struct CheckData {
    name: &'static str,
    state: State,
    /// What was checked, or what was not.
    what: String,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Checked,
    /// The registry says so, and nothing else does.
    RegistrysWord,
    Unchecked,
}

pub(super) fn run(
    ui: &Ui,
    args: &Verify,
    global: &Global,
    home: &OciHome,
    wanted: &Wanted,
) -> Result<(), Failure> {
    let project = manifest::of_here().map(|_| Project::open(Purpose::Look));
    let project = project.transpose()?;
    let locked = project.as_ref().and_then(|it| it.locked_as(wanted));
    let found = locked.and_then(|locked| Some((locked, locked.unlogged()?)));
    let (Some(project), Some((locked, release))) = (&project, found) else {
        return Err(nothing(home, wanted));
    };
    let content = match &args.file {
        Some(file) => {
            let namespaces = BTreeSet::from([wanted.package.namespace()]);
            project.check_origins_in(ui, global, &namespaces)?;
            let file = Named::open_raw(file)?;
            check_file(&file, locked)?;
            format!("every byte of `{}`", ui::clean_line(&file.argument))
        }
        None => {
            install(ui, global, project, &[locked])?;
            "every byte of it".to_owned()
        }
    };
    let (digest, size) = (locked.digest(), ui::thousands(locked.size));
    let name = format!("{}@{}", release.package, release.version);
    let check = |name, state, what: String| CheckData { name, state, what };
    let unchecked = |name, what: &str| check(name, State::Unchecked, what.to_owned());
    let (state, tag) = tag(ui, global, locked, release)?;
    let checks = vec![
        check(
            "content",
            State::Checked,
            format!("{digest}, {size} bytes, {content}"),
        ),
        check(
            "lock",
            State::Checked,
            format!("`{LOCK}` has this digest for `{name}`"),
        ),
        check("tag", state, tag),
        unchecked(
            "publisher",
            "nobody signed it: whoever may push to the registry can have made it",
        ),
        unchecked("everyone", "nothing says that others are given the same"),
        unchecked(
            "newest",
            "nothing says that there is no newer version, or that this one was not withdrawn",
        ),
    ];
    if ui.json {
        let release = UnverifiedData {
            unverified: true,
            package: Some(release.package.to_string()),
            version: Some(release.version.to_string()),
            digest: digest.to_string(),
            size: locked.size,
            registry: release.place.to_string(),
            reference: None,
            logged_as: None,
        };
        let content = VerifyContent { release, checks };
        return ui.document(&Document::new("tenon/verify/1", content));
    }
    let rows = checks.iter().map(|check| {
        let state = match check.state {
            State::Checked => "checked",
            State::RegistrysWord => "registry's word",
            State::Unchecked => "not checked",
        };
        vec![state.to_owned(), check.name.to_owned(), check.what.clone()]
    });
    ui.print(&ui::table(&rows.collect::<Vec<_>>()))?;
    ui.say(&format!(
        "`{name}` is what is locked, and no more is known of it: {} has no log",
        release.place
    ));
    Ok(())
}

/// What nothing holds cannot be verified: that a registry gives what it names itself says nothing.
fn nothing(home: &OciHome, wanted: &Wanted) -> Failure {
    let package = &wanted.package;
    let message =
        format!("`{wanted}` cannot be verified: `{home}` has no log, and nothing is locked");
    Failure::configuration("oci::no-log", message)
        .cause("what it gives has the digest that it says itself, and that is all that could be checked")
        .help(format!(
            "lock it with `tenon add {package}`, and `tenon verify` says whether it is still that; `tenon info {package}` shows what the registry says"
        ))
}

/// Whether a file is what is locked.
fn check_file(file: &Named, locked: &LockedPackage) -> Result<(), Failure> {
    let found = file.digest()?;
    if found == *locked.digest() {
        return Ok(());
    }
    let (package, version) = (locked.package(), locked.version());
    let message = format!(
        "`{}` is not what `{LOCK}` has as `{package}@{version}`",
        ui::clean_line(&file.argument)
    );
    Err(Failure {
        exit: ExitKind::Refused,
        ..Failure::new("oci::content", message)
    }
    .cause(format!("`{LOCK}` has {}", locked.digest()))
    .cause(format!("the file has {found}"))
    .help(format!(
        "`tenon get {package}@{version} --locked` writes what is locked"
    )))
}

/// What the tag of the version means now.
fn tag(
    ui: &Ui,
    global: &Global,
    locked: &LockedPackage,
    release: &UnloggedRelease,
) -> Result<(State, String), Failure> {
    let Some(tag) = tag_of(&release.version) else {
        return Ok((State::Unchecked, "the version cannot be a tag".to_owned()));
    };
    if global.offline {
        let what = format!("what the tag `{tag}` means now was not asked, without the network");
        return Ok((State::Unchecked, what));
    }
    let place = reference(release.place.as_str())?;
    let foreign = Foreign::open(ui, global, &place.host)?;
    let pick = Pick::Tag(tag.clone());
    let named = match foreign.wait_raw(foreign.client.manifest(&place.repository, &pick)) {
        Ok(named) => named,
        Err(error) if error.is_not_found() => {
            return Ok((State::Unchecked, format!("the tag `{tag}` is gone")));
        }
        Err(error) => {
            let why = Failure::from(error).summary();
            let what = format!("what the tag `{tag}` means now is not known: {why}");
            return Ok((State::Unchecked, what));
        }
    };
    match named.manifest.component() {
        Ok(layer) if layer.digest == *locked.digest() => {
            let what = format!("the tag `{tag}` is this content now");
            Ok((State::RegistrysWord, what))
        }
        Ok(layer) => Err(tag_moved(locked, layer.digest)),
        Err(_) => Err(tag_moved(locked, named.digest)),
    }
}
