//! Programs of others, if they are here.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Says, past what captures the output of tests, that something was not looked at.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

pub(crate) use say;

/// A program of this name: what the variable names, or what is on the path; nothing, and a line that says so, if it is
/// not there.
pub(crate) fn find(name: &str, variable: &str) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(variable) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = all.find(|path| path.is_file());
    if found.is_none() {
        say!(
            "NOT RUN: what `{name}` sees, because it is not on the path, and {variable} is not set"
        );
    }
    found
}

/// A Python that has the package `oras`.
pub(crate) fn python() -> Option<PathBuf> {
    let found = find("python3", "TENON_ORAS_PYTHON")?;
    let mut import = Command::new(&found);
    import.args(["-c", "import oras.client"]);
    import.stdout(Stdio::null()).stderr(Stdio::null());
    if import.status().is_ok_and(|status| status.success()) {
        return Some(found);
    }
    say!(
        "NOT RUN: what ORAS's client for Python sees, because `{}` has no package `oras`: set TENON_ORAS_PYTHON",
        found.display()
    );
    None
}

/// What a program prints that succeeds.
pub(crate) fn printed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a program says that fails.
pub(crate) fn refused(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success(), "{command:?} succeeded");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The document that a program prints.
pub(crate) fn document(command: &mut Command) -> Value {
    let text = printed(command);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{command:?}: {error}: {text}"))
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
