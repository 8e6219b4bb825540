//! Files that are other than they should be, and disks that take nothing.

use crate::scene::*;
use crate::shop::*;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::process::Command;

/// Commands that read the lock file; the last two would write it.
const COMMANDS: [&[&str]; 5] = [
    &["tree"],
    &["build", "--force"],
    &["fetch"],
    &["update"],
    &["add", "acme:log"],
];

#[test]
fn a_lock_file_that_is_no_file_is_said_to_be_none() {
    let shop = built();
    let lock = shop.read("tenon.lock");
    let path = shop.at("tenon.lock");
    let remove = || {
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
    };
    let all_fail = |exit: i32, code: &str, what: &str| {
        for words in COMMANDS {
            let said = shop.fails(exit, code, words);
            assert!(said.err.contains("tenon.lock"), "{words:?}: {}", said.err);
            assert!(said.err.contains(what), "{words:?}: {}", said.err);
        }
        assert_eq!(shop.read("tenon.toml"), MANIFEST);
    };
    remove();
    fs::create_dir(&path).unwrap();
    all_fail(1, "cli::io", "is a directory");
    remove();
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    all_fail(2, "config::invalid", "is no plain file");
    assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    remove();
    symlink("/dev/zero", &path).unwrap();
    all_fail(2, "config::invalid", "is no plain file");
    remove();
    symlink("tenon.lock", &path).unwrap();
    all_fail(1, "cli::io", "");
    remove();
    fs::write(&path, format!("{lock}# {}\n", "x".repeat(17 << 20))).unwrap();
    all_fail(1, "cli::io", "longer than");
    fs::write(&path, b"\xff\xfe\0").unwrap();
    all_fail(1, "cli::io", "");
    for text in [
        "",
        "\0",
        "version = 1\n[[package]]\n",
        "\u{feff}\u{feff}version = 1\n",
    ] {
        fs::write(&path, text).unwrap();
        all_fail(1, "project::lock-file", "cannot be understood");
    }
    fs::write(&path, "version = 2\n").unwrap();
    all_fail(1, "project::lock-file", "newer");
    // What an editor makes of it is the same lock file.
    for text in [
        lock.replace('\n', "\r\n"),
        format!("\u{feff}{lock}"),
        format!("{lock}\n\n"),
    ] {
        fs::write(&path, &text).unwrap();
        shop.ok(&["tree"]);
        shop.ok(&["lock", "--locked"]);
        shop.ok(&["build", "--force", "--frozen"]);
        assert_eq!(shop.read("tenon.lock"), text);
    }
    shop.ok(&["add", "acme:log"]);
    assert!(shop.read("tenon.lock").starts_with("# Made by"));
    assert!(!shop.read("tenon.lock").contains('\r'));
}

#[test]
fn a_linked_lock_file_stays_a_link() {
    let shop = built();
    fs::create_dir(shop.at("shared")).unwrap();
    fs::rename(shop.at("tenon.lock"), shop.at("shared/tenon.lock")).unwrap();
    symlink("shared/tenon.lock", shop.at("tenon.lock")).unwrap();
    shop.ok(&["add", "acme:log"]);
    let link = fs::read_link(shop.at("tenon.lock")).unwrap();
    assert_eq!(link.to_str(), Some("shared/tenon.lock"));
    assert!(shop.read("shared/tenon.lock").contains("acme:log"));
    shop.ok(&["lock", "--locked"]);
    // One that leads nowhere is no lock file yet; it is not written through into a folder that is not there.
    fs::remove_file(shop.at("tenon.lock")).unwrap();
    symlink("gone/tenon.lock", shop.at("tenon.lock")).unwrap();
    shop.fails(1, "project::locked", &["lock", "--locked"]);
    shop.ok(&["lock"]);
    shop.ok(&["lock", "--locked"]);
}

