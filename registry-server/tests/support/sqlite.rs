//! The real SQLite on a disk whose history is kept: a layer beneath it (a VFS) notes what it writes to the files
//! of a database and which of that it has synced, and so knows what a power loss can leave of them. Databases
//! that are not recorded are out of its way.

#![allow(unsafe_code, reason = "SQLite asks for its files in C")]

use rusqlite::ffi;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// The files of a database, by their names.
pub(crate) type Left = BTreeMap<String, Vec<u8>>;

/// A database whose files are recorded, for as long as this is held.
#[derive(Debug)]
pub(crate) struct Recorded {
    database: PathBuf,
    recording: Arc<Mutex<Recording>>,
}

/// A point of a history: what is on the disk, or may be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Point {
    files: BTreeMap<String, File>,
    /// What was last promised, if anything was.
    pub(crate) promised: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct File {
    /// What is there whatever happens, if the file is.
    synced: Option<Vec<u8>>,
    /// What was done since, in that order; of which any part may be there, and any not.
    pending: Vec<Act>,
}

#[derive(Clone, Debug)]
enum Act {
    Write { at: usize, bytes: Arc<[u8]> },
    Truncate(usize),
    Delete,
}

#[derive(Debug, Default)]
struct Recording {
    begin: Point,
    now: Point,
    events: Vec<Event>,
}

#[derive(Clone, Debug)]
enum Event {
    Act(String, Act),
    Sync(String),
    /// What was removed is.
    SyncDir,
    Promise(usize),
}

/// What is left of something that was not synced.
#[derive(Clone, Copy)]
enum Outcome {
    Lost,
    FirstHalf,
    SecondHalf,
    /// The file has become longer, and that is all.
    Zeros,
    Done,
}

const OUTCOMES: [Outcome; 5] = [
    Outcome::Lost,
    Outcome::Done,
    Outcome::FirstHalf,
    Outcome::SecondHalf,
    Outcome::Zeros,
];

impl Recorded {
    /// Records what is done to a database from here on, by connections that are opened from here on; what is there
    /// is taken for synced.
    pub(crate) fn of(database: &Path) -> Recorded {
        install();
        let dir = database.parent().unwrap().canonicalize().unwrap();
        let database = dir.join(database.file_name().unwrap());
        let mut begin = Point::default();
        for suffix in ["", "-wal", "-journal"] {
            let path = with(&database, suffix);
            if let Ok(bytes) = std::fs::read(&path) {
                let (synced, pending) = (Some(bytes), vec![]);
                begin.files.insert(name(&path), File { synced, pending });
            }
        }
        let now = begin.clone();
        let events = vec![];
        let recording = Arc::new(Mutex::new(Recording { begin, now, events }));
        lock(recorded()).insert(database.clone(), Arc::clone(&recording));
        Recorded {
            database,
            recording,
        }
    }

    /// From here on, this is promised whatever happens.
    pub(crate) fn promise(&self, what: usize) {
        lock(&self.recording).take(Event::Promise(what));
    }

    /// What is left if the power fails now and nothing of what was not synced is; nothing if everything is synced.
    pub(crate) fn synced(&self) -> Option<Left> {
        let now = &lock(&self.recording).now;
        (now.open() > 0).then(|| now.left(&vec![Outcome::Lost; now.open()]))
    }

    /// The points of the history at which most is open: before each sync, and at the end. What can be
    /// left at any other one can be left at one of these.
    pub(crate) fn points(&self) -> Vec<Point> {
        let recording = lock(&self.recording);
        let mut point = recording.begin.clone();
        let mut points = vec![];
        for event in &recording.events {
            if matches!(event, Event::Sync(_) | Event::SyncDir) {
                points.push(point.clone());
            }
            point.take(event.clone());
        }
        points.push(point);
        points
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        lock(recorded()).remove(&self.database);
    }
}

