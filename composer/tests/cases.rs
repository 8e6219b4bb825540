//! A case is a folder: components beside what is expected of plugging them together.
//!
//! `plug*.*` are plugged into `socket*.*`, in the order of their names; a component is called as its
//! file is, without the extension. By its extension a file is
//!
//! - `.wit`: a world, made into a component whose functions trap;
//! - `.canonical`: the same, with versions in their canonical form;
//! - `.witpkg`: WIT, encoded as a package in the binary format;
//! - `.wat`: WebAssembly text, assembled;
//! - `.edit`: another file of the folder, on the first line, and what is done to its bytes;
//! - anything else: taken as it is.
//!
//! Empty files say more of a case: `strict` asks for a strict plan, `twice` gives each plug twice,
//! and with `order-matters` the order of the plugs may change the result. A file `options` has more of
//! the request, a line for each as on the command line, without `--`: `wire socket#run=plug#go`; their
//! order may not matter, nor that of the plugs.
//!
//! `UPDATE=1 cargo test -p tenon-composer --test cases` writes each `expected.txt` anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

#[path = "cases/component.rs"]
mod component;
#[path = "cases/options.rs"]
mod options;

use component::Names;
use libtest_mimic::{Arguments, Failed, Trial};
use options::apply;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tenon_composer::{
    Arena, Bodies, ComponentId, Composition, Diagram, Error, ImportReport, Options, Part, Plan,
    Request, Source, State, Useless, encode, inspect, plug,
};
use wasmparser::{Validator, WasmFeatures};
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::Resolve;

/// What no outcome may say: each is a fault of the composer, whatever it was given.
const NEVER: [&str; 3] = [NOT_VALID, NO_COMPONENT, "compose::invalid-output"];
const NOT_VALID: &str = "NOT VALID";
const NO_COMPONENT: &str = "NO COMPONENT";

/// How many orders of the plugs are tried.
const MOST_ORDERS: usize = 24;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let update = std::env::var_os("UPDATE").is_some();
    let mut trials: Vec<_> = Case::all()
        .into_iter()
        .map(|case| Trial::test(case.name(), move || case.check(update)))
        .collect();
    trials.push(Trial::test("fail messages are distinct", distinct_messages));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A folder.
#[derive(Clone)]
struct Case {
    path: PathBuf,
}

/// The name of a component, and its bytes.
type Named = (String, Vec<u8>);