#[test]
fn the_mode_of_a_file_stays() {
    let shop = built();
    for mode in [0o600, 0o640, 0o664] {
        for name in ["tenon.toml", "tenon.lock"] {
            fs::set_permissions(shop.at(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        shop.ok(&["add", "acme:log"]);
        shop.ok(&["remove", "acme:log"]);
        for name in ["tenon.toml", "tenon.lock"] {
            let now = fs::metadata(shop.at(name)).unwrap().permissions().mode();
            assert_eq!(now & 0o777, mode, "{name}");
        }
    }
}

/// Runs a script of the shell in a namespace in which it may mount, in the folder of the shop, with `$TENON` and the
/// words of a command; `None` where there is none.
fn mounting(shop: &Shop, script: &str, words: &[&str]) -> Option<crate::place::Said> {
    if !can_unshare("-rm") {
        return None;
    }
    let script = format!(
        "set -e; cd ..; {script}; cd \"$PWD/shop\"; set +e; \"$0\" \"$@\"; code=$?; cd ..; cp -a shop/. after; exit $code"
    );
    Some(by(shop, "unshare", &["-rm", "sh", "-c", &script], words))
}

#[test]
fn a_project_that_cannot_be_written_to_is_read() {
    let shop = built();
    let before = (shop.read("tenon.toml"), shop.read("tenon.lock"));
    let read_only = "mkdir -p after; mount --bind shop shop; mount -o remount,bind,ro shop";
    for words in [
        &["tree"][..],
        &["lock"],
        &["lock", "--locked"],
        &["fetch"],
        &["fetch", "--offline"],
        &["build"],
        &["update"],
    ] {
        let Some(said) = mounting(&shop, read_only, words) else {
            return;
        };
        assert_eq!(said.code, Some(0), "{words:?}: {}", said.err);
    }
    shop.place.server.world().publish_http("1.1.0");
    for words in [
        &["update"][..],
        &["add", "acme:log"],
        &["remove", "acme:http"],
        &["build", "--force"],
    ] {
        let Some(said) = mounting(&shop, read_only, words) else {
            return;
        };
        assert_eq!(said.code, Some(1), "{words:?}: {}", said.err);
        assert!(said.err.contains("error[cli::io]: "), "{}", said.err);
        assert!(
            said.err.to_lowercase().contains("read-only"),
            "{}",
            said.err
        );
    }
    assert_eq!((shop.read("tenon.toml"), shop.read("tenon.lock")), before);
    is_whole(&shop);
}

#[test]
fn a_full_disk_takes_nothing_away() {
    let shop = built();
    shop.place.server.world().publish_http("1.1.0");
    let before = (
        shop.read("tenon.toml"),
        shop.read("tenon.lock"),
        fs::read(shop.at(BUILT)).unwrap(),
    );
    // The project is on a disk that is full to the last page.
    let full = "rm -rf after copy; mkdir after copy; cp -a shop/. copy; mount -t tmpfs -o size=256k none shop; \
        cp -a copy/. shop; dd if=/dev/zero of=shop/filler bs=1k 2>/dev/null || true";
    let after = |name: &str| shop.place.at("after").join(name);
    for words in [
        &["update"][..],
        &["add", "acme:log"],
        &["remove", "acme:http"],
        &["build", "--force"],
    ] {
        let Some(said) = mounting(&shop, full, words) else {
            return;
        };
        assert_eq!(said.code, Some(1), "{words:?}: {}", said.err);
        assert!(said.err.contains("error[cli::io]: "), "{}", said.err);
        assert!(said.err.contains("make room"), "{words:?}: {}", said.err);
        let now = ["tenon.toml", "tenon.lock"].map(|name| fs::read_to_string(after(name)).unwrap());
        assert_eq!(now, [before.0.clone(), before.1.clone()], "{words:?}");
        assert_eq!(fs::read(after(BUILT)).unwrap(), before.2, "{words:?}");
        let mut left: Vec<_> = fs::read_dir(shop.place.at("after"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(
            left,
            ["app.wasm", "build", "filler", "tenon.lock", "tenon.toml"],
            "{words:?}"
        );
    }
}
