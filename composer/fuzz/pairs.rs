//! Components made of bytes: a socket, and plugs whose worlds have much in common with its own.
//!
//! The interfaces and worlds are those of `wit-smith`. Each component is made from its own copy of
//! them, in which a version, a function, a type or a name may be another one.

#![allow(unreachable_pub, reason = "shared by the fuzz targets and tests")]

use arbitrary::{Error, Result, Unstructured};
use semver::{Prerelease, Version};
use std::fmt::Write as _;
use tenon_composer::{Arena, ComponentId, Edge, Graph};
use wasmparser::{Parser, Payload};
use wit_component::{
    ComponentEncoder, DecodedWasm, StringEncoding, WitPrinter, dummy_module,
    embed_component_metadata,
};
use wit_parser::{
    Function, FunctionKind, InterfaceId, LiftLowerAbi, ManglingAndAbi, PackageId, Resolve, Type,
    TypeDefKind, WorldId, WorldItem,
};

/// Packages with resources that are used from one interface to the next, which `wit-smith` rarely
/// comes to.
const KIT: [(&str, &str); 2] = [
    (
        "kit.wit",
        "package lib:kit@1.2.0;
        interface base {
          resource handle { constructor(n: u32); get: func() -> u32; both: static func(h: borrow<handle>) -> handle; }
          record point { x: u32, y: u32 }
          variant shape { dot, at(point) }
        }
        interface middle {
          use base.{handle, point};
          type place = point;
          flags mode { read, write }
          open: func(p: point) -> handle;
        }
        interface top {
          use base.{shape};
          use middle.{handle, place as p, mode};
          resource own-one { child: func() -> handle; }
          run: func(h: borrow<handle>, m: mode, s: shape) -> result<p, string>;
        }",
    ),
    (
        "more.wit",
        "package lib:more@0.2.3;
        interface apart {
          resource r;
          make: func() -> r;
        }
        interface both {
          use apart.{r};
          use lib:kit/base@1.2.0.{handle};
          swap: func(r: r) -> handle;
        }",
    ),
];

/// A component, and the WIT it was made from.
#[derive(Clone)]
pub struct Made {
    /// What to call it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its world `test:w/w`, with all packages, to be shown where something fails.
    pub wit: String,
}

/// A socket and plugs.
pub struct Case {
    /// The component whose imports are filled.
    pub socket: Made,
    /// The components that may fill them.
    pub plugs: Vec<Made>,
}

impl Case {
    /// A case made of bytes.
    ///
    /// # Errors
    ///
    /// Some bytes make WIT of which no component can be made.
    pub fn new(u: &mut Unstructured<'_>) -> Result<Case> {
        let wit = Wit::new(u)?;
        let socket = wit.socket(u)?;
        let count = u.int_in_range(1..=3)?;
        let plugs = (0..count).map(|number| wit.plug(&format!("plug-{number}"), u));
        Ok(Case {
            plugs: plugs.collect::<Result<_>>()?,
            socket,
        })
    }

    /// The first case that can be made from this number on; and the number after it.
    pub fn from_number(mut number: u64) -> (Case, u64) {
        loop {
            let bytes = noise(number);
            number += 1;
            if let Ok(case) = Case::new(&mut Unstructured::new(&bytes)) {
                return (case, number);
            }
        }
    }

    /// The socket and the plugs.
    pub fn all(&self) -> impl Iterator<Item = &Made> {
        std::iter::once(&self.socket).chain(&self.plugs)
    }
}

/// Bytes that look random, the same for the same number (SplitMix64).
pub fn noise(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x2545_f491_4f6c_dd1d);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    (0..256).flat_map(|_| next().to_le_bytes()).collect()
}

/// What all components of a case are made from.
struct Wit {
    resolve: Resolve,
    /// The interfaces that most of them have to do with.
    shared: Vec<InterfaceId>,
    /// A world that most of them are of, and whether what it exports is to be filled, not what it
    /// imports.
    world: Option<(WorldId, bool)>,
    /// Whether their names have canonical versions.
    canonical: bool,
}

