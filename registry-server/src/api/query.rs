//! Queries of URLs: each parameter known, and there once.

use super::error::Failure;
use crate::domain::Error;
use http::Uri;
use std::str::FromStr;
use tenon_registry_client::api::ProblemCode;

/// The parameters of a query.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query that has none but these parameters.
    pub(super) fn read(uri: &Uri, known: &[&str]) -> Result<Query, Failure> {
        let mut parameters: Vec<(String, String)> = vec![];
        let query = uri.query().unwrap_or_default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if !known.contains(&name.as_str()) {
                return Err(invalid(format!(
                    "`{}` is no parameter here: expected {}",
                    shown(&name),
                    known.join(", ")
                )));
            }
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(invalid(format!("the parameter `{name}` is there twice")));
            }
            parameters.push((name, value));
        }
        Ok(Query(parameters))
    }

    /// The value of a parameter.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// The value of a parameter, read as what it is.
    pub(super) fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let value = text.parse();
        value.map(Some).map_err(|_| {
            invalid(format!(
                "`{}` cannot be the parameter `{name}`",
                shown(&text)
            ))
        })
    }

    /// The number of entries of a page, which is at most `most`.
    pub(super) fn page(&mut self, most: u32) -> Result<Option<u32>, Failure> {
        match self.value("n")? {
            Some(n) if n > most => Err(invalid(format!(
                "a page has at most {most} entries, not {n}"
            ))),
            n => Ok(n),
        }
    }
}

pub(super) fn invalid(detail: impl Into<String>) -> Failure {
    Error::new(ProblemCode::QueryInvalid, detail).into()
}

fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Undoes what URLs encode.
pub(crate) fn decode(text: &str) -> Result<String, Failure> {
    let malformed = || invalid("the query is not encoded as in a URL");
    let mut bytes = vec![];
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (
                    digit().ok_or_else(malformed)?,
                    digit().ok_or_else(malformed)?,
                );
                u8::try_from(high * 16 + low).map_err(|_| malformed())?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}
