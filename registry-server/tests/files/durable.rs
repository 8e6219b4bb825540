//! What is written to last, against every power loss at every point.

use super::{path, settled, shared, tree, write};
use std::sync::Arc;
use tenon_registry_server::store::durable::{
    self, Draft, DurableError, Sync, clean, create_dirs, replace, write_new,
};
use tenon_registry_server::store::{Content, FilePath, Files, Simulated};

const RETURNED: &str = "returned";
const LIMIT: usize = 100_000;

fn target() -> FilePath {
    path("log/checkpoint")
}

/// A disk that is ready, with the file if it has an old content, none of it at risk.
fn ready(old: Option<&str>) -> Simulated {
    let disk = Simulated::new();
    clean(&disk).unwrap();
    create_dirs(&disk, &path("log")).unwrap();
    if let Some(old) = old {
        replace(&shared(&disk), &target(), old.as_bytes(), Sync::Now).unwrap();
    }
    let ready = settled(&disk);
    assert_eq!(ready.tree().get(&target()), old.map(file).as_ref());
    ready
}

fn file(text: &str) -> Content {
    Content::File(text.as_bytes().to_vec())
}

/// Lets the power fail at every point while a file is written, in every way: old or new before it
/// returned, new afterwards, and the next start cleans up. Returns how many states that were, or the first that is wrong.
fn check(
    old: Option<&str>,
    new: &str,
    write: impl Fn(&Arc<dyn Files>) -> Result<(), DurableError>,
) -> Result<usize, String> {
    let disk = ready(old);
    write(&shared(&disk)).map_err(|error| error.to_string())?;
    disk.mark(RETURNED);
    let (old, new) = (old.map(file), Some(file(new)));
    let mut count = 0;
    for point in disk.points() {
        let returned = point.marks() == [RETURNED];
        let states = point.crash_states(LIMIT, 0);
        assert!(states.is_exhaustive(), "{}", states.combinations());
        for state in states {
            count += 1;
            let found = state.tree().get(&target()).cloned();
            if found != new && (returned || found != old) {
                return Err(format!("{found:?} after {:?}", point.history()));
            }
            clean(&state).map_err(|error| error.to_string())?;
            assert_eq!(state.list(&path("tmp")).unwrap(), []);
            assert_eq!(state.tree().get(&target()), found.as_ref());
        }
    }
    Ok(count)
}

#[test]
fn a_replaced_file_is_old_or_new_and_then_new() {
    for (old, new) in [
        (Some("old"), "new"),
        (None, "new"),
        (
            Some("a longer old one"),
            "new, and longer than one may take every prefix of",
        ),
        (Some("old"), ""),
    ] {
        let count = check(old, new, |files| {
            replace(files, &target(), new.as_bytes(), Sync::Now)
        });
        println!("{old:?} to {new:?}: {} states", count.clone().unwrap());
        assert!(count.unwrap() >= 10);
    }
}

#[test]
fn a_new_file_is_missing_or_whole_and_then_whole() {
    let count = check(None, "new", |files| {
        write_new(files, &target(), b"new", Sync::Now)
    });
    println!("{} states", count.clone().unwrap());
    assert!(count.unwrap() >= 10);

    let disk = ready(Some("old"));
    let error = write_new(&shared(&disk), &target(), b"new", Sync::Now).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`log/checkpoint` is there already, and must not be replaced"
    );
    assert_eq!(disk.history(), [""; 0], "nothing was tried");
}

#[test]
fn a_draft_of_many_writes_is_old_or_new_and_then_new() {
    let count = check(Some("old"), "new in parts", |files| {
        let mut draft = Draft::create(files)?;
        for part in ["new", " in", " parts"] {
            draft.write(part.as_bytes())?;
        }
        draft.publish(&target(), Sync::Now)
    });
    println!("{} states", count.clone().unwrap());
    assert!(count.unwrap() >= 100);
}