impl Recording {
    fn take(&mut self, event: Event) {
        self.now.take(event.clone());
        self.events.push(event);
    }
}

impl Point {
    fn take(&mut self, event: Event) {
        match event {
            Event::Act(name, act) => self.files.entry(name).or_default().pending.push(act),
            Event::Sync(name) => {
                let file = self.files.entry(name).or_default();
                file.synced = file.left(&mut std::iter::repeat(Outcome::Done));
                file.pending.clear();
            }
            Event::SyncDir => self.files.values_mut().for_each(File::settle_deletion),
            Event::Promise(what) => self.promised = Some(what),
        }
    }

    /// How much was not synced.
    fn open(&self) -> usize {
        self.files.values().map(|file| file.pending.len()).sum()
    }

    /// What a power loss can leave: everything; and of all else about so many states, be it what was done first with the
    /// next thing torn, all but one thing, one thing only, or any.
    pub(crate) fn left_by_power_loss(&self, about: usize, seed: u64) -> Vec<Left> {
        let (open, mut random) = (self.open(), Random(seed));
        let mut choices = vec![];
        for at in 0..open {
            let with = |before, it, after| {
                let mut choice = vec![before; at];
                choice.push(it);
                choice.resize(open, after);
                choice
            };
            choices.extend(OUTCOMES.map(|torn| with(Outcome::Done, torn, Outcome::Lost)));
            choices.push(with(Outcome::Done, Outcome::Lost, Outcome::Done));
            choices.push(with(Outcome::Lost, Outcome::Done, Outcome::Lost));
        }
        for _ in 0..about {
            let mut any = |_| OUTCOMES[random.below(8).min(OUTCOMES.len() - 1)];
            choices.push((0..open).map(&mut any).collect());
        }
        let all = choices.len();
        choices.retain(|_| random.below(all) < about);
        choices.push(vec![Outcome::Done; open]);
        choices.iter().map(|choice| self.left(choice)).collect()
    }

    fn left(&self, choice: &[Outcome]) -> Left {
        let mut choice = choice.iter().copied();
        let files = self.files.iter().filter_map(|(name, file)| {
            let left = file.left(&mut choice.by_ref().take(file.pending.len()));
            Some((name.clone(), left?))
        });
        files.collect()
    }
}

impl File {
    fn settle_deletion(&mut self) {
        let is_deletion = |act: &Act| matches!(act, Act::Delete);
        if let Some(last) = self.pending.iter().rposition(is_deletion) {
            self.synced = None;
            self.pending.drain(..=last);
        }
    }

    fn left(&self, choice: &mut dyn Iterator<Item = Outcome>) -> Option<Vec<u8>> {
        let mut left = self.synced.clone();
        // Whoever loses that a file was removed has nothing of the one that came after it.
        let mut is_old = false;
        for (act, outcome) in self.pending.iter().zip(choice) {
            if !is_old {
                is_old = matches!(act, Act::Delete) && !matches!(outcome, Outcome::Done);
                act.leave(outcome, &mut left);
            }
        }
        left
    }
}

impl Act {
    fn leave(&self, outcome: Outcome, file: &mut Option<Vec<u8>>) {
        match (self, outcome) {
            (_, Outcome::Lost) => {}
            (Act::Delete, Outcome::Done) => *file = None,
            (Act::Truncate(size), Outcome::Done) => file.get_or_insert_default().resize(*size, 0),
            (Act::Delete | Act::Truncate(_), _) => {}
            (Act::Write { at, bytes }, _) => {
                let file = file.get_or_insert_default();
                let half = bytes.len() / 2;
                let part = match outcome {
                    Outcome::FirstHalf => 0..half,
                    Outcome::SecondHalf => half..bytes.len(),
                    Outcome::Done => 0..bytes.len(),
                    Outcome::Lost | Outcome::Zeros => 0..0,
                };
                let end = match outcome {
                    Outcome::Zeros => bytes.len(),
                    _ => part.end,
                };
                file.resize(file.len().max(at + end), 0);
                file[at + part.start..at + part.end].copy_from_slice(&bytes[part]);
            }
        }
    }
}

