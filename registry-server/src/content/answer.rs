//! The process that checks content: it bounds itself, and answers until its input ends.

use super::check::{CheckError, Near, check, incomparable};
use super::frame::{self, Answer, Request};
use super::refusal::{Refusal, RefusalCode};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use tenon_composer::Input;
use tenon_registry_client::record::ContentKind;

/// The stack of the one thread that checks, in bytes.
const STACK: u64 = 8 << 20;
/// How many files it may have open: its streams, the content, and some to spare.
const FILES: u64 = 32;

/// Answers on standard output to the requests to check content that come on standard input, until
/// that ends; the process ends then, even while it checks.
///
/// This is what the program that [`Workers`](super::Workers) starts does, and all it does.
pub fn answer_checks() -> ExitCode {
    match answer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer() -> io::Result<()> {
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Nofile, FILES)?;
    limit(Resource::Stack, STACK)?;
    let requests = requests()?;
    let mut output = io::stdout().lock();
    for request in requests {
        frame::write(&mut output, &respond(&request))?;
    }
    Ok(())
}

/// The requests, as they come.
///
/// They are read beside the checking, so that a server that is no more is noticed at once.
#[expect(clippy::exit, reason = "this process has nothing to leave in order")]
fn requests() -> io::Result<Receiver<Request>> {
    let (sender, receiver) = sync_channel(1);
    thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(move || {
            let mut input = io::stdin().lock();
            while let Ok(request) = frame::read(&mut input) {
                if sender.send(request).is_err() {
                    break;
                }
            }
            std::process::exit(0);
        })?;
    Ok(receiver)
}

fn respond(request: &Request) -> Answer {
    let checked = catch_unwind(AssertUnwindSafe(|| checked(request)));
    match checked {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Answer::Unreadable(error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            let message = format!(
                "the content met a defect of the checker: {}",
                text.unwrap_or("it gave no reason")
            );
            Answer::Refused(Refusal::new(RefusalCode::TooComplex, &message, REPORT))
        }
    }
}

const REPORT: &str = "if other tools accept it, tell whoever runs the registry";

fn checked(request: &Request) -> io::Result<Answer> {
    let wrong = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let expected = match &request.expected {
        Some((package, version)) => {
            let package = package
                .parse()
                .map_err(|error: tenon_registry_client::name::NameError| wrong(error))?;
            Some((package, version.parse().map_err(wrong)?))
        }
        None => None,
    };
    let kind = match &*request.kind {
        "component" => ContentKind::Component,
        "wit" => ContentKind::Wit,
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    };
    limit(Resource::Data, request.memory)?;
    let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec as u64;
    // What it used for others does not count, and a second that has begun is not counted as used.
    limit(Resource::Cpu, used + 1 + request.cpu)?;
    let input = Content::open(OsStr::from_bytes(&request.path))?;
    let mut neighbours = vec![];
    for neighbour in &request.neighbours {
        neighbours.push(match neighbour {
            None => None,
            Some((name, path)) => match Content::open(OsStr::from_bytes(path)) {
                Ok(content) => Some((name, content)),
                // It is not the content that is checked that cannot be read.
                Err(error) => return Ok(Answer::Unreadable(incomparable(name, &error))),
            },
        });
    }
    let near = |at: usize| {
        let neighbour = neighbours.get(at)?.as_ref();
        neighbour.map(|(name, input)| Near { name, input })
    };
    Ok(
        match check(&input, kind, expected.as_ref(), [near(0), near(1)]) {
            Ok(world) => Answer::World(Box::new(world)),
            Err(CheckError::Refused(refusal)) => Answer::Refused(refusal),
            Err(CheckError::Unreadable(reason)) => Answer::Unreadable(reason),
        },
    )
}

/// Sets a limit that this process can only lift to what it was started with.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let maximum = getrlimit(resource).maximum;
    let most = maximum.map_or(most, |maximum| maximum.min(most));
    let limit = Rlimit {
        current: Some(most),
        maximum,
    };
    Ok(setrlimit(resource, limit)?)
}

/// The content, in a file of which only what describes it is read at once.
struct Content {
    file: File,
    size: u64,
}

impl Content {
    fn open(path: &OsStr) -> io::Result<Content> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok(Content { file, size })
    }
}

impl Input for Content {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}
