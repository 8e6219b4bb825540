//! The components that are measured.
//!
//! All are made here, but for a real pair. At most 1,000 components and core modules may be in one binary,
//! which bounds how many there can be of anything.

use std::fmt::Write as _;
use wasm_encoder::{
    CodeSection, Component, ComponentExportKind, ComponentExportSection, ComponentImportSection,
    ComponentTypeRef, ComponentTypeSection, ComponentValType, ConstExpr, DataSection, Function,
    FunctionSection, InstanceType, MemorySection, MemoryType, Module, ModuleSection,
    PrimitiveValType, TypeSection,
};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

/// Real components, of two versions of WASI: `wasi:http` 0.2.2 in front of 0.2.12.
pub(crate) const REAL_SOCKET: &[u8] =
    include_bytes!("../../../tests/cases/http-skew/mw-0.2.2.wasm");
pub(crate) const REAL_PLUG: &[u8] = include_bytes!("../../../wit-examples/middleware/backend.wasm");

/// A composition to be made: the socket, then the plugs.
pub(crate) type Inputs = Vec<Vec<u8>>;

/// A core module with a function, lifted.
const RUN: &str = r#"
    (core module $m (func (export "run") (result i32) (i32.const 7)))
    (core instance $m (instantiate $m))
    (func $run (result u32) (canon lift (core func $m "run")))"#;

/// A component in the text format, without `(component …)`.
pub(crate) fn binary(component: &str) -> Vec<u8> {
    wat::parse_str(format!("(component {component})")).unwrap()
}

/// 42 MB of data, and a number that is plugged into it.
pub(crate) fn data() -> Inputs {
    vec![socket(&data_module(42 << 20)), number()]
}

/// 48 MB of code, and a number that is plugged into it.
pub(crate) fn code() -> Inputs {
    vec![socket(&code_module(43_000, 1_100)), number()]
}

/// Socket and plug both import a chain of `depth` interfaces, each of which uses `width` types of the
/// one before.
pub(crate) fn chain(width: usize, depth: usize) -> Inputs {
    vec![
        chained(width, depth, "socket"),
        chained(width, depth, "plug"),
    ]
}

