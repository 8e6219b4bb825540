//! Inputs that change, shrink or fail while they are read.

use crate::binary::{Numbers, example, times};
use crate::judge::{NAME, compose_inputs, draw, sane, source};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use tenon_composer::{Error, Input, inspect, validate};

/// Bytes that go wrong from the `from`-th read on.
struct Fickle {
    bytes: Vec<u8>,
    reads: AtomicUsize,
    from: usize,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// One read fails.
    FailOnce,
    /// Every read fails.
    Fail,
    /// What is behind the middle is gone.
    Shrink,
    /// Other bytes are read than those that are there.
    Change,
    /// Zeros are read.
    Clear,
}

const WAYS: [How; 5] = [
    How::FailOnce,
    How::Fail,
    How::Shrink,
    How::Change,
    How::Clear,
];

impl Fickle {
    fn new(bytes: &[u8], from: usize, how: How) -> Fickle {
        Fickle {
            bytes: bytes.to_vec(),
            reads: AtomicUsize::new(0),
            from,
            how,
        }
    }
}

impl Input for Fickle {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let read = self.reads.fetch_add(1, Ordering::Relaxed);
        self.bytes.read_at(offset, buf)?;
        if read < self.from {
            return Ok(());
        }
        match self.how {
            How::FailOnce if read > self.from => {}
            How::FailOnce | How::Fail => return Err(io::Error::other("the disk is on fire")),
            How::Shrink if offset + buf.len() as u64 > self.size() / 2 => {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            How::Shrink => {}
            How::Change => {
                let mut numbers = Numbers::new(read as u64);
                for _ in 0..=buf.len() / 16 {
                    if let Some(byte) = buf.get_mut(numbers.below(buf.len().max(1))) {
                        *byte ^= 1 << numbers.below(8);
                    }
                }
            }
            How::Clear => buf.fill(0),
        }
        Ok(())
    }
}

/// That a failed read is told as one, with its reason.
fn is_told(error: &Error, how: How) {
    if let How::Fail | How::FailOnce = how {
        assert_eq!(error.code(), "compose::read", "{error}");
        let source = std::error::Error::source(error).unwrap();
        assert_eq!(source.to_string(), "the disk is on fire");
    }
}

#[test]
fn every_read_goes_wrong_in_turn() {
    let whole = example("polyglot/text.wasm");
    for how in WAYS {
        for (action, fails) in [("validate", true), ("inspect", true)] {
            let mut from = 0;
            loop {
                let input = Fickle::new(&whole, from, how);
                let result = match action {
                    "validate" => sane(validate(&source(NAME, &input))).map(drop),
                    _ => sane(inspect(NAME, &input)).map(|anatomy| draw(&anatomy)),
                };
                let reads = input.reads.load(Ordering::Relaxed);
                if reads <= from {
                    assert!(result.is_ok());
                    break;
                }
                match result {
                    Err(error) => is_told(&error, how),
                    Ok(()) => assert!(!fails || !matches!(how, How::Fail | How::FailOnce)),
                }
                from += 1;
            }
            assert!(from > 2, "{action} reads {from} times");
        }
    }
}

#[test]
fn compositions_of_what_goes_wrong() {
    let parts = ["app", "store", "left", "right"]
        .map(|name| example(&format!("shared-resource/{name}.wat")));
    let mut numbers = Numbers::new(9);
    let mut composed = 0;
    for number in 0..times(1500) {
        let how = WAYS[number % WAYS.len()];
        let bad = numbers.below(parts.len());
        let from = numbers.below(80);
        let inputs: Vec<Fickle> = (0..)
            .zip(&parts)
            .map(|(at, part)| Fickle::new(part, if at == bad { from } else { 10_000 }, how))
            .collect();
        let inputs: Vec<&dyn Input> = inputs.iter().map(|input| input as &dyn Input).collect();
        match sane(compose_inputs(&inputs)) {
            Err(error) => is_told(&error, how),
            Ok(composition) => match composition.to_bytes() {
                Ok(bytes) => {
                    assert_eq!(bytes.len() as u64, composition.size());
                    composed += 1;
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            },
        }
    }
    assert!(composed > 0);
}

/// Two inputs of one size are compared, where nobody says what their digests are.
#[test]
fn what_is_compared_goes_wrong() {
    let bytes = example("shared-resource/store.wat");
    for how in WAYS {
        for from in 0..12 {
            let second = Fickle::new(&bytes, from, how);
            let inputs: [&dyn Input; 2] = [&bytes, &second];
            if let Err(error) = sane(compose_inputs(&inputs)) {
                assert!(error.code().starts_with("compose::"));
            }
        }
    }
}
