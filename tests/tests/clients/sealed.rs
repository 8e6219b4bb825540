//! A network of its own for each test, in which there is this machine and nothing else: whatever a client asks, it asks
//! the registry of the test.

use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

/// Set for a test that was started once more, where nothing can be reached.
const INSIDE: &str = "TENON_TEST_INSIDE";

/// What a test is given of the environment, in which other variables would lead clients elsewhere.
const KEPT: [&str; 6] = [
    "PATH",
    "TMPDIR",
    "TENON_WKG",
    "TENON_WAC",
    "TENON_WASI",
    "RUST_BACKTRACE",
];

/// Prints what is to be seen of a test that passes, too.
macro_rules! say {
    ($($what:tt)*) => {{
        let mut stderr = std::io::stderr().lock();
        writeln!(stderr, $($what)*).unwrap()
    }};
}

/// The program or folder that a variable names; `None`, and a line that says so, if it names none.
fn needed_of(variable: &str, test: &str) -> Option<PathBuf> {
    let Some(path) = env::var_os(variable) else {
        say!("NOT RUN: {test}, because {variable} is not set");
        return None;
    };
    let path = PathBuf::from(path);
    assert!(
        path.exists(),
        "{variable} is `{}`, and there is nothing",
        path.display()
    );
    Some(path)
}

/// Runs the body of the test of this name where nothing but this machine can be reached, if the system lets it. What it needs
/// is what these variables name.
pub(crate) fn sealed(test: &str, needed: &[&str], body: impl FnOnce()) {
    let found = needed.iter().map(|variable| needed_of(variable, test));
    if !found.collect::<Vec<_>>().iter().all(Option::is_some) {
        return;
    }
    if env::var_os(INSIDE).is_some() {
        nothing_can_be_reached();
        return body();
    }
    let permitted = inside("true".into()).stderr(Stdio::null()).status();
    if !permitted.is_ok_and(|status| status.success()) {
        say!(
            "NOT SEALED: {test}, because no network of its own can be made here; it runs in this one"
        );
        return body();
    }
    let mut again = inside(env::current_exe().unwrap().into());
    again.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    let output = again.env(INSIDE, "1").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && printed.contains("test result: ok. 1 passed"),
        "{printed}\n{said}"
    );
}

/// A program in a network of its own.
fn inside(program: OsString) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "sh", "-c"]);
    command.args(["ip link set lo up && exec \"$0\" \"$@\""]);
    command.arg(program).stdin(Stdio::null()).env_clear();
    for variable in KEPT {
        command.envs(env::var_os(variable).map(|value| (variable, value)));
    }
    command
}

/// That there is no way out: no route, and so no answer to whoever tries.
fn nothing_can_be_reached() {
    let routes = fs::read_to_string("/proc/net/route").unwrap();
    assert_eq!(routes.lines().count(), 1, "{routes}");
    for outside in ["192.0.2.1:443", "[2001:db8::1]:443"] {
        let outside: SocketAddr = outside.parse().unwrap();
        let tried = TcpStream::connect_timeout(&outside, Duration::from_secs(5));
        let error = tried.expect_err("the outside answers").kind();
        let expected = [ErrorKind::NetworkUnreachable, ErrorKind::AddrNotAvailable];
        assert!(expected.contains(&error), "{outside}: {error}");
    }
}
