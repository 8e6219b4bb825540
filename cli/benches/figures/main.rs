//! How long `tenon` takes, beside the least that could be done and beside other programs.
//!
//! `cargo bench -p tenon-cli` prints the tables that BENCHMARKS.md shows; words after `--` choose the
//! rows that contain one of them. Every row is a whole process, run in turn with its baselines; a figure
//! is the median, and a ratio is that of medians of one run. `wac` and `wasm-tools` are compared with if
//! they are on the path.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that prints tables, and may stop where it fails"
)]

mod documents;
mod goal;
mod inputs;
mod measure;

use documents::Document;
use goal::Goal;
use inputs::Inputs;
use measure::{Bench, Cost, Line};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tenon_registry_client::Hasher;

const TENON: &str = env!("CARGO_BIN_EXE_tenon");
/// Set in the process that makes the inputs: a child's peak memory counts from that of its parent, so
/// the process that measures must stay small.
const MAKE_INPUTS: &str = "TENON_BENCH_INPUTS";
/// Set in the process that hashes a file and does nothing else.
const HASH: &str = "TENON_BENCH_HASH";

fn main() {
    if let Some(folder) = std::env::var_os(MAKE_INPUTS) {
        return make_inputs(Path::new(&folder));
    }
    if let Some(file) = std::env::var_os(HASH) {
        return hash(Path::new(&file));
    }
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(std::env::current_exe().unwrap())
        .args(std::env::args_os().skip(1))
        .env(MAKE_INPUTS, folder.path())
        .status();
    assert!(made.unwrap().success());
    // Files that were only just written are not remembered.
    std::thread::sleep(Duration::from_millis(200));
    let files = Files {
        folder: folder.path().to_owned(),
        out: folder.path().join("out.wasm"),
    };
    let bench = Bench {
        cache: folder.path().join("cache"),
    };
    let rows: Vec<Row> = rows(&files);
    if !rows.is_empty() {
        print_rows(&bench, &rows);
    }
    print_growth(&bench, &files);
    if let Ok(load) = fs::read_to_string("/proc/loadavg") {
        println!("\nLoad of the machine at the end, over 1, 5 and 15 minutes: {load}");
    }
}

/// Whether the row of this name was asked for.
fn is_wanted(work: &str) -> bool {
    let mut words = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .peekable();
    words.peek().is_none() || words.any(|word| work.contains(&word))
}

