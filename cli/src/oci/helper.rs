//! `docker-credential-NAME`: a program that keeps credentials, which the user's own file names.

use serde::Deserialize;
use std::error::Error;
use std::io::Write;
use std::process::{Command, Stdio};
use tenon_registry_client::http::oci::OciCredential;

/// The user by which such a program says that it has a token for a token service.
const TOKEN: &str = "<token>";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// What the program of this name has for a registry, if it has something.
pub(super) fn ask(
    name: &str,
    server: &str,
) -> Result<Option<OciCredential>, Box<dyn Error + Send + Sync>> {
    let program = format!("docker-credential-{name}");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_plain) {
        return Err(
            "a file of docker or podman names a credential helper that is no program".into(),
        );
    }
    let failed = |error: &dyn std::fmt::Display| {
        format!("`{program}`, which keeps credentials, cannot be used: {error}")
    };
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(server.as_bytes())
            .map_err(|error| failed(&error))?;
    }
    let output = child.wait_with_output().map_err(|error| failed(&error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        return match said.contains("credentials not found") {
            true => Ok(None),
            // What else it printed may be a secret.
            false => Err(failed(&output.status).into()),
        };
    }
    let answer: Answer = serde_json::from_slice(&output.stdout)
        .map_err(|_| failed(&"what it printed is no name and secret in JSON"))?;
    Ok(Some(match answer.username.as_str() {
        TOKEN => OciCredential::Identity(answer.secret),
        _ => OciCredential::Basic {
            user: answer.username,
            password: answer.secret,
        },
    }))
}
