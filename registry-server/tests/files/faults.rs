//! Every call that can fail, failing.

use super::{path, shared};
use rustix::io::Errno;
use std::sync::Arc;
use tenon_registry_server::store::durable::{DurableError, Sync, clean, create_dirs, replace};
use tenon_registry_server::store::{Call, Disk, Fault, Faulty, FilePath, Files, Simulated, Which};

const OLD: &[u8] = b"old";
const NEW: &[u8] = b"something new";

fn target() -> FilePath {
    path("log/checkpoint")
}

fn ready(files: &Arc<dyn Files>) {
    clean(&**files).unwrap();
    create_dirs(&**files, &path("log")).unwrap();
    replace(files, &target(), OLD, Sync::Now).unwrap();
}

/// Replaces the file with one fault, and checks what became of it. Says whether the fault happened.
fn replace_with(inner: &Arc<dyn Files>, fault: Fault) -> bool {
    let faulty = Faulty::new(Arc::clone(inner));
    faulty.fail(Some(fault));
    let result = replace(&(Arc::new(faulty.clone()) as _), &target(), NEW, Sync::Now);
    let calls = faulty.calls();
    let found = inner.read(&target()).unwrap();
    let Err(error) = result else {
        let replaced = [
            Call::Create,
            Call::Write,
            Call::Sync,
            Call::Rename,
            Call::SyncDir,
        ];
        assert_eq!(calls, replaced);
        assert_eq!(found, NEW);
        return false;
    };
    let (Which::Only(number) | Which::From(number)) = fault.which;
    let number = usize::try_from(number).unwrap();
    let failed = calls[number];
    let expected = if failed == Call::SyncDir { NEW } else { OLD };
    assert_eq!(found, expected, "{calls:?}");
    let is_sync = matches!(failed, Call::Sync | Call::SyncDir);
    assert_eq!(error.is_fatal(), is_sync, "{error}");
    let no_space = matches!(error, DurableError::NoSpace { .. });
    assert_eq!(no_space, !is_sync && fault.errno == Errno::NOSPC, "{error}");
    assert!(error.to_string().contains('`'), "{error}");
    if is_sync {
        let syncs = |it: &&Call| matches!(it, Call::Sync | Call::SyncDir);
        let after = calls[number + 1..].iter().find(syncs);
        assert_eq!(after, None, "a sync that failed is never tried again");
    }

    clean(&**inner).unwrap();
    assert_eq!(inner.list(&path("tmp")).unwrap(), []);
    assert_eq!(inner.read(&target()).unwrap(), expected);
    true
}

/// Each call of a replacement fails in turn. Returns how many calls it makes.
fn each_call(inner: &dyn Fn() -> Arc<dyn Files>) -> u64 {
    let mut most = 0;
    for errno in [Errno::IO, Errno::NOSPC] {
        for short_write in [0, 3] {
            for which in [Which::Only as fn(u64) -> Which, Which::From] {
                for number in 0.. {
                    let of = None;
                    let which = which(number);
                    let files = inner();
                    let fault = Fault {
                        which,
                        of,
                        errno,
                        short_write,
                    };
                    if !replace_with(&files, fault) {
                        most = number;
                        break;
                    }
                }
            }
        }
    }
    most
}

#[test]
fn each_call_of_a_replacement_fails_in_turn_on_a_simulated_disk() {
    let calls = each_call(&|| {
        let files = shared(&Simulated::new());
        ready(&files);
        files
    });
    assert_eq!(calls, 5);
}

#[test]
fn each_call_of_a_replacement_fails_in_turn_on_a_real_disk() {
    let dir = tempfile::tempdir().unwrap();
    let files: Arc<dyn Files> = Arc::new(Disk::open(dir.path()).unwrap());
    ready(&files);
    let calls = each_call(&|| {
        replace(&files, &target(), OLD, Sync::Now).unwrap();
        Arc::clone(&files)
    });
    assert_eq!(calls, 5);
}

#[test]
fn a_fault_and_then_a_power_loss_leave_the_old_file_or_the_new() {
    let mut count = 0;
    for number in 0..5 {
        for short_write in [0, 3] {
            let disk = Simulated::new();
            ready(&shared(&disk));
            let faulty = Faulty::new(shared(&disk));
            faulty.fail(Some(Fault {
                which: Which::From(number),
                of: None,
                errno: Errno::IO,
                short_write,
            }));
            replace(&(Arc::new(faulty) as _), &target(), NEW, Sync::Now).unwrap_err();
            let states = disk.crash_states(10_000, 0);
            assert!(states.is_exhaustive());
            for state in states {
                let found = state.read(&target()).unwrap();
                assert!(found == OLD || found == NEW, "{found:?}");
                clean(&state).unwrap();
                assert_eq!(state.list(&path("tmp")).unwrap(), []);
                count += 1;
            }
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn a_fault_can_be_of_one_kind_and_from_some_call_on() {
    let faulty = Faulty::new(shared(&Simulated::new()));
    let sync = |which| {
        Some(Fault {
            which,
            of: Some(Call::Sync),
            errno: Errno::IO,
            short_write: 0,
        })
    };
    let mut file = faulty.create(&path("a")).unwrap();
    let mut three = |fault| {
        faulty.fail(fault);
        [(); 3].map(|()| {
            file.write_all(b"x").unwrap();
            file.sync().is_ok()
        })
    };
    assert_eq!(three(sync(Which::Only(1))), [true, false, true]);
    assert_eq!(three(sync(Which::From(1))), [true, false, false]);
    assert_eq!(three(None), [true; 3]);
    assert_eq!(faulty.calls().len(), 1 + 9 * 2);
    assert_eq!(faulty.read(&path("a")).unwrap(), [b'x'; 9]);
}

#[test]
fn a_short_write_leaves_its_beginning() {
    let faulty = Faulty::new(shared(&Simulated::new()));
    let mut file = faulty.create(&path("a")).unwrap();
    faulty.fail(Some(Fault {
        which: Which::Only(0),
        of: Some(Call::Write),
        errno: Errno::NOSPC,
        short_write: 2,
    }));
    let error = file.write_all(b"xyz").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(faulty.read(&path("a")).unwrap(), b"xy");
    faulty.set_free_space(Some(7));
    assert_eq!(faulty.free_space().unwrap(), 7);
    faulty.set_free_space(None);
    assert!(faulty.free_space().unwrap() > 7);
}

#[test]
fn errors_name_the_path_and_the_operation_and_leave_the_reason_to_their_source() {
    let disk = Simulated::new();
    let error = replace(&shared(&disk), &path("a"), b"x", Sync::Now).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("cannot create `tmp/"), "{message}");
    assert!(std::error::Error::source(&error).is_some());

    clean(&disk).unwrap();
    let failing = |of, errno| {
        let faulty = Faulty::new(shared(&disk));
        faulty.fail(Some(Fault {
            which: Which::Only(0),
            of: Some(of),
            errno,
            short_write: 0,
        }));
        let error = replace(&(Arc::new(faulty) as _), &path("a"), b"x", Sync::Now);
        error.unwrap_err().to_string()
    };
    assert_eq!(
        failing(Call::SyncDir, Errno::IO),
        "cannot sync `.` to the disk, so nobody knows what a power loss would leave of it; \
         check the disk, then start again"
    );
    assert_eq!(
        failing(Call::Rename, Errno::NOSPC),
        "there is no space left to move a finished file to `a`; free some, or use a larger disk"
    );
    assert_eq!(
        failing(Call::Rename, Errno::IO),
        "cannot move a finished file to `a`"
    );
}
