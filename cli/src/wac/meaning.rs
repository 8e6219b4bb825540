//! A document understood: read with its packages, and with all that is wrong with it.

use super::search::{Found, Missing, Search};
use crate::diagnostic::{Diagnostic, Place};
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::reading::read_any;
use crate::script::Script;
use crate::source::Named;
use crate::ui::{self, Ui};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tenon_composer::wac::{
    MAX_ERRORS, Packages, Parsed, Resolution, ResolveError, ResolveErrorKind, WantedPackage,
    resolve, wanted,
};
use tenon_composer::{Arena, ComponentId, Composition, Dedupe, Diagram, Options, encode};

/// A document that was read, and the packages that it names, as far as they were found.
pub(crate) struct Read<'s> {
    script: &'s Script,
    parsed: &'s Parsed<'s>,
    wanted: Vec<WantedPackage<'s>>,
    found: Found,
}

/// What a document means.
pub(crate) struct Meaning<'r> {
    read: &'r Read<'r>,
    arena: Arena<'r>,
    resolution: Resolution,
    /// What the packages are.
    ids: BTreeMap<&'r str, ComponentId>,
}

/// How the composition of a document is made.
#[derive(Default)]
pub(crate) struct Making {
    /// Its name, if it is not that of the document.
    pub(crate) name: Option<String>,
    pub(crate) dedupe: Dedupe,
    /// Whether packages are imported, and not embedded.
    pub(crate) import_components: bool,
}

impl<'s> Read<'s> {
    /// Finds the packages of a document, and says where they are.
    pub(crate) fn of(
        script: &'s Script,
        parsed: &'s Parsed<'s>,
        search: Search<'_>,
    ) -> Result<Read<'s>, Failure> {
        let wanted = wanted(&parsed.document);
        let search = search.for_document(script.path.as_deref());
        let read = Read {
            found: search.find(&wanted)?,
            script,
            parsed,
            wanted,
        };
        read.say_packages(search.sources.ui);
        Ok(read)
    }

    /// What the document means, or all that is wrong with it.
    pub(crate) fn understand(&self, no_validate: bool) -> Result<Meaning<'_>, Failure> {
        let mut arena = Arena::new();
        let read = read_any(&mut arena, &self.found.inputs, no_validate);
        let mut packages = Packages::new();
        let mut ids = BTreeMap::new();
        let mut trouble: BTreeMap<&str, Diagnostic> = BTreeMap::new();
        for package in &self.wanted {
            let name = &*package.name;
            let found = self.found.packages.get(name);
            let diagnostic = match found.and_then(|input| read.get(*input)) {
                Some(Ok(id)) => {
                    packages.add(name, *id);
                    ids.insert(name, *id);
                    continue;
                }
                Some(Err(failure)) => self.broken(package, failure),
                None => self.missing(package),
            };
            trouble.insert(name, diagnostic);
        }
        let resolved = resolve(&mut arena, &self.parsed.document, &packages);
        let (resolution, errors) = match resolved {
            Ok(resolution) => (Some(resolution), vec![]),
            Err(errors) => (None, errors),
        };
        let is_news = |error: &&ResolveError| match error.kind() {
            // More is known of it than that.
            ResolveErrorKind::UnknownPackage(name) => !trouble.contains_key(&**name),
            _ => true,
        };
        let news = errors.iter().filter(is_news);
        let mut diagnostics: Vec<_> = news.map(|error| self.script.meant(error)).collect();
        diagnostics.extend(trouble.into_values());
        if let Some(failure) = in_order(diagnostics) {
            return Err(failure);
        }
        Ok(Meaning {
            read: self,
            arena,
            resolution: resolution.ok_or_else(unexplained)?,
            ids,
        })
    }

    /// The files that the document and its packages were read from.
    pub(crate) fn files(&self) -> BTreeSet<PathBuf> {
        let mut files = self.found.files.clone();
        files.extend(self.script.path.clone());
        files
    }

    /// The components and WIT packages that went in.
    pub(crate) fn inputs(&self) -> &[Named] {
        &self.found.inputs
    }

    /// The packages, as the document names them, each with where it was found.
    pub(crate) fn packages(&self) -> impl Iterator<Item = (&str, &Named)> {
        let packages = self.found.packages.iter();
        packages.filter_map(|(name, input)| Some((&**name, self.found.inputs.get(*input)?)))
    }

    /// Says which packages were found where.
    fn say_packages(&self, ui: &Ui) {
        for (name, named) in self.packages() {
            match &named.release {
                Some(release) => ui.say(&release.line),
                None if ui.verbose => {
                    let place = ui::clean_line(&named.argument);
                    ui.say(&format!("{} `{name}` in `{place}`", ui::bold("found")));
                }
                None => {}
            }
        }
    }

    /// What the document is called, as a package.
    fn title(&self) -> Option<String> {
        let package = self.parsed.document.package.as_ref()?;
        Some(package.name.name())
    }

    /// Its version, if it has one.
    fn version(&self) -> Option<String> {
        let package = self.parsed.document.package.as_ref()?;
        Some(package.name.version.as_ref()?.text.to_owned())
    }

    /// What is wrong with a package that was found.
    fn broken(&self, package: &WantedPackage<'_>, failure: &Failure) -> Diagnostic {
        let places = failure.findings.diagnostics.iter();
        let places = places.filter_map(|diagnostic| diagnostic.place.clone());
        Diagnostic {
            place: self.place(package, &format!("this package is `{}`", package.name)),
            related: self.others(package).into_iter().chain(places).collect(),
            ..Diagnostic::of_failure(failure)
        }
    }

    /// What is known of a package that was not found.
    fn missing(&self, package: &WantedPackage<'_>) -> Diagnostic {
        let (causes, help) = match self.found.missing.get(&package.name) {
            Some(Missing::Broken(failure)) => return self.broken(package, failure),
            Some(Missing::Absent(absent)) => (absent.causes.clone(), Some(absent.help.clone())),
            None => (vec![], None),
        };
        Diagnostic {
            code: "wac::unknown-package",
            message: format!("there is no package `{}`", package.name),
            causes,
            place: self.place(package, "not found"),
            help,
            related: self.others(package),
        }
    }

    /// Where a package is named first.
    fn place(&self, package: &WantedPackage<'_>, label: &str) -> Option<Place> {
        let first = package.spans.first()?;
        Some(self.script.place(*first, label))
    }

    /// Where else it is named.
    fn others(&self, package: &WantedPackage<'_>) -> Vec<Place> {
        let others = package.spans.iter().skip(1);
        let others = others.map(|span| self.script.place(*span, "and here"));
        others.collect()
    }
}

