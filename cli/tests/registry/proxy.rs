//! Whoever is between the user and the registry, and does what they like with what comes back.

use super::server::Server;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of a request: its first line goes in, and what is done with it comes out.
pub(crate) type Plan = Box<dyn FnMut(&str) -> Fate + Send>;

/// What is done with a request.
pub(crate) enum Fate {
    /// It reaches the registry, and the answer comes back.
    Pass,
    /// It reaches the registry, and the connection ends without an answer.
    LoseAnswer,
    /// It does not reach the registry; this comes back.
    Answer(&'static str),
    /// It does not reach the registry; this JSON comes back.
    Json(String),
    /// It reaches the registry, and the body of the answer is changed: as many bytes as before.
    Change(fn(&mut Vec<u8>)),
}

/// A proxy that listens for as long as the test runs.
pub(crate) struct Proxy {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) fn start(server: &Server, plan: Plan) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let upstream = server.url.strip_prefix("http://").unwrap().to_owned();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (plan, lines) = (Arc::new(Mutex::new(plan)), seen.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (plan, lines) = (plan.clone(), lines.clone());
                let upstream = upstream.clone();
                thread::spawn(move || {
                    // Whoever hangs up has their reasons.
                    let _ = serve(stream.unwrap(), &upstream, &plan, &lines);
                });
            }
        });
        Proxy { url, seen }
    }

    /// How many requests so far had a first line that contains this.
    pub(crate) fn count(&self, text: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|line| line.contains(text)).count()
    }
}

fn serve(
    mut stream: TcpStream,
    upstream: &str,
    plan: &Mutex<Plan>,
    lines: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    let end = loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            read => request.extend_from_slice(&buffer[..read]),
        }
    };
    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while request.len() < end + length {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            read => request.extend_from_slice(&buffer[..read]),
        }
    }
    let line = String::from_utf8_lossy(&request);
    let line = line.lines().next().unwrap_or_default().to_owned();
    lines.lock().unwrap().push(line.clone());
    let fate = plan.lock().unwrap()(&line);
    if let Fate::Answer(answer) = fate {
        return stream.write_all(answer.as_bytes());
    }
    if let Fate::Json(body) = fate {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        let length = body.len();
        return write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}");
    }
    // Each connection is used once, so that an answer ends where the connection does.
    let mut registry = TcpStream::connect(upstream)?;
    registry.write_all(&request[..end - 2])?;
    registry.write_all(b"connection: close\r\n\r\n")?;
    registry.write_all(&request[end..])?;
    let mut answer = Vec::new();
    registry.read_to_end(&mut answer)?;
    match fate {
        Fate::LoseAnswer => return Ok(()),
        Fate::Change(change) => {
            let head = answer
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
                .unwrap()
                + 4;
            let mut body = answer.split_off(head);
            change(&mut body);
            answer.extend(body);
        }
        _ => {}
    }
    stream.write_all(&answer)
}