/// Numbers that look random and are the same for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let state = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = state.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

type ByDatabase = BTreeMap<PathBuf, Arc<Mutex<Recording>>>;

fn recorded() -> &'static Mutex<ByDatabase> {
    static RECORDED: Mutex<ByDatabase> = Mutex::new(BTreeMap::new());
    &RECORDED
}

/// Who records a file, if anyone does, and what it is called there.
fn recording_of(path: *const c_char) -> Option<Of> {
    if path.is_null() {
        return None;
    }
    // SAFETY: SQLite hands out paths as strings in C.
    let path = unsafe { CStr::from_ptr(path) }.to_str().ok()?;
    let database = path.strip_suffix("-wal");
    let database = database.or_else(|| path.strip_suffix("-journal"));
    let recording = lock(recorded())
        .get(Path::new(database.unwrap_or(path)))
        .cloned();
    let name = name(Path::new(path));
    recording.map(|recording| Of {
        name,
        recording,
        is_to_sync_dir: AtomicBool::new(false),
    })
}

/// What a file is of.
struct Of {
    name: String,
    recording: Arc<Mutex<Recording>>,
    /// Whether the next sync is one of the directory, too.
    is_to_sync_dir: AtomicBool,
}

impl Of {
    /// Does something to the file, and notes it if that was done.
    fn note(&self, event: impl FnOnce(String) -> Event, act: impl FnOnce() -> c_int) -> c_int {
        let mut recording = lock(&self.recording);
        let code = act();
        if code == ffi::SQLITE_OK {
            recording.take(event(self.name.clone()));
        }
        code
    }
}

/// An open file of a recorded database; behind it in memory is SQLite's own.
#[repr(C)]
struct Open {
    file: ffi::sqlite3_file,
    of: *mut Of,
}

/// SQLite's own layer.
fn real_vfs() -> *mut ffi::sqlite3_vfs {
    static REAL: OnceLock<usize> = OnceLock::new();
    // SAFETY: it asks for the default, which is there, and stays.
    *REAL.get_or_init(|| unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) } as usize)
        as *mut ffi::sqlite3_vfs
}

/// Makes this the default, once.
fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        // SAFETY: the layer is a copy of the real one, but for what is said here, and is never freed.
        unsafe {
            let mut vfs = *real_vfs();
            vfs.szOsFile += c_int::try_from(size_of::<Open>()).unwrap();
            vfs.pNext = null_mut();
            vfs.zName = c"recorded".as_ptr();
            vfs.xOpen = Some(open);
            vfs.xDelete = Some(delete);
            let code = ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 1);
            assert_eq!(code, ffi::SQLITE_OK);
        }
    });
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives as much memory as `install` asks for, for one of ours and one of its own behind it.
    unsafe {
        let real = real_vfs();
        let open = (*real).xOpen.unwrap();
        let Some(mut of) = recording_of(path) else {
            return open(real, path, file, flags, flags_out);
        };
        (*file).pMethods = std::ptr::null();
        let code = open(real, path, behind(file), flags, flags_out);
        if code == ffi::SQLITE_OK {
            // As SQLite's own layer does it.
            let is_log = flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
            *of.is_to_sync_dir.get_mut() = is_log && flags & ffi::SQLITE_OPEN_CREATE != 0;
            (*file.cast::<Open>()).of = Box::into_raw(Box::new(of));
            (*file).pMethods = &METHODS;
        }
        code
    }
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    sync_dir: c_int,
) -> c_int {
    let real = real_vfs();
    // SAFETY: it goes on to the real one as it came.
    let act = || unsafe { (*real).xDelete.unwrap()(real, path, sync_dir) };
    let Some(of) = recording_of(path) else {
        return act();
    };
    let code = of.note(|name| Event::Act(name, Act::Delete), act);
    if code == ffi::SQLITE_OK && sync_dir != 0 {
        lock(&of.recording).take(Event::SyncDir);
    }
    code
}