impl Case {
    fn all() -> Vec<Case> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let mut cases = Vec::new();
        for area in entries(&root).into_iter().filter(|path| path.is_dir()) {
            cases.extend(entries(&area).into_iter().map(|path| Case { path }));
        }
        cases
    }

    /// `area/case`.
    fn name(&self) -> String {
        let area = self.path.parent().unwrap();
        format!("{}/{}", file_name(area), file_name(&self.path))
    }

    fn must_fail(&self) -> bool {
        self.name().starts_with("fail/")
    }

    fn says(&self, flag: &str) -> bool {
        self.path.join(flag).exists()
    }

    /// The sockets and the plugs.
    fn components(&self) -> (Vec<Named>, Vec<Named>) {
        let files: Vec<_> = entries(&self.path)
            .into_iter()
            .filter(|path| path.extension().is_some())
            .collect();
        let read = |path: &PathBuf| (stem(path), self.bytes(path));
        let called = |prefix: &str| -> Vec<Named> {
            let files = files.iter().filter(|path| stem(path).starts_with(prefix));
            files.map(read).collect()
        };
        (called("socket"), called("plug"))
    }

    /// The lines of `options`.
    fn options(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path.join("options")).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }

    fn bytes(&self, path: &Path) -> Vec<u8> {
        let text = || fs::read_to_string(path).unwrap();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("wit") => component::from_wit(&text(), Names::Full),
            Some("canonical") => component::from_wit(&text(), Names::Canonical),
            Some("witpkg") => wit_package(&text()),
            Some("wat") => wat::parse_file(path).unwrap(),
            Some("edit") => self.edited(&text()),
            _ => fs::read(path).unwrap(),
        }
    }

    fn edited(&self, text: &str) -> Vec<u8> {
        let mut lines = text.lines();
        let mut bytes = match lines.next() {
            None | Some("nothing") => Vec::new(),
            Some(file) => self.bytes(&self.path.join(file)),
        };
        for line in lines {
            let (edit, what) = line.split_once(' ').expect("an edit and what it needs");
            match edit {
                "keep" => bytes.truncate(what.parse().unwrap()),
                "drop" => bytes.truncate(bytes.len() - what.parse::<usize>().unwrap()),
                "zeros" => bytes.resize(bytes.len() + what.parse::<usize>().unwrap(), 0),
                "text" => bytes.extend(what.as_bytes()),
                "hex" => bytes.extend(what.split(' ').map(hex)),
                _ => panic!("there is no edit `{edit}`"),
            }
        }
        bytes
    }

    fn check(&self, update: bool) -> Result<(), Failed> {
        let (sockets, mut plugs) = self.components();
        if self.says("twice") {
            plugs = plugs.iter().flat_map(|p| [p.clone(), p.clone()]).collect();
        }
        let options = self.options();
        let outcome = self.compose(&sockets, &plugs, &options);
        if outcome != self.compose(&sockets, &plugs, &options) {
            return Err("the same composition gives two results".into());
        }
        if !self.says("order-matters") {
            for order in orders(&plugs) {
                self.check_order(&outcome, self.compose(&sockets, &order, &options))?;
            }
            for order in orders(&options) {
                self.check_order(&outcome, self.compose(&sockets, &plugs, &order))?;
            }
        }
        let wrong = outcome.bytes.is_none() != self.must_fail();
        if wrong || NEVER.iter().any(|never| outcome.text.contains(never)) {
            return Err(format!("unexpected:\n{}", outcome.text).into());
        }
        self.compare(&outcome.text, update)
    }

    fn check_order(&self, outcome: &Outcome, other: Outcome) -> Result<(), Failed> {
        let same = match outcome.bytes {
            Some(_) => outcome.bytes == other.bytes,
            None => outcome.text == other.text,
        };
        if same {
            return Ok(());
        }
        let (first, second) = (&outcome.text, &other.text);
        Err(format!("the order matters:\n{first}\nor\n{second}").into())
    }

    fn compare(&self, text: &str, update: bool) -> Result<(), Failed> {
        let path = self.path.join("expected.txt");
        if update {
            return Ok(fs::write(path, text)?);
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected == text {
            return Ok(());
        }
        Err(format!("expected:\n{expected}\nfound:\n{text}").into())
    }

    fn compose(&self, sockets: &[Named], plugs: &[Named], options: &[String]) -> Outcome {
        match self.try_compose(sockets, plugs, options) {
            Ok((bytes, text)) => Outcome {
                text: format!("{text}\n{}", wit(&bytes)),
                bytes: Some(bytes),
            },
            Err(error) => Outcome {
                text: failure(&error),
                bytes: None,
            },
        }
    }

    fn try_compose(
        &self,
        sockets: &[Named],
        plugs: &[Named],
        options: &[String],
    ) -> Result<(Vec<u8>, String), Error> {
        let mut arena = Arena::new();
        let sockets = read(&mut arena, sockets)?;
        let plugs = read(&mut arena, plugs)?;
        let mut request = Request::new(sockets, plugs);
        request.strict = self.says("strict");
        apply(&arena, &mut request, options)?;
        let plan = plug(&arena, &request)?;
        let mut text = plan_text(&plan);
        let diagram = Diagram::of(&arena, &plan.graph);
        let composition = encode(arena, plan.graph, &Options::default())?;
        text.push_str(&composition_text(&composition));
        let bytes = composition.to_bytes().unwrap();
        check_decoded(&bytes, &diagram);
        Ok((bytes, text))
    }
}

/// Checks that a composition is drawn as its graph was, and comes back as that graph.
fn check_decoded(bytes: &Vec<u8>, diagram: &Diagram) {
    let anatomy = inspect("composition", bytes).unwrap();
    assert_eq!(&Diagram::from(&anatomy), diagram);
    let range = |part: &Part| part.range.start as usize..part.range.end as usize;
    let parts = anatomy.root.parts.iter();
    let inputs: Vec<_> = parts
        .clone()
        .map(|part| bytes[range(part)].to_vec())
        .collect();
    let mut arena = Arena::new();
    let ids: Vec<_> = parts
        .zip(&inputs)
        .map(|(part, input)| {
            let source = Source {
                name: part.name.clone().unwrap(),
                input,
                digest: None,
                bodies: Bodies::Skip,
            };
            arena.read(source).unwrap()
        })
        .collect();
    let graph = anatomy.graph(&arena, &ids).unwrap();
    let again = encode(arena, graph, &Options::default()).unwrap();
    assert!(again.to_bytes().unwrap() == *bytes, "it does not come back");
}

fn read<'i>(arena: &mut Arena<'i>, named: &'i [Named]) -> Result<Vec<ComponentId>, Error> {
    let source = |(name, bytes): &'i Named| Source {
        name: name.clone(),
        input: bytes,
        digest: None,
        bodies: Bodies::Validate,
    };
    named.iter().map(|one| arena.read(source(one))).collect()
}

/// What came of a case; there are bytes if it was composed.
#[derive(PartialEq)]
struct Outcome {
    text: String,
    bytes: Option<Vec<u8>>,
}

