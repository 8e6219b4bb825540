//! Inputs read into an arena, and hashed meanwhile.

use crate::error::Failure;
use crate::remembered::Memory;
use crate::source::Named;
use std::cell::RefCell;
use std::thread::{self, Scope, ScopedJoinHandle};
use tenon_composer::{Arena, Bodies, ComponentId, Error, Source};
use tenon_registry_client::Digest;

/// An input of so many bytes is hashed by a thread of its own: it takes longer than to start one.
const WORTH_A_THREAD: u64 = 256 << 10;
/// What is smaller is hashed and validated again: that takes no longer than to remember it.
const WORTH_REMEMBERING: u64 = 32 << 10;

/// How one input is read: [`Arena::read`], or [`Arena::read_release`] where a WIT package will do.
type Reader<'i> = fn(&mut Arena<'i>, Source<'i>) -> Result<ComponentId, Error>;

/// Digests that are still being computed, of components that were read.
pub(crate) struct Hashing<'s, 'i> {
    memory: Memory,
    no_validate: bool,
    coming: RefCell<Vec<(ComponentId, &'i Named, Thread<'s>)>>,
}

/// A thread that computes a digest.
type Thread<'s> = ScopedJoinHandle<'s, Result<Digest, Failure>>;

impl Hashing<'_, '_> {
    /// Waits for the digests, and remembers the files. What was waited for is not given again.
    pub(crate) fn wait(&self) -> Vec<(ComponentId, Result<[u8; 32], Failure>)> {
        let coming = self.coming.take().into_iter();
        let hashed = coming.map(|(id, input, thread)| {
            let digest = thread.join();
            let digest = digest.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            if let Ok(digest) = digest {
                input.remember(&self.memory, digest, !self.no_validate);
            }
            (id, digest.map(|digest| *digest.as_bytes()))
        });
        hashed.collect()
    }

    /// The digests, if all of them could be computed.
    pub(crate) fn digests(&self) -> Result<Vec<(ComponentId, [u8; 32])>, Failure> {
        let hashed = self.wait().into_iter();
        hashed.map(|(id, digest)| Ok((id, digest?))).collect()
    }
}

/// Reads components, and hashes those that were not seen before at the same time.
pub(crate) fn read<'i>(
    arena: &mut Arena<'i>,
    inputs: &'i [Named],
    no_validate: bool,
) -> Result<Vec<ComponentId>, Failure> {
    let results = read_whole(arena, inputs, no_validate, Arena::read);
    results.into_iter().collect()
}

/// As [`read`], for components and WIT packages, and with what is wrong with each of them.
pub(crate) fn read_any<'i>(
    arena: &mut Arena<'i>,
    inputs: &'i [Named],
    no_validate: bool,
) -> Vec<Result<ComponentId, Failure>> {
    read_whole(arena, inputs, no_validate, Arena::read_release)
}

/// As [`read`], but threads of `scope` may go on to hash large files: a composition can be written meanwhile.
pub(crate) fn read_ahead<'s, 'i: 's>(
    scope: &'s Scope<'s, '_>,
    arena: &mut Arena<'i>,
    inputs: &'i [Named],
    no_validate: bool,
) -> Result<(Vec<ComponentId>, Hashing<'s, 'i>), Failure> {
    let (results, hashing) = read_each(scope, arena, inputs, no_validate, Arena::read);
    let ids = results.into_iter().collect::<Result<_, _>>();
    if ids.is_err() {
        // What is right is remembered all the same.
        hashing.wait();
    }
    Ok((ids?, hashing))
}

fn read_whole<'i>(
    arena: &mut Arena<'i>,
    inputs: &'i [Named],
    no_validate: bool,
    reader: Reader<'i>,
) -> Vec<Result<ComponentId, Failure>> {
    thread::scope(|scope| {
        let (mut results, hashing) = read_each(scope, arena, inputs, no_validate, reader);
        for (id, digest) in hashing.wait() {
            let result = results
                .iter_mut()
                .find(|result| result.as_ref().is_ok_and(|read| *read == id));
            match (digest, result) {
                (Ok(digest), _) => arena.set_digest(id, digest),
                (Err(failure), Some(result)) => *result = Err(failure),
                (Err(_), None) => {}
            }
        }
        results
    })
}

/// Reads components, and begins to hash large ones.
fn read_each<'s, 'i: 's>(
    scope: &'s Scope<'s, '_>,
    arena: &mut Arena<'i>,
    inputs: &'i [Named],
    no_validate: bool,
    reader: Reader<'i>,
) -> (Vec<Result<ComponentId, Failure>>, Hashing<'s, 'i>) {
    let memory = Memory::open();
    let is_small = |input: &Named| input.input().size() < WORTH_REMEMBERING;
    let recall = |input: &Named| match is_small(input) {
        true => None,
        false => input.recall(&memory),
    };
    let known: Vec<_> = inputs.iter().map(recall).collect();
    let is_valid = |known: &Option<(Digest, bool)>| known.is_some_and(|(_, is_valid)| is_valid);
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
    let mut coming = Vec::new();
    let all = inputs
        .iter()
        .zip(&known)
        .zip(hashes.into_iter().zip(results));
    let all = all.map(|((input, known), (hash, id))| {
        let id = id?;
        if let Some(release) = input.release.as_ref().and_then(|it| it.to_release()) {
            arena.set_release(id, release);
        }
        let digest = match hash {
            Hash::Known(digest) => digest,
            Hash::Done(digest) => digest?,
            Hash::Coming(thread) => {
                coming.push((id, input, thread));
                return Ok(id);
            }
        };
        arena.set_digest(id, *digest.as_bytes());
        // What is remembered already is not written again.
        if !is_small(input) && (known.is_none() || !(no_validate || is_valid(known))) {
            input.remember(&memory, digest, !no_validate);
        }
        Ok(id)
    });
    let results = all.collect();
    let hashing = Hashing {
        memory,
        no_validate,
        coming: RefCell::new(coming),
    };
    (results, hashing)
}

/// A digest that is known, or being computed.
enum Hash<'s> {
    Known(Digest),
    Done(Result<Digest, Failure>),
    Coming(Thread<'s>),
}

impl Hash<'_> {
    fn ready(&self) -> Option<&Digest> {
        match self {
            Hash::Known(digest) | Hash::Done(Ok(digest)) => Some(digest),
            Hash::Done(Err(_)) | Hash::Coming(_) => None,
        }
    }
}
