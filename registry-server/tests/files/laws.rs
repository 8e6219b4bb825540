//! The simulated disk against cases worked out by hand.

use super::{path, settled, tree, write, write_synced};
use std::collections::BTreeSet;
use tenon_registry_server::store::{Content, Files, Simulated, Tree};

fn states(disk: &Simulated) -> BTreeSet<Tree> {
    let states = disk.crash_states(1000, 0);
    assert!(states.is_exhaustive());
    let number = states.len();
    let states: BTreeSet<Tree> = states.map(|state| state.tree()).collect();
    assert_eq!(states.len(), number, "each state once");
    states
}

fn expect(disk: &Simulated, expected: &[&[(&str, &str)]]) {
    let expected: BTreeSet<Tree> = expected.iter().map(|it| tree(it)).collect();
    assert_eq!(states(disk), expected);
}

fn sync_dir(disk: &Simulated, dir: &str) {
    disk.sync_dir(&path(dir)).unwrap();
}

fn rename(disk: &Simulated, from: &str, to: &str) {
    disk.rename(&path(from), &path(to)).unwrap();
}

fn create_dir(disk: &Simulated, dir: &str) {
    disk.create_dir(&path(dir)).unwrap();
}

#[test]
fn a_write_without_a_sync_may_be_there_in_part() {
    let disk = Simulated::new();
    write(&disk, "a", &["xy"]);
    sync_dir(&disk, ".");
    expect(
        &disk,
        &[
            &[("a", "")],
            &[("a", "x")],
            &[("a", "\0\0")],
            &[("a", "x\0")],
            &[("a", "xy")],
        ],
    );
    disk.open(&path("a")).unwrap().sync().unwrap();
    expect(&disk, &[&[("a", "xy")]]);
}

#[test]
fn a_write_may_survive_the_one_before_it() {
    let disk = Simulated::new();
    write(&disk, "a", &["A", "B"]);
    sync_dir(&disk, ".");
    let left = ["", "\0", "A", "\0\0", "\0B", "A\0", "AB"];
    let left = left.map(|left| [("a", left)]);
    let left: Vec<&[(&str, &str)]> = left.iter().map(|it| &it[..]).collect();
    expect(&disk, &left);
}

#[test]
fn a_large_write_may_end_at_a_page() {
    let disk = Simulated::new();
    write(&disk, "a", &["x".repeat(10_000).as_str()]);
    sync_dir(&disk, ".");
    let left = |state: &Tree| -> Option<(usize, usize)> {
        let Some(Content::File(bytes)) = state.get(&path("a")) else {
            return None;
        };
        let written = bytes.iter().filter(|byte| **byte == b'x').count();
        Some((written, bytes.len() - written))
    };
    let found: BTreeSet<_> = states(&disk).iter().filter_map(left).collect();
    let whole = [0, 1, 4096, 5000, 8192, 9999, 10_000].map(|written| (written, 0));
    let zeros = [0, 5000].map(|written| (written, 10_000 - written));
    assert_eq!(found, whole.into_iter().chain(zeros).collect());
}

#[test]
fn what_was_synced_stays_when_more_is_written() {
    let disk = Simulated::new();
    let mut file = disk.create(&path("a")).unwrap();
    sync_dir(&disk, ".");
    file.write_all(b"A").unwrap();
    file.sync().unwrap();
    file.write_all(b"B").unwrap();
    expect(&disk, &[&[("a", "A")], &[("a", "A\0")], &[("a", "AB")]]);
}

#[test]
fn a_synced_file_may_have_no_name() {
    let disk = Simulated::new();
    write_synced(&disk, "a", &["xy"]);
    expect(&disk, &[&[], &[("a", "xy")]]);
    sync_dir(&disk, ".");
    expect(&disk, &[&[("a", "xy")]]);
}

#[test]
fn a_rename_may_be_there_before_the_bytes() {
    let disk = Simulated::new();
    write(&disk, "t", &["x"]);
    rename(&disk, "t", "f");
    sync_dir(&disk, ".");
    expect(&disk, &[&[("f", "")], &[("f", "\0")], &[("f", "x")]]);
}