fn failure(error: &Error) -> String {
    let mut text = format!("{}: {error}\n", error.code());
    if let Some(help) = error.help() {
        writeln!(text, "help: {help}").unwrap();
    }
    text
}

fn plan_text(plan: &Plan) -> String {
    let mut text = String::new();
    for import in &plan.imports {
        text.push_str(&import_text(import));
    }
    for useless in &plan.useless {
        text.push_str(&useless_text(useless));
    }
    text
}

fn import_text(report: &ImportReport) -> String {
    let mut text = format!("{}: {}", report.consumer, report.import);
    match &report.state {
        State::Filled {
            provider,
            export,
            rule,
        } => writeln!(text, " <- {provider}: {export} ({rule})").unwrap(),
        State::Open { near } => {
            let host = if report.host { ", the host's" } else { "" };
            let types = if report.only_types {
                ", only types"
            } else {
                ""
            };
            writeln!(text, " is open ({}{host}{types})", report.kind).unwrap();
            for miss in near {
                writeln!(text, "  near: {miss}").unwrap();
            }
        }
        State::Kept => writeln!(text, " is kept open ({})", report.kind).unwrap(),
        state => panic!("{state:?}"),
    }
    text
}

fn useless_text(useless: &Useless) -> String {
    let mut text = format!("{} is useless", useless.plug);
    if useless.same_as_used {
        text.push_str(", a plug with the same bytes is used");
    }
    if let Some(import) = &useless.would_take_socket {
        write!(text, ", the socket would fill its {import}").unwrap();
    }
    text.push('\n');
    text
}

fn composition_text(composition: &Composition<'_>) -> String {
    let mut text = String::new();
    for import in &composition.imports {
        write!(text, "import {} ({})", import.name, import.kind).unwrap();
        if let (Some(lowest), Some(highest)) = (&import.lowest, &import.highest)
            && lowest != highest
        {
            write!(text, ", asked for as {lowest} to {highest}").unwrap();
        }
        text.push('\n');
        for (name, version) in &import.later {
            writeln!(text, "  {name} is asked of {version}").unwrap();
        }
        for (consumer, name) in &import.consumers {
            writeln!(text, "  {consumer}: {name}").unwrap();
        }
    }
    for export in composition.graph.exports() {
        let provider = composition.graph.instance(export.edge.provider).name();
        let implied = if export.implied { ", implied" } else { "" };
        let name = &export.name;
        writeln!(text, "export {name} (from {provider}{implied})").unwrap();
    }
    text
}

/// The WIT of a composition, which must be valid.
fn wit(bytes: &[u8]) -> String {
    if let Err(error) = Validator::new_with_features(WasmFeatures::all()).validate_all(bytes) {
        return format!("{NOT_VALID}: {error}\n");
    }
    let decoded = match wit_component::decode(bytes) {
        Ok(decoded) => decoded,
        Err(error) => return format!("no WIT: {error:#}\n"),
    };
    let DecodedWasm::Component(resolve, world) = &decoded else {
        return NO_COMPONENT.to_owned();
    };
    let package = resolve.worlds[*world].package.unwrap();
    let others: Vec<_> = resolve
        .packages
        .iter()
        .map(|(id, _)| id)
        .filter(|id| *id != package)
        .collect();
    let mut printer = WitPrinter::default();
    printer.print(resolve, package, &others).unwrap();
    printer.output.to_string()
}

fn wit_package(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("package.wit", wit).unwrap();
    wit_component::encode(&resolve, package, false).unwrap()
}

/// No two ways to fail read alike, whatever the components are called.
fn distinct_messages() -> Result<(), Failed> {
    let mut messages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in Case::all().into_iter().filter(Case::must_fail) {
        let (sockets, plugs) = case.components();
        let mut text = case.compose(&sockets, &plugs, &case.options()).text;
        for (name, _) in sockets.iter().chain(&plugs) {
            text = text.replace(&format!("`{name}`"), "_");
        }
        messages.entry(text).or_default().push(case.name());
    }
    let alike: Vec<_> = messages
        .iter()
        .filter(|(_, cases)| cases.len() > 1)
        .map(|(text, cases)| format!("{}:\n{text}", cases.join(", ")))
        .collect();
    match alike.as_slice() {
        [] => Ok(()),
        alike => Err(alike.join("\n").into()),
    }
}

/// Other orders of things: all of them, if there are few.
fn orders<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    let mut orders = vec![Vec::new()];
    for thing in things {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<T>| {
                (0..=order.len()).map(|at| {
                    let mut longer = order.clone();
                    longer.insert(at, thing.clone());
                    longer
                })
            })
            .take(MOST_ORDERS)
            .collect();
    }
    orders
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn hex(byte: &str) -> u8 {
    u8::from_str_radix(byte, 16).unwrap()
}
