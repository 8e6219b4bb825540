//! How long `tenon plug` takes, beside `cp` of the same bytes and, if it is on the path, beside `wac`.
//!
//! `cargo bench -p tenon-cli` prints the table that BENCHMARKS.md shows. Every row is a whole process,
//! run in turn with its baseline; a figure is the median, and a ratio is that of medians in one run.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that prints a table, and may stop where it fails"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use wait4::Wait4;
use wasm_encoder::{
    CodeSection, Component, ComponentExportKind, ComponentExportSection, ComponentImportSection,
    ComponentTypeRef, ComponentTypeSection, ComponentValType, ConstExpr, DataSection, Function,
    FunctionSection, InstanceType, MemorySection, MemoryType, Module, ModuleSection,
    PrimitiveValType, TypeSection,
};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

const RUNS: usize = 9;
const TENON: &str = env!("CARGO_BIN_EXE_tenon");

/// What a process took.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
    memory: u64,
}

/// A command line, by its words.
type Line = Vec<String>;

/// Set in the process that makes the inputs: a child's peak memory counts from that of its parent, so
/// the process that measures must stay small.
const MAKE_INPUTS: &str = "TENON_BENCH_INPUTS";
/// How many types each interface of a chain uses of the one before, and how many there are.
const CHAINS: [(usize, usize); 2] = [(2, 20), (8, 10)];

fn main() {
    if let Some(folder) = std::env::var_os(MAKE_INPUTS) {
        return make_inputs(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let made = Command::new(std::env::current_exe().unwrap())
        .env(MAKE_INPUTS, folder.path())
        .status();
    assert!(made.unwrap().success());
    let (num, data, code) = (at("num.wasm"), at("data.wasm"), at("code.wasm"));
    let chains = CHAINS.map(|(width, depth)| {
        let name = format!("chain-{width}-{depth}");
        let file = |world: &str| at(&format!("{name}.{world}.wasm"));
        let (socket, plug) = (file("socket"), file("plug"));
        (name, socket, plug)
    });
    let out = at("out.wasm");
    let cache = at("cache");
    let has_wac = Command::new("wac").arg("--version").output().is_ok();
    // Files that were only just written are not remembered.
    std::thread::sleep(Duration::from_millis(200));

    println!("| work | tenon | baseline | wall | CPU | memory |");
    println!("|---|---|---|---|---|---|");
    let cp = |from: &Path| words(&["cp", path(from), path(&out)]);
    let plug = |program: &str, socket: &Path, plug: &Path| {
        let (socket, plug) = (path(socket), path(plug));
        words(&[program, "plug", socket, "--plug", plug, "-o", path(&out)])
    };
    for (work, socket) in [("42 MB of data", &data), ("48 MB of code", &code)] {
        let ours = plug(TENON, socket, &num);
        row(&format!("{work}, warm"), &ours, "cp", &cp(socket), &cache);
        let mut cold = ours.clone();
        cold.insert(0, "cold".to_owned());
        row(&format!("{work}, cold"), &cold, "cp", &cp(socket), &cache);
        if has_wac {
            let wac = plug("wac", socket, &num);
            row(&format!("{work}, warm"), &ours, "wac", &wac, &cache);
            row(&format!("{work}, cold"), &cold, "wac", &wac, &cache);
        }
    }
    for (name, socket, provider) in &chains {
        let ours = plug(TENON, socket, provider);
        row(name, &ours, "cp", &cp(socket), &cache);
        if has_wac && name == "chain-2-20" {
            row(name, &ours, "wac", &plug("wac", socket, provider), &cache);
        }
    }
    let version = words(&[TENON, "--version"]);
    row("start-up", &version, "true", &words(&["true"]), &cache);
    if has_wac {
        row(
            "start-up",
            &version,
            "wac",
            &words(&["wac", "--version"]),
            &cache,
        );
    }
}

fn make_inputs(folder: &Path) {
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    write("num.wasm", &wat::parse_str(NUM).unwrap());
    write("data.wasm", &socket(&data_module(42 << 20)));
    write("code.wasm", &socket(&code_module(43_000, 1_100)));
    for (width, depth) in CHAINS {
        for world in ["socket", "plug"] {
            let name = format!("chain-{width}-{depth}.{world}.wasm");
            write(&name, &chain(width, depth, world));
        }
    }
}

fn words(words: &[&str]) -> Line {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs both lines in turn and prints their medians.
fn row(work: &str, ours: &Line, baseline: &str, theirs: &Line, cache: &PathBuf) {
    let mut costs = [Vec::new(), Vec::new()];
    for run_number in 0..=RUNS {
        for (line, costs) in [ours, theirs].into_iter().zip(&mut costs) {
            let cost = run(line, cache);
            // The first run of each fills caches.
            if run_number > 0 {
                costs.push(cost);
            }
        }
    }
    let [ours, theirs] = costs.map(|costs| median(&costs));
    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64().max(1e-6);
    println!(
        "| {work} | {:.1} ms | {baseline}: {:.1} ms | {:.2}x | {:.2}x | {:.1} MB, {:.1} MB |",
        ours.wall.as_secs_f64() * 1e3,
        theirs.wall.as_secs_f64() * 1e3,
        ratio(ours.wall, theirs.wall),
        ratio(ours.cpu, theirs.cpu),
        ours.memory as f64 / 1e6,
        theirs.memory as f64 / 1e6,
    );
}

fn run(line: &Line, cache: &PathBuf) -> Cost {
    let is_cold = line[0] == "cold";
    let line = &line[usize::from(is_cold)..];
    if is_cold {
        let _ = fs::remove_dir_all(cache);
    }
    let start = Instant::now();
    let mut child = Command::new(&line[0])
        .args(&line[1..])
        .env("XDG_CACHE_HOME", cache)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let used = child.wait4().unwrap();
    let wall = start.elapsed();
    assert!(used.status.success(), "{line:?}");
    Cost {
        wall,
        cpu: used.rusage.utime + used.rusage.stime,
        memory: used.rusage.maxrss,
    }
}

fn median(costs: &[Cost]) -> Cost {
    let middle = |mut values: Vec<Duration>| {
        values.sort();
        values[values.len() / 2]
    };
    Cost {
        wall: middle(costs.iter().map(|cost| cost.wall).collect()),
        cpu: middle(costs.iter().map(|cost| cost.cpu).collect()),
        memory: costs.iter().map(|cost| cost.memory).max().unwrap(),
    }
}

/// What is plugged: a number.
const NUM: &str = r#"(component
    (core module $m (func (export "get") (result i32) (i32.const 7)))
    (core instance $i (instantiate $m))
    (func $get (result u32) (canon lift (core func $i "get")))
    (instance $source (export "get" (func $get)))
    (export "bench:num/source@1.0.0" (instance $source)))"#;

/// A component that imports the number and holds `module`.
fn socket(module: &Module) -> Vec<u8> {
    let mut component = Component::new();
    let mut source = InstanceType::new();
    source
        .ty()
        .function()
        .params::<[(&str, ComponentValType); 0], _>([])
        .result(Some(ComponentValType::Primitive(PrimitiveValType::U32)));
    source.export("get", ComponentTypeRef::Func(0));
    let mut types = ComponentTypeSection::new();
    types.instance(&source);
    component.section(&types);
    let mut imports = ComponentImportSection::new();
    imports.import("bench:num/source@1.0.0", ComponentTypeRef::Instance(0));
    component.section(&imports);
    component.section(&ModuleSection(module));
    let mut exports = ComponentExportSection::new();
    exports.export(
        "bench:num/again@1.0.0",
        ComponentExportKind::Instance,
        0,
        None,
    );
    component.section(&exports);
    component.finish()
}

fn data_module(size: usize) -> Module {
    let mut module = Module::new();
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: (size as u64).div_ceil(1 << 16),
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    module.section(&memories);
    let mut data = DataSection::new();
    let bytes: Vec<u8> = (0..size).map(|i| ((i * 31) >> 3) as u8).collect();
    data.active(0, &ConstExpr::i32_const(0), bytes);
    module.section(&data);
    module
}

fn code_module(functions: u32, size: usize) -> Module {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], []);
    module.section(&types);
    let mut section = FunctionSection::new();
    let mut code = CodeSection::new();
    for number in 0..functions {
        section.function(0);
        let mut function = Function::new([]);
        let mut instructions = function.instructions();
        for step in 0..size / 11 {
            instructions
                .i32_const(number as i32)
                .i32_const(step as i32 * 1_000)
                .i32_add()
                .drop();
        }
        instructions.end();
        code.function(&function);
    }
    module.section(&section);
    module.section(&code);
    module
}

