//! The command line, as it is written.

mod compose;
mod config;
mod project;
mod read;
mod wac;
mod wit;
mod write;

pub(crate) use compose::Compose;
pub(crate) use config::{Config, ConfigShow};
pub(crate) use project::{Add, Agreement, Build, Init, Lock, Outdated, Remove, Tree, Update, Why};
pub(crate) use read::{Fetch, Get, Info, Log, LogMirror, LogMonitor, LogRecord, Search, Verify};
pub(crate) use wac::{Check, Fmt, Packages, Parse, Resolve};
pub(crate) use wit::{Wit, WitBuild, WitCommand, WitFetch};
pub(crate) use write::*;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Compose WebAssembly components: link what fits, explain what does not.
#[derive(Parser)]
#[command(
    name = "tenon",
    version,
    propagate_version = false,
    max_term_width = 100
)]
#[command(
    after_help = "`tenon help COMMAND` says more about a command, `tenon explain CODE` about an error."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Clone)]
pub(crate) struct Global {
    /// Say only what is wrong.
    #[arg(
        short,
        long,
        global = true,
        help_heading = "Global options",
        conflicts_with = "verbose"
    )]
    pub(crate) quiet: bool,

    /// Say more.
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,

    /// When to use colours.
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub(crate) color: Color,

    /// Report as JSON, errors too: on standard output, or on standard error where the component goes
    /// to standard output.
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,

    /// The registry to use: its name, or its URL.
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "NAME"
    )]
    pub(crate) registry: Option<String>,

    /// Do not use the network.
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) offline: bool,

    /// Take packages in the versions that `tenon.lock` has, which must fit `tenon.toml` and does not change.
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) locked: bool,

    /// As `--locked` and `--offline` together.
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) frozen: bool,
}

/// When to use colours.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Plug(Plug),
    Compose(Compose),
    Inspect(Inspect),
    Graph(Graph),
    Wit(Wit),
    Targets(Targets),
    Diff(Diff),
    Validate(Validate),
    Check(Check),
    Fmt(Fmt),
    Parse(Parse),
    Resolve(Resolve),
    Init(Init),
    Add(Add),
    Remove(Remove),
    Lock(Lock),
    Update(Update),
    Fetch(Fetch),
    Build(Build),
    Tree(Tree),
    Why(Why),
    Outdated(Outdated),
    Search(Search),
    Info(Info),
    Get(Get),
    Verify(Verify),
    #[command(subcommand)]
    Log(Log),
    Publish(Publish),
    Yank(Yank),
    Login(Login),
    Logout(Logout),
    Whoami(Whoami),
    #[command(subcommand)]
    Key(Key),
    #[command(subcommand)]
    Namespace(Namespace),
    #[command(subcommand)]
    Registry(Registry),
    #[command(subcommand)]
    Config(Config),
    Explain(Explain),
    Completions(Completions),
}

/// Plug the exports of components into the imports of others.
///
/// Every export of a plug fills the imports of the same name, or of the same interface in a compatible
/// version, whose types agree: those of the sockets, and those of other plugs. The result exports what
/// the sockets export. What nothing fills stays imported.
///
/// The other options say what matching cannot know. In them, a socket or plug is called as in the report:
/// after its file, without folder and extension, or after its package; `mw-2` is the second time that `mw`
/// is given. Where files of one name differ, the path as it was given tells them apart. Of an interface, the
/// version may be left out where there is only one.
#[derive(Args, Clone)]
#[command(after_help = "Examples:
  tenon plug app.wasm --plug logger.wasm -o composed.wasm
  tenon plug --chain auth.wasm,cache.wasm,backend.wasm -o served.wasm
  tenon plug app.wasm --plug a.wasm --plug b.wasm --wire 'app#acme:log/log=b' -o out.wasm")]
pub(crate) struct Plug {
    /// The components whose imports are filled: files (`.wasm` or `.wat`), `-` for standard input, or packages of a
    /// registry as `NAMESPACE:NAME` or `NAMESPACE:NAME@VERSION`. Without any, the first link of the chain.
    #[arg(value_name = "SOCKET_PATH", required_unless_present = "chains")]
    pub(crate) sockets: Vec<String>,

