//! Components, WIT packages and processes to test with.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tenon_registry_client::api::world::World;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::ContentKind;
use tenon_registry_server::content::{
    CHECK_CONTENT, CheckError, Limits, Options, Refusal, WorkerError, Workers, check,
};

pub(crate) use ContentKind::{Component, Wit};

pub(crate) fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../wit-examples")
        .join(path)
}

pub(crate) fn read(path: &str) -> Vec<u8> {
    fs::read(example(path)).unwrap()
}

pub(crate) fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

pub(crate) fn release(package: &str, version: &str) -> (PackageName, Version) {
    (package.parse().unwrap(), version.parse().unwrap())
}

/// A WIT package in the binary format, from texts of which the first is the package itself.
pub(crate) fn wit(texts: &[&str]) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let mut last = None;
    for text in texts.iter().rev() {
        last = Some(resolve.push_str("test.wit", text).unwrap());
    }
    wit_component::encode(&resolve, last.unwrap(), false).unwrap()
}

/// Checks within this process.
pub(crate) fn judge(
    bytes: &[u8],
    kind: ContentKind,
    expected: Option<&(PackageName, Version)>,
) -> Result<World, Refusal> {
    check(&bytes, kind, expected, [None, None]).map_err(|error| match error {
        CheckError::Refused(refusal) => refusal,
        CheckError::Unreadable(reason) => panic!("{reason}"),
    })
}

// ---- the binary format, written by hand where no tool would write it ----

pub(crate) const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

pub(crate) fn leb(mut value: u64) -> Vec<u8> {
    let mut bytes = vec![];
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// The index of a type where a value type stands: a signed number that is not negative.
pub(crate) fn index(value: u64) -> Vec<u8> {
    let mut bytes = leb(value);
    if bytes.last().unwrap() & 0x40 != 0 {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push(0);
    }
    bytes
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [leb(text.len() as u64), text.as_bytes().to_vec()].concat()
}

pub(crate) fn section(id: u8, body: &[u8]) -> Vec<u8> {
    [vec![id], leb(body.len() as u64), body.to_vec()].concat()
}

pub(crate) fn items(id: u8, items: impl ExactSizeIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut body = leb(items.len() as u64);
    items.for_each(|item| body.extend(item));
    section(id, &body)
}

pub(crate) fn custom(name: &str, data: &[u8]) -> Vec<u8> {
    section(0, &[text(name), data.to_vec()].concat())
}

/// A core module that has nothing but this section.
pub(crate) fn module(section: &[u8]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0", section].concat()
}

/// A component of these sections.
pub(crate) fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    [HEADER, &sections.concat()].concat()
}

pub(crate) fn deflate(data: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(vec![], flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

// ---- processes ----

/// A pool whose processes say what their ids are.
pub(crate) struct Pool {
    pub(crate) workers: Workers,
    pub(crate) dir: TempDir,
}

/// Options with a program and arguments of the shell.
pub(crate) fn script(script: &str, arguments: &[&Path]) -> Options {
    let mut all: Vec<OsString> = vec!["-c".into(), script.into()];
    all.extend(
        arguments
            .iter()
            .map(|argument| argument.as_os_str().to_owned()),
    );
    Options {
        program: "/bin/sh".into(),
        arguments: all,
        processes: 2,
        limits: Limits::default(),
    }
}

impl Pool {
    pub(crate) fn start(processes: usize, limits: Limits) -> Pool {
        let dir = tempfile::tempdir().unwrap();
        let ids = dir.path().join("ids");
        let program = Path::new(env!("CARGO_BIN_EXE_tenon-registry"));
        let run = format!("echo $$ >> \"$1\"; exec \"$0\" {CHECK_CONTENT}");
        let options = Options {
            processes,
            limits,
            ..script(&run, &[program, &ids])
        };
        Pool {
            workers: Workers::start(options),
            dir,
        }
    }

    /// The ids of all processes that were started.
    pub(crate) fn ids(&self) -> Vec<u32> {
        let ids = fs::read_to_string(self.dir.path().join("ids")).unwrap_or_default();
        ids.lines().map(|line| line.parse().unwrap()).collect()
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) async fn check(
        &self,
        bytes: &[u8],
        kind: ContentKind,
    ) -> Result<Result<World, Refusal>, WorkerError> {
        let path = self.file("content", bytes);
        self.workers.check(&path, kind, None).await
    }
}

/// What a process has used so far.
#[derive(Debug)]
pub(crate) struct Used {
    pub(crate) cpu: Duration,
    /// The most memory that was resident, in MiB.
    pub(crate) peak: u64,
    /// The memory that is resident, in MiB.
    pub(crate) now: u64,
}

/// What the process has used; `None` if it is no more.
pub(crate) fn used(id: u32) -> Option<Used> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // User and system time are the 14th and 15th field, the second being a name in parentheses.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Some(Used {
        cpu: Duration::from_millis(ticks * 10),
        peak: field("VmHWM:")? >> 10,
        now: field("VmRSS:")? >> 10,
    })
}