#[test]
fn files_written_now_and_synced_later_are_safe_after_that() {
    let disk = ready(None);
    let files = shared(&disk);
    let paths = [target(), path("log/tile"), path("root")];
    for path in &paths {
        replace(&files, path, b"new", Sync::Later).unwrap();
    }
    assert!(!disk.history().iter().any(|it| it.starts_with("sync")));
    durable::sync(&disk, &paths).unwrap();
    let syncs = disk
        .history()
        .iter()
        .filter(|it| it.starts_with("sync"))
        .count();
    assert_eq!(syncs, 5, "three files and two directories");
    let states = disk.crash_states(LIMIT, 0);
    assert!(states.is_exhaustive());
    // Only the names in `tmp` are open, each there or not.
    assert_eq!(states.len(), 8);
    for state in states {
        for path in &paths {
            assert_eq!(state.read(path).unwrap(), b"new");
        }
    }
}

#[test]
fn each_step_left_out_is_noticed() {
    let new = "new";
    let steps = |sync: bool, sync_dir: bool| {
        check(Some("old"), new, move |files| {
            let tmp = path("tmp/x");
            let mut file = files.create(&tmp).unwrap();
            file.write_all(new.as_bytes()).unwrap();
            if sync {
                file.sync().unwrap();
            }
            files.rename(&tmp, &target()).unwrap();
            if sync_dir {
                files.sync_dir(&path("log")).unwrap();
            }
            Ok(())
        })
    };
    assert!(steps(true, true).is_ok());
    let empty = steps(false, true).unwrap_err();
    assert!(empty.starts_with("Some(File([])) after"), "{empty}");
    let old = steps(true, false).unwrap_err();
    assert!(
        old.starts_with("Some(File([111, 108, 100])) after"),
        "{old}"
    );
    assert!(old.contains(RETURNED), "{old}");
    assert!(
        check(Some("old"), new, |files| replace(
            files,
            &target(),
            new.as_bytes(),
            Sync::Later
        ))
        .is_err()
    );
    // Written in place, it is neither old nor new for a while.
    assert!(
        check(Some("old"), new, |files| {
            files.remove(&target()).unwrap();
            let mut file = files.create(&target()).unwrap();
            file.write_all(new.as_bytes()).unwrap();
            file.sync().unwrap();
            durable::sync_dir(&**files, &path("log"))
        })
        .is_err()
    );
}

#[test]
fn created_directories_stay_even_if_an_earlier_process_died_while_creating_them() {
    let dir = path("blobs/sha256/ab");
    let disk = Simulated::new();
    create_dirs(&disk, &dir).unwrap();
    let whole = tree(&[
        ("blobs/", ""),
        ("blobs/sha256/", ""),
        ("blobs/sha256/ab/", ""),
    ]);
    let mut count = 0;
    // The process dies at each point, without a power loss, or with one; the next one starts over.
    for point in disk.points() {
        for killed in point.crash_states(LIMIT, 0).chain([point.clone()]) {
            create_dirs(&killed, &dir).unwrap();
            for state in killed.crash_states(LIMIT, 0) {
                assert_eq!(state.tree(), whole, "{:?}", killed.history());
                count += 1;
            }
        }
    }
    assert!(count > 15, "{count}");

    write(&disk, "file", &[]);
    let error = create_dirs(&disk, &path("file")).unwrap_err();
    assert_eq!(error.to_string(), "cannot create the directory `file`");
}

#[test]
fn the_next_start_removes_drafts_and_nothing_else() {
    let disk = ready(Some("old"));
    let files = shared(&disk);
    let mut draft = Draft::create(&files).unwrap();
    draft.write(b"half").unwrap();
    assert_eq!(disk.list(&path("tmp")).unwrap().len(), 1);
    drop(draft);
    assert_eq!(disk.list(&path("tmp")).unwrap(), []);

    let mut draft = Draft::create(&files).unwrap();
    draft.write(b"half").unwrap();
    std::mem::forget(draft);
    disk.create_dir(&path("tmp/kept")).unwrap();
    assert_eq!(clean(&disk).unwrap(), 1);
    let left = tree(&[
        ("log/", ""),
        ("log/checkpoint", "old"),
        ("tmp/", ""),
        ("tmp/kept/", ""),
    ]);
    assert_eq!(disk.tree(), left);
}
