//! What a project asks for, and who in it does.

use super::Project;
use crate::error::Failure;
use crate::source::Named;
use crate::ui;
use crate::wit::needs::{needs_of, needs_of_folder};
use crate::wit::there;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::{Dependency, Subject};
use tenon_registry_client::resolve::{self, Need, Strength};

/// What a project asks for.
#[derive(Default)]
pub(crate) struct Asked {
    /// Of registries, and by whom.
    pub(crate) needs: Vec<resolve::Asked>,
    /// WIT packages that the project has itself, which no registry is asked for.
    pub(crate) own: BTreeSet<PackageName>,
    /// Versions of WIT packages that someone has put into the folder of the project's WIT, which serve those who need them.
    there: Vec<(PackageName, Option<semver::Version>)>,
    /// Versions of what is fetched in place of that, which stay where they fit.
    pub(crate) replaced: Vec<(PackageName, Version)>,
}

impl Project {
    /// What the manifest asks for, and what is asked by the WIT of the project and by the components that it
    /// names, as far as they are there.
    pub(crate) fn asked(&self) -> Result<Asked, Failure> {
        let mut asked = Asked::default();
        for (package, dependency) in &self.manifest.dependencies {
            match dependency {
                Dependency::Registry(requirement) => asked.needs.push(resolve::Asked {
                    need: Need {
                        package: package.clone(),
                        requirement: requirement.clone(),
                        strength: Strength::Always,
                    },
                    by: super::MANIFEST.to_owned(),
                }),
                Dependency::Path(path) => {
                    asked.own.insert(package.clone());
                    if !self.path(path).exists() {
                        return Err(nothing_at(package, path));
                    }
                    asked.add_local(&self.path(path))?;
                }
            }
        }
        if let Some(Subject::Plug { sockets, plugs }) =
            self.manifest.compose.as_ref().map(|compose| &compose.what)
        {
            let all = sockets.iter().chain(plugs.iter().flatten());
            for path in all.filter(|name| self.dependency(name).is_none()) {
                // What is not built yet asks for nothing yet.
                let path = self.path(path);
                if path.exists() {
                    asked.add_local(&path)?;
                }
            }
        }
        let folder = self.wit_folder();
        if folder.is_dir() {
            let but: Vec<_> = self.replaced.iter().map(|old| old.path.clone()).collect();
            asked.add_folder(&folder, &but)?;
            asked.there = there(&folder, &but)?;
            // What the manifest asks for is asked of the registry, whatever is there.
            let dependencies = &self.manifest.dependencies;
            asked
                .there
                .retain(|(package, _)| !dependencies.contains_key(package));
        }
        let replaced = self.replaced.iter();
        asked.replaced = replaced
            .map(|old| (old.package.clone(), old.version.clone()))
            .collect();
        let own = &asked.own;
        asked
            .needs
            .retain(|asked| !own.contains(&asked.need.package));
        Ok(asked)
    }

    /// The dependency that a name in the manifest stands for.
    pub(crate) fn dependency(&self, name: &str) -> Option<(PackageName, &Dependency)> {
        let package: PackageName = name.parse().ok()?;
        let dependency = self.manifest.dependencies.get(&package)?;
        Some((package, dependency))
    }
}

impl Asked {
    /// Who asks for a package, if it is not the manifest, in a line each.
    pub(crate) fn askers(&self, package: &PackageName) -> Vec<String> {
        let asked = self.iter();
        let asked = asked.filter(|(need, by)| need.package == *package && *by != super::MANIFEST);
        let lines = asked
            .map(|(need, by)| format!("`{by}` asks for `{} {}`", need.package, need.requirement));
        lines.collect()
    }

    /// Whether nothing has to come from a registry.
    pub(crate) fn is_nothing(&self) -> bool {
        let mut needs = self.iter();
        needs.all(|(need, _)| need.strength == Strength::IfPresent)
    }

    /// What is asked, each with who asks.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Need, &str)> {
        let needs = self.needs.iter();
        needs.map(|asked| (&asked.need, asked.by.as_str()))
    }

    /// Whether the project has itself what a release needs.
    pub(crate) fn has(&self, need: &Need) -> bool {
        let meets = |version: &Option<semver::Version>| match version {
            Some(version) => need.requirement.matches(version),
            None => need.requirement == semver::VersionReq::STAR,
        };
        let mut there = self.there.iter();
        self.own.contains(&need.package)
            || there.any(|(package, version)| *package == need.package && meets(version))
    }

    /// Adds what a component, a WIT package or a folder of WIT beside the manifest asks for.
    fn add_local(&mut self, path: &Path) -> Result<(), Failure> {
        if path.is_dir() {
            return self.add_folder(path, &[]);
        }
        let named = Named::open(&path.to_string_lossy())?;
        let (_, needs) = needs_of(&named.argument, named.input())?;
        let by = ui::clean_line(&named.argument);
        let asked = needs.into_iter().map(|need| resolve::Asked {
            need,
            by: by.clone(),
        });
        self.needs.extend(asked);
        Ok(())
    }

    /// Adds what the text of a folder of WIT asks for: WIT is resolved by exact versions.
    fn add_folder(&mut self, folder: &Path, but: &[PathBuf]) -> Result<(), Failure> {
        let asked = needs_of_folder(folder, but)?.into_iter();
        self.needs.extend(asked.map(|need| resolve::Asked {
            need: need.need(),
            by: ui::clean_line(&need.place),
        }));
        Ok(())
    }
}

/// A dependency that is to be at a path where nothing is.
pub(crate) fn nothing_at(package: &PackageName, path: &Path) -> Failure {
    let message = format!(
        "`{package}` in `{}` is at `{}`, and there is no such file",
        super::MANIFEST,
        ui::clean_line(&path.to_string_lossy())
    );
    Failure::new("cli::io", message).help("build it first, or correct the path there")
}
