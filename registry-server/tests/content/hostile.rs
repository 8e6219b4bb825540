//! Content that is made to do harm: S22 to S25. Each row is refused in bounded time and memory.

use crate::support::*;
use std::ops::Range;
use std::time::{Duration, Instant};
use tenon_registry_client::record::ContentKind;
use tenon_registry_server::content::{Limits, RefusalCode};

/// The most memory that may be resident, in MiB.
const MOST_MEMORY: u64 = 256;

/// Has a new process judge the content; says what that took, and whether the process lives on.
async fn attack(bytes: &[u8], kind: ContentKind) -> (Result<(), RefusalCode>, Duration) {
    let pool = Pool::start(1, Limits::default());
    let path = pool.file("content", bytes);
    let start = Instant::now();
    let verdict = pool.workers.check(&path, kind, None).await.unwrap();
    let taken = start.elapsed();
    let used = used(*pool.ids().last().unwrap());
    if let Some(used) = &used {
        assert!(used.peak < MOST_MEMORY, "{used:?}");
    }
    let verdict = verdict.map(|_| ());
    println!("{verdict:?} took {taken:?} and {used:?}");
    let cpu = used.map_or(taken, |used| used.cpu);
    let good = pool
        .check(&read("middleware/mw.wasm"), Component)
        .await
        .unwrap();
    assert!(good.is_ok());
    (verdict.map_err(|refusal| refusal.code), cpu)
}

/// The content of a `producers` section with a language for each of these numbers.
pub(crate) fn producers(numbers: Range<u64>) -> Vec<u8> {
    let count = numbers.end - numbers.start;
    let mut many = [&leb(1)[..], &text("language"), &leb(count)].concat();
    for n in numbers {
        many.extend(text(&format!("l{n}")));
        many.extend(text("1"));
    }
    many
}

fn functions(count: u32, ty: &[u8]) -> Vec<u8> {
    let imports = (0..count).map(|n| [vec![0], text(&format!("f{n}")), vec![1, 0]].concat());
    component(&[
        items(7, std::iter::once(ty.to_vec())),
        items(10, imports.collect::<Vec<_>>().into_iter()),
    ])
}

/// A component that exports the last of a series of types.
fn types(types: Vec<Vec<u8>>) -> Vec<u8> {
    let last = types.len() as u64 - 1;
    let export = [vec![0], text("t"), vec![3], leb(last), vec![0]].concat();
    component(&[
        items(7, types.into_iter()),
        items(11, std::iter::once(export)),
    ])
}

fn nested_lists(depth: u64) -> Vec<Vec<u8>> {
    let list = |n: u64| match n {
        0 => vec![0x70, 0x7d],
        n => [vec![0x70], index(n - 1)].concat(),
    };
    (0..depth).map(list).collect()
}