impl Wit {
    fn new(u: &mut Unstructured<'_>) -> Result<Wit> {
        let config = wit_smith::Config {
            max_packages: 3,
            max_type_size: 30,
            max_interface_items: 6,
            max_world_items: 6,
            max_pkg_items: 6,
            max_type_parts: 4,
            max_files_per_package: 1,
            max_resource_items: 3,
            async_: u.arbitrary()?,
            futures: u.arbitrary()?,
            streams: u.arbitrary()?,
            error_context: u.arbitrary()?,
            fixed_length_lists: u.arbitrary()?,
            world_include: u.arbitrary()?,
            implements: u.arbitrary()?,
            canonical_names: false,
        };
        let canonical = u.ratio(1, 4)?;
        let bytes = wit_smith::smith(&config, u)?;
        let Ok(DecodedWasm::WitPackage(mut resolve, _)) = wit_component::decode(&bytes) else {
            return Err(Error::IncorrectFormat);
        };
        let has_kit = u.arbitrary()?;
        for (file, text) in KIT.iter().filter(|_| has_kit) {
            let pushed = resolve.push_source(file, text);
            pushed.map_err(|_| Error::IncorrectFormat)?;
        }
        let interfaces = resolve.interfaces.iter();
        let mut shared: Vec<_> = interfaces
            .filter(|(_, interface)| interface.name.is_some())
            .map(|(id, _)| id)
            .collect();
        let worlds: Vec<_> = resolve.worlds.iter().map(|(id, _)| id).collect();
        let world = match worlds.is_empty() || (!shared.is_empty() && u.ratio(1, 2)?) {
            true => None,
            false => Some((*u.choose(&worlds)?, u.arbitrary()?)),
        };
        shared = most(&shared, u)?;
        let is_empty = |id: WorldId| {
            let world = &resolve.worlds[id];
            world.imports.is_empty() && world.exports.is_empty()
        };
        if shared.is_empty() && world.is_none_or(|(id, _)| is_empty(id)) {
            return Err(Error::IncorrectFormat);
        }
        Ok(Wit {
            resolve,
            shared,
            world,
            canonical,
        })
    }

    /// A component that imports most of the interfaces, and what the world is to be filled with.
    fn socket(&self, u: &mut Unstructured<'_>) -> Result<Made> {
        let mut resolve = self.resolve.clone();
        let mut items = String::new();
        if let Some((world, exports)) = self.world {
            if exports {
                let name = resolve.worlds[world].name.clone();
                let turned = resolve.importize(world, Some(name));
                turned.map_err(|_| Error::IncorrectFormat)?;
            }
            include(&mut items, &resolve, world);
        }
        for interface in most(&self.shared, u)? {
            line(&mut items, "import", &resolve, interface);
            if u.ratio(1, 6)? {
                line(&mut items, "export", &resolve, interface);
            }
        }
        items.push_str("  export run: func();\n");
        self.make("app", &resolve, &items, u)
    }

    /// A component that exports most of the interfaces, or what the world is to be filled with,
    /// perhaps in another version, with something added, or with something missing.
    fn plug(&self, name: &str, u: &mut Unstructured<'_>) -> Result<Made> {
        let mut resolve = self.resolve.clone();
        for _ in 0..u.int_in_range(0..=2)? {
            change(&mut resolve, u)?;
        }
        let mut items = String::new();
        if let Some((world, exports)) = self.world
            && u.ratio(2, 3)?
        {
            if !exports {
                let name = resolve.worlds[world].name.clone();
                let filled = |_: &_, item: &WorldItem| !matches!(item, WorldItem::Type { .. });
                let turned = resolve.exportize(world, Some(name), Some(&filled));
                turned.map_err(|_| Error::IncorrectFormat)?;
            }
            include(&mut items, &resolve, world);
        }
        for interface in most(&self.shared, u)? {
            line(&mut items, "export", &resolve, interface);
            if u.ratio(1, 6)? {
                line(&mut items, "import", &resolve, interface);
            }
        }
        if u.ratio(1, 4)? {
            for interface in most(&self.shared, u)? {
                line(&mut items, "import", &resolve, interface);
            }
        }
        self.make(name, &resolve, &items, u)
    }

    /// The component of a world that has `items`.
    fn make(
        &self,
        name: &str,
        resolve: &Resolve,
        items: &str,
        u: &mut Unstructured<'_>,
    ) -> Result<Made> {
        let mut printer = WitPrinter::default();
        for (package, _) in resolve.packages.iter() {
            let printed = printer.print_package(resolve, package, false);
            printed.map_err(|_| Error::IncorrectFormat)?;
        }
        let packages = printer.output.to_string();
        let wit = format!("package test:w;\nworld w {{\n{items}}}\n{packages}");
        let abi = match u.int_in_range(0..=5)? {
            0 => LiftLowerAbi::AsyncCallback,
            1 => LiftLowerAbi::AsyncStackful,
            _ => LiftLowerAbi::Sync,
        };
        let bytes = component(&wit, abi, self.canonical).ok_or(Error::IncorrectFormat)?;
        Ok(Made {
            name: name.to_owned(),
            bytes,
            wit,
        })
    }
}