/// Work, and how its inputs are made.
type Composed = (&'static str, fn() -> Inputs);

/// What is composed, by the work that it is made for.
const COMPOSED: [Composed; 12] = [
    ("42 MB of data", inputs::data),
    ("48 MB of code", inputs::code),
    ("`use` chain, k=2 d=20", || inputs::chain(2, 20)),
    ("`use` chain, k=8 d=10", || inputs::chain(8, 10)),
    ("`use` chain, k=16 d=10", || inputs::chain(16, 10)),
    ("`use` chain, k=8 d=20", || inputs::chain(8, 20)),
    ("999 components without code", || inputs::handing_on(998)),
    ("499 components with code", || inputs::running(498)),
    ("8,000 functions of one plug", || inputs::functions(8_000)),
    ("200 components x 40 shared imports", || {
        inputs::shared(199, 40, inputs::SMALL)
    }),
    ("200 components x 40 shared imports, with resources", || {
        inputs::shared(199, 40, inputs::LARGE)
    }),
    ("a real pair, WASI 0.2.2 and 0.2.12", || {
        vec![inputs::REAL_SOCKET.to_vec(), inputs::REAL_PLUG.to_vec()]
    }),
];

/// Work, and how its document is made.
type Written = (&'static str, fn() -> Document);

/// Documents that are composed, by the work that they are made for.
const DOCUMENTS: [Written; 2] = [
    ("a document with 1,000 instances", || {
        documents::instances(1_000)
    }),
    ("a document of 5,000 lines", || documents::lines(5_000)),
];

/// Work of which there can be more, and how much of it there is.
struct Growing {
    work: &'static str,
    sizes: [usize; 4],
    make: fn(usize) -> Inputs,
}

const GROWING: [Growing; 9] = [
    Growing {
        work: "`use` chain, k=16, growing d",
        sizes: [10, 20, 40, 80],
        make: |depth| inputs::chain(16, depth),
    },
    Growing {
        work: "`use` chain, d=10, growing k",
        sizes: [20, 40, 80, 160],
        make: |width| inputs::chain(width, 10),
    },
    Growing {
        work: "plugs without code",
        sizes: [120, 240, 480, 960],
        make: inputs::handing_on,
    },
    Growing {
        work: "plugs with code",
        sizes: [60, 120, 240, 480],
        make: inputs::running,
    },
    Growing {
        work: "plugs, each for the next",
        sizes: [120, 240, 480, 960],
        make: inputs::line,
    },
    Growing {
        work: "functions of one plug",
        sizes: [2_000, 4_000, 8_000, 16_000],
        make: inputs::functions,
    },
    Growing {
        work: "types in one interface",
        sizes: [2_500, 5_000, 10_000, 20_000],
        make: inputs::wide,
    },
    Growing {
        work: "components x 40 shared imports, with resources",
        sizes: [50, 100, 200, 400],
        make: |plugs| inputs::shared(plugs, 40, inputs::LARGE),
    },
    Growing {
        work: "100 components x shared imports, with resources",
        sizes: [20, 40, 80, 160],
        make: |imports| inputs::shared(100, imports, inputs::LARGE),
    },
];

impl Growing {
    fn name(&self, size: usize) -> String {
        format!("{} {size}", self.work)
    }
}

/// Where the inputs are, and where a result goes.
struct Files {
    folder: PathBuf,
    out: PathBuf,
}

impl Files {
    /// The inputs of `work`, the socket first.
    fn of(&self, work: &str) -> Vec<String> {
        let folder = self.folder.join(folder_of(work));
        let files = fs::read_dir(&folder).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| text(file).to_owned()).collect()
    }

    /// The line by which `program` composes the inputs of `work`.
    fn plug(&self, program: &str, work: &str) -> Line {
        let files = self.of(work);
        let line = Line::new([program, "plug", &files[0]]);
        let line = files[1..]
            .iter()
            .fold(line, |line, file| line.with("--plug").with(file));
        line.with("-o").with(text(&self.out))
    }

    /// The line by which `program` composes the document of `work`.
    fn compose(&self, program: &str, work: &str) -> Line {
        let folder = self.folder.join(folder_of(work));
        let (document, packages) = (folder.join("x.wac"), folder.join("deps"));
        let line = Line::new([program, "compose", text(&document), "--deps-dir"]);
        line.with(text(&packages)).with("-o").with(text(&self.out))
    }
}

fn folder_of(work: &str) -> String {
    work.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn make_inputs(folder: &Path) {
    let make = |work: &str, inputs: Inputs| {
        let folder = folder.join(folder_of(work));
        fs::create_dir(&folder).unwrap();
        for (number, input) in inputs.iter().enumerate() {
            fs::write(folder.join(format!("c{number:04}.wasm")), input).unwrap();
        }
    };
    for (work, inputs) in COMPOSED.iter().filter(|(work, _)| is_wanted(work)) {
        make(work, inputs());
    }
    for (work, document) in DOCUMENTS.iter().filter(|(work, _)| is_wanted(work)) {
        document().write(&folder.join(folder_of(work)));
    }
    for growing in GROWING.iter().filter(|growing| is_wanted(growing.work)) {
        for size in growing.sizes {
            make(&growing.name(size), (growing.make)(size));
        }
    }
}

/// Hashes a file, as the bill of materials wants it.
fn hash(file: &Path) {
    use std::io::Read;
    let mut file = fs::File::open(file).unwrap();
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    println!("{}", hasher.finish());
}

/// One line of the tables.
struct Row {
    work: String,
    ours: Line,
    baselines: Vec<(&'static str, Line)>,
    wanted: Vec<Goal>,
    stretch: Vec<Goal>,
}

/// The least that has to be done where everything is new.
const ALL_COLD: [&str; 3] = ["cp", "sha256", "wasm-tools validate"];

fn rows(files: &Files) -> Vec<Row> {
    let mut rows = Vec::new();
    let composed = COMPOSED
        .iter()
        .map(|(work, _)| *work)
        .filter(|work| is_wanted(work));
    for work in composed {
        let socket = files.of(work).swap_remove(0);
        let cp = ("cp", Line::new(["cp", &socket, text(&files.out)]));
        let wac = ("wac", files.plug("wac", work));
        let validate = Line::new(["wasm-tools", "validate", "--features", "all"]);
        let ours = files.plug(TENON, work);
        let row = |variant: &str, ours, baselines, wanted: &[Goal], stretch: &[Goal]| Row {
            work: format!("{work}{variant}"),
            ours,
            baselines,
            wanted: wanted.to_vec(),
            stretch: stretch.to_vec(),
        };
        let whole = |wanted: &[Goal], stretch: &[Goal], baselines| {
            row("", ours.clone(), baselines, wanted, stretch)
        };
        match work {
            "42 MB of data" | "48 MB of code" => {
                let wanted = [Goal::CpuOf("cp", 2.0), Goal::Memory(20.0)];
                let stretch = [Goal::CpuOf("cp", 1.2), Goal::Memory(8.0)];
                let baselines = vec![cp.clone(), wac.clone()];
                rows.push(row(", warm", ours.clone(), baselines, &wanted, &stretch));
                let unchecked = ours.clone().with("--no-validate");
                let baselines = vec![cp.clone()];
                rows.push(row(
                    ", warm, `--no-validate`",
                    unchecked,
                    baselines,
                    &wanted,
                    &stretch,
                ));
                let hash = Line::new([text(&std::env::current_exe().unwrap())]).set(HASH, &socket);
                let validate = ("wasm-tools validate", validate.with(&socket));
                rows.push(row(
                    ", cold",
                    ours.cold(),
                    vec![cp, ("sha256", hash), validate, wac],
                    &[Goal::CpuOfAll(&ALL_COLD, 1.2), Goal::WallOf("wac", 0.6)],
                    &[Goal::WallOfLongest(&ALL_COLD, 1.0)],
                ));
            }
            // Its time grows with k to the d.
            "`use` chain, k=2 d=20" => {
                rows.push(whole(&[Goal::Cpu(60.0)], &[Goal::Cpu(5.0)], vec![cp, wac]));
            }
            "999 components without code" | "499 components with code" => {
                rows.push(whole(&[Goal::Cpu(60.0)], &[Goal::Cpu(30.0)], vec![wac]));
            }
            "8,000 functions of one plug" => {
                let made = ("wasm-tools validate", validate.with(text(&files.out)));
                rows.push(whole(
                    &[Goal::Cpu(60.0)],
                    &[Goal::Cpu(40.0)],
                    vec![made, wac],
                ));
            }
            _ if work.starts_with("200 components") => rows.push(whole(
                &[Goal::Cpu(100.0), Goal::Memory(30.0)],
                &[Goal::Cpu(40.0)],
                vec![wac],
            )),
            "a real pair, WASI 0.2.2 and 0.2.12" => {
                rows.push(whole(&[Goal::Cpu(5.0)], &[Goal::Cpu(3.0)], vec![cp, wac]));
            }
            _ => rows.push(whole(&[Goal::Cpu(60.0)], &[Goal::Cpu(5.0)], vec![cp])),
        }
    }
    let documents = DOCUMENTS.iter().map(|(work, _)| *work);
    for work in documents.filter(|work| is_wanted(work)) {
        rows.push(Row {
            work: work.to_owned(),
            ours: files.compose(TENON, work),
            baselines: vec![("wac", files.compose("wac", work))],
            wanted: vec![Goal::Cpu(60.0), Goal::CpuOf("wac", 1.0)],
            stretch: vec![Goal::Cpu(30.0), Goal::CpuOf("wac", 0.5)],
        });
    }
    if is_wanted("start-up") {
        rows.push(Row {
            work: "start-up".to_owned(),
            ours: start_up(),
            baselines: vec![
                ("true", Line::new(["true"])),
                ("wac", Line::new(["wac", "--version"])),
            ],
            wanted: vec![Goal::Cpu(3.0)],
            stretch: vec![Goal::Cpu(1.5)],
        });
    }
    rows
}

fn start_up() -> Line {
    Line::new([TENON, "--version"])
}

fn print_rows(bench: &Bench, rows: &[Row]) {
    println!("| work | tenon | CPU | memory | baseline | CPU | memory | wall | CPU |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let goals: Vec<_> = rows.iter().map(|row| row.print(bench)).collect();
    println!("\n| work | goal | stretch goal |");
    println!("|---|---|---|");
    for (row, goals) in rows.iter().zip(goals) {
        println!("| {} | {goals} |", row.work);
    }
}

impl Row {
    /// Measures and prints, and gives what came of the goals.
    fn print(&self, bench: &Bench) -> String {
        let is_there = |line: &Line| {
            let program = line.program();
            Path::new(program).is_absolute()
                || Command::new(program).arg("--version").output().is_ok()
        };
        let (there, missing): (Vec<_>, Vec<_>) =
            self.baselines.iter().partition(|(_, line)| is_there(line));
        let lines: Vec<_> = std::iter::once(&self.ours)
            .chain(there.iter().map(|(_, line)| line))
            .collect();
        let costs = bench.in_turn(&lines);
        let ours = costs[0].unwrap_or_else(|| panic!("`tenon` fails: {}", self.work));
        let mut named = Vec::new();
        for ((name, _), cost) in there.into_iter().zip(&costs[1..]) {
            let (work, shown_ours) = (&self.work, shown(&ours));
            let Some(cost) = cost else {
                println!("| {work} | {shown_ours} | {name}: fails | | | | |");
                continue;
            };
            let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64().max(1e-6);
            println!(
                "| {work} | {shown_ours} | {name}: {} | {:.2}x | {:.2}x |",
                shown(cost),
                ratio(ours.wall, cost.wall),
                ratio(ours.cpu, cost.cpu),
            );
            named.push((*name, *cost));
        }
        for (name, _) in missing {
            println!(
                "| {} | {} | {name}: not on the path | | | | |",
                self.work,
                shown(&ours)
            );
        }
        let verdicts = |goals: &[Goal]| {
            let all = goals
                .iter()
                .map(|goal| goal.verdict(goal.measured(&ours, &named)));
            all.collect::<Vec<_>>().join("; ")
        };
        format!("{} | {}", verdicts(&self.wanted), verdicts(&self.stretch))
    }
}

/// Time, CPU time and memory.
fn shown(cost: &Cost) -> String {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let (wall, cpu, memory) = (ms(cost.wall), ms(cost.cpu), cost.memory as f64 / 1e6);
    format!("{wall:.1} ms | {cpu:.1} ms | {memory:.1} MB")
}

/// Prints how the CPU time, less that of a start, grows with the work.
fn print_growth(bench: &Bench, files: &Files) {
    let wanted: Vec<_> = GROWING
        .iter()
        .filter(|growing| is_wanted(growing.work))
        .collect();
    if wanted.is_empty() {
        return;
    }
    println!("\n| work | sizes | CPU, less that of a start | twice as much takes |");
    println!("|---|---|---|---|");
    for growing in wanted {
        let mut lines = vec![start_up()];
        lines.extend(
            growing
                .sizes
                .map(|size| files.plug(TENON, &growing.name(size))),
        );
        let costs = bench.in_turn(&lines.iter().collect::<Vec<_>>());
        let costs: Vec<_> = costs.iter().map(|cost| cost.unwrap()).collect();
        let start = costs[0].cpu;
        let times: Vec<f64> = costs[1..]
            .iter()
            .map(|cost| cost.cpu.saturating_sub(start).as_secs_f64() * 1e3)
            .collect();
        let ratios = times
            .windows(2)
            .map(|pair| format!("{:.2}x", pair[1] / pair[0].max(1e-3)));
        println!(
            "| {} | {} | {} ms | {} |",
            growing.work,
            growing.sizes.map(|size| size.to_string()).join(", "),
            times
                .iter()
                .map(|time| format!("{time:.1}"))
                .collect::<Vec<_>>()
                .join(", "),
            ratios.collect::<Vec<_>>().join(", ")
        );
    }
}
