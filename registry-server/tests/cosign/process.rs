//! A witness as a process of its own, which is killed again and again.

use crate::fixture::fatal;
use crate::witness::{History, post};
use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tenon_registry_server::commands::witness::WitnessArgs;
use tenon_registry_server::witness::{router, serve};

/// What the process that is killed is told.
const ARGUMENTS: &str = "TENON_TEST_WITNESS";

#[derive(Parser)]
struct Line {
    #[arg(long)]
    data: PathBuf,
    #[command(flatten)]
    witness: WitnessArgs,
}

/// Not a test: what the other one starts, this same program, as a process.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is a witness, which another test starts"]
async fn witness() {
    let arguments = std::env::var(ARGUMENTS).unwrap();
    let line = Line::parse_from(["witness"].into_iter().chain(arguments.lines()));
    let mounted = line.witness.open(&line.data, &fatal().0).unwrap();
    let listener = tokio::net::TcpListener::bind(line.witness.listen)
        .await
        .unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let file = line.data.join("address");
    std::fs::write(file.with_extension("new"), address).unwrap();
    std::fs::rename(file.with_extension("new"), file).unwrap();
    serve(router(&mounted), listener, std::future::pending()).await;
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL; it may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(data: &Path, history: &History) -> Process {
    let arguments = format!(
        "--data\n{}\n--listen\n127.0.0.1:0\n--name\nw.example\n--log\n{}",
        data.display(),
        history.vkey
    );
    let _ = std::fs::remove_file(data.join("address"));
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "process::witness", "--ignored", "--nocapture"]);
    command
        .env(ARGUMENTS, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Process(command.spawn().unwrap())
}

async fn address(data: &Path) -> String {
    let start = Instant::now();
    loop {
        if let Ok(address) = std::fs::read_to_string(data.join("address")) {
            return address;
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "the witness does not start"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The size that a witness says it has cosigned.
async fn held(address: &str, history: &History) -> usize {
    let (status, answer) = post(address.to_owned(), history.request(None, 0)).await;
    if status == 200 {
        return 0;
    }
    assert_eq!(status, 409, "{answer}");
    let size: u64 = answer.lines().last().unwrap().parse().unwrap();
    history
        .notes
        .iter()
        .position(|(held, _)| *held == size)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_is_killed_forgets_nothing_that_it_said() {
    const ROUNDS: u64 = 12;
    let dir = tempfile::tempdir().unwrap();
    let [log, fork] = History::forked(dir.path(), 60).await;
    let data = dir.path().join("witness");
    std::fs::create_dir_all(&data).unwrap();
    let mut answered = 0;
    let mut killed_while_asked = 0;
    for round in 0..ROUNDS {
        let process = start(&data, &log);
        let address = address(&data).await;
        // A second process on the directory ends by itself, and takes nothing.
        if round == 0 {
            let Process(child) = &mut start(&data, &log);
            assert!(!child.wait().unwrap().success());
        }
        let mut at = held(&address, &log).await;
        assert!(
            at == answered || at == answered + 1,
            "it said {answered} and remembers {at}"
        );
        // Of another history of the same log it signs nothing, wherever it was killed.
        if at > 1 {
            let (status, _) = post(address.clone(), fork.request(Some(at), at)).await;
            assert_eq!(status, 409);
        }
        answered = at;
        let end = Instant::now() + Duration::from_millis(3 + 4 * round);
        let killer = tokio::task::spawn_blocking(move || {
            std::thread::sleep(end.saturating_duration_since(Instant::now()));
            drop(process);
        });
        while at + 1 < log.notes.len() {
            let asked = tokio::time::timeout(
                Duration::from_secs(5),
                try_post(&address, log.request(Some(at), at + 1)),
            );
            match asked.await.unwrap() {
                Some(200) => {
                    at += 1;
                    answered = at;
                }
                Some(status) => panic!("status {status}"),
                None => {
                    killed_while_asked += 1;
                    break;
                }
            }
        }
        killer.await.unwrap();
    }
    assert!(
        answered > 1 && killed_while_asked > 0,
        "{answered} {killed_while_asked}"
    );
}

/// The status of an answer that came whole; none if the connection ended before.
async fn try_post(address: &str, body: Vec<u8>) -> Option<u16> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.ok()?;
    let length = body.len();
    let head = format!(
        "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&body).await.ok()?;
    let mut answer = vec![];
    stream.read_to_end(&mut answer).await.ok()?;
    let answer = String::from_utf8(answer).ok()?;
    answer
        .ends_with('\n')
        .then(|| answer.split(' ').nth(1)?.parse().ok())?
}
