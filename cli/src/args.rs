//! The command line, as it is written.

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
#[derive(Args)]
pub(crate) struct Global {
    /// Say only what is wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say more.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,

    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,

    /// Report as JSON, errors too: on standard output, or on standard error where the component goes
    /// to standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
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
    Inspect(Inspect),
    Graph(Graph),
    Wit(Wit),
    Targets(Targets),
    Validate(Validate),
    Explain(Explain),
    Completions(Completions),
}

/// Plug the exports of components into the imports of another.
///
/// Every export of a plug fills the imports of the same name, or of the same interface in a compatible
/// version, whose types agree: those of the socket, and those of other plugs. The result exports what
/// the socket exports. What nothing fills stays imported.
#[derive(Args)]
#[command(after_help = "Example: tenon plug app.wasm --plug logger.wasm -o composed.wasm")]
pub(crate) struct Plug {
    /// The component whose imports are filled: a file (`.wasm` or `.wat`), or `-` for standard input.
    #[arg(value_name = "SOCKET_PATH")]
    pub(crate) socket: String,

    /// A component whose exports fill imports; may be given several times.
    #[arg(long = "plug", value_name = "PLUG_PATH", required = true)]
    pub(crate) plugs: Vec<String>,

    /// Where to write the composition; `-` or nothing means standard output.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,

    /// Write the text format.
    #[arg(short = 't', long)]
    pub(crate) wat: bool,

    /// Treat useless plugs, and open imports that no host provides, as errors.
    #[arg(long)]
    pub(crate) strict: bool,

    /// Plan and check, but write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Do not validate function bodies. Types, and the composition itself, are always checked.
    #[arg(long)]
    pub(crate) no_validate: bool,

    /// The name of the composition; that of the socket if not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// The registry that packages come from. There is no registry client yet: components are files.
    #[arg(long, value_name = "URL")]
    pub(crate) registry: Option<String>,
}

/// Show what a component is made of.
#[derive(Args)]
pub(crate) struct Inspect {
    /// A component or core module: a file, or `-` for standard input.
    #[arg(value_name = "PATH")]
    pub(crate) input: String,
}

/// Draw how a composition is wired.
#[derive(Args)]
pub(crate) struct Graph {
    /// A composed component: a file, or `-` for standard input.
    #[arg(value_name = "PATH")]
    pub(crate) input: String,

    /// In which form.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: GraphFormat,
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
    /// The data.
    Json,
}

/// Print the WIT of a component or a WIT package.
#[derive(Args)]
pub(crate) struct Wit {
    /// A component, a WIT package, a `.wit` file, a directory of WIT, or `-` for standard input.
    #[arg(value_name = "PATH")]
    pub(crate) input: String,

    /// Where to write; `-` or nothing means standard output.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
}

/// Check that a component can run where a world is offered.
#[derive(Args)]
pub(crate) struct Targets {
    /// The component: a file, or `-` for standard input.
    #[arg(value_name = "COMPONENT_PATH")]
    pub(crate) component: String,

    /// The WIT with the world: a `.wit` file, a directory of WIT, or a WIT package.
    #[arg(long, value_name = "WIT_PATH")]
    pub(crate) wit: String,

    /// The world; need not be given if there is only one.
    #[arg(long, value_name = "NAME")]
    pub(crate) world: Option<String>,
}

/// Check that files are valid components, WIT packages or core modules.
#[derive(Args)]
pub(crate) struct Validate {
    /// The files, or `-` for standard input.
    #[arg(value_name = "PATH", required = true)]
    pub(crate) inputs: Vec<String>,
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