/// A component of the world `w` of `wit`; its functions trap.
pub fn component(wit: &str, abi: LiftLowerAbi, canonical: bool) -> Option<Vec<u8>> {
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    let package = resolve.push_source("w.wit", wit).ok()?;
    let world = resolve.select_world(&[package], Some("w")).ok()?;
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(abi));
    let encoding = StringEncoding::UTF8;
    embed_component_metadata(&mut module, &resolve, world, encoding, canonical).ok()?;
    ComponentEncoder::default()
        .merge_imports_based_on_semver(false)
        .emit_canonical_names(canonical)
        .validate(true)
        .module(&module)
        .ok()?
        .encode()
        .ok()
}

/// Two of three.
fn most(interfaces: &[InterfaceId], u: &mut Unstructured<'_>) -> Result<Vec<InterfaceId>> {
    let mut most = Vec::new();
    for id in interfaces {
        if u.ratio(2, 3)? {
            most.push(*id);
        }
    }
    Ok(most)
}

fn include(items: &mut String, resolve: &Resolve, world: WorldId) {
    let world = &resolve.worlds[world];
    if let Some(package) = world.package {
        let _ = writeln!(items, "  include {};", path(resolve, package, &world.name));
    }
}

fn line(items: &mut String, keyword: &str, resolve: &Resolve, interface: InterfaceId) {
    let interface = &resolve.interfaces[interface];
    if let (Some(package), Some(name)) = (interface.package, &interface.name) {
        let path = path(resolve, package, name);
        let _ = writeln!(items, "  {keyword} {path};");
    }
}

fn path(resolve: &Resolve, package: PackageId, name: &str) -> String {
    let package = &resolve.packages[package].name;
    let version = package
        .version
        .as_ref()
        .map(|version| format!("@{version}"));
    let (namespace, of_package) = (&package.namespace, &package.name);
    format!(
        "%{namespace}:%{of_package}/%{name}{}",
        version.unwrap_or_default()
    )
}

/// Changes something about the packages that a component can have other than the rest.
fn change(resolve: &mut Resolve, u: &mut Unstructured<'_>) -> Result<()> {
    if u.ratio(1, 2)? {
        let packages: Vec<_> = resolve.packages.iter().map(|(id, _)| id).collect();
        let package = *u.choose(&packages)?;
        return another_version(resolve, package, u);
    }
    let interfaces: Vec<_> = resolve.interfaces.iter().map(|(id, _)| id).collect();
    if interfaces.is_empty() {
        return Ok(());
    }
    let interface = *u.choose(&interfaces)?;
    match u.int_in_range(0..=4)? {
        0 => another_name(resolve, interface),
        1 => another_type(resolve, interface, u)?,
        _ => another_function(resolve, interface, u)?,
    }
    Ok(())
}

fn another_version(
    resolve: &mut Resolve,
    package: PackageId,
    u: &mut Unstructured<'_>,
) -> Result<()> {
    let old = resolve.packages[package].name.clone();
    let mut version = old.version.clone().unwrap_or(Version::new(0, 2, 1));
    let new = match u.int_in_range(0..=7)? {
        0 => None,
        1 => {
            version.major += 1;
            Some(version)
        }
        2 | 3 => {
            version.minor += 1;
            Some(version)
        }
        4 => {
            version.pre = Prerelease::new("rc.1").map_err(|_| Error::IncorrectFormat)?;
            Some(version)
        }
        _ => {
            version.patch += 1;
            Some(version)
        }
    };
    resolve.package_names.shift_remove(&old);
    let name = wit_parser::PackageName {
        version: new,
        ..old
    };
    resolve.packages[package].name = name.clone();
    resolve.package_names.insert(name, package);
    Ok(())
}

fn another_name(resolve: &mut Resolve, id: InterfaceId) {
    let interface = &mut resolve.interfaces[id];
    if let (Some(package), Some(name)) = (interface.package, interface.name.take()) {
        let new = format!("{name}-x");
        interface.name = Some(new.clone());
        let interfaces = &mut resolve.packages[package].interfaces;
        interfaces.shift_remove(&name);
        interfaces.insert(new, id);
    }
}

