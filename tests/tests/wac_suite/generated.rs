//! Documents that nobody thought of, over a few components.

use crate::suite::{Packages, dummy};
use std::fmt::Write as _;
use wit_parser::Resolve;

/// The interfaces of the components, in two versions on one track.
const KIT: &str = "
package test:kit@VERSION {
  interface clock { now: func() -> u64; }
  interface log { enum level { low, high } write: func(l: level, message: string); }
  interface audit { use log.{level}; record entry { l: level, n: u32 } add: func(e: entry); }
  interface store { resource bucket { get: func() -> u32; } open: func() -> bucket; }
  interface vault { use store.{bucket}; put: func(b: borrow<bucket>); }
}
";

/// Each component: its name, what it imports, and what it exports.
const COMPONENTS: [(&str, &[&str], &[&str]); 13] = [
    ("test:clock", &[], &[CLOCK]),
    ("test:newer-clock", &[], &["test:kit/clock@1.1.0"]),
    ("test:log", &[CLOCK], &[LOG]),
    ("test:tee", &[LOG], &[LOG]),
    ("test:audit", &[LOG], &[AUDIT]),
    ("test:store", &[], &[STORE]),
    ("test:vault", &[STORE], &[VAULT]),
    ("test:safe", &[LOG, STORE, VAULT], &["open"]),
    ("test:app", &[LOG, AUDIT, CLOCK], &["run"]),
    (
        "test:newer-app",
        &["test:kit/clock@1.1.0", "test:kit/log@1.1.0"],
        &["run"],
    ),
    ("test:step", &["step"], &["step", "twice"]),
    ("test:wrapped", &["env", "step"], &["env", "step"]),
    ("test:odd", &[], &["step-of-text", "run"]),
];

const CLOCK: &str = "test:kit/clock@1.0.0";
const LOG: &str = "test:kit/log@1.0.0";
const AUDIT: &str = "test:kit/audit@1.0.0";
const STORE: &str = "test:kit/store@1.0.0";
const VAULT: &str = "test:kit/vault@1.0.0";

/// What has no interface in the package: its name, its type in WIT, and that in a document.
const ITEMS: [(&str, &str); 6] = [
    ("step", "func(x: u32) -> u32"),
    ("twice", "func(x: u32) -> u32"),
    ("step-of-text", "func(x: string) -> u32"),
    ("run", "func()"),
    ("open", "func() -> u32"),
    (
        "env",
        "interface { get: func(name: string) -> option<string>; }",
    ),
];

fn item_type(name: &str) -> Option<&'static str> {
    let mut items = ITEMS.iter().filter(|(item, _)| *item == name);
    items.next().map(|(_, ty)| *ty)
}

/// The components, and the package of interfaces.
pub(crate) fn packages() -> Packages {
    let kits = ["1.0.0", "1.1.0"].map(|version| KIT.replace("VERSION", version));
    let kits = kits.concat();
    let mut packages = Packages::default();
    for (name, imports, exports) in COMPONENTS {
        let mut wit = String::from("package test:it;\nworld it {\n");
        for (keyword, names) in [("import", imports), ("export", exports)] {
            for name in names {
                let of = item_type(name).map(|ty| format!(": {ty}"));
                let end = if name == &"env" { "" } else { ";" };
                writeln!(wit, "  {keyword} {name}{}{end}", of.unwrap_or_default()).unwrap();
            }
        }
        let (resolve, package) = parsed(&format!("{wit}}}\n{kits}"));
        let world = resolve.select_world(&[package], None).unwrap();
        let bytes = dummy(&resolve, world);
        packages.all.insert((name.to_owned(), None), bytes);
    }
    for version in ["1.0.0", "1.1.0"] {
        let (resolve, _) = parsed(&format!("package test:it;\n{kits}"));
        let kit = resolve.packages.iter();
        let mut kit = kit.filter(|(_, it)| it.name.to_string() == format!("test:kit@{version}"));
        let bytes = wit_component::encode(&resolve, kit.next().unwrap().0, false).unwrap();
        let version = Some(version.parse().unwrap());
        packages.all.insert(("test:kit".to_owned(), version), bytes);
    }
    packages
}

