//! Which WIT packages are needed: by a folder of WIT, and by components and WIT packages.

use super::folder::{Content, Folder, Which};
use crate::error::Failure;
use crate::ui;
use semver::{Version, VersionReq};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use tenon_composer::{Arena, Bodies, Input, Source, mentions};
use tenon_registry_client::name::PackageName;
use tenon_registry_client::record::ContentKind;
use tenon_registry_client::resolve::{Need, Strength, compatible_with, exactly};
use wit_parser::{AstItem, UnresolvedPackage, UnresolvedPackageGroup};

/// A package that the text in a folder uses and does not declare.
#[derive(Debug)]
pub(crate) struct FolderNeed {
    pub(crate) package: PackageName,
    /// The version, if the text names one: exactly this one is meant.
    pub(crate) version: Option<Version>,
    /// Where it is used first: file, line and column.
    pub(crate) place: String,
}

impl FolderNeed {
    /// As what resolves it knows it. Where the text names no version, any will do for now: that no version fits
    /// such a text but one that has none is found when the packages are there.
    pub(crate) fn need(&self) -> Need {
        Need {
            package: self.package.clone(),
            requirement: self.version.as_ref().map_or(VersionReq::STAR, exactly),
            strength: Strength::Always,
        }
    }
}

/// The packages that a folder of WIT uses, and that are not in it, in the order of their names and versions.
/// What `tenon wit fetch` put into `deps` is as good as not there, what someone else put there is part of the
/// folder. A folder that is not there needs nothing.
///
/// What is at the paths `but` is not looked at.
pub(crate) fn needs_of_folder(folder: &Path, but: &[PathBuf]) -> Result<Vec<FolderNeed>, Failure> {
    let folder = Folder::read(folder, Which::ForeignBut(but))?;
    let declared: HashSet<_> = folder
        .declared()
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    let entries = folder
        .entries
        .iter()
        .filter_map(|entry| match &entry.content {
            Content::Text(group) => Some(&**group),
            Content::Binary(..) => None,
        });
    let mut needs = BTreeMap::new();
    for group in folder.own.iter().chain(entries) {
        for package in std::iter::once(&group.main).chain(&group.nested) {
            for (name, items) in &package.foreign_deps {
                if !declared.contains(name) {
                    let first = items.values().next();
                    let place = || first.map(|(item, _)| place_of(group, package, *item));
                    needs.entry(name).or_insert_with(place);
                }
            }
        }
    }
    let needs = needs.into_iter().map(|(name, place)| {
        let place = place.unwrap_or_default();
        let text = format!("{}:{}", name.namespace, name.name);
        let package = text
            .parse()
            .map_err(|error| no_name(&format!("`{place}`"), &text, error))?;
        Ok(FolderNeed {
            package,
            version: name.version.clone(),
            place,
        })
    });
    needs.collect()
}

fn place_of(group: &UnresolvedPackageGroup, package: &UnresolvedPackage, item: AstItem) -> String {
    let span = match item {
        AstItem::Interface(id) => package.interfaces.get(id).map(|item| item.span),
        AstItem::World(id) => package.worlds.get(id).map(|item| item.span),
    };
    span.map_or_else(String::new, |span| group.source_map.render_location(span))
}

/// What a component or a WIT package in the binary format is, and which WIT packages it needs. Types are read,
/// code and data are not.
pub(crate) fn needs_of(name: &str, input: &dyn Input) -> Result<(ContentKind, Vec<Need>), Failure> {
    let mut arena = Arena::new();
    let id = arena.read_release(Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Skip,
    })?;
    let kind = match arena.component(id).is_wit_package() {
        true => ContentKind::Wit,
        false => ContentKind::Component,
    };
    let mentions = mentions(&arena, id);
    let mentions = mentions
        .iter()
        .map(|mention| (&*mention.package, mention.version.as_deref()));
    Ok((kind, needs_for(name, kind, mentions)?))
}

/// The needs of content that mentions these WIT packages, with the versions in which it does.
///
/// A component runs without the WIT of what it imports and exports, and a package that no registry can have is
/// nothing to it.
pub(crate) fn needs_for<'m>(
    name: &str,
    kind: ContentKind,
    mentions: impl Iterator<Item = (&'m str, Option<&'m str>)>,
) -> Result<Vec<Need>, Failure> {
    let strength = match kind {
        ContentKind::Component => Strength::IfPresent,
        ContentKind::Wit => Strength::Always,
    };
    let mut needs = Vec::new();
    for (mentioned, version) in mentions {
        let package = match mentioned.parse() {
            Ok(package) => package,
            Err(_) if kind == ContentKind::Component => continue,
            Err(error) => return Err(no_name(&format!("`{name}`"), mentioned, error)),
        };
        let requirement = match version {
            None => VersionReq::STAR,
            Some(version) => compatible(version).ok_or_else(|| {
                let message = format!(
                    "`{name}` uses `{mentioned}` in `{}`, which is no version",
                    ui::clean_line(version)
                );
                Failure::new("wit::name", message)
            })?,
        };
        needs.push(Need {
            package,
            requirement,
            strength,
        });
    }
    Ok(needs)
}