/// SQLite's own file.
unsafe fn behind(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: it is where `open` has put it.
    unsafe { file.cast::<Open>().add(1).cast() }
}

/// What it is of.
unsafe fn of<'a>(file: *mut ffi::sqlite3_file) -> &'a Of {
    // SAFETY: `open` has put it there, and it is there until the file is closed.
    unsafe { &*(*file.cast::<Open>()).of }
}

/// Functions that have SQLite's own file do it.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(#[allow(non_snake_case, reason = "SQLite calls it so")]
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($argument: $type),*) -> c_int {
            // SAFETY: it goes on to the real file as it came.
            unsafe {
                let file = behind(file);
                (*(*file).pMethods).$name.unwrap()(file, $($argument),*)
            }
        })*
    };
}

pass_on! {
    xClose();
    xRead(buffer: *mut c_void, size: c_int, at: i64);
    xWrite(bytes: *const c_void, size: c_int, at: i64);
    xTruncate(size: i64);
    xSync(flags: c_int);
    xFileSize(size: *mut i64);
    xLock(level: c_int);
    xUnlock(level: c_int);
    xCheckReservedLock(is_held: *mut c_int);
    xFileControl(code: c_int, argument: *mut c_void);
    xSectorSize();
    xDeviceCharacteristics();
    xShmMap(page: c_int, size: c_int, extend: c_int, to: *mut *mut c_void);
    xShmLock(from: c_int, count: c_int, flags: c_int);
    xShmUnmap(delete: c_int);
    xFetch(at: i64, size: c_int, to: *mut *mut c_void);
    xUnfetch(at: i64, from: *mut c_void);
}

unsafe extern "C" fn barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: it goes on to the real file as it came.
    unsafe {
        let file = behind(file);
        (*(*file).pMethods).xShmBarrier.unwrap()(file);
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: a file is closed once.
    unsafe {
        let code = xClose(file);
        drop(Box::from_raw((*file.cast::<Open>()).of));
        code
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    size: c_int,
    at: i64,
) -> c_int {
    // SAFETY: there are so many bytes.
    unsafe {
        let copy: Arc<[u8]> = std::slice::from_raw_parts(bytes.cast::<u8>(), size as usize).into();
        let act = Act::Write {
            at: usize::try_from(at).unwrap(),
            bytes: copy,
        };
        of(file).note(
            |name| Event::Act(name, act),
            || xWrite(file, bytes, size, at),
        )
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: it goes on to the real file as it came.
    unsafe {
        let act = Act::Truncate(usize::try_from(size).unwrap());
        of(file).note(|name| Event::Act(name, act), || xTruncate(file, size))
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: it goes on to the real file as it came.
    unsafe {
        let of = of(file);
        let code = of.note(Event::Sync, || xSync(file, flags));
        if code == ffi::SQLITE_OK && of.is_to_sync_dir.swap(false, Ordering::SeqCst) {
            lock(&of.recording).take(Event::SyncDir);
        }
        code
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 3,
    xClose: Some(close),
    xRead: Some(xRead),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(xFileSize),
    xLock: Some(xLock),
    xUnlock: Some(xUnlock),
    xCheckReservedLock: Some(xCheckReservedLock),
    xFileControl: Some(xFileControl),
    xSectorSize: Some(xSectorSize),
    xDeviceCharacteristics: Some(xDeviceCharacteristics),
    xShmMap: Some(xShmMap),
    xShmLock: Some(xShmLock),
    xShmBarrier: Some(barrier),
    xShmUnmap: Some(xShmUnmap),
    xFetch: Some(xFetch),
    xUnfetch: Some(xUnfetch),
};
