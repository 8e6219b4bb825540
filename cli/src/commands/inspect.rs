//! `tenon inspect`: what a binary is made of; with `--extract`, the components in it.

use crate::args::{Global, Inspect};
use crate::error::Failure;
use crate::extraction;
use crate::source::{Named, Sources};
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use std::collections::BTreeMap;
use tenon_composer::{
    Anatomy, Bodies, Error, Features, Fit, Item, Metadata, Need, Part, PartKind, Source, Support,
    Verdict, inspect, validate,
};
use tenon_registry_client::Hasher;

/// A part of a binary, with its digest.
#[derive(Serialize)]
struct PartData {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    offset: u64,
    size: u64,
    digest: String,
    features: Vec<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    producers: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bill: Vec<IngredientData>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartData>,
    /// The core modules that it has from components around it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    borrowed: Vec<BorrowedData>,
}

/// A core module that stands elsewhere in the binary.
#[derive(Serialize)]
struct BorrowedData {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    offset: u64,
    size: u64,
    /// Whether the binary itself holds it.
    hoisted: bool,
}

#[derive(Serialize)]
struct IngredientData {
    name: String,
    version: String,
    source: String,
    root: bool,
}

#[derive(Serialize)]
struct InspectContent {
    path: String,
    imports: Vec<ItemData>,
    exports: Vec<ItemData>,
    /// Every feature that it or a part of it uses.
    features: Vec<FeatureData>,
    /// Which hosts can run it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<FitData>,
    /// Why none can: what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid: Option<String>,
    root: PartData,
}

#[derive(Serialize)]
struct FitData {
    host: &'static str,
    version: &'static str,
    /// `runs`, `switches`, `unknown` or `cannot`.
    verdict: &'static str,
    /// What it does not support by default.
    needs: Vec<NeedData>,
    feature_evidence: &'static str,
    package_evidence: &'static str,
}

#[derive(Serialize)]
struct NeedData {
    name: String,
    /// `switches`, `unknown` or `no`.
    support: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    switches: &'static [&'static str],
}

#[derive(Serialize)]
struct ItemData {
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    name: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    implements: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
}

#[derive(Serialize)]
struct FeatureData {
    name: &'static str,
    on_by_default: bool,
}

pub(crate) fn run(ui: &Ui, args: &Inspect, global: &Global) -> Result<(), Failure> {
    let named = Sources { ui, global }.open(&args.input)?;
    let anatomy = inspect(&named.name, named.input()).map_err(|e| e.about(&args.input))?;
    if let Some(folder) = &args.extract {
        return extraction::run(ui, &named, &anatomy, folder);
    }
    let root = PartData::of(&named, &[], &anatomy.root)?;
    // What is not valid runs nowhere; function bodies are not looked at here.
    let invalid = validate(&Source {
        bodies: Bodies::Skip,
        ..Source::new(&named.name, named.input())
    })
    .err();
    if ui.json {
        let content = InspectContent {
            path: args.input.clone(),
            imports: anatomy.imports.iter().map(ItemData::of).collect(),
            exports: anatomy.exports.iter().map(ItemData::of).collect(),
            features: anatomy
                .root
                .all_features()
                .iter()
                .map(|feature| FeatureData {
                    name: feature.name(),
                    on_by_default: feature.is_on_by_default(),
                })
                .collect(),
            hosts: match invalid {
                None => Fit::all(&anatomy).iter().map(FitData::of).collect(),
                Some(_) => Vec::new(),
            },
            invalid: invalid.map(|error| error.to_string()),
            root,
        };
        return ui.document(&Document::new("tenon/inspect/1", content));
    }
    ui.print(&text(&anatomy, invalid.as_ref(), &root, ui.verbose))
}

fn text(anatomy: &Anatomy, invalid: Option<&Error>, root: &PartData, verbose: bool) -> String {
    let mut out = String::new();
    let kind = match anatomy.is_composition() {
        true => "composition",
        false => root.kind,
    };
    out.push_str(&format!(
        "{} {kind}, {}\n  {}\n",
        ui::bold(&anatomy.name),
        ui::size(root.size),
        root.digest
    ));
    for (title, items) in [("imports", &anatomy.imports), ("exports", &anatomy.exports)] {
        if !items.is_empty() {
            out.push_str(&format!("{}\n", ui::bold(title)));
        }
        for item in items {
            out.push_str(&format!("  {}\n", item_text(item)));
        }
    }
    features(anatomy.root.all_features(), &mut out);
    match invalid {
        None => hosts(anatomy, verbose, &mut out),
        Some(error) => {
            let error = ui::clean_line(&error.to_string());
            out.push_str(&format!("{} {error}\n", ui::bold("runs nowhere:")));
        }
    }
    for (name, value) in &root.metadata {
        out.push_str(&format!("{} {}\n", ui::bold(name), ui::clean(value)));
    }
    for (field, values) in &root.producers {
        let (field, values) = (ui::clean(field), ui::clean(&values.join(", ")));
        out.push_str(&format!("{} {values}\n", ui::bold(&field)));
    }
    if !root.parts.is_empty() {
        out.push_str(&format!("{}\n", ui::bold("parts")));
        parts(&root.parts, 1, verbose, &mut out);
    }
    if verbose && !root.bill.is_empty() {
        out.push_str(&format!("{}\n", ui::bold("bill of materials")));
        for entry in root.bill.iter().filter(|entry| !entry.root) {
            let IngredientData {
                name,
                version,
                source,
                ..
            } = entry;
            out.push_str(&ui::clean(&format!("  {name} {version} {source}\n")));
        }
    }
    out
}