/// The versions that may stand in for this one, or for those of a track.
pub(super) fn compatible(version: &str) -> Option<VersionReq> {
    match Version::parse(version) {
        Ok(version) => Some(compatible_with(&version)),
        Err(_) => VersionReq::parse(&format!("^{version}")).ok(),
    }
}

fn no_name(who: &str, package: &str, error: impl std::fmt::Display) -> Failure {
    let message = format!(
        "{who} uses the package `{}`, which no registry can have",
        ui::clean_line(package)
    );
    Failure::new("wit::name", message)
        .cause(ui::clean_line(&error.to_string()))
        .help("put the WIT of it into `deps`, or give the package another name")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;
    use std::fs;

    fn shown(needs: &[Need]) -> Vec<String> {
        let show =
            |need: &Need| format!("{} {} {:?}", need.package, need.requirement, need.strength);
        needs.iter().map(show).collect()
    }

    #[test]
    fn a_folder_needs_what_is_not_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let write = |name: &str, text: &str| {
            let path = path.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert!(
            needs_of_folder(&path.join("nowhere"), &[])
                .unwrap()
                .is_empty()
        );
        assert!(needs_of_folder(path, &[]).unwrap().is_empty());
        write(
            "b.wit",
            "package acme:shop@0.1.0;\n\nworld w {\n  import wasi:io/poll@0.2.3;\n  import acme:plain/kit;\n  import mine:kit/kit;\n}\n",
        );
        write(
            "a.wit",
            "interface i { use wasi:io/poll@0.2.3.{pollable}; use acme:inner/i.{t}; }\n\
             package acme:inner { interface i { use wasi:clocks/wall@0.2.1.{datetime}; type t = datetime; } }\n",
        );
        write(
            "deps/kit.wit",
            "package mine:kit;\ninterface kit { use far:off/away@1.0.0.{t}; }\n",
        );
        // What was fetched is as good as not there.
        write(
            "deps/wasi-io-0.2.3/package.wit",
            "not even WIT\n// Made by `tenon wit fetch` from wasi:io@0.2.3 (sha256:0); changes get lost\n",
        );
        let needs = needs_of_folder(path, &[]).unwrap();
        let places: Vec<_> = needs
            .iter()
            .map(|need| {
                need.place
                    .strip_prefix(&*path.to_string_lossy())
                    .unwrap()
                    .to_owned()
            })
            .collect();
        let needs: Vec<_> = needs.iter().map(FolderNeed::need).collect();
        assert_eq!(
            shown(&needs),
            [
                "acme:plain * Always",
                "far:off =1.0.0 Always",
                "wasi:clocks =0.2.1 Always",
                "wasi:io =0.2.3 Always",
            ]
        );
        assert_eq!(
            places,
            [
                "/b.wit:5:21",
                "/deps/kit.wit:2:29",
                "/a.wit:2:52",
                "/a.wit:1:27"
            ]
        );

        write(
            "b.wit",
            "package acme:shop@0.1.0;\nworld w { import a:B/c@1.0.0; }\n",
        );
        let failure = needs_of_folder(path, &[]).unwrap_err();
        assert_eq!(failure.code, "wit::name");
        assert!(
            failure.message.contains("b.wit:2:") && failure.message.contains("`a:B`"),
            "{}",
            failure.message
        );
    }

    #[test]
    fn a_track_alone_is_a_requirement() {
        let mentions = [("wasi:http", Some("0.2")), ("wasi:cli", Some("1"))];
        let needs = needs_for("c", ContentKind::Wit, mentions.into_iter()).unwrap();
        assert_eq!(
            shown(&needs),
            ["wasi:http ^0.2 Always", "wasi:cli ^1 Always"]
        );
        let failure = needs_for("c", ContentKind::Wit, [("a:B", None)].into_iter()).unwrap_err();
        assert_eq!(failure.code, "wit::name");
    }

    #[test]
    fn a_component_constrains_the_packages_of_its_imports_and_exports() {
        let component = wat::parse_str(
            r#"(component
                (import "wasi:io/poll@0.2.3" (instance))
                (import "wasi:io/streams@0.2.3" (instance))
                (import "wasi:http/types@0.2" (version-suffix ".3") (instance))
                (import "wasi:http/other@0.2.1" (instance))
                (import "own" (implements "acme:kv/store@1.0.0-rc.1") (instance $i))
                (import "con:b/c@1.0.0" (instance))
                (import "run" (func))
                (export "acme:plain/kit" (instance $i))
            )"#,
        )
        .unwrap();
        let (kind, needs) = needs_of("c", &component).unwrap();
        assert_eq!(kind, ContentKind::Component);
        assert_eq!(
            shown(&needs),
            [
                "acme:kv ^1.0.0-rc.1 IfPresent",
                "acme:plain * IfPresent",
                "wasi:http ^0.2.1 IfPresent",
                "wasi:http ^0.2.3 IfPresent",
                "wasi:io ^0.2.3 IfPresent",
            ]
        );
    }
}
