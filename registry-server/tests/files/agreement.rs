//! The simulated disk does what the real one does, but for losing power.

use super::path;
use proptest::prelude::*;
use std::io;
use tenon_registry_server::store::{
    Content, Disk, EntryKind, FilePath, Files, Listed, ReadFile, Simulated, Tree, WriteFile,
};

#[derive(Clone, Debug)]
enum Step {
    Create(FilePath, Vec<u8>),
    Append(usize, Vec<u8>),
    Open(FilePath),
    ReadAt {
        file: usize,
        offset: u64,
        size: usize,
    },
    Read(FilePath),
    Rename(FilePath, FilePath),
    Remove(FilePath),
    CreateDir(FilePath),
    SyncDir(FilePath),
    List(FilePath),
    Kind(FilePath),
}

#[derive(Debug, PartialEq)]
enum Seen {
    Nothing,
    Bytes(u64, Vec<u8>),
    Listed(Vec<Listed>),
    Kind(EntryKind),
}

/// Files, with those that are open.
struct Run<'files> {
    files: &'files dyn Files,
    written: Vec<Box<dyn WriteFile>>,
    read: Vec<Box<dyn ReadFile>>,
}

impl Run<'_> {
    fn new(files: &dyn Files) -> Run<'_> {
        let (written, read) = (Vec::new(), Vec::new());
        Run {
            files,
            written,
            read,
        }
    }

    fn take(&mut self, step: &Step) -> Result<Seen, io::ErrorKind> {
        self.try_to(step).map_err(|error| error.kind())
    }

    fn try_to(&mut self, step: &Step) -> io::Result<Seen> {
        match step {
            Step::Create(path, bytes) => {
                let mut file = self.files.create(path)?;
                file.write_all(bytes)?;
                file.sync()?;
                self.written.push(file);
            }
            Step::Append(file, bytes) => {
                let count = self.written.len().max(1);
                if let Some(file) = self.written.get_mut(file % count) {
                    file.write_all(bytes)?;
                }
            }
            Step::Open(path) => {
                let file = self.files.open(path)?;
                file.sync()?;
                self.read.push(file);
            }
            Step::ReadAt { file, offset, size } => {
                if let Some(file) = self.read.get(file % self.read.len().max(1)) {
                    let mut bytes = vec![0xff; *size];
                    let read = file.read_at(*offset, &mut bytes)?;
                    bytes.truncate(read);
                    return Ok(Seen::Bytes(file.size()?, bytes));
                }
            }
            Step::Read(path) => {
                let bytes = self.files.read(path)?;
                return Ok(Seen::Bytes(bytes.len() as u64, bytes));
            }
            Step::Rename(from, to) => self.files.rename(from, to)?,
            Step::Remove(path) => self.files.remove(path)?,
            Step::CreateDir(dir) => self.files.create_dir(dir)?,
            Step::SyncDir(dir) => self.files.sync_dir(dir)?,
            Step::List(dir) => return self.files.list(dir).map(Seen::Listed),
            Step::Kind(path) => return self.files.kind(path).map(Seen::Kind),
        }
        Ok(Seen::Nothing)
    }
}

fn any_path() -> impl Strategy<Value = FilePath> {
    prop_oneof![
        1 => Just(FilePath::root()),
        12 => prop::collection::vec(prop::sample::select(&["a", "b", "a-b"][..]), 1..4)
            .prop_map(|parts| path(&parts.join("/"))),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..20);
    prop_oneof![
        4 => (any_path(), bytes()).prop_map(|(path, bytes)| Step::Create(path, bytes)),
        2 => (any::<usize>(), bytes()).prop_map(|(file, bytes)| Step::Append(file, bytes)),
        2 => any_path().prop_map(Step::Open),
        2 => (any::<usize>(), 0..30u64, 0..30usize)
            .prop_map(|(file, offset, size)| Step::ReadAt { file, offset, size }),
        2 => any_path().prop_map(Step::Read),
        4 => (any_path(), any_path()).prop_map(|(from, to)| Step::Rename(from, to)),
        2 => any_path().prop_map(Step::Remove),
        5 => any_path().prop_map(Step::CreateDir),
        1 => any_path().prop_map(Step::SyncDir),
        1 => any_path().prop_map(Step::List),
        1 => any_path().prop_map(Step::Kind),
    ]
}

#[test]
fn a_file_cannot_replace_the_directory_it_is_in() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    let simulated = Simulated::new();
    for mut run in [Run::new(&disk), Run::new(&simulated)] {
        run.take(&Step::CreateDir(path("a"))).unwrap();
        run.take(&Step::Create(path("a/b"), Vec::new())).unwrap();
        let refused = run.take(&Step::Rename(path("a/b"), path("a")));
        assert_eq!(refused, Err(io::ErrorKind::IsADirectory));
    }
}

fn tree_of(files: &dyn Files, dir: &FilePath) -> Tree {
    let mut tree = Tree::new();
    for listed in files.list(dir).unwrap() {
        let path = dir.join(&listed.name).unwrap();
        if listed.kind == EntryKind::Dir {
            tree.extend(tree_of(files, &path));
            tree.insert(path, Content::Dir);
        } else {
            let bytes = files.read(&path).unwrap();
            tree.insert(path, Content::File(bytes));
        }
    }
    tree
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_simulated_disk_answers_as_a_real_one(steps in prop::collection::vec(any_step(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::open(dir.path()).unwrap();
        let simulated = Simulated::new();
        let (mut real, mut model) = (Run::new(&disk), Run::new(&simulated));
        for step in &steps {
            prop_assert_eq!(real.take(step), model.take(step), "{:?}", step);
        }
        prop_assert_eq!(tree_of(&disk, &FilePath::root()), simulated.tree());
        prop_assert_eq!(simulated.at(usize::MAX).tree(), simulated.tree());
        let states = simulated.crash_states(50, 0);
        let nothing_lost = states.map(|state| state.tree()).any(|it| it == simulated.tree());
        prop_assert!(nothing_lost);
    }
}