/// Changes a record, variant, enum or flags of an interface.
fn another_type(
    resolve: &mut Resolve,
    interface: InterfaceId,
    u: &mut Unstructured<'_>,
) -> Result<()> {
    let types: Vec<_> = resolve.interfaces[interface]
        .types
        .values()
        .copied()
        .collect();
    if types.is_empty() {
        return Ok(());
    }
    match &mut resolve.types[*u.choose(&types)?].kind {
        TypeDefKind::Record(record) => match (record.fields.len(), u.arbitrary()?) {
            (2.., true) => drop(record.fields.pop()),
            _ => {
                if let Some(field) = record.fields.first_mut() {
                    field.ty = another(&field.ty);
                }
            }
        },
        TypeDefKind::Variant(variant) => match variant.cases.as_mut_slice() {
            [_, .., last] => last.ty = last.ty.is_none().then_some(Type::U8),
            [one] => one.ty = one.ty.is_none().then_some(Type::U8),
            [] => {}
        },
        TypeDefKind::Enum(cases) if cases.cases.len() > 1 => drop(cases.cases.pop()),
        TypeDefKind::Flags(flags) if flags.flags.len() > 1 => flags.flags.reverse(),
        TypeDefKind::Type(ty) | TypeDefKind::List(ty) | TypeDefKind::Option(ty)
            if !matches!(ty, Type::Id(_)) =>
        {
            *ty = another(ty);
        }
        _ => {}
    }
    Ok(())
}

/// Drops, adds or changes a function of an interface.
fn another_function(
    resolve: &mut Resolve,
    interface: InterfaceId,
    u: &mut Unstructured<'_>,
) -> Result<()> {
    let functions = &mut resolve.interfaces[interface].functions;
    let what = u.int_in_range(0..=3)?;
    if what == 0 || functions.is_empty() {
        let name = "extra".to_owned();
        let extra = Function {
            name: name.clone(),
            kind: FunctionKind::Freestanding,
            params: Vec::new(),
            result: Some(Type::String),
            docs: Default::default(),
            stability: Default::default(),
            span: Default::default(),
            external_id: None,
        };
        functions.insert(name, extra);
        return Ok(());
    }
    let at = u.choose_index(functions.len())?;
    if what == 1 {
        functions.shift_remove_index(at);
        return Ok(());
    }
    let Some((_, function)) = functions.get_index_mut(at) else {
        return Ok(());
    };
    let is_method = matches!(
        function.kind,
        FunctionKind::Method(_) | FunctionKind::AsyncMethod(_)
    );
    let is_free = matches!(
        function.kind,
        FunctionKind::Freestanding | FunctionKind::AsyncFreestanding
    );
    match function.params.get_mut(usize::from(is_method)) {
        Some(param) if u.arbitrary()? => param.name.push_str("-x"),
        Some(param) => param.ty = another(&param.ty),
        None if is_free => function.result = Some(another(&function.result.unwrap_or(Type::Bool))),
        None => {}
    }
    Ok(())
}

/// A type that is not `ty`.
fn another(ty: &Type) -> Type {
    match ty {
        Type::U64 => Type::S64,
        _ => Type::U64,
    }
}

/// A graph over a pool of components: whatever [`Graph::connect`] and [`Graph::export`] let pass.
///
/// # Errors
///
/// There is an error if there are no components to choose from.
pub fn graph(
    u: &mut Unstructured<'_>,
    arena: &Arena<'_>,
    pool: &[(ComponentId, &Made)],
) -> Result<Graph> {
    let pool: Vec<_> = pool
        .iter()
        .map(|(id, made)| (*id, names(&made.bytes)))
        .collect();
    let mut graph = Graph::new();
    let mut instances = Vec::new();
    for _ in 0..u.int_in_range(1..=24)? {
        let what = u.int_in_range(0..=9)?;
        if what < 3 || instances.is_empty() {
            let (component, names) = u.choose(&pool)?;
            instances.push((graph.add("it", *component), names));
            continue;
        }
        let (consumer, (imports, _)) = *u.choose(&instances)?;
        let (provider, (_, exports)) = *u.choose(&instances)?;
        if imports.is_empty() || exports.is_empty() {
            continue;
        }
        let export = u.choose(exports)?;
        // What may not be is left out.
        let _ = match what {
            9 => graph.export(arena, export, (provider, export.as_str())),
            // An instance as a whole fits now and then.
            8 if imports.contains(export) => {
                graph.connect(arena, (consumer, export), Edge::whole(provider))
            }
            // Most edges are between items of one name, or little would come of them.
            _ if what < 8 && imports.contains(export) => {
                graph.connect(arena, (consumer, export), (provider, export.as_str()))
            }
            _ => {
                let import = u.choose(imports)?;
                graph.connect(arena, (consumer, import), (provider, export.as_str()))
            }
        };
    }
    Ok(graph)
}

/// The names of imports and of exports, as they stand in the binary.
fn names(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                imports.extend(
                    section
                        .into_iter()
                        .map(|import| import.unwrap().name.name.to_owned()),
                );
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                exports.extend(
                    section
                        .into_iter()
                        .map(|export| export.unwrap().name.name.to_owned()),
                );
            }
            _ => {}
        }
    }
    (imports, exports)
}
