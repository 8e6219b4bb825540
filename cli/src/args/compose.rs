//! The arguments of `tenon compose`.

use super::Dedupe;
use clap::Args;
use std::path::PathBuf;

/// Compose what a file describes.
///
/// The file is a document in WAC, whose packages are found in the folder `deps`, or where the project has them. Or it is a
/// plan, as `tenon plug --plan` writes it: its components must be those that it was made with, byte for byte. Or it is a configuration of `wasm-compose`, which says what the imports of a root component are filled
/// with. Or it is the root itself, with its configuration in `--config`, as `wasm-tools compose` takes it; without
/// a configuration, each import is looked for by its name, as `NAME.wasm` or `NAME.wat` beside the root. The result
/// exports what the root exports. What nothing fills stays imported.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    tenon compose shop.wac -o shop.wasm\n  \
    tenon compose shop.wac --dep acme:log=log.wasm -o shop.wasm\n  \
    tenon compose plan.json -o composed.wasm\n  \
    tenon compose app.yml -o composed.wasm\n  \
    tenon compose app.wasm -c config.yml -o composed.wasm")]
pub(crate) struct Compose {
    /// A document (`.wac`), a plan (`.json`), a configuration (`.yml` or `.yaml`), or the root component: a file (`.wasm` or `.wat`), or
    /// a package of a registry. `-` is a document or a component on standard input.
    #[arg(value_name = "PATH")]
    pub(crate) input: String,

    /// The configuration, where PATH is the root component.
    #[arg(short, long, value_name = "CONFIG")]
    pub(crate) config: Option<String>,

    /// The root component, where PATH is a configuration. Otherwise it is the component that the instantiation
    /// `root` names, or else the one of the name `root`.
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    pub(crate) root: Option<String>,

    /// The folder with the packages of a document: `NAMESPACE/NAME.wasm`, `.wat` or `.wit`, or a folder of WIT of that name;
    /// those of a version in `NAMESPACE/NAME/VERSION.wasm`, and so on. It is `deps` if not given.
    #[arg(long, value_name = "DIR")]
    pub(crate) deps_dir: Option<PathBuf>,

    /// Of a document: where a package is, whatever the folder has, as a component, a WIT package or a folder of WIT; without a
    /// version, it is the package in every version. Otherwise, only a path or package: a component whose exports fill every
    /// import of the same name. May be given several times.
    #[arg(
        short,
        long = "dep",
        visible_alias = "definitions",
        value_name = "NAME[@VERSION]=PATH"
    )]
    pub(crate) deps: Vec<String>,

    /// A folder to look for components in; may be given several times.
    #[arg(short = 'p', long = "search-path", value_name = "PATH")]
    pub(crate) search_paths: Vec<PathBuf>,

    /// Import the components, instead of embedding them.
    #[arg(short, long, visible_alias = "import-dependencies")]
    pub(crate) import_components: bool,

    /// Treat an import for which no component is found as an error.
    #[arg(long, visible_alias = "no-imports")]
    pub(crate) disallow_imports: bool,

    /// Do not validate function bodies. Types, and the composition itself, are always checked.
    #[arg(long, visible_alias = "no-validate")]
    pub(crate) skip_validation: bool,

    /// What to put into the composition only once; what a plan says, or else `auto`.
    #[arg(long, value_name = "WHAT")]
    pub(crate) dedupe: Option<Dedupe>,

    /// Where to write the composition; `-` or nothing means standard output.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,

    /// Write the text format.
    #[arg(short = 't', long)]
    pub(crate) wat: bool,

    /// Plan and check, but write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// The name of the composition; that of the document or the root if not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}
