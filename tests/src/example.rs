//! The examples of `wit-examples/`: each says in its `example.toml` what to compose and what comes out.

use crate::run;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs};
use tenon_composer::{Arena, Bodies, Dedupe, Options, Request, Source, encode, plug, wac};

/// An example, as its `example.toml` describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The file whose imports are filled.
    pub socket: String,
    /// The files that fill them.
    pub plugs: Vec<String>,
    /// The packages that its document, `compose.wac`, names, with their files.
    pub packages: BTreeMap<String, String>,
    call: Option<Call>,
    run: Option<String>,
    stdout: Option<String>,
    http: Option<Vec<Answer>>,
    #[serde(skip)]
    folder: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    export: String,
    args: Vec<String>,
    result: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    path: String,
    status: u16,
    body: String,
}

/// What an example did, and what it should have done.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What was run.
    pub what: String,
    /// What came out.
    pub found: String,
    /// What the example says comes out.
    pub expected: String,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.what, self.found.trim_end())
    }
}

/// The folder with the examples.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit-examples")
}

impl Example {
    /// The example of this name.
    pub fn open(name: &str) -> Example {
        let folder = folder().join(name);
        let text = fs::read_to_string(folder.join("example.toml")).unwrap();
        let example: Example = toml::from_str(&text).unwrap();
        Example { folder, ..example }
    }

    /// The files to compose, the socket first, each with its name and its bytes in the binary format.
    pub fn inputs(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::iter::once(&self.socket).chain(&self.plugs);
        files
            .map(|file| {
                let name = file.rsplit_once('.').unwrap().0.to_owned();
                (name, wat::parse_file(self.folder.join(file)).unwrap())
            })
            .collect()
    }

    /// The document that composes the example.
    pub fn document(&self) -> String {
        fs::read_to_string(self.folder.join("compose.wac")).unwrap()
    }

    /// The packages that the document names, in the binary format.
    pub fn packages(&self) -> BTreeMap<String, Vec<u8>> {
        let packages = self.packages.iter();
        packages
            .map(|(name, file)| {
                (
                    name.clone(),
                    wat::parse_file(self.folder.join(file)).unwrap(),
                )
            })
            .collect()
    }

    /// Composes the example by its document.
    pub fn compose_by_document(&self) -> Vec<u8> {
        let (source, files) = (self.document(), self.packages());
        let parsed = wac::parse(&source);
        assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
        let mut arena = Arena::new();
        let mut packages = wac::Packages::new();
        for (name, bytes) in &files {
            let id = arena.read(Source::new(name.clone(), bytes)).unwrap();
            packages.add(name.clone(), id);
        }
        let resolution = wac::resolve(&mut arena, &parsed.document, &packages).unwrap();
        let graph = resolution.graph().clone();
        let composition = encode(arena, graph, &Options::default()).unwrap();
        composition.to_bytes().unwrap()
    }

    /// Composes the example.
    pub fn compose(&self) -> Vec<u8> {
        compose(&self.inputs()).unwrap()
    }

    /// Runs a composition of the example.
    pub fn run(&self, component: &[u8]) -> Vec<Outcome> {
        if let Some(call) = &self.call {
            let args: Vec<&str> = call.args.iter().map(String::as_str).collect();
            return vec![Outcome {
                what: format!("{}({})", call.export, args.join(", ")),
                found: run::call(component, &call.export, &args).unwrap(),
                expected: call.result.clone(),
            }];
        }
        if let Some(answers) = &self.http {
            let paths: Vec<&str> = answers.iter().map(|answer| answer.path.as_str()).collect();
            let found = run::serve(component, &paths).unwrap();
            return answers
                .iter()
                .zip(found)
                .map(|(answer, (status, body))| Outcome {
                    what: format!("GET {}", answer.path),
                    found: format!("{status} {body}"),
                    expected: format!("{} {}", answer.status, answer.body),
                })
                .collect();
        }
        assert_eq!(self.run.as_deref(), Some("command"));
        let output = run::command(component, &[]).unwrap();
        assert_eq!(output.exit, 0, "{}", output.stderr);
        let expected = self.folder.join(self.stdout.as_ref().unwrap());
        vec![Outcome {
            what: "run".to_owned(),
            found: output.stdout,
            expected: fs::read_to_string(expected).unwrap(),
        }]
    }
}

/// Plugs all but the first input into the first.
pub fn compose(inputs: &[(String, Vec<u8>)]) -> Result<Vec<u8>, tenon_composer::Error> {
    compose_with(Dedupe::default(), inputs)
}

/// Plugs all but the first input into the first, and puts into the composition only once what `dedupe` says.
pub fn compose_with(
    dedupe: Dedupe,
    inputs: &[(String, Vec<u8>)],
) -> Result<Vec<u8>, tenon_composer::Error> {
    let mut arena = Arena::new();
    let mut ids = Vec::new();
    for (name, bytes) in inputs {
        ids.push(arena.read(Source {
            name: name.clone(),
            input: bytes,
            digest: None,
            bodies: Bodies::Validate,
        })?);
    }
    let request = Request::new([ids[0]], ids[1..].iter().copied());
    let plan = plug(&arena, &request)?;
    let options = Options {
        dedupe,
        ..Options::default()
    };
    let composition = encode(arena, plan.graph, &options)?;
    Ok(composition.to_bytes().unwrap())
}
