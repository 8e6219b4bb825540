//! Inputs read into an arena, and hashed meanwhile.

use crate::error::Failure;
use crate::remembered::Memory;
use crate::source::Named;
use std::thread;
use tenon_composer::{Arena, Bodies, ComponentId, Error, Source};
use tenon_registry_client::Digest;

/// An input of so many bytes is hashed by a thread of its own: it takes longer than to start one.
const WORTH_A_THREAD: u64 = 256 << 10;
/// What is smaller is hashed and validated again: that takes no longer than to remember it.
const WORTH_REMEMBERING: u64 = 32 << 10;

/// How one input is read: [`Arena::read`], or [`Arena::read_release`] where a WIT package will do.
type Reader<'i> = fn(&mut Arena<'i>, Source<'i>) -> Result<ComponentId, Error>;

/// Reads components, and hashes those that were not seen before at the same time.
pub(crate) fn read<'i>(
    arena: &mut Arena<'i>,
    inputs: &'i [Named],
    no_validate: bool,
) -> Result<Vec<ComponentId>, Failure> {
    let results = read_each(arena, inputs, no_validate, Arena::read);
    results.into_iter().collect()
}

/// As [`read`], for components and WIT packages, and with what is wrong with each of them.
pub(crate) fn read_any<'i>(
    arena: &mut Arena<'i>,
    inputs: &'i [Named],
    no_validate: bool,
) -> Vec<Result<ComponentId, Failure>> {
    read_each(arena, inputs, no_validate, Arena::read_release)
}

fn read_each<'i>(
    arena: &mut Arena<'i>,
    inputs: &'i [Named],
    no_validate: bool,
    reader: Reader<'i>,
) -> Vec<Result<ComponentId, Failure>> {
    let memory = Memory::open();
    let is_small = |input: &Named| input.input().size() < WORTH_REMEMBERING;
    let recall = |input: &Named| match is_small(input) {
        true => None,
        false => input.recall(&memory),
    };
    let known: Vec<_> = inputs.iter().map(recall).collect();
    let is_valid = |known: &Option<(Digest, bool)>| known.is_some_and(|(_, is_valid)| is_valid);
    thread::scope(|scope| {
        let hashes: Vec<_> = inputs
            .iter()
            .zip(&known)
            .map(|(input, known)| match known {
                Some((digest, _)) => Hash::Known(*digest),
                None if input.input().size() < WORTH_A_THREAD => Hash::Done(input.digest()),
                None => Hash::Coming(scope.spawn(|| input.digest())),
            })
            .collect();
        let mut results = Vec::new();
        for ((input, known), hash) in inputs.iter().zip(&known).zip(&hashes) {
            let source = Source {
                name: input.name.clone(),
                input: input.input(),
                digest: hash.ready().map(|digest| *digest.as_bytes()),
                bodies: match no_validate || is_valid(known) {
                    true => Bodies::Skip,
                    false => Bodies::Validate,
                },
            };
            let id = reader(arena, source);
            results.push(id.map_err(|error| Failure::from(error.about(&input.argument))));
        }
        let hashed = hashes.into_iter().map(Hash::wait).zip(results);
        let all = inputs.iter().zip(&known).zip(hashed);
        let all = all.map(|((input, known), (digest, id))| {
            let (id, digest) = (id?, digest?);
            arena.set_digest(id, *digest.as_bytes());
            if let Some(release) = input.release.as_ref().and_then(|it| it.to_release()) {
                arena.set_release(id, release);
            }
            // What is remembered already is not written again.
            if !is_small(input) && (known.is_none() || !(no_validate || is_valid(known))) {
                input.remember(&memory, digest, !no_validate);
            }
            Ok(id)
        });
        all.collect()
    })
}

/// A digest that is known, or being computed.
enum Hash<'s> {
    Known(Digest),
    Done(Result<Digest, Failure>),
    Coming(thread::ScopedJoinHandle<'s, Result<Digest, Failure>>),
}

impl Hash<'_> {
    fn ready(&self) -> Option<&Digest> {
        match self {
            Hash::Known(digest) | Hash::Done(Ok(digest)) => Some(digest),
            Hash::Done(Err(_)) | Hash::Coming(_) => None,
        }
    }

    fn wait(self) -> Result<Digest, Failure> {
        match self {
            Hash::Known(digest) => Ok(digest),
            Hash::Done(result) => result,
            Hash::Coming(thread) => match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            },
        }
    }
}
