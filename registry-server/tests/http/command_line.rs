//! What is said when a command cannot be done.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::process::Command;

/// The exit code, and what was written to both streams.
fn run(arguments: &[&OsStr]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tenon-registry"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn what_cannot_be_served_is_said_in_one_error() {
    let temp = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = temp.path().join("data");
    let file = temp.path().join("file");
    std::fs::write(&file, "").unwrap();
    let config = temp.path().join("config.toml");
    std::fs::write(&config, "[limits]\nconections = 1\n").unwrap();
    let os = |text: &'static str| OsStr::new(text);
    let free = os("127.0.0.1:0");
    let serve = [os("serve"), os("--listen")];
    let line = |rest: &[&OsStr]| run(&[&serve[..], rest].concat());
    let begun = [
        line(&[address.as_ref(), os("--data"), data.as_os_str()]),
        line(&[free, os("--data"), file.as_os_str()]),
        line(&[
            free,
            os("--data"),
            data.as_os_str(),
            os("--config"),
            config.as_os_str(),
        ]),
        run(&[os("fsck"), os("--data"), temp.path().join("no").as_os_str()]),
        run(&[os("key"), os("--data"), data.as_os_str(), os("list")]),
    ];
    let wanted = [
        format!(
            "error: cannot listen at `{address}`: choose another address with `--listen`\n  cause: "
        ),
        format!(
            "error: cannot make the directory `{}`\n  cause: ",
            file.display()
        ),
        "error: there is no setting `limits.conections`".to_owned(),
        format!(
            "error: cannot open the directory `{}",
            temp.path().display()
        ),
        "error: there is no registry in ".to_owned(),
    ];
    for ((code, out, error), wanted) in begun.iter().zip(&wanted) {
        assert_eq!((*code, out.as_str()), (Some(1), ""), "{error}");
        assert!(error.starts_with(wanted), "{error}");
        assert_eq!(error.matches("error:").count(), 1, "{error}");
    }
    // The first token was not made for nobody.
    assert!(!data.exists());
    let (code, _, error) = run(&[os("serve"), os("--nothing")]);
    assert_eq!(code, Some(2), "{error}");
    let (code, help, _) = run(&[os("--help")]);
    assert_eq!(code, Some(0));
    for part in [
        "serve ",
        "namespace ",
        "takedown ",
        "Exit codes",
        "--data <",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
}
