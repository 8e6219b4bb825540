//! Processes that check content for the server, and that it can lose.

use super::frame::{self, Answer, Request};
use super::refusal::{Refusal, RefusalCode};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tenon_registry_client::api::world::World;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::ContentKind;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The word on the command line that makes this program one that checks content.
pub const CHECK_CONTENT: &str = "check-content";

/// How many threads validate one component at most: the stack of each counts as memory.
const MAX_THREADS: usize = 4;
/// How long a process that has closed its output may take to end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// What processes check content, and what each check may take.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program: it calls [`answer_checks`](super::answer_checks).
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// How many checks go on at once; at least one.
    pub processes: usize,
    /// What each check may take.
    pub limits: Limits,
}

/// What one check may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time by the clock, once a process is free.
    pub time: Duration,
    /// The time on all CPUs together, in seconds, to the next second or the one after.
    pub cpu: u64,
    /// The memory that a process may write to, in bytes; its program comes on top.
    pub memory: u64,
}

impl Default for Options {
    /// This program itself with the word [`CHECK_CONTENT`], as many processes as there are cores.
    fn default() -> Self {
        Options {
            program: this_program(),
            arguments: vec![CHECK_CONTENT.into()],
            processes: cores(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    /// 10 seconds of CPU time within 30 seconds, and 224 MiB.
    fn default() -> Self {
        Limits {
            time: Duration::from_secs(30),
            cpu: 10,
            memory: 224 << 20,
        }
    }
}

fn this_program() -> PathBuf {
    // This link leads to the program that runs even after another was installed in its place.
    let link = Path::new("/proc/self/exe");
    match link.exists() {
        true => link.to_owned(),
        false => std::env::current_exe().unwrap_or_default(),
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Processes that check content. They start when they are first needed, and end with this value or
/// with the process that has it, however that ends.
///
/// A clone is another handle on the same processes.
#[derive(Clone, Debug)]
pub struct Workers(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    options: Options,
    turns: Semaphore,
    idle: Mutex<Vec<Process>>,
}

/// The releases that one comes between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// What it must not break.
    pub before: Option<Release>,
    /// What must not break it.
    pub after: Option<Release>,
}

/// A release that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// What messages call it.
    pub name: String,
    /// The file of its content.
    pub path: PathBuf,
}

/// Why content could not be checked, which says nothing about the content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// A process cannot be started.
    #[error("`{}`, which checks content, cannot be started", .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Two processes in a row ended in ways that no content brings about.
    #[error("the process that checks content ended before it answered, twice: {0}")]
    Ended(ExitStatus),
    /// The program is none that checks content, or of another version than this one.
    #[error(
        "the process that checks content gave what is no answer; check that it is of this version"
    )]
    NoAnswer,
    /// The file cannot be read.
    #[error("`{}` cannot be checked: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Workers {
    /// Workers that are started as they are needed.
    pub fn start(options: Options) -> Workers {
        let turns = Semaphore::new(options.processes.max(1));
        Workers(Arc::new(Pool {
            options,
            turns,
            idle: Mutex::default(),
        }))
    }

    /// Checks the file at `path` as [`check`](super::check()) does; nobody may change it meanwhile.
    ///
    /// Waits for its turn if all processes are at work; its limits count from then on. A check that
    /// exceeds them, or ends its process by a fault, is a refusal: [`RefusalCode::TooComplex`]. To drop
    /// the future ends the check.
    ///
    /// # Errors
    ///
    /// Content that must not be published is a [`Refusal`]. A [`WorkerError`] is what the content has
    /// no part in.
    pub async fn check(
        &self,
        path: &Path,
        kind: ContentKind,
        expected: Option<&(PackageName, Version)>,
    ) -> Result<Result<World, Refusal>, WorkerError> {
        self.check_between(&Neighbours::default(), path, kind, expected)
            .await
    }