fn doubling_tuples(depth: u64) -> Vec<Vec<u8>> {
    let tuple = |n: u64| match n {
        0 => vec![0x6f, 1, 0x7d],
        n => [vec![0x6f, 2], index(n - 1), index(n - 1)].concat(),
    };
    (0..depth).map(tuple).collect()
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_section_of_a_gibibyte_is_refused_whether_it_is_there_or_not() {
    let declared = [HEADER, &[7], &leb(1 << 30)].concat();
    let (verdict, cpu) = attack(&declared, Component).await;
    assert_eq!(verdict, Err(RefusalCode::Invalid));
    assert!(cpu < SECOND, "{cpu:?}");

    // The file is that long, but has no more than its head on the disk.
    let pool = Pool::start(1, Limits::default());
    for id in [7, 0] {
        let path = pool.file("content", &[HEADER, &[id], &leb(1 << 30)].concat());
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() + (1 << 30))
            .unwrap();
        let start = Instant::now();
        match (
            id,
            pool.workers.check(&path, Component, None).await.unwrap(),
        ) {
            // A custom section is stepped over.
            (0, Ok(world)) => assert!(world.sizes.custom > 1 << 30),
            (_, Err(refusal)) => assert_eq!((id, refusal.code), (7, RefusalCode::TooComplex)),
            (_, verdict) => panic!("{verdict:?}"),
        }
        assert!(start.elapsed() < 5 * SECOND, "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn types_nested_deeply_are_refused() {
    let (verdict, cpu) = attack(&types(nested_lists(100_000)), Component).await;
    assert_eq!(verdict, Err(RefusalCode::TooComplex));
    assert!(cpu < SECOND, "{cpu:?}");
    let (verdict, _) = attack(&types(nested_lists(90)), Component).await;
    assert_eq!(verdict, Ok(()), "the same with fewer is good");
}

#[tokio::test]
async fn wit_nested_deeply_is_refused() {
    let deep = format!("{}u8{}", "list<".repeat(100_000), ">".repeat(100_000));
    let source = format!("package a:b@1.0.0; interface i {{ type t = {deep}; }}");
    let (verdict, cpu) = attack(source.as_bytes(), Wit).await;
    assert_eq!(verdict, Err(RefusalCode::NotAWitPackage));
    assert!(cpu < SECOND, "{cpu:?}");

    // As a package in the binary format, whose one interface has such a type.
    let package = |depth: u64| {
        let mut interface = [vec![0x42], leb(depth + 1)].concat();
        for ty in nested_lists(depth) {
            interface.push(1);
            interface.extend(ty);
        }
        interface.extend([vec![4, 0], text("t"), vec![3, 0], leb(depth - 1)].concat());
        let interface_export = [vec![4, 0], text("a:b/i@1.0.0"), vec![5, 0]].concat();
        let wrapped = [vec![0x41, 2, 1], interface, interface_export].concat();
        let export = [vec![0], text("i"), vec![3, 0, 0]].concat();
        component(&[
            items(7, std::iter::once(wrapped)),
            items(11, std::iter::once(export)),
        ])
    };
    let (verdict, cpu) = attack(&package(100_000), Wit).await;
    assert_eq!(verdict, Err(RefusalCode::TooComplex));
    assert!(cpu < SECOND, "{cpu:?}");
    let (verdict, _) = attack(&package(50), Wit).await;
    assert_eq!(verdict, Ok(()), "the same with fewer is good");
}

#[tokio::test]
async fn types_that_double_are_refused() {
    let (verdict, cpu) = attack(&types(doubling_tuples(64)), Component).await;
    assert_eq!(verdict, Err(RefusalCode::TooComplex));
    assert!(cpu < SECOND, "{cpu:?}");

    let doubling = |depth: u32| {
        let mut text = String::from("(component (type $t0 (instance (export \"f\" (func))))");
        for n in 1..depth {
            let before = n - 1;
            text += &format!(
                "(type $t{n} (instance (alias outer 1 $t{before} (type $t))
                    (export \"a\" (instance (type $t))) (export \"b\" (instance (type $t)))))"
            );
        }
        wat(&format!(
            "{text}(import \"all\" (instance (type $t{}))))",
            depth - 1
        ))
    };
    let (verdict, cpu) = attack(&doubling(40), Component).await;
    assert_eq!(verdict, Err(RefusalCode::TooComplex));
    assert!(cpu < SECOND, "{cpu:?}");
    let (verdict, _) = attack(&doubling(10), Component).await;
    assert_eq!(verdict, Ok(()), "the same with fewer is good");
    // As many as a validator lets through.
    let (verdict, cpu) = attack(&doubling(18), Component).await;
    assert!(cpu < 2 * SECOND, "{verdict:?} {cpu:?}");
}

#[tokio::test]
async fn a_million_imports_are_refused() {
    let (verdict, cpu) = attack(&functions(1_000_000, &[0x40, 0, 1, 0]), Component).await;
    assert_eq!(verdict, Err(RefusalCode::TooComplex));
    // The process is no more, so this is time by the clock, of a program that is not optimised.
    assert!(cpu < 10 * SECOND, "{cpu:?}");
}

#[tokio::test]
async fn more_imports_than_are_kept_are_refused() {
    let (verdict, _) = attack(&functions(10_001, &[0x40, 0, 1, 0]), Component).await;
    assert_eq!(verdict, Err(RefusalCode::TooLarge));
    let (verdict, _) = attack(&functions(10_000, &[0x40, 0, 1, 0]), Component).await;
    assert_eq!(verdict, Ok(()));
    // Fewer, but with names that are long.
    let long = "x".repeat(1000);
    let imports: Vec<_> = (0..1200)
        .map(|n| [vec![0], text(&format!("f{n}-{long}")), vec![1, 0]].concat())
        .collect();
    let ty = items(7, std::iter::once(vec![0x40, 0, 1, 0]));
    let bytes = component(&[ty.clone(), items(10, imports.into_iter())]);
    assert_eq!(
        attack(&bytes, Component).await.0,
        Err(RefusalCode::TooLarge)
    );
    // A name that nobody's tools write is refused before it is kept.
    let import = [vec![0], text(&"x".repeat(5000)), vec![1, 0]].concat();
    let bytes = component(&[ty, items(10, std::iter::once(import))]);
    assert_eq!(
        attack(&bytes, Component).await.0,
        Err(RefusalCode::TooComplex)
    );
}

#[tokio::test]
async fn bills_of_materials_that_inflate_are_bounded() {
    // 256 MiB of zeros, in 256 KiB: a bill that cannot be read says nothing.
    let bomb = deflate(&vec![b' '; 256 << 20]);
    assert!(bomb.len() < 300 << 10);
    let one = component(&[section(1, &module(&custom(".dep-v0", &bomb)))]);
    let (verdict, cpu) = attack(&one, Component).await;
    assert_eq!(verdict, Ok(()));
    assert!(cpu < SECOND, "{cpu:?}");

    // As many entries as one bill may have, in as many bills as are read.
    let entry = r#"{"name":"a","version":"1.0.0","source":"local"},"#;
    let entries = entry.repeat((2 << 20) / entry.len() - 2);
    let bill = format!("{{\"packages\":[{}]}}", entries.trim_end_matches(','));
    let module = section(1, &module(&custom(".dep-v0", &deflate(bill.as_bytes()))));
    let all = component(&vec![module; 64]);
    assert!(all.len() < 1 << 20);
    let (verdict, _) = attack(&all, Component).await;
    assert_eq!(verdict, Err(RefusalCode::TooComplex));
}

#[tokio::test]
async fn producers_that_are_not_there_are_not_believed() {
    let many = [
        &leb(u64::from(u32::MAX))[..],
        &text("language"),
        &leb(u64::from(u32::MAX)),
    ]
    .concat();
    let (verdict, cpu) = attack(&component(&[custom("producers", &many)]), Component).await;
    assert_eq!(verdict, Ok(()));
    assert!(cpu < SECOND, "{cpu:?}");

    let many = producers(0..100_000);
    let (verdict, _) = attack(&component(&[custom("producers", &many)]), Component).await;
    assert_eq!(verdict, Err(RefusalCode::TooLarge));
}

#[tokio::test]
async fn components_in_components_are_bounded() {
    let mut bytes = component(&[]);
    for _ in 0..2_000 {
        bytes = component(&[section(4, &bytes)]);
    }
    let (verdict, cpu) = attack(&bytes, Component).await;
    assert_eq!(verdict, Err(RefusalCode::TooComplex));
    assert!(cpu < SECOND, "{cpu:?}");
}
