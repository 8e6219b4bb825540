//! Packages that the command line names: `NAME[@VERSION]=PATH`.

use super::admits;
use crate::error::Failure;
use crate::ui;
use semver::Version;
use tenon_composer::wac::Wanted;

/// Where a package is, by the command line.
pub(super) struct Given {
    pub(super) name: String,
    /// The one version that it is; any, if there is none.
    pub(super) version: Option<Version>,
    /// A file or folder, or a package of a registry.
    pub(super) path: String,
}

impl Given {
    /// What words of the command line say.
    pub(super) fn all(words: &[String]) -> Result<Vec<Given>, Failure> {
        words.iter().map(|word| Given::of(word)).collect()
    }

    fn of(word: &str) -> Result<Given, Failure> {
        let wrong = |why: String| {
            Failure::usage(format!("`{}` names no package", ui::clean_line(word)))
                .cause(why)
                .help("say what the package is called, and where it is: `acme:log=log.wasm`, or `acme:log@1.2.0=log.wasm`")
        };
        let Some((package, path)) = word.split_once('=') else {
            return Err(wrong("there is no `=` in it".to_owned()));
        };
        let (package, path) = (package.trim(), path.trim());
        let (name, version) = match package.split_once('@') {
            None => (package, None),
            Some((name, version)) => (name, Some(version)),
        };
        let mut parts = name.split(':');
        if parts.clone().count() < 2 || parts.any(str::is_empty) {
            let name = ui::clean_line(name);
            return Err(wrong(format!("`{name}` is no name such as `acme:log`")));
        }
        if path.is_empty() {
            return Err(wrong("nothing follows the `=`".to_owned()));
        }
        if path == "-" {
            return Err(wrong(
                "a package is not read from standard input".to_owned(),
            ));
        }
        let version = version.map(|text| {
            Version::parse(text).map_err(|_| {
                let text = ui::clean_line(text);
                wrong(format!("`{text}` is not a whole version such as `1.2.0`"))
                    .help("say which version the file is, or leave it out: requirements stand in the document")
            })
        });
        Ok(Given {
            name: name.to_owned(),
            version: version.transpose()?,
            path: path.to_owned(),
        })
    }

    /// The one that is wanted: the highest version that will do, or else the one without a version; of several, the last.
    pub(super) fn best<'g>(
        all: &'g [Given],
        name: &str,
        wanted: Option<&Wanted>,
    ) -> Option<&'g Given> {
        let will_do = |given: &&Given| {
            given.name == name
                && match &given.version {
                    None => true,
                    Some(version) => admits(wanted, version),
                }
        };
        all.iter().filter(will_do).max_by_key(|given| {
            // Where no version is wanted, the one without is meant.
            (wanted.is_none() && given.version.is_none(), &given.version)
        })
    }
}
