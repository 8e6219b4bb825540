//! A registry that only listens.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;
use tenon_registry_client::api::{Problem, ProblemCode};

/// A registry that refuses whoever shows no token, and tells who came.
pub(crate) struct Asker {
    pub(crate) base: String,
    heads: mpsc::Receiver<String>,
}

impl Asker {
    pub(crate) fn start() -> Asker {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (sender, heads) = mpsc::channel();
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                sender
                    .send(String::from_utf8(head).unwrap().to_lowercase())
                    .unwrap();
                let problem = Problem::new(ProblemCode::TokenInvalid, "who are you?", "1");
                let body = serde_json::to_string(&problem).unwrap();
                let head = "HTTP/1.1 401 Unauthorized\r\nconnection: close\r\nwww-authenticate: Bearer\r\ncontent-type: application/problem+json";
                let _ = write!(
                    stream,
                    "{head}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Asker { base, heads }
    }

    /// Who came since this was last asked: what they sent before the body, in lower case. Whoever came is gone by now.
    pub(crate) fn heads(&self) -> Vec<String> {
        std::iter::from_fn(|| self.heads.recv_timeout(Duration::from_millis(20)).ok()).collect()
    }

    /// The tokens that were shown by those who came, which some did.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let heads = self.heads();
        assert!(!heads.is_empty(), "nobody came");
        let lines = heads.iter().flat_map(|head| head.lines());
        lines
            .filter(|line| line.starts_with("authorization:"))
            .map(str::to_owned)
            .collect()
    }
}
