//! How a bundle is asked for.

use crate::name::Version;
use crate::verify::{Known, Request};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The most versions of one request.
const MAX_VERSIONS: usize = 1_000;

/// What a client asks for, what it knows, and of which checkpoint the bundle shall be.
///
/// Its text is the query of a URL: `package=acme:http&version=1.4.0&known=5003&held=2,3,4`, or
/// `namespace=acme`, or neither of these for the registry alone; `held` counts the records held of
/// the registry, the namespace and the package. With `size`, the bundle is of the checkpoint of that
/// size, or there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofQuery {
    /// What is to be verified.
    pub request: Request,
    /// What the client knows.
    pub known: Known,
    /// The size of the checkpoint; without one, the latest.
    pub size: Option<u64>,
}

/// Why a query asks for no bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofQueryError {
    /// A parameter that there is not, or that is there twice.
    #[error("`{0}` is no parameter of a proof, or is there twice")]
    Parameter(String),
    /// A value that cannot be one.
    #[error("`{value}` cannot be the {parameter} of a proof")]
    Value {
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        value: String,
    },
    /// Parameters that contradict each other.
    #[error("a proof is about a package or a namespace, and about versions of a package only")]
    Contradiction,
    /// Too many versions.
    #[error("a proof is of at most {MAX_VERSIONS} versions")]
    TooMany,
}

impl fmt::Display for ProofQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request {
            Request::Registry => {}
            Request::Namespace(namespace) => write!(f, "namespace={namespace}&")?,
            Request::Package { package, releases } => {
                write!(f, "package={package}&")?;
                for version in releases {
                    write!(f, "version={}&", version.to_string().replace('+', "%2B"))?;
                }
            }
        }
        if let Some(size) = self.size {
            write!(f, "size={size}&")?;
        }
        let known = &self.known;
        let (registry, namespace, package) = (known.registry, known.namespace, known.package);
        write!(
            f,
            "known={}&held={registry},{namespace},{package}",
            known.size
        )
    }
}

impl FromStr for ProofQuery {
    type Err = ProofQueryError;

    fn from_str(query: &str) -> Result<Self, Self::Err> {
        let (mut package, mut namespace, mut size, mut known, mut held) =
            (None, None, None, None, None);
        let mut releases = BTreeSet::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            let once = match name {
                "package" => put(&mut package, "package", &value)?,
                "namespace" => put(&mut namespace, "namespace", &value)?,
                "size" => put(&mut size, "size", &value)?,
                "known" => put(&mut known, "known", &value)?,
                "held" => put::<Counts>(&mut held, "held", &value)?,
                "version" if releases.len() == MAX_VERSIONS => {
                    return Err(ProofQueryError::TooMany);
                }
                "version" => releases.insert(parse::<Version>("version", &value)?),
                _ => false,
            };
            if !once {
                return Err(ProofQueryError::Parameter(name.to_owned()));
            }
        }
        let request = match (package, namespace) {
            (Some(package), None) => Request::Package { package, releases },
            _ if !releases.is_empty() => return Err(ProofQueryError::Contradiction),
            (None, Some(namespace)) => Request::Namespace(namespace),
            (None, None) => Request::Registry,
            (Some(_), Some(_)) => return Err(ProofQueryError::Contradiction),
        };
        let Counts([registry, namespace, package]) = held.unwrap_or_default();
        let size_known = known.unwrap_or_default();
        let known = Known {
            size: size_known,
            registry,
            namespace,
            package,
        };
        Ok(ProofQuery {
            request,
            known,
            size,
        })
    }
}

#[derive(Default)]
struct Counts([u32; 3]);

impl FromStr for Counts {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let counts: Result<Vec<u32>, _> = text.split(',').map(str::parse).collect();
        let counts = counts.map_err(|_| ())?.try_into().map_err(|_| ())?;
        Ok(Counts(counts))
    }
}

fn parse<T: FromStr>(parameter: &'static str, value: &str) -> Result<T, ProofQueryError> {
    value.parse().map_err(|_| ProofQueryError::Value {
        parameter,
        value: value.to_owned(),
    })
}

/// Whether this is the first value.
fn put<T: FromStr>(
    place: &mut Option<T>,
    parameter: &'static str,
    value: &str,
) -> Result<bool, ProofQueryError> {
    Ok(place.replace(parse(parameter, value)?).is_none())
}

/// Undoes what clients encode of the characters that there can be: `+`, `:` and `,`.
fn decode(value: &str) -> String {
    ["%2B", "%2b"]
        .iter()
        .fold(value.to_owned(), |value, code| value.replace(code, "+"))
        .replace("%3A", ":")
        .replace("%3a", ":")
        .replace("%2C", ",")
        .replace("%2c", ",")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_was_written() {
        let package = || "acme:http".parse().unwrap();
        let releases = ["1.4.0", "1.5.0+build"]
            .map(|version| version.parse().unwrap())
            .into();
        let requests = [
            Request::Registry,
            Request::Namespace("acme".parse().unwrap()),
            Request::Package {
                package: package(),
                releases: BTreeSet::new(),
            },
            Request::Package {
                package: package(),
                releases,
            },
        ];
        let known = Known {
            size: 5003,
            registry: 2,
            namespace: 3,
            package: 4,
        };
        for request in requests {
            for (known, size) in [(known, None), (Known::default(), Some(7))] {
                let query = ProofQuery {
                    request: request.clone(),
                    known,
                    size,
                };
                assert_eq!(query.to_string().parse(), Ok(query));
            }
        }
        assert_eq!(
            "package=acme%3Ahttp&held=1%2c2%2C3"
                .parse::<ProofQuery>()
                .unwrap()
                .known
                .package,
            3
        );
    }

    #[test]
    fn what_asks_for_nothing_is_refused() {
        for query in [
            "package=acme",
            "package=acme:http&package=acme:http",
            "package=acme:http&namespace=acme",
            "version=1.0.0",
            "namespace=acme&version=1.0.0",
            "package=acme:http&version=1.0",
            "package=acme:http&version=1.0.0&version=1.0.0",
            "held=1,2",
            "held=1,2,3,4",
            "known=-1",
            "size=18446744073709551616",
            "sizes=1",
        ] {
            assert!(query.parse::<ProofQuery>().is_err(), "{query}");
        }
    }
}