    /// A component whose exports fill imports, a file or a package; may be given several times.
    #[arg(long = "plug", value_name = "PLUG_PATH", required_unless_present_any = ["chains", "wires", "exports", "renames", "keep", "versions"])]
    pub(crate) plugs: Vec<String>,

    /// Plugs in the order in which they call each other, by name, or by path or package to be plugged as well: A
    /// fills the imports of others, B those of A, and so on. May be given several times.
    #[arg(long = "chain", value_name = "A,B,...")]
    pub(crate) chains: Vec<String>,

    /// Fill this import with this export, or with the one that fits, or with the whole instance (`PROVIDER#`); may be
    /// given several times.
    #[arg(long = "wire", value_name = "CONSUMER#IMPORT=PROVIDER[#EXPORT]")]
    pub(crate) wires: Vec<String>,

    /// Where several plugs fit an import equally well, take the first of these.
    #[arg(long, value_name = "A,B,...", value_delimiter = ',')]
    pub(crate) prefer: Vec<String>,

    /// Leave this import open though a plug would fit; may be given several times.
    #[arg(long = "keep-import", value_name = "[CONSUMER#]IMPORT")]
    pub(crate) keep: Vec<String>,

    /// Export this, too; or this one, where sockets export two things of one name. May be given several times.
    #[arg(long = "export", value_name = "INSTANCE#EXPORT[=NAME]")]
    pub(crate) exports: Vec<String>,

    /// Import or export under another name what would be imported or exported as FROM, or what an instance calls so;
    /// may be given several times.
    #[arg(long = "rename", value_name = "[import:|export:][INSTANCE#]FROM=TO")]
    pub(crate) renames: Vec<String>,

    /// What becomes of an interface that stays imported in several compatible versions.
    #[arg(long, value_name = "POLICY", default_value = "highest")]
    pub(crate) versions: VersionPolicy,

    /// Write the plan, too: what is plugged into what, with the digest of every component. `tenon compose` applies it.
    #[arg(long, value_name = "PATH")]
    pub(crate) plan: Option<PathBuf>,

    /// Where to write the composition; `-` or nothing means standard output.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,

    /// Write the text format.
    #[arg(short = 't', long)]
    pub(crate) wat: bool,

    /// Treat useless plugs, and open imports that no host provides, as errors.
    #[arg(long)]
    pub(crate) strict: bool,

    /// Plan and check, but write no component.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Do not validate function bodies. Types, and the composition itself, are always checked.
    #[arg(long)]
    pub(crate) no_validate: bool,

    /// What to put into the composition only once.
    #[arg(long, value_name = "WHAT", default_value = "auto")]
    pub(crate) dedupe: Dedupe,

    /// The name of the composition; that of the socket if not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// What becomes of an interface that stays imported in several compatible versions.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum VersionPolicy {
    /// One import, in the highest version.
    Highest,
    /// One import, in the lowest version.
    Lowest,
    /// An import for each version.
    Separate,
    /// One import, under its canonical name; prereleases are compatible with their releases.
    Canonical,
}

/// What a composition holds only once.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Dedupe {
    /// Identical components, and core modules that they share where that saves 64 KiB or more.
    Auto,
    /// Identical components, and core modules that they share.
    Modules,
    /// Identical components: each is embedded as it is.
    Components,
}

impl Dedupe {
    /// As it is written on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or(String::new(), |value| value.get_name().to_owned())
    }
}

impl From<Dedupe> for tenon_composer::Dedupe {
    fn from(dedupe: Dedupe) -> tenon_composer::Dedupe {
        match dedupe {
            Dedupe::Auto => tenon_composer::Dedupe::Automatic,
            Dedupe::Modules => tenon_composer::Dedupe::Modules,
            Dedupe::Components => tenon_composer::Dedupe::Components,
        }
    }
}

