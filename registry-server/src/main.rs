//! `tenon-registry`: a registry of WebAssembly components that one command starts.

use clap::Parser;
use std::process::ExitCode;
use tenon_registry_server::commands::CommandLine;
use tenon_registry_server::content;

fn main() -> ExitCode {
    // What checks content is this program, too, and reads no other argument.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == content::CHECK_CONTENT)
    {
        return content::answer_checks();
    }
    CommandLine::parse().run()
}