/// A component that imports a chain of interfaces, each of which uses `width` types of the one before.
/// Socket and plug both import the chain, so that it is merged.
fn chain(width: usize, depth: usize, world: &str) -> Vec<u8> {
    let mut wit = "package bench:chain@1.0.0;\ninterface i0 {\n".to_owned();
    for j in 0..width {
        let _ = writeln!(wit, "record t{j} {{ x: u32 }}");
    }
    wit.push_str("}\n");
    for level in 1..=depth {
        let _ = writeln!(wit, "interface i{level} {{");
        for j in 0..width {
            let _ = writeln!(wit, "use i{}.{{t{j} as p{j}}};", level - 1);
            let _ = writeln!(wit, "record t{j} {{ x: p{j} }}");
        }
        wit.push_str("}\n");
    }
    let _ = writeln!(
        wit,
        "interface api {{ use i{depth}.{{{}}}; {} }}
        interface other {{ go: func(); }}
        world socket {{ import api; import other; export run: func(); }}
        world plug {{ import api; export other; }}",
        (0..width)
            .map(|j| format!("t{j}"))
            .collect::<Vec<_>>()
            .join(", "),
        (0..width)
            .map(|j| format!("get{j}: func() -> t{j};"))
            .collect::<String>(),
    );
    let mut resolve = Resolve::new();
    let package = resolve.push_str("chain.wit", &wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.module(&module).unwrap();
    encoder.encode().unwrap()
}