/// Show what a component is made of, or take it apart.
#[derive(Args)]
pub(crate) struct Inspect {
    /// A component or core module: a file, a package, or `-` for standard input.
    #[arg(value_name = "PATH")]
    pub(crate) input: String,

    /// Write the components in it to this folder, each as it was before it was composed, and show nothing else.
    ///
    /// Compositions of other tools can be taken apart, too. Where the bill of materials has the digest of a component, it
    /// is checked. A file that is there already is never changed.
    #[arg(long, value_name = "DIR")]
    pub(crate) extract: Option<PathBuf>,
}

/// Draw how a composition is wired.
#[derive(Args)]
pub(crate) struct Graph {
    /// A composed component: a file, a package, or `-` for standard input; a plan (`.json`); or a document in WAC (`.wac`).
    #[arg(value_name = "PATH")]
    pub(crate) input: String,

    /// In which form.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: GraphFormat,

    #[command(flatten)]
    pub(crate) packages: Packages,
}

/// The forms of a graph.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A tree.
    Text,
    /// For Graphviz.
    Dot,
    /// For Markdown that draws Mermaid.
    Mermaid,
    /// A picture.
    Svg,
    /// The data.
    Json,
}

/// Check that a component can run where a world is offered.
#[derive(Args)]
pub(crate) struct Targets {
    /// The component: a file, a package, or `-` for standard input.
    #[arg(value_name = "COMPONENT_PATH")]
    pub(crate) component: String,

    /// The WIT with the world: a `.wit` file, a directory of WIT, or a WIT package, as a file or of a registry.
    #[arg(long, value_name = "WIT_PATH")]
    pub(crate) wit: String,

    /// The world; need not be given if there is only one.
    #[arg(long, value_name = "NAME")]
    pub(crate) world: Option<String>,
}

/// Compare two components, or two WIT packages, and say what that means for the next version.
///
/// It is major if the new one cannot take the place of the old one: if it imports more, exports less, or has
/// other types. It is minor if anything else of the world changed, and a patch if only the content did. The
/// same rules hold when a release is published.
#[derive(Args)]
#[command(after_help = "Example: tenon diff acme:http@1.4.0 http.wasm --fail-on major")]
pub(crate) struct Diff {
    /// The old one: a component, a WIT package, a `.wit` file, a directory of WIT, a package of a registry, or `-`
    /// for standard input.
    #[arg(value_name = "OLD")]
    pub(crate) old: String,

    /// The new one.
    #[arg(value_name = "NEW")]
    pub(crate) new: String,

    /// End with exit code 1 if the change is this grave, or graver.
    #[arg(long, value_name = "IMPACT")]
    pub(crate) fail_on: Option<Impact>,
}

/// What a change is for those who use what changed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Impact {
    /// Something may not work any more.
    Major,
    /// There is more to be had, or less to be given.
    Minor,
    /// Other bytes.
    Patch,
}

/// Check that files are valid components, WIT packages or core modules.
#[derive(Args)]
pub(crate) struct Validate {
    /// The files or packages, or `-` for standard input.
    #[arg(value_name = "PATH", required = true)]
    pub(crate) inputs: Vec<String>,
}

/// Keep a token, to be shown to a registry when it asks who this is.
///
/// The token is typed, or read from standard input; it is never a word of the command line, where others
/// could see it. The registry is asked whether it knows the token, unless `--offline` is given. It goes to this
/// registry only, and its file can be read by you only. `TENON_TOKEN`, if set, goes before it.
#[derive(Args)]
pub(crate) struct Login {
    /// The registry: its name, or its URL; the default if not given.
    #[arg(value_name = "REGISTRY")]
    pub(crate) target: Option<String>,

    /// Read the token from standard input.
    #[arg(long)]
    pub(crate) token_stdin: bool,
}

/// Forget the token for a registry.
#[derive(Args)]
pub(crate) struct Logout {
    /// The registry: its name, or its URL; the default if not given.
    #[arg(value_name = "REGISTRY")]
    pub(crate) target: Option<String>,
}

