use super::{LOOSE, Place, TIDY};
use std::fs;

#[cfg(unix)]
#[test]
fn permissions_stay_and_what_a_link_leads_to_is_replaced() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let place = Place::with(&[("real.wac", LOOSE), ("tidy.wac", TIDY)]);
    // A mask of the process would take the writing of others away.
    fs::set_permissions(place.at("real.wac"), fs::Permissions::from_mode(0o666)).unwrap();
    std::os::unix::fs::symlink("real.wac", place.at("link.wac")).unwrap();
    let inode = |name| fs::metadata(place.at(name)).unwrap().ino();
    let (loose, tidy) = (inode("real.wac"), inode("tidy.wac"));
    assert_eq!(place.run(&["fmt", "link.wac", "tidy.wac"]).exit, Some(0));
    assert!(
        fs::symlink_metadata(place.at("link.wac"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(place.read("real.wac"), TIDY);
    let mode = fs::metadata(place.at("real.wac")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o666);
    // It was replaced as a whole; what is in the style already was not.
    assert_ne!(inode("real.wac"), loose);
    assert_eq!(inode("tidy.wac"), tidy);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_replaced_stays_and_the_others_are_formatted() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with(&[("shut/a.wac", LOOSE), ("b.wac", LOOSE)]);
    let shut = place.at("shut");
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o555)).unwrap();
    let is_root = fs::write(shut.join("probe"), "").is_ok();
    let said = place.run(&["fmt", "shut", "b.wac"]);
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(place.read("b.wac"), TIDY);
    // Nothing is shut to the superuser.
    if !is_root {
        assert_eq!(said.exit, Some(1), "{}", said.err);
        assert!(
            said.err
                .contains("error[cli::io]: cannot write `shut/a.wac`")
        );
        assert_eq!(place.read("shut/a.wac"), LOOSE);
    }
}

#[test]
fn a_folder_means_the_documents_below_it() {
    let wit = "interface a {b:func();}";
    let place = Place::with(&[
        ("app.wac", LOOSE),
        ("wit/a.wit", wit),
        ("wit/deps/theirs.wit", wit),
        ("wit/.hidden/a.wit", wit),
        ("wit/.a.wit", wit),
        ("wit/deeper/still/a.wac", LOOSE),
        ("wit/deps.wit", wit),
        ("notes.txt", LOOSE),
    ]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", place.at("wit/up")).unwrap();
    let said = place.run(&["fmt", ".", "--check"]);
    assert_eq!(said.exit, Some(1));
    let listed: Vec<_> = said.out.lines().collect();
    let expected = [
        "./app.wac",
        "./wit/a.wit",
        "./wit/deeper/still/a.wac",
        "./wit/deps.wit",
    ];
    assert_eq!(listed, expected);
    assert_eq!(place.read("app.wac"), LOOSE);

    assert_eq!(place.run(&["fmt", "."]).exit, Some(0));
    assert_eq!(place.read("app.wac"), TIDY);
    for untouched in ["wit/deps/theirs.wit", "wit/.hidden/a.wit", "wit/.a.wit"] {
        assert_eq!(place.read(untouched), wit);
    }
    assert_eq!(place.read("notes.txt"), LOOSE);
    assert_eq!(place.run(&["fmt", ".", "--check"]).exit, Some(0));
    // What is named is meant, whatever it is called.
    assert_eq!(place.run(&["fmt", "wit/deps", "notes.txt"]).exit, Some(0));
    assert_ne!(place.read("wit/deps/theirs.wit"), wit);
    assert_eq!(place.read("notes.txt"), TIDY);
}

#[test]
fn lines_end_as_they_did() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let mixed = LOOSE.replacen('\n', "\r\n", 1);
    let no_end = crlf(LOOSE).trim_end().to_owned();
    let place = Place::with(&[
        ("crlf.wac", &crlf(LOOSE)),
        ("mixed.wac", &mixed),
        ("no-end.wac", &no_end),
    ]);
    for _ in 0..2 {
        assert_eq!(place.run(&["fmt", "."]).exit, Some(0));
        assert_eq!(place.read("crlf.wac"), crlf(TIDY));
        assert_eq!(place.read("mixed.wac"), TIDY);
        assert_eq!(place.read("no-end.wac"), crlf(TIDY));
    }
    assert_eq!(place.run(&["fmt", "--check", "."]).exit, Some(0));
}

#[test]
fn standard_input_goes_to_standard_output() {
    let place = Place::with(&[]);
    let said = place.feed(&["fmt", "-"], LOOSE.as_bytes());
    assert_eq!(
        (said.exit, said.out.as_str(), said.err.as_str()),
        (Some(0), TIDY, "")
    );
    // WIT without a package is a document, too.
    let said = place.feed(&["fmt", "-"], b"interface a {}");
    assert_eq!(
        (said.exit, said.out.as_str()),
        (Some(0), "interface a {}\n")
    );

    let said = place.feed(&["fmt", "-", "--json"], LOOSE.as_bytes());
    assert_eq!((said.exit, said.out.as_str()), (Some(0), TIDY));
    let report: serde_json::Value = serde_json::from_str(&said.err).unwrap();
    assert_eq!(report["files"][0]["state"], "formatted");

    let said = place.feed(&["fmt", "-", "--check"], LOOSE.as_bytes());
    assert_eq!((said.exit, said.out.as_str()), (Some(1), "-\n"));

    let said = place.feed(&["fmt", "-"], b"let a = \xff;");
    assert_eq!((said.exit, said.out.as_str()), (Some(1), ""));
    assert!(
        said.err
            .contains("line 1 has a byte that is no UTF-8, at offset 8")
    );
    let said = place.feed(&["fmt", "-"], b"let a = ;");
    assert_eq!((said.exit, said.out.as_str()), (Some(1), ""));
    assert!(said.err.contains("--> standard input:1:9"), "{}", said.err);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_replaced() {
    let place = Place::with(&[]);
    let made = std::process::Command::new("mkfifo")
        .arg(place.at("pipe.wac"))
        .status();
    assert!(made.unwrap().success());
    // Reading it would wait without end.
    let said = place.run(&["fmt", "pipe.wac"]);
    assert_eq!(said.exit, Some(1));
    assert!(
        said.err.contains("`pipe.wac` is no plain file"),
        "{}",
        said.err
    );
    assert_eq!(place.run(&["fmt", "."]).exit, Some(0));
}
