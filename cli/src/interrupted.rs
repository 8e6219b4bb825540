//! What must not be left behind when the program is told to stop: the files and folders it is writing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

/// The files and folders to be removed.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
/// Whether signals are listened to; the first who asks has it begin.
static LISTENS: OnceLock<()> = OnceLock::new();

/// While this lives, a file or folder is removed if the program is told to stop.
pub(crate) struct Unfinished(PathBuf);

impl Unfinished {
    /// Listens to signals. Only a file that is made after this is sure to be removed, and one that comes
    /// to a limit of the system is an error only after this.
    pub(crate) fn listen() {
        LISTENS.get_or_init(|| {
            let (ready, is_ready) = mpsc::channel();
            thread::spawn(move || watch(&ready));
            // Where signals cannot be had, the channel is closed and all is as it would be without.
            let _ = is_ready.recv();
        });
    }

    /// Has this file or folder removed.
    pub(crate) fn new(path: &Path) -> Unfinished {
        unfinished().push(path.to_owned());
        Unfinished(path.to_owned())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        unfinished().retain(|path| *path != self.0);
    }
}

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a signal, and ends the program in the way that the signal would have.
#[expect(clippy::exit, reason = "the thread that writes is not asked")]
fn watch(ready: &Sender<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(Ok(number)) = runtime.map(|runtime| runtime.block_on(signal(ready))) else {
        return;
    };
    // It is not given back: nothing is written any more.
    let unfinished = unfinished();
    for path in &*unfinished {
        // There is nobody left to tell if this fails.
        let _ = match path.is_dir() {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        };
    }
    process::exit(128 + number);
}

/// The number of the signal that comes.
#[cfg(unix)]
async fn signal(ready: &Sender<()>) -> io::Result<i32> {
    use std::future::poll_fn;
    use std::task::Poll;
    use tokio::signal::unix::{Signal, SignalKind, signal};
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let listen = |kind| Ok((signal(kind)?, kind.as_raw_value()));
    let mut signals: Vec<(Signal, i32)> =
        kinds.into_iter().map(listen).collect::<io::Result<_>>()?;
    // A file beyond the limit that a user set is then an error of the write, and not the end.
    const FILE_TOO_LARGE: i32 = 25;
    let _too_large = signal(SignalKind::from_raw(FILE_TOO_LARGE))?;
    let _ = ready.send(());
    Ok(poll_fn(|context| {
        for (signal, number) in &mut signals {
            if signal.poll_recv(context).is_ready() {
                return Poll::Ready(*number);
            }
        }
        Poll::Pending
    })
    .await)
}

/// The number of the signal that comes.
#[cfg(not(unix))]
async fn signal(ready: &Sender<()>) -> io::Result<i32> {
    const INTERRUPT: i32 = 2;
    let _ = ready.send(());
    tokio::signal::ctrl_c().await?;
    Ok(INTERRUPT)
}
