//! A configuration of `wasm-compose`: the file, and where the components are that it names.

use super::shelf::Shelf;
use super::yaml::parse;
use super::{Outcome, files, finish};
use crate::args::{Compose, Dedupe};
use crate::error::Failure;
use crate::reading::read;
use crate::source::{Named, Sources};
use crate::write::Target;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::slice;
use tenon_composer::{
    Arena, ComponentId, Configuration, Configured, InstanceArgument, Instantiation, Options, ROOT,
    configure, encode,
};
use wasm_compose::config::Config;

/// Composes what the configuration at `path` says of its root, which is `given` perhaps; without one, each import is
/// looked for by its name.
pub(super) fn run(
    sources: Sources<'_>,
    args: &Compose,
    target: &Target,
    path: Option<&str>,
    given: Option<Named>,
) -> Result<Vec<PathBuf>, Failure> {
    let shelf = Shelf::new();
    let recipe = Recipe::read(sources, &shelf, args, path)?;
    let mut arena = Arena::new();
    let root = match given {
        Some(given) => shelf.put(given),
        None => recipe.root(args, path)?,
    };
    let root_id = recipe.read_one(&mut arena, root)?;
    let Configured {
        mut plan,
        names,
        remarks,
        ..
    } = recipe.configure(&mut arena, root_id)?;
    let metadata = arena.component(root_id).metadata();
    let name = args.name.clone().or_else(|| metadata.name.clone());
    let options = Options {
        name: name.or_else(|| Some(root.title())),
        version: metadata.version.clone(),
        dedupe: args.dedupe.unwrap_or(Dedupe::Auto).into(),
        imported: match recipe.import_components {
            true => names,
            false => BTreeMap::new(),
        },
    };
    let composition = encode(arena, std::mem::take(&mut plan.graph), &options)?;
    let outcome = Outcome {
        plan,
        remarks: remarks.iter().map(ToString::to_string).collect(),
        inputs: &shelf.all(),
    };
    finish(sources.ui, args, target, &composition, outcome)?;
    Ok(files(shelf.all()))
}

/// A configuration, with what the command line says beside it.
struct Recipe<'a> {
    sources: Sources<'a>,
    shelf: &'a Shelf,
    config: Config,
    /// Definitions of the command line.
    definitions: &'a [String],
    search_paths: Vec<PathBuf>,
    skip_validation: bool,
    import_components: bool,
    disallow_imports: bool,
}

