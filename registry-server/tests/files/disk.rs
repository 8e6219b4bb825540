//! The real disk: what it refuses to follow, and who may use it.

use super::{path, write};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use tenon_registry_server::store::{Disk, DiskError, EntryKind, FilePath, FilePathError, Files};

#[test]
fn no_path_leads_out() {
    for bad in [
        "", ".", "..", "/", "/a", "a/", "a//b", "a/./b", "a/../b", "../a", ".a", "a/.b", "a\\b",
        "a b", "a\0b", "ä", "a:b", "a\nb",
    ] {
        assert!(
            matches!(bad.parse::<FilePath>(), Err(FilePathError::Part { .. })),
            "{bad:?}"
        );
        assert!(path("a").join(bad).is_err(), "{bad:?}");
        assert!(FilePath::root().join(bad).is_err(), "{bad:?}");
    }
    assert!("x".repeat(255).parse::<FilePath>().is_ok());
    assert!("x".repeat(256).parse::<FilePath>().is_err());
    let long = ["x"; 512].join("/");
    assert!(long.parse::<FilePath>().is_ok());
    assert_eq!(path(&long).join("x"), Err(FilePathError::TooLong(1025)));
    assert_eq!(
        "a/..".parse::<FilePath>().unwrap_err().to_string(),
        "`..` in `a/..` cannot be the name of a file here: expected 1 to 255 of `A-Z a-z 0-9 . _ -`, \
         not beginning with `.`"
    );

    let deep = path("a").join("b/c.d").unwrap();
    assert_eq!(deep.to_string(), "a/b/c.d");
    assert_eq!(deep.name(), Some("c.d"));
    assert_eq!(deep.ancestors(), [path("."), path("a"), path("a/b")]);
    assert_eq!(path("a").parent(), Some(FilePath::root()));
    assert_eq!(FilePath::root().parent(), None);
}

#[test]
fn no_symbolic_link_is_followed() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "s").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    write(&disk, "real", &["x"]);
    symlink(outside.path().join("secret"), dir.path().join("file")).unwrap();
    symlink(outside.path(), dir.path().join("dir")).unwrap();
    symlink("real", dir.path().join("inside")).unwrap();

    assert!(disk.open(&path("file")).is_err());
    assert!(disk.open(&path("inside")).is_err());
    assert!(disk.open(&path("dir/secret")).is_err());
    assert!(disk.kind(&path("dir/secret")).is_err());
    assert!(disk.list(&path("dir")).is_err());
    assert!(disk.sync_dir(&path("dir")).is_err());
    assert!(disk.create(&path("dir/new")).is_err());
    assert!(disk.create(&path("file")).is_err());
    assert!(disk.create_dir(&path("dir/new")).is_err());
    assert!(disk.remove(&path("dir/secret")).is_err());
    assert!(disk.rename(&path("real"), &path("dir/new")).is_err());
    assert!(disk.rename(&path("dir/secret"), &path("new")).is_err());
    assert!(disk.rename(&path("file"), &path("new")).is_err());
    assert_eq!(disk.kind(&path("file")).unwrap(), EntryKind::Other);
    let others = disk.list(&path(".")).unwrap();
    let kinds: Vec<_> = others
        .iter()
        .map(|it| (it.name.as_str(), it.kind))
        .collect();
    let other = EntryKind::Other;
    let expected = [
        ("dir", other),
        ("file", other),
        ("inside", other),
        ("real", EntryKind::File),
    ];
    assert_eq!(kinds, expected);
    let left: Vec<_> = std::fs::read_dir(outside.path()).unwrap().collect();
    assert_eq!(left.len(), 1);

    // The link itself can be replaced and removed.
    disk.rename(&path("real"), &path("file")).unwrap();
    assert_eq!(disk.read(&path("file")).unwrap(), b"x");
    disk.remove(&path("dir")).unwrap();
    let secret = std::fs::read(outside.path().join("secret")).unwrap();
    assert_eq!(secret, b"s");
}

#[test]
fn opening_a_named_pipe_fails_and_does_not_wait() {
    let dir = tempfile::tempdir().unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mkfifoat(rustix::fs::CWD, dir.path().join("pipe"), mode).unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    let error = disk.open(&path("pipe")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn files_and_directories_can_be_read_by_others_and_written_by_their_owner() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    disk.create_dir(&path("d")).unwrap();
    write(&disk, "d/f", &["x"]);
    let mode = |at: &str| {
        let metadata = std::fs::metadata(dir.path().join(at)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    // The umask may take bits away, and never adds any.
    assert_eq!(mode("d") & !0o755, 0);
    assert_eq!(mode("d/f") & !0o644, 0);
    assert_eq!((mode("d") & 0o700, mode("d/f") & 0o700), (0o700, 0o600));
    assert!(disk.free_space().unwrap() > 0);
}

#[test]
fn the_directory_may_be_moved_while_it_is_in_use() {
    let parent = tempfile::tempdir().unwrap();
    let (before, after) = (parent.path().join("before"), parent.path().join("after"));
    std::fs::create_dir(&before).unwrap();
    let disk = Disk::open(&before).unwrap();
    std::fs::rename(&before, &after).unwrap();
    write(&disk, "f", &["x"]);
    assert_eq!(std::fs::read(after.join("f")).unwrap(), b"x");
    let error = Disk::open(&before).unwrap_err();
    let message = format!("cannot open the directory `{}`", before.display());
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_second_user_in_this_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = Disk::open(dir.path()).unwrap().lock().unwrap();
    let error = Disk::open(dir.path()).unwrap().lock().unwrap_err();
    assert!(matches!(error, DiskError::InUse { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "the directory `{}` is in use by another process; stop that one, or name another directory",
            dir.path().display()
        )
    );
    drop(first);
    Disk::open(dir.path()).unwrap().lock().unwrap();
}

const DIR: &str = "TENON_TEST_LOCKED_DIR";

#[test]
fn another_process_is_refused_until_the_first_is_dead() {
    let dir = tempfile::tempdir().unwrap();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--ignored",
            "--nocapture",
            "disk::holds_the_lock",
        ])
        .env(DIR, dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(holder.stdout.take().unwrap());
    let locked = said.lines().any(|line| line.unwrap().contains("locked"));
    assert!(locked, "the other process ended without the lock");
    let error = Disk::open(dir.path()).unwrap().lock().unwrap_err();
    assert!(matches!(error, DiskError::InUse { .. }));
    holder.kill().unwrap();
    holder.wait().unwrap();
    Disk::open(dir.path()).unwrap().lock().unwrap();
}

#[test]
#[ignore = "the other process of the test above"]
fn holds_the_lock() {
    let dir = std::env::var_os(DIR).expect("the test above names the directory");
    let _disk = Disk::open(dir.as_ref()).unwrap().lock().unwrap();
    println!("locked");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