#[test]
fn a_rename_that_is_not_synced_leaves_the_old_name_the_new_one_or_both() {
    let disk = Simulated::new();
    write_synced(&disk, "t", &["x"]);
    sync_dir(&disk, ".");
    rename(&disk, "t", "f");
    expect(
        &disk,
        &[&[("t", "x")], &[("f", "x")], &[("t", "x"), ("f", "x")]],
    );
    sync_dir(&disk, ".");
    expect(&disk, &[&[("f", "x")]]);
}

#[test]
fn a_replaced_name_stands_for_the_old_file_or_the_new() {
    let disk = Simulated::new();
    write_synced(&disk, "f", &["old"]);
    write_synced(&disk, "t", &["new"]);
    sync_dir(&disk, ".");
    rename(&disk, "t", "f");
    expect(
        &disk,
        &[
            &[("f", "old"), ("t", "new")],
            &[("f", "new"), ("t", "new")],
            &[("f", "new")],
        ],
    );
}

#[test]
fn a_rename_between_directories_never_loses_the_file() {
    let begin = Simulated::new();
    create_dir(&begin, "x");
    create_dir(&begin, "y");
    write_synced(&begin, "x/t", &["1"]);
    sync_dir(&begin, ".");
    sync_dir(&begin, "x");
    let dirs = [("x/", ""), ("y/", "")];
    let old = [dirs[0], dirs[1], ("x/t", "1")];
    let new = [dirs[0], dirs[1], ("y/f", "1")];
    let both = [dirs[0], dirs[1], ("x/t", "1"), ("y/f", "1")];

    let disk = settled(&begin);
    rename(&disk, "x/t", "y/f");
    expect(&disk, &[&old, &new, &both]);
    sync_dir(&disk, "x");
    expect(&disk, &[&old, &new, &both]);
    sync_dir(&disk, "y");
    expect(&disk, &[&new]);

    let disk = settled(&begin);
    rename(&disk, "x/t", "y/f");
    sync_dir(&disk, "y");
    expect(&disk, &[&new, &both]);
    sync_dir(&disk, "x");
    expect(&disk, &[&new]);
}

#[test]
fn an_old_name_in_use_again_shows_that_the_rename_is_on_the_disk() {
    let disk = Simulated::new();
    create_dir(&disk, "x");
    create_dir(&disk, "y");
    write_synced(&disk, "x/t", &["1"]);
    sync_dir(&disk, ".");
    sync_dir(&disk, "x");
    rename(&disk, "x/t", "y/f");
    write_synced(&disk, "x/t", &["2"]);
    let dirs = [("x/", ""), ("y/", "")];
    let at = |files: &[(&'static str, &'static str)]| [&dirs[..], files].concat();
    expect(
        &disk,
        &[
            &at(&[("x/t", "1")]),
            &at(&[("x/t", "1"), ("y/f", "1")]),
            &at(&[("y/f", "1")]),
            &at(&[("x/t", "2"), ("y/f", "1")]),
        ],
    );
    sync_dir(&disk, "x");
    expect(&disk, &[&at(&[("x/t", "2"), ("y/f", "1")])]);
}

#[test]
fn a_file_that_was_moved_and_then_removed_may_have_no_name() {
    let disk = Simulated::new();
    create_dir(&disk, "x");
    create_dir(&disk, "y");
    write_synced(&disk, "x/t", &["1"]);
    sync_dir(&disk, ".");
    sync_dir(&disk, "x");
    rename(&disk, "x/t", "y/f");
    sync_dir(&disk, "y");
    disk.remove(&path("y/f")).unwrap();
    sync_dir(&disk, "y");
    write_synced(&disk, "y/f", &["2"]);
    let (dir, other) = (("x/", ""), ("y/", ""));
    let (old, new) = (("x/t", "1"), ("y/f", "2"));
    expect(
        &disk,
        &[
            &[dir, other],
            &[dir, other, old],
            &[dir, other, new],
            &[dir, other, old, new],
        ],
    );
}

#[test]
fn directories_need_their_parents_synced() {
    let disk = Simulated::new();
    create_dir(&disk, "a");
    create_dir(&disk, "a/b");
    write_synced(&disk, "a/b/f", &["x"]);
    sync_dir(&disk, "a/b");
    let whole = [("a/", ""), ("a/b/", ""), ("a/b/f", "x")];
    expect(&disk, &[&[], &[("a/", "")], &whole]);
    sync_dir(&disk, "a");
    expect(&disk, &[&[], &whole]);
    sync_dir(&disk, ".");
    expect(&disk, &[&whole]);
}

