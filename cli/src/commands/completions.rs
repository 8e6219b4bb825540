//! `tenon completions`: a completion script for a shell.

use crate::args::{Cli, Completions, ShellName};
use crate::error::Failure;
use crate::ui::Ui;
use clap::CommandFactory;
use clap_complete::Generator;

pub(crate) fn run(ui: &Ui, args: &Completions) -> Result<(), Failure> {
    use clap_complete::Shell as Known;
    ui.print(&match args.shell {
        ShellName::Bash => script(Known::Bash),
        ShellName::Elvish => script(Known::Elvish),
        ShellName::Fish => script(Known::Fish),
        ShellName::Nushell => script(clap_complete_nushell::Nushell),
        ShellName::PowerShell => script(Known::PowerShell),
        ShellName::Zsh => script(Known::Zsh),
    })
}

fn script(generator: impl Generator) -> String {
    let mut command = Cli::command();
    command.set_bin_name("tenon");
    command.build();
    let mut script = Vec::new();
    generator.generate(&command, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