fn parsed(wit: &str) -> (Resolve, wit_parser::PackageId) {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("it.wit", wit).unwrap();
    (resolve, package)
}

/// Numbers that look random, the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    /// Whether it happens, so many times in a hundred.
    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn choose<'c, T>(&mut self, choice: &'c [T]) -> &'c T {
        &choice[self.below(choice.len())]
    }
}

/// What a name stands for.
#[derive(Clone)]
enum Kind {
    /// An instance of the component of this number.
    Instance(usize),
    /// An item of this name.
    Item(&'static str),
}

/// A document that is being written.
struct Writer {
    dice: Dice,
    text: String,
    /// The names there are, with what they stand for.
    names: Vec<(String, Kind)>,
}

/// A document, the same for the same number.
pub(crate) fn document(number: u64) -> String {
    let mut writer = Writer {
        dice: Dice(number.wrapping_mul(0x2545_f491_4f6c_dd1d)),
        text: String::from("package test:document;\n"),
        names: Vec::new(),
    };
    writer.statements();
    writer.text
}

impl Writer {
    fn statements(&mut self) {
        for _ in 0..2 + self.dice.below(6) {
            match self.dice.below(10) {
                0 => self.import(),
                1 if !self.names.is_empty() => {
                    let (value, kind) = self.access();
                    self.bind(&value, kind);
                }
                _ => {
                    let component = self.dice.below(COMPONENTS.len());
                    let value = self.instance(component, 0);
                    self.bind(&value, Kind::Instance(component));
                }
            }
        }
        for _ in 0..1 + self.dice.below(3) {
            self.export();
        }
    }

    /// Gives a name to a value.
    fn bind(&mut self, value: &str, kind: Kind) {
        let name = self.new_name();
        writeln!(self.text, "let {name} = {value};").unwrap();
        self.names.push((name, kind));
    }

    /// A name that nothing has; now and then one that something may have.
    fn new_name(&mut self) -> String {
        let taken = self.names.len();
        match self.dice.percent(1) {
            true => "n0".to_owned(),
            false if self.dice.percent(10) => {
                let word = self.dice.choose(&["new-one", "log", "targets"]);
                format!("{word}-n{taken}")
            }
            false => format!("n{taken}"),
        }
    }

    fn import(&mut self) {
        let name = self.new_name();
        let interfaces = [CLOCK, LOG, AUDIT, STORE, VAULT, "test:kit/log@1.1.0"];
        let (ty, item) = match self.dice.percent(60) {
            true => {
                let path = *self.dice.choose(&interfaces);
                (path.to_owned(), path)
            }
            false => {
                let (item, ty) = *self.dice.choose(&ITEMS);
                (ty.to_owned(), item)
            }
        };
        let is_path = item.contains(':');
        let rename = match self.dice.below(6) {
            0 => format!(" as \"{item}\""),
            1 if is_path => " as plain".to_owned(),
            _ if !is_path => format!(" as {item}"),
            _ => String::new(),
        };
        writeln!(self.text, "import {name}{rename}: {ty};").unwrap();
        self.names.push((name, Kind::Item(item)));
    }

    /// An instance of a component, with what fits its imports, mostly.
    fn instance(&mut self, component: usize, depth: usize) -> String {
        let (name, imports, _) = COMPONENTS[component];
        let mut arguments = Vec::new();
        let mut is_open = false;
        for import in imports {
            if self.dice.percent(25) {
                is_open = true;
            } else if self.dice.percent(2) && !self.names.is_empty() {
                let (value, _) = self.access();
                arguments.push(format!("\"{import}\": {value}"));
            } else if let Some(argument) = self.argument(import, depth) {
                arguments.push(argument);
            } else {
                is_open = true;
            }
        }
        if self.dice.percent(1) {
            arguments.push("\"no-import\": n0".to_owned());
        }
        let rest = match is_open {
            true => self.dice.percent(98),
            false => self.dice.percent(10),
        };
        arguments.extend(rest.then(|| "...".to_owned()));
        let arguments = arguments.join(", ");
        format!("new {name} {{ {arguments} }}")
    }