#[test]
fn a_removal_that_is_not_synced_may_be_undone() {
    let disk = Simulated::new();
    write_synced(&disk, "f", &["x"]);
    sync_dir(&disk, ".");
    disk.remove(&path("f")).unwrap();
    expect(&disk, &[&[], &[("f", "x")]]);
    sync_dir(&disk, ".");
    expect(&disk, &[&[]]);
}

#[test]
fn changes_to_different_names_survive_in_any_combination() {
    let disk = Simulated::new();
    write_synced(&disk, "old", &["x"]);
    sync_dir(&disk, ".");
    write_synced(&disk, "new", &["y"]);
    disk.remove(&path("old")).unwrap();
    let (old, new) = (("old", "x"), ("new", "y"));
    expect(&disk, &[&[], &[old], &[new], &[old, new]]);
}

#[test]
fn history_can_be_replayed_to_any_point_and_goes_its_own_way_from_there() {
    let disk = Simulated::new();
    write_synced(&disk, "f", &["x"]);
    disk.mark("told");
    sync_dir(&disk, ".");
    assert_eq!(
        disk.history(),
        [
            "create f",
            "write 1 bytes to file 0",
            "sync file 0",
            "mark: told",
            "sync the directory ."
        ]
    );
    let points: Vec<Simulated> = disk.points().collect();
    let told: Vec<usize> = points.iter().map(|it| it.marks().len()).collect();
    assert_eq!(told, [0, 0, 0, 0, 1, 1]);
    let lost: Vec<usize> = points.iter().map(|it| states(it).len()).collect();
    // Nothing; no name or an empty file; the same with the byte lost, zero or there; with the byte; the same; safe.
    assert_eq!(lost, [1, 2, 4, 2, 2, 1]);

    let before = disk.at(4);
    before.remove(&path("f")).unwrap();
    assert_eq!(before.tree(), tree(&[]));
    assert_eq!(disk.tree(), tree(&[("f", "x")]));
}

#[test]
fn a_second_power_loss_can_follow() {
    let disk = Simulated::new();
    write(&disk, "f", &["x"]);
    sync_dir(&disk, ".");
    // The first leaves an empty file, and what repairs it is not synced either.
    let empty = disk
        .crash_states(1000, 0)
        .find(|state| state.tree() == tree(&[("f", "")]))
        .unwrap();
    assert_eq!(empty.history(), [""; 0]);
    empty.remove(&path("f")).unwrap();
    write_synced(&empty, "f", &["x"]);
    expect(&empty, &[&[("f", "")], &[], &[("f", "x")]]);
    assert_eq!(empty.history().len(), 4);
}

#[test]
fn a_sample_is_the_same_for_one_seed_and_has_the_extremes() {
    let disk = Simulated::new();
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        write(
            &disk,
            name,
            &["some bytes, and more than a few", "and again"],
        );
    }
    let sample = |seed| -> Vec<Tree> {
        let states = disk.crash_states(100, seed);
        assert!(!states.is_exhaustive());
        assert!(states.combinations() > 1_000_000_000);
        states.map(|state| state.tree()).collect()
    };
    let one = sample(1);
    assert_eq!(one, sample(1));
    assert_ne!(one, sample(2));
    assert_eq!(one.len(), 100);
    assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), 100);
    assert_eq!(one[0], tree(&[]), "nothing survives");
    assert_eq!(one[1], disk.tree(), "everything survives");
    // One write is lost, and everything else is there: what a forgotten sync looks like.
    assert!(
        one.iter()
            .any(|state| state.len() == 8 && *state != disk.tree())
    );
}

#[test]
fn in_a_sample_too_a_rename_never_loses_the_file() {
    let disk = Simulated::new();
    let names: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    for name in &names {
        write_synced(&disk, &format!("{name}.tmp"), &["x"]);
    }
    sync_dir(&disk, ".");
    for name in &names {
        rename(&disk, &format!("{name}.tmp"), name);
    }
    let states = disk.crash_states(500, 3);
    assert!(!states.is_exhaustive());
    assert_eq!(states.len(), 500);
    let there = |state: &Tree, at: &str| state.contains_key(&path(at));
    for state in states.map(|state| state.tree()) {
        for name in &names {
            assert!(there(&state, name) || there(&state, &format!("{name}.tmp")));
        }
    }
}
