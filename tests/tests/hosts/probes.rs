//! A small component for each feature: a host that has the feature compiles and instantiates it.

/// The name of a feature, and components that use it.
pub(crate) const PROBES: &[(&str, &[&str])] = &[
    (
        "mutable-global",
        &[r#"(core module $m (global (export "g") (mut i32) (i32.const 1)))"#],
    ),
    (
        "saturating-float-to-int",
        &["(core module $m (func (drop (i32.trunc_sat_f32_s (f32.const 1)))))"],
    ),
    (
        "sign-extension",
        &["(core module $m (func (drop (i32.extend8_s (i32.const 1)))))"],
    ),
    ("reference-types", &["(core module $m (table 1 externref))"]),
    (
        "multi-value",
        &["(core module $m (func (result i32 i32) i32.const 20 i32.const 1))"],
    ),
    (
        "bulk-memory",
        &["(core module $m (memory 1)
            (func (memory.fill (i32.const 0) (i32.const 1) (i32.const 4))))"],
    ),
    (
        "simd",
        &["(core module $m (func (drop (i32x4.splat (i32.const 1)))))"],
    ),
    (
        "relaxed-simd",
        &["(core module $m (func (param v128)
            (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))))"],
    ),
    (
        "threads",
        &[
            "(core module $m (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))",
            "(core module $m (memory 1 1 shared))",
        ],
    ),
    (
        "acquire-release-atomics",
        &["(core module $m (memory 1) (func (drop (i32.atomic.load acqrel (i32.const 0)))))"],
    ),
    (
        "shared-everything",
        &["(core module $m (global (shared i32) (i32.const 1)))"],
    ),
    ("tail-call", &["(core module $m (func $x return_call $x))"]),
    ("multi-memory", &["(core module $m (memory 1) (memory 1))"]),
    (
        "memory64",
        &["(core module $m (memory i64 1) (func (drop (i32.load (i64.const 8)))))"],
    ),
    ("table64", &["(core module $m (table i64 1 funcref))"]),
    (
        "custom-page-sizes",
        &["(core module $m (memory 64 (pagesize 1)))"],
    ),
    (
        "memory-control",
        &["(core module $m (memory 1)
            (func (memory.discard (i32.const 0) (i32.const 0))))"],
    ),
    (
        "exceptions",
        &["(core module $m (tag $t (param i32))
            (func (result i32)
                (block $h (result i32)
                    (try_table (catch $t $h) (throw $t (i32.const 1))) unreachable)))"],
    ),
    (
        "legacy-exceptions",
        &["(core module $m (tag $t) (func try throw $t catch $t end))"],
    ),
    (
        "extended-const",
        &["(core module $m (global i32 (i32.add (i32.const 20) (i32.const 1))))"],
    ),
    (
        "func-refs",
        &["(core module $m (type $f (func))
            (func (param (ref $f)) (call_ref $f (local.get 0))))"],
    ),
    (
        "gc",
        &["(core module $m (type $s (struct (field i32)))
            (func (drop (struct.new $s (i32.const 1)))))"],
    ),
    (
        "custom-descriptors",
        &[
            "(core module $m (rec (type $s (descriptor $d) (struct (field i32)))
            (type $d (describes $s) (struct))))",
        ],
    ),
    (
        "stack-switching",
        &[
            "(core module $m (type $f (func)) (type $c (cont $f)) (func $x)
            (elem declare func $x)
            (func (resume $c (cont.new $c (ref.func $x)))))",
        ],
    ),
    (
        "wide-arithmetic",
        &["(core module $m (func (param i64) (result i64 i64)
            (i64.mul_wide_u (local.get 0) (local.get 0))))"],
    ),
    (
        "branch-hints",
        &[r#"(core module $m (func (param i32)
            (@metadata.code.branch_hint "\01") (if (local.get 0) (then))))"#],
    ),
    (
        "resources",
        &["(type $r (resource (rep i32)))
           (core func $new (canon resource.new $r))
           (core module $m (import \"\" \"new\" (func (param i32) (result i32))))
           (core instance (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))"],
    ),
    (
        "async",
        &[r#"(core module $n
                (func (export "f") (result i32) (i32.const 0))
                (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
             (core instance $n (instantiate $n))
             (func (export "f") async
                (canon lift (core func $n "f") async (callback (core func $n "callback"))))"#],
    ),
    (
        "async-stackful",
        &[r#"(core module $n (func (export "f")))
             (core instance $n (instantiate $n))
             (func (export "f") async (canon lift (core func $n "f") async))"#],
    ),
    (
        "more-async-builtins",
        &["(core func (canon subtask.cancel async))"],
    ),
    (
        "streams",
        &["(type $s (stream u8)) (core func (canon stream.new $s))"],
    ),
    (
        "futures",
        &["(type $s (future u8)) (core func (canon future.new $s))"],
    ),
    (
        "forward",
        &["(type $s (stream u8)) (core func (canon stream.forward $s))"],
    ),
    ("error-context", &["(core func (canon error-context.drop))"]),
    ("map", &["(type (map string u32))"]),
    ("fixed-length-lists", &["(type (list u8 4))"]),
    (
        "implements",
        &[r#"(import "main" (implements "a:b/c@1.0.0") (instance))"#],
    ),
    (
        "canonical-names",
        &[r#"(import "a:b/c@1" (version-suffix ".2.0") (instance))"#],
    ),
    (
        "external-id",
        &[r#"(import "main" (external-id "x") (instance))"#],
    ),
    ("nested-names", &[r#"(import "a:b:c/d" (instance))"#]),
    (
        "accessors",
        &[r#"(import "[get]name" (func (result string)))"#],
    ),
    (
        "values",
        &[r#"(import "v" (value $v string)) (export "w" (value $v))"#],
    ),
    (
        "gc-abi",
        &[r#"(core type $t (func)) (import "f" (func $f))
             (core func (canon lower (func $f) gc (core-type $t)))"#],
    ),
    ("64-bit-context", &["(core func (canon context.get i64 0))"]),
    ("threading", &["(core func (canon thread.index))"]),
];

/// The component in the text format: what is a core module is instantiated.
pub(crate) fn component(probe: &str) -> String {
    let instance = match probe.starts_with("(core module $m") {
        true => "(core instance (instantiate $m))",
        false => "",
    };
    format!("(component {probe} {instance})")
}

/// Packages of WASI: the name with the track, and an instance that is imported of it.
pub(crate) const PACKAGES: &[(&str, &str, &str)] = &[
    ("wasi:cli@0.2", "environment@0.2.0", ARGUMENTS),
    ("wasi:clocks@0.2", "monotonic-clock@0.2.0", NOW),
    (
        "wasi:filesystem@0.2",
        "types@0.2.0",
        r#"(export "descriptor" (type (sub resource)))"#,
    ),
    (
        "wasi:io@0.2",
        "poll@0.2.0",
        r#"(export "pollable" (type (sub resource)))"#,
    ),
    ("wasi:random@0.2", "random@0.2.0", RANDOM),
    (
        "wasi:sockets@0.2",
        "tcp@0.2.0",
        r#"(export "tcp-socket" (type (sub resource)))"#,
    ),
    (
        "wasi:http@0.2",
        "types@0.2.0",
        r#"(export "fields" (type (sub resource)))"#,
    ),
    ("wasi:cli@0.3", "environment@0.3.0", ARGUMENTS),
    ("wasi:clocks@0.3", "monotonic-clock@0.3.0", NOW),
    (
        "wasi:filesystem@0.3",
        "types@0.3.0",
        r#"(export "descriptor" (type (sub resource)))"#,
    ),
    ("wasi:random@0.3", "random@0.3.0", RANDOM),
    (
        "wasi:sockets@0.3",
        "types@0.3.0",
        r#"(export "tcp-socket" (type (sub resource)))"#,
    ),
    (
        "wasi:http@0.3",
        "types@0.3.0",
        r#"(export "fields" (type (sub resource)))"#,
    ),
];

const ARGUMENTS: &str = r#"(export "get-arguments" (func (result (list string))))"#;
const NOW: &str = r#"(export "now" (func (result u64)))"#;
const RANDOM: &str = r#"(export "get-random-u64" (func (result u64)))"#;

/// A component that imports it.
pub(crate) fn importer(&(package, interface, items): &(&str, &str, &str)) -> String {
    let name = package.split('@').next().unwrap_or_default();
    format!(r#"(component (import "{name}/{interface}" (instance {items})))"#)
}