fn item_text(item: &Item) -> String {
    let mut text = match &item.module {
        Some(module) => format!("{} {}", ui::clean_line(module), ui::clean_line(&item.name)),
        None => ui::clean_line(&item.name),
    };
    if item.kind != "interface" {
        text.push_str(&ui::dim(&format!(" ({})", item.kind)));
    }
    if let Some(interface) = &item.implements {
        text.push_str(&ui::dim(&format!(
            " implements {}",
            ui::clean_line(interface)
        )));
    }
    if let Some(id) = &item.external_id {
        text.push_str(&ui::dim(&format!(" known as {}", ui::clean_line(id))));
    }
    text
}

/// The features beyond those that every engine has, and which of them must be switched on.
fn features(all: Features, out: &mut String) {
    let list = |wanted: &dyn Fn(tenon_composer::Feature) -> bool| {
        let names: Vec<_> = all
            .iter()
            .filter(|f| wanted(*f))
            .map(|f| f.name())
            .collect();
        names.join(", ")
    };
    for (title, names) in [
        (
            "WebAssembly proposals",
            list(&|f| !f.is_of_component_model() && !f.is_basic()),
        ),
        (
            "Component Model features",
            list(&|f| f.is_of_component_model()),
        ),
        ("off by default", list(&|f| !f.is_on_by_default())),
    ] {
        if !names.is_empty() {
            out.push_str(&format!("{} {names}\n", ui::bold(title)));
        }
    }
}

/// Which hosts run it; `verbose` says how that is known.
fn hosts(anatomy: &Anatomy, verbose: bool, out: &mut String) {
    let fits = Fit::all(anatomy);
    if fits.is_empty() {
        return;
    }
    let name = |fit: &Fit| format!("{} {}", fit.host.name, fit.host.version);
    let is = |fit: &&Fit, verdict| fit.verdict() == verdict;
    let runs = fits.iter().filter(|fit| is(fit, Verdict::Runs)).map(name);
    let runs: Vec<_> = runs.collect();
    let own = anatomy
        .imports
        .iter()
        .any(|item| !item.name.starts_with("wasi:"));
    out.push_str(&ui::bold("runs on"));
    if own {
        out.push_str(&ui::dim(", if its other imports are filled"));
    }
    out.push('\n');
    if !runs.is_empty() {
        out.push_str(&format!("  {}\n", runs.join(", ")));
    }
    for fit in fits.iter().filter(|fit| !is(fit, Verdict::Runs)) {
        // What nothing helps with makes switches pointless.
        let worst = fit.verdict();
        let of = |need: &&Need| match need.support {
            Support::Switches(_) => worst == Verdict::NeedsSwitches,
            Support::No => worst == Verdict::Cannot,
            _ => worst == Verdict::Unknown,
        };
        let texts: Vec<_> = fit.needs.iter().filter(of).map(need_text).collect();
        let (texts, name) = (ui::clean_line(&texts.join(", ")), name(fit));
        out.push_str(&match worst {
            Verdict::NeedsSwitches => format!("  {name} with {texts}\n"),
            Verdict::Unknown => format!("  {name}: not known, for {texts}\n"),
            _ => format!("  not {name}: {texts}\n"),
        });
    }
    if verbose {
        for fit in &fits {
            let (features, packages) = (fit.host.feature_evidence, fit.host.package_evidence);
            let name = name(fit);
            out.push_str(&ui::dim(&format!(
                "  known of {name}: features: {features}; packages: {packages}"
            )));
            out.push('\n');
        }
    }
}

fn need_text(need: &Need) -> String {
    match need.support {
        Support::Switches(switches) => format!("`{}` ({})", switches.join("`, `"), need.name),
        _ => need.name.clone(),
    }
}

impl FitData {
    fn of(fit: &Fit) -> FitData {
        FitData {
            host: fit.host.name,
            version: fit.host.version,
            verdict: match fit.verdict() {
                Verdict::Runs => "runs",
                Verdict::NeedsSwitches => "switches",
                Verdict::Unknown => "unknown",
                Verdict::Cannot => "cannot",
            },
            needs: fit.needs.iter().map(NeedData::of).collect(),
            feature_evidence: fit.host.feature_evidence,
            package_evidence: fit.host.package_evidence,
        }
    }
}