/// A socket that imports a function of each of so many plugs, which only hand on one that they import:
/// they are told apart by its name.
pub(crate) fn handing_on(plugs: usize) -> Inputs {
    let mut socket = String::new();
    for n in 0..plugs {
        let _ = writeln!(socket, r#"(import "f{n}" (func $f{n} (result u32)))"#);
    }
    socket.push_str(r#"(export "run" (func $f0))"#);
    let plug = |n| {
        binary(&format!(
            r#"(import "given" (func $f (result u32))) (export "f{n}" (func $f))"#
        ))
    };
    std::iter::once(binary(&socket))
        .chain((0..plugs).map(plug))
        .collect()
}

/// A socket that imports an interface of each of so many plugs, all of which hold a core module.
pub(crate) fn running(plugs: usize) -> Inputs {
    let mut socket = String::new();
    for n in 0..plugs {
        let _ = writeln!(
            socket,
            r#"(import "bench:tiny/i{n}@1.0.0" (instance $i{n} (export "run" (func (result u32)))))"#
        );
    }
    socket.push_str(r#"(export "bench:app/i@1.0.0" (instance $i0))"#);
    let plug = |n| {
        binary(&format!(
            r#"{RUN} (instance $i (export "run" (func $run)))
            (export "bench:tiny/i{n}@1.0.0" (instance $i))"#
        ))
    };
    std::iter::once(binary(&socket))
        .chain((0..plugs).map(plug))
        .collect()
}

/// Plugs of which each fills the next one's only import.
pub(crate) fn line(plugs: usize) -> Inputs {
    let import = |n| {
        format!(
            r#"(import "bench:line/i{n}@1.0.0" (instance $i (export "run" (func (result u32)))))"#
        )
    };
    let export = |n| format!(r#"(export "bench:line/i{n}@1.0.0" (instance $i))"#);
    let plug = |n| match n + 1 < plugs {
        true => binary(&(import(n + 1) + &export(n))),
        false => binary(&format!(
            r#"{RUN} (instance $i (export "run" (func $run))) {}"#,
            export(n)
        )),
    };
    let socket = import(0) + r#"(export "bench:app/i@1.0.0" (instance $i))"#;
    std::iter::once(binary(&socket))
        .chain((0..plugs).map(plug))
        .collect()
}

/// So many functions of one plug, each imported and lowered by itself.
pub(crate) fn functions(count: usize) -> Inputs {
    let (mut imports, mut lowered, mut wanted) = (String::new(), String::new(), String::new());
    let mut exports = RUN.to_owned();
    for n in 0..count {
        let _ = writeln!(imports, r#"(import "f{n}" (func $f{n} (result u32)))"#);
        let _ = writeln!(lowered, r#"(core func $c{n} (canon lower (func $f{n})))"#);
        let _ = writeln!(wanted, r#"(import "f" "{n}" (func (result i32)))"#);
        let _ = writeln!(exports, r#"(export "f{n}" (func $run))"#);
    }
    let mut given = String::new();
    for n in 0..count {
        let _ = writeln!(given, r#"(export "{n}" (func $c{n}))"#);
    }
    let socket = format!(
        r#"{imports} {lowered}
        (core module $m {wanted} (func (export "run") (result i32) (i32.const 7)))
        (core instance $m (instantiate $m (with "f" (instance {given}))))
        (func $run (result u32) (canon lift (core func $m "run")))
        (export "run" (func $run))"#
    );
    vec![binary(&socket), binary(&exports)]
}

/// What an interface that is imported everywhere has: a function.
pub(crate) const SMALL: &str = r#"(export "find" (func (param "name" string) (result u32)))"#;

/// As [`SMALL`], with a resource and a record.
pub(crate) const LARGE: &str = r#"
    (export "token" (type $token (sub resource)))
    (type $fields (record (field "name" string) (field "size" u64)))
    (export "item" (type $item (eq $fields)))
    (type $own (own $token))
    (type $borrow (borrow $token))
    (export "[constructor]token" (func (param "size" u64) (result $own)))
    (export "[method]token.next" (func (param "self" $borrow) (result $item)))
    (export "find" (func (param "name" string) (result $item)))"#;

/// So many plugs, each of which imports the same `shared` interfaces, made of `items`; the socket does
/// too.
pub(crate) fn shared(plugs: usize, shared: usize, items: &str) -> Inputs {
    let mut imports = String::new();
    for n in 0..shared {
        let _ = writeln!(
            imports,
            r#"(import "bench:shared/i{n}@1.0.0" (instance {items}))"#
        );
    }
    let mut socket = imports.clone();
    for n in 0..plugs {
        let _ = writeln!(
            socket,
            r#"(import "bench:api/i{n}@1.0.0" (instance $api{n} (export "run" (func (result u32)))))"#
        );
    }
    socket.push_str(r#"(export "bench:app/i@1.0.0" (instance $api0))"#);
    let plug = |n| {
        binary(&format!(
            r#"{imports} {RUN} (instance $api (export "run" (func $run)))
            (export "bench:api/i{n}@1.0.0" (instance $api))"#
        ))
    };
    std::iter::once(binary(&socket))
        .chain((0..plugs).map(plug))
        .collect()
}

/// One interface with so many types, and a function for each; the plug has it from the host.
pub(crate) fn wide(types: usize) -> Inputs {
    let mut items = String::new();
    for n in 0..types {
        let _ = writeln!(
            items,
            r#"(type $fields{n} (record (field "name" string) (field "size" u64)))
            (export "item{n}" (type $item{n} (eq $fields{n})))
            (export "find{n}" (func (param "name" string) (result $item{n})))"#
        );
    }
    let component = |from: &str, to: &str| {
        binary(&format!(
            r#"(import "bench:wide/{from}@1.0.0" (instance $i {items}))
            (export "bench:wide/{to}@1.0.0" (instance $i))"#
        ))
    };
    vec![
        component("between", "after"),
        component("before", "between"),
    ]
}

/// The component that is plugged into large ones: a number.
fn number() -> Vec<u8> {
    binary(&format!(
        r#"{RUN} (instance $source (export "get" (func $run)))
        (export "bench:num/source@1.0.0" (instance $source))"#
    ))
}

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

/// One side of [`chain`].
fn chained(width: usize, depth: usize, world: &str) -> Vec<u8> {
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