    /// An argument for an import, if there is something that fits, or could be made.
    fn argument(&mut self, import: &str, depth: usize) -> Option<String> {
        let named = match import.split_once('/') {
            Some((_, interface)) if self.dice.percent(40) => {
                interface.split_once('@').unwrap().0.to_owned()
            }
            None if self.dice.percent(50) => import.to_owned(),
            _ => format!("\"{import}\""),
        };
        let any_version = self.dice.percent(30);
        let is_it = |item: &str| {
            let without_version = |name: &'_ str| name.split('@').next().map(str::to_owned);
            item == import || any_version && without_version(item) == without_version(import)
        };
        let fits = |(_, kind): &&(String, Kind)| match kind {
            Kind::Instance(component) => COMPONENTS[*component].2.iter().any(|item| is_it(item)),
            Kind::Item(item) => is_it(item),
        };
        let fitting: Vec<_> = self.names.iter().filter(fits).cloned().collect();
        if fitting.is_empty() || self.dice.percent(15) {
            let providers: Vec<_> = (0..COMPONENTS.len())
                .filter(|at| COMPONENTS[*at].2.contains(&import))
                .collect();
            if depth == 3 || providers.is_empty() || self.dice.percent(20) {
                return None;
            }
            let provider = *self.dice.choose(&providers);
            let nested = self.instance(provider, depth + 1);
            let value = match self.dice.percent(50) {
                true => format!("({nested})[\"{import}\"]"),
                false => format!("{nested}[\"{import}\"]"),
            };
            return Some(format!("{named}: {value}"));
        }
        let (name, kind) = self.dice.choose(&fitting).clone();
        Some(match kind {
            Kind::Instance(_) if self.dice.percent(35) => format!("...{name}"),
            Kind::Instance(component) => {
                let mut items = COMPONENTS[component].2.iter().filter(|item| is_it(item));
                let item = items.next().expect("it fits");
                format!("{named}: {}", self.item_of(&name, item))
            }
            Kind::Item(_) if self.dice.percent(40) => name,
            Kind::Item(_) => format!("{named}: {name}"),
        })
    }

    /// An item of an instance.
    fn item_of(&mut self, name: &str, item: &str) -> String {
        match item.split_once('/') {
            Some((_, interface)) if self.dice.percent(40) => {
                format!("{name}.{}", interface.split_once('@').unwrap().0)
            }
            None if self.dice.percent(50) => format!("{name}.{item}"),
            _ => format!("{name}[\"{item}\"]"),
        }
    }

    /// Something that there is, or is within it.
    fn access(&mut self) -> (String, Kind) {
        let (name, kind) = self.dice.choose(&self.names.clone()).clone();
        match kind {
            Kind::Instance(component) if self.dice.percent(80) => {
                let item = *self.dice.choose(COMPONENTS[component].2);
                (self.item_of(&name, item), Kind::Item(item))
            }
            Kind::Item(item) if self.dice.percent(5) => (
                format!("{name}.{}", self.dice.choose(&["now", "missing"])),
                Kind::Item(item),
            ),
            kind => (name, kind),
        }
    }

    fn export(&mut self) {
        if self.names.is_empty() {
            return;
        }
        let (value, kind) = self.access();
        let is_function = matches!(kind, Kind::Item(item) if item_type(item).is_some());
        let rest = match (self.dice.below(5), kind) {
            // Only interfaces have such names; that is seen often enough.
            (0, _) if is_function && self.dice.percent(80) => " as other-function".to_owned(),
            (0, _) => format!(" as \"some:other/name{}\"", self.dice.below(9)),
            (1, _) => format!(" as other{}", self.dice.below(9)),
            (2, Kind::Instance(_)) => "...".to_owned(),
            (3, Kind::Instance(_)) => " as whole".to_owned(),
            _ => String::new(),
        };
        writeln!(self.text, "export {value}{rest};").unwrap();
    }
}