/// Make and show the keys that sign what you publish.
#[derive(Subcommand)]
pub(crate) enum Key {
    Generate(KeyGenerate),
    List(KeyList),
    Show(KeyShow),
    Check(KeyCheck),
}

/// Make a key.
///
/// Its public half, which `tenon key show` prints, is what the owners of a namespace grant rights to.
/// Its secret half stays in a file that only you can read.
#[derive(Args)]
#[command(after_help = "Example: tenon key generate acme/alice --passphrase")]
pub(crate) struct KeyGenerate {
    /// The name under which it signs, such as `acme/alice`.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Ask for a passphrase, without which the file is of no use.
    #[arg(long, conflicts_with = "passphrase_file")]
    pub(crate) passphrase: bool,

    /// Take the first line of this file as the passphrase.
    #[arg(long, value_name = "PATH")]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// Put the file into this folder, and not to the other keys.
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
}

/// List the keys.
#[derive(Args)]
pub(crate) struct KeyList {}

/// Print the public half of a key: what a grant is made to.
#[derive(Args)]
pub(crate) struct KeyShow {
    /// The key: its name, or its file; else what `TENON_KEY` names, or the only key there is.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Check that a key can sign: that its file is whole, and the passphrase opens it.
#[derive(Args)]
pub(crate) struct KeyCheck {
    /// The key: its name, or its file; else what `TENON_KEY` names, or the only key there is.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Take the first line of this file as the passphrase.
    #[arg(long, value_name = "PATH")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// Say which registries there are, and which namespace comes from which.
#[derive(Subcommand)]
pub(crate) enum Registry {
    Add(RegistryAdd),
    List(RegistryList),
    Which(RegistryWhich),
    Remove(RegistryRemove),
    Reset(RegistryReset),
}

/// Make a registry known, or add to what is known of it.
///
/// The pin is all that has to be believed: whoever runs the registry shows it, and it should come to you
/// by another way than from the registry itself. With the URL and pin that are known already, the
/// options are added.
#[derive(Args)]
pub(crate) struct RegistryAdd {
    /// What to call it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Where it is: `https`, or `http` to this machine.
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// The key of its log and the hash of the log's first record.
    #[arg(value_name = "PIN")]
    pub(crate) pin: String,

    /// Let every namespace that is not mapped come from it.
    #[arg(long)]
    pub(crate) default: bool,

    /// Let this namespace come from it, and from nowhere else; may be given several times.
    #[arg(long = "namespace", value_name = "NAMESPACE")]
    pub(crate) namespaces: Vec<String>,

    /// Ask for the witnesses of this policy.
    #[arg(long, value_name = "PATH")]
    pub(crate) policy: Option<PathBuf>,
}

/// List the registries.
#[derive(Args)]
pub(crate) struct RegistryList {}

/// Say which registry a namespace comes from, and why.
#[derive(Args)]
pub(crate) struct RegistryWhich {
    /// The part of a package's name before the `:`.
    #[arg(value_name = "NAMESPACE")]
    pub(crate) namespace: String,
}

/// Forget a registry, and which namespaces come from it.
///
/// What was verified of its log is kept: should it become known again, it still cannot take anything
/// back.
#[derive(Args)]
pub(crate) struct RegistryRemove {
    /// Its name.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Believe a registry anew, from a pin that you got from people.
///
/// For a registry that had to begin a new log, or that said what cannot be true. What was verified of
/// its log is put aside, not deleted: it may be needed as evidence.
#[derive(Args)]
pub(crate) struct RegistryReset {
    /// Its name.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// The pin to believe from now on.
    #[arg(value_name = "PIN")]
    pub(crate) pin: String,
}

/// Explain an error code; without one, list them.
#[derive(Args)]
pub(crate) struct Explain {
    /// A code such as `compose::argument-type`.
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

/// Print a completion script for a shell.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: ShellName,
}

/// Shells that can complete.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ShellName {
    Bash,
    Elvish,
    Fish,
    Nushell,
    #[value(name = "powershell", alias = "power-shell")]
    PowerShell,
    Zsh,
}