    /// As [`check`](Workers::check); what breaks those who use the release before it, or is broken by the one
    /// behind it, is refused as well: [`RefusalCode::Breaking`].
    ///
    /// # Errors
    ///
    /// As [`check`](Workers::check); that a neighbour cannot be read is a [`WorkerError`].
    pub async fn check_between(
        &self,
        neighbours: &Neighbours,
        path: &Path,
        kind: ContentKind,
        expected: Option<&(PackageName, Version)>,
    ) -> Result<Result<World, Refusal>, WorkerError> {
        let pool = &*self.0;
        let limits = &pool.options.limits;
        let request = Request {
            path: path.as_os_str().as_bytes().to_vec(),
            kind: match kind {
                ContentKind::Component => "component".to_owned(),
                ContentKind::Wit => "wit".to_owned(),
            },
            expected: expected.map(|(package, version)| (package.to_string(), version.to_string())),
            neighbours: [&neighbours.before, &neighbours.after].map(|release| {
                let release = release.as_ref();
                release.map(|it| (it.name.clone(), it.path.as_os_str().as_bytes().to_vec()))
            }),
            cpu: limits.cpu,
            memory: limits.memory,
        };
        let unreadable = |reason: String| WorkerError::Unreadable {
            path: path.to_owned(),
            reason,
        };
        let request = frame::encode(&request).map_err(|error| unreadable(error.to_string()))?;
        // The semaphore is never closed, so this waits and nothing else.
        let _turn = pool.turns.acquire().await;
        let mut may_try_again = true;
        loop {
            let mut process = pool.process()?;
            let Ok(answer) = timeout(limits.time, process.ask(&request)).await else {
                process.end().await;
                let message = format!(
                    "to check it takes more than {} s",
                    limits.time.as_secs_f64()
                );
                return Ok(Err(too_complex(&message)));
            };
            match answer {
                Ok(answer) => {
                    pool.idle
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(process);
                    return match answer {
                        Answer::World(world) => Ok(Ok(*world)),
                        Answer::Refused(refusal) => Ok(Err(refusal)),
                        Answer::Unreadable(reason) => Err(unreadable(reason)),
                    };
                }
                Err(error) => {
                    let Some(status) = process.end().await else {
                        return Err(WorkerError::NoAnswer);
                    };
                    if let Some(message) = excess(status, limits) {
                        return Ok(Err(too_complex(&message)));
                    }
                    if error.kind() == io::ErrorKind::InvalidData {
                        return Err(WorkerError::NoAnswer);
                    }
                    if !std::mem::take(&mut may_try_again) {
                        return Err(WorkerError::Ended(status));
                    }
                }
            }
        }
    }
}

impl Pool {
    /// A process that is free, or a new one.
    fn process(&self) -> Result<Process, WorkerError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        idle.map_or_else(|| Process::start(&self.options), Ok)
    }
}

fn too_complex(message: &str) -> Refusal {
    let help = "split it into several components, or make its types simpler";
    Refusal::new(
        RefusalCode::TooComplex,
        &format!("the content is too complex: {message}"),
        help,
    )
}

/// What a process took too much of, if that is how content ends one; anything else came from outside.
fn excess(status: ExitStatus, limits: &Limits) -> Option<String> {
    use rustix::process::Signal;
    let signal = Signal::from_named_raw(status.signal()?)?;
    if signal == Signal::XCPU {
        return Some(format!(
            "to check it takes more than {} s of CPU time",
            limits.cpu
        ));
    }
    let faults = [
        Signal::ABORT,
        Signal::SEGV,
        Signal::BUS,
        Signal::ILL,
        Signal::TRAP,
        Signal::FPE,
    ];
    faults.contains(&signal).then(|| {
        let memory = limits.memory >> 20;
        format!("to check it takes more stack than there is, or more than {memory} MiB of memory")
    })
}

/// A process that checks content. It is killed when it is dropped.
#[derive(Debug)]
struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Process {
    fn start(options: &Options) -> Result<Process, WorkerError> {
        let failed = |source| WorkerError::Start {
            program: options.program.clone(),
            source,
        };
        // It has what it needs from its requests, and no secret of the server. Signals that a terminal
        // sends to the server are none of its business.
        let mut child = Command::new(&options.program)
            .args(&options.arguments)
            .env_clear()
            .env("RAYON_NUM_THREADS", cores().min(MAX_THREADS).to_string())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        Ok(Process {
            child,
            input,
            output,
        })
    }

    async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.input.write_all(request).await?;
        frame::receive(&mut self.output).await
    }

    /// Ends the process, by force if it does not end by itself, and says how it ended.
    ///
    /// Gives `None` where it had to be killed.
    async fn end(mut self) -> Option<ExitStatus> {
        drop(self.input);
        drop(self.output);
        if let Ok(status) = timeout(GRACE, self.child.wait()).await {
            return status.ok();
        }
        // That it cannot be killed can only mean that it has ended.
        let _ = self.child.kill().await;
        None
    }
}