impl<'a> Recipe<'a> {
    /// Reads the configuration at `path`; without one, it is as if an empty one were beside the root.
    fn read(
        sources: Sources<'a>,
        shelf: &'a Shelf,
        args: &'a Compose,
        path: Option<&str>,
    ) -> Result<Recipe<'a>, Failure> {
        let config = match path {
            Some(path) => Config {
                dir: folder_of(path),
                ..parse(path)?
            },
            None => Config {
                dir: folder_of(&args.input),
                ..Config::default()
            },
        };
        // Its paths are said to be relative to the configuration, but have been taken as relative to the
        // working directory, too.
        let search_paths = config.search_paths.iter().map(|path| {
            let beside = config.dir.join(path);
            match beside.is_dir() {
                true => beside,
                false => path.clone(),
            }
        });
        let search_paths = std::iter::once(config.dir.clone())
            .chain(search_paths)
            .chain(args.search_paths.iter().cloned())
            .collect();
        Ok(Recipe {
            sources,
            shelf,
            search_paths,
            definitions: &args.deps,
            skip_validation: config.skip_validation || args.skip_validation,
            import_components: config.import_components || args.import_components,
            disallow_imports: config.disallow_imports || args.disallow_imports,
            config,
        })
    }

    /// Opens the component that the configuration, that at `path` if there is one, is for.
    fn root(&self, args: &Compose, path: Option<&str>) -> Result<&'a Named, Failure> {
        let named = match &args.root {
            Some(root) => self.sources.open(root)?,
            None if path != Some(&args.input) => self.sources.open(&args.input)?,
            None => {
                let name = self.config.dependency_name(ROOT);
                self.find(name)?.ok_or_else(|| no_root(&args.input, name))?
            }
        };
        Ok(self.shelf.put(named))
    }

    /// Finds what the imports of `root` are filled with, and of what fills them.
    fn configure(&self, arena: &mut Arena<'a>, root: ComponentId) -> Result<Configured, Failure> {
        let mut definitions = Vec::new();
        for path in &self.config.definitions {
            let named = self.open(path)?;
            definitions.push((named.name.clone(), self.take(arena, named)?));
        }
        for argument in self.definitions {
            let named = self.sources.open(argument)?;
            definitions.push((named.name.clone(), self.take(arena, named)?));
        }
        let configuration = Configuration {
            root,
            definitions,
            instantiations: instantiations(&self.config),
            disallow_imports: self.disallow_imports,
        };
        configure(arena, &configuration, |arena, name| {
            let found = self.find(name)?;
            found.map(|named| self.take(arena, named)).transpose()
        })
    }

    /// Opens the component of a name, if there is one.
    fn find(&self, name: &str) -> Result<Option<Named>, Failure> {
        if let Some(dependency) = self.config.dependencies.get(name) {
            return self.open(&dependency.path).map(Some);
        }
        for folder in &self.search_paths {
            for extension in ["wasm", "wat"] {
                let whole = folder.join(format!("{name}.{extension}"));
                // What comes after the last dot of a version has been taken for an extension.
                let cut = folder.join(name).with_extension(extension);
                if let Some(path) = [whole, cut].into_iter().find(|path| path.is_file()) {
                    return Named::open(&path.to_string_lossy()).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// Opens what the configuration says of a file: a path relative to itself, or a package.
    fn open(&self, path: &Path) -> Result<Named, Failure> {
        let beside = self.config.dir.join(path);
        let text = path.to_string_lossy();
        let is_package = text.contains(':') && !text.contains(['/', '\\']) && !beside.exists();
        match is_package {
            true => self.sources.open(&text),
            false => Named::open(&beside.to_string_lossy()),
        }
    }

    /// Reads a component, which stays on the shelf.
    fn take(&self, arena: &mut Arena<'a>, named: Named) -> Result<ComponentId, Failure> {
        self.read_one(arena, self.shelf.put(named))
    }

    fn read_one(&self, arena: &mut Arena<'a>, named: &'a Named) -> Result<ComponentId, Failure> {
        if let Some(release) = &named.release {
            self.sources.ui.say(&release.line);
        }
        let ids = read(arena, slice::from_ref(named), self.skip_validation)?;
        let id = ids.first().copied();
        id.ok_or_else(|| Failure::usage("a component is needed"))
    }
}

fn no_root(config: &str, name: &str) -> Failure {
    Failure::usage(format!("`{config}` does not say what its root is"))
        .cause(format!(
            "there is no component `{name}`: not under `dependencies`, and neither `{name}.wasm` nor \
             `{name}.wat` where components are looked for"
        ))
        .help("name the root with `--root PATH`, or as the `dependency` of the instantiation `root`")
}

fn instantiations(config: &Config) -> BTreeMap<String, Instantiation> {
    let instantiations = config.instantiations.iter().map(|(name, said)| {
        let arguments = said.arguments.iter().map(|(import, argument)| {
            let argument = InstanceArgument {
                instance: argument.instance.clone(),
                export: argument.export.clone(),
            };
            (import.clone(), argument)
        });
        let instantiation = Instantiation {
            dependency: said.dependency.clone(),
            arguments: arguments.collect(),
        };
        (name.clone(), instantiation)
    });
    instantiations.collect()
}

fn folder_of(path: &str) -> PathBuf {
    let folder = Path::new(path).parent();
    folder.map(Path::to_path_buf).unwrap_or_default()
}
