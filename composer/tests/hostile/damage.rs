//! Real components, cut, with bits turned over, and put together wrongly.

use crate::binary::{Numbers, component, example, leb, section, times};
use crate::judge::{compose, is_placed, is_valid, look, read, sane};
use std::ops::Range;
use tenon_composer::{ErrorKind, inspect};

/// The sections of a component, its header left out.
fn sections(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 8;
    while at < bytes.len() {
        let mut head = wasmparser::BinaryReader::new(&bytes[at + 1..], 0);
        let len = head.read_var_u32().unwrap() as usize;
        let end = at + 1 + head.current_position() + len;
        found.push(at..end);
        at = end;
    }
    found
}

/// A cut leaves a component only between two sections.
fn cut(bytes: &[u8], boundaries: &[usize], at: usize) {
    let cut = &bytes[..at];
    let is_boundary = boundaries.contains(&at);
    match look(&cut) {
        Ok(()) => {
            assert!(is_boundary, "cut at {at}");
            assert_eq!(is_valid(cut), Ok(()), "cut at {at}");
        }
        Err(error) if at == 0 => assert_eq!(error.code(), "compose::empty"),
        Err(error) => {
            is_placed(&error, at);
            if !is_boundary {
                let error = inspect(crate::judge::NAME, &cut).unwrap_err();
                is_placed(&error, at);
            }
        }
    }
}

#[test]
fn cut_anywhere() {
    let bytes = example("middleware/backend.wasm");
    let boundaries: Vec<_> = sections(&bytes).iter().map(|range| range.start).collect();
    for at in 0..4096 {
        cut(&bytes, &boundaries, at);
    }
    let mut numbers = Numbers::new(1);
    for _ in 0..times(1000) {
        cut(&bytes, &boundaries, numbers.below(bytes.len()));
    }
    let app = example("middleware/mw.wasm");
    for _ in 0..100 {
        let at = numbers.below(bytes.len());
        if !boundaries.contains(&at) {
            assert!(compose(&[&app, &bytes[..at]]).is_err(), "cut at {at}");
        }
    }
}

/// The components of a composition in which a resource goes through several hands.
fn shared_resource() -> Vec<Vec<u8>> {
    ["app", "store", "left", "right"]
        .map(|name| example(&format!("shared-resource/{name}.wat")))
        .to_vec()
}

/// What was damaged is an error, or can be composed.
fn compose_damaged(inputs: &[Vec<u8>], damaged: usize) -> bool {
    let bytes = &inputs[damaged];
    if let Err(error) = sane(look(bytes)) {
        let has_place = !matches!(error.kind(), ErrorKind::NotAComponent { .. });
        if has_place && !matches!(error.kind(), ErrorKind::Limit { .. }) {
            is_placed(&error, bytes.len());
        }
    }
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    compose(&inputs).is_ok()
}

#[test]
fn bits_turned_over() {
    let whole = shared_resource();
    let mut numbers = Numbers::new(2);
    let mut composed = 0;
    let count = times(10_000);
    for number in 0..count {
        let mut inputs = whole.clone();
        let damaged = numbers.below(inputs.len());
        let bytes = &mut inputs[damaged];
        for _ in 0..=number % 3 {
            let at = numbers.below(bytes.len());
            bytes[at] ^= 1 << numbers.below(8);
        }
        composed += usize::from(compose_damaged(&inputs, damaged));
    }
    // Most bits matter; some, such as those of constants and of names of parameters, do not.
    assert!(
        (count / 50..count / 2).contains(&composed),
        "{composed} of {count}"
    );
}

#[test]
fn reading_agrees_with_the_validator() {
    let whole = example("polyglot/text.wasm");
    let mut numbers = Numbers::new(3);
    for _ in 0..times(2000) {
        let mut bytes = whole.clone();
        let at = numbers.below(bytes.len());
        bytes[at] ^= 1 << numbers.below(8);
        let (ours, theirs) = (read(&bytes), is_valid(&bytes));
        assert_eq!(
            ours.is_ok(),
            theirs.is_ok(),
            "at {at}: {ours:?} but {theirs:?}"
        );
    }
}

#[test]
fn sections_in_disorder() {
    let whole = shared_resource();
    let mut numbers = Numbers::new(4);
    let mut composed = 0;
    for _ in 0..times(1500) {
        let mut inputs = whole.clone();
        let damaged = numbers.below(inputs.len());
        let bytes = &inputs[damaged];
        let mut parts: Vec<Vec<u8>> = sections(bytes)
            .into_iter()
            .map(|range| bytes[range].to_vec())
            .collect();
        let (a, b) = (numbers.below(parts.len()), numbers.below(parts.len()));
        match numbers.below(6) {
            0 => parts.swap(a, b),
            1 => parts.insert(b, parts[a].clone()),
            2 => drop(parts.remove(a)),
            // The section of one in the place of that of another.
            3 => {
                let other = &whole[numbers.below(whole.len())];
                let theirs = sections(other);
                let range = theirs[numbers.below(theirs.len())].clone();
                parts[a] = other[range].to_vec();
            }
            4 => parts[a][0] = numbers.below(16) as u8,
            _ => {
                let other = &whole[numbers.below(whole.len())];
                let from = numbers.below(other.len());
                let to = (from + numbers.below(64)).min(other.len());
                let at = numbers.below(parts[a].len());
                parts[a].splice(at..at, other[from..to].iter().copied());
            }
        }
        inputs[damaged] = component(&parts);
        composed += usize::from(compose_damaged(&inputs, damaged));
    }
    assert!(composed > 10, "{composed}");
}

#[test]
fn sizes_that_are_lies() {
    let whole = shared_resource();
    let mut checked = 0;
    for (damaged, bytes) in whole.iter().enumerate() {
        for range in sections(bytes) {
            let parts = |size: &[u8]| {
                let head = 1 + leb((range.len()) as u32).len();
                let body = range.start + head.min(range.len());
                [&bytes[..=range.start], size, &bytes[body..]].concat()
            };
            for size in [
                &leb(u32::MAX)[..],
                &leb(1 << 30),
                &leb(bytes.len() as u32),
                &[0x80, 0x80, 0x80, 0x80, 0x00],
                &[0xff, 0xff, 0xff, 0xff, 0x1f],
                &[0x80; 12],
            ] {
                let mut inputs = whole.clone();
                inputs[damaged] = parts(size);
                assert!(read(&inputs[damaged]).is_err(), "{range:?} of {damaged}");
                assert!(!compose_damaged(&inputs, damaged));
                checked += 1;
            }
        }
        // The same size, in more bytes than it needs, is as good.
        let long = [
            &component(&[]),
            &[0, 0x83, 0x80, 0x80, 0x80, 0x00, 1][..],
            b"ab",
        ]
        .concat();
        assert!(read(&[&long, &section(0, b"\x01x")[..]].concat()).is_ok());
    }
    assert!(checked > 100, "{checked}");
}