impl NeedData {
    fn of(need: &Need) -> NeedData {
        let (support, switches): (_, &'static [&'static str]) = match need.support {
            Support::Switches(switches) => ("switches", switches),
            Support::No => ("no", &[]),
            _ => ("unknown", &[]),
        };
        NeedData {
            name: need.name.clone(),
            support,
            switches,
        }
    }
}

fn parts(all: &[PartData], depth: usize, verbose: bool, out: &mut String) {
    for part in all {
        // What is inside a component that is part of a composition is its own affair.
        let is_detail = depth > 1 && part.kind != "component";
        if is_detail && !verbose {
            continue;
        }
        let hoisted = part.borrowed.iter().filter(|module| module.hoisted);
        let (number, bytes) = hoisted.fold((0, 0), |(n, all), module| (n + 1, all + module.size));
        out.push_str(&format!(
            "{}{} {}, {}{}{}\n",
            "  ".repeat(depth),
            ui::bold(&name_of(&part.name)),
            part.kind,
            ui::size(part.size),
            match number {
                0 => String::new(),
                _ => format!(
                    ", and {} of {} hoisted",
                    ui::count(number, "core module"),
                    ui::size(bytes)
                ),
            },
            match verbose {
                true => ui::dim(&format!(" {}", part.digest)),
                false => String::new(),
            }
        ));
        for module in part.borrowed.iter().filter(|_| verbose) {
            let where_from = match module.hoisted {
                true => "hoisted",
                false => "of a component around it",
            };
            out.push_str(&format!(
                "{}{} core module, {}, {where_from}{}\n",
                "  ".repeat(depth + 1),
                ui::bold(&name_of(&module.name)),
                ui::size(module.size),
                ui::dim(&format!(" at {:#x}", module.offset))
            ));
        }
        parts(&part.parts, depth + 1, verbose, out);
    }
}

fn name_of(name: &Option<String>) -> String {
    ui::clean(
        name.as_deref()
            .filter(|name| !name.is_empty())
            .unwrap_or("(unnamed)"),
    )
}

impl PartData {
    /// A part, which `holders` are around, the outermost first.
    fn of(named: &Named, holders: &[&Part], part: &Part) -> Result<PartData, Failure> {
        let metadata = &part.metadata;
        Ok(PartData {
            kind: match part.kind {
                PartKind::Component => "component",
                PartKind::CoreModule => "core module",
            },
            name: part.name.clone(),
            offset: part.range.start,
            size: part.size(),
            digest: digest(named, part)?,
            features: part.features.iter().map(|feature| feature.name()).collect(),
            metadata: described(metadata),
            producers: metadata
                .producers
                .iter()
                .map(|(field, values)| {
                    let value = |(name, version): (&String, &String)| {
                        format!("{name} {version}").trim_end().to_owned()
                    };
                    (field.clone(), values.iter().map(value).collect())
                })
                .collect(),
            bill: part
                .bill
                .iter()
                .map(|entry| IngredientData {
                    name: entry.name.clone(),
                    version: entry.version.to_string(),
                    source: entry.source.clone(),
                    root: entry.is_root,
                })
                .collect(),
            parts: part
                .parts
                .iter()
                .map(|inner| PartData::of(named, &[holders, &[part]].concat(), inner))
                .collect::<Result<_, _>>()?,
            borrowed: part
                .borrowed
                .iter()
                .filter_map(|borrowed| {
                    let holder = holders.get(borrowed.level)?;
                    let module = holder.parts.get(borrowed.part)?;
                    Some(BorrowedData {
                        name: borrowed.name.clone().or_else(|| module.name.clone()),
                        offset: module.range.start,
                        size: module.size(),
                        hoisted: borrowed.level == 0,
                    })
                })
                .collect(),
        })
    }
}

fn described(metadata: &Metadata) -> BTreeMap<&'static str, String> {
    let fields = [
        ("version", &metadata.version),
        ("description", &metadata.description),
        ("authors", &metadata.authors),
        ("licenses", &metadata.licenses),
        ("source", &metadata.source),
        ("homepage", &metadata.homepage),
        ("revision", &metadata.revision),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect()
}

fn digest(named: &Named, part: &Part) -> Result<String, Failure> {
    let mut hasher = Hasher::new();
    named.read_range(part.range.clone(), |bytes| hasher.update(bytes))?;
    Ok(hasher.finish().to_string())
}

impl ItemData {
    fn of(item: &Item) -> ItemData {
        ItemData {
            module: item.module.clone(),
            name: item.name.clone(),
            kind: item.kind,
            implements: item.implements.clone(),
            external_id: item.external_id.clone(),
        }
    }
}