impl<'r> Meaning<'r> {
    /// What the graph looks like.
    pub(crate) fn diagram(&self) -> Diagram {
        Diagram::of(&self.arena, self.resolution.graph())
    }

    /// Makes the composition, which conforms to the world that the document targets.
    pub(crate) fn compose(self, making: Making) -> Result<Composition<'r>, Failure> {
        let read = self.read;
        let options = Options {
            imported: match making.import_components {
                true => self.imported(),
                false => BTreeMap::new(),
            },
            name: making.name.or_else(|| read.title()),
            version: read.version(),
            dedupe: making.dedupe,
        };
        let graph = self.resolution.graph().clone();
        let composition = encode(self.arena, graph, &options).map_err(|error| {
            let located = self.resolution.locate(&error);
            let located = located.iter().map(|error| read.script.meant(error));
            in_order(located.collect()).unwrap_or_else(|| error.into())
        })?;
        let missed = self.resolution.check_target(&composition)?;
        let missed = missed.iter().map(|error| read.script.meant(error));
        match in_order(missed.collect()) {
            Some(failure) => Err(failure),
            None => Ok(composition),
        }
    }

    /// The components that instances are made of, each with the name of its import: that of the package, in a form in which an
    /// import can have it.
    fn imported(&self) -> BTreeMap<ComponentId, String> {
        let mut imported = BTreeMap::new();
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        for package in self.read.wanted.iter().filter(|it| it.is_instantiated) {
            let Some(id) = self.ids.get(&*package.name) else {
                continue;
            };
            if imported.contains_key(id) {
                continue;
            }
            let name = package.package.name().replace(':', "-");
            let count = taken.entry(name.clone()).or_default();
            *count += 1;
            let name = match count {
                1 => name,
                _ => format!("{name}-{count}"),
            };
            imported.insert(*id, name);
        }
        imported
    }
}

/// What is wrong, in the order in which it stands in the text, and no more than is shown of a text; nothing, if nothing is.
fn in_order(mut diagnostics: Vec<Diagnostic>) -> Option<Failure> {
    diagnostics.sort_by_key(|one| one.place.as_ref().map(|place| place.start));
    diagnostics.truncate(MAX_ERRORS);
    Failure::of(diagnostics)
}

/// A document that was refused for no stated reason.
fn unexplained() -> Failure {
    Failure {
        exit: ExitKind::Bug,
        ..Failure::new(
            "compose::invalid-output",
            "the document was refused, and nothing says why",
        )
    }
    .help("please report this, with the document and its packages")
}
