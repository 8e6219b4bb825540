//! `tenon compose` with configurations of `wasm-compose`, beside `wasm-compose` itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod command;
mod meaning;
mod peer;
mod shipped;

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `tenon` in `folder`, with its cache there.
fn tenon<W: AsRef<OsStr>>(folder: &Path, words: impl IntoIterator<Item = W>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tenon"))
        .args(words)
        .current_dir(folder)
        .env("TENON_CONFIG_DIR", folder.join(".config"))
        .env("TENON_CACHE_DIR", folder.join(".cache"))
        .env("TENON_STATE_DIR", folder.join(".state"))
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The code that an error on standard error names.
fn code(output: &Output) -> String {
    let said = text(&output.stderr);
    let rest = said.split_once("error[").map(|(_, rest)| rest);
    let code = rest.and_then(|rest| rest.split_once(']'));
    code.map_or(said.clone(), |(code, _)| code.to_owned())
}
