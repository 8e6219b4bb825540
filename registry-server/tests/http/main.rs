//! A registry that listens, and who asks it: with care, and without.
//!
//! Attacks have numbers, and the tests that stand against them begin with theirs. Where each is:
//!
//! | | what | where |
//! |---|---|---|
//! | S1 | content of another digest | `uploads` |
//! | S2 | content that is cut | `uploads` |
//! | S3 | content over the limit | `uploads` |
//! | S4 | content that drips, 100 and 1,024 at a time | `uploads`, `crowds` |
//! | S5 | half heads, 400 and 2,000; connections are counted | `limits`, `crowds` |
//! | S6 | encoded content | `uploads` |
//! | S7 | smuggled requests | `limits` |
//! | S8 | paths that lead out | `files` |
//! | S9 | digests that are none | `uploads` |
//! | S10 | tiles that no log has | `files` |
//! | S11 | names that are none, or too like another | `files`, `records` |
//! | S12, S13 | versions that are none; a version twice | `records` |
//! | S14, S15 | a record twice; two records for one place | `records` |
//! | S16, S17, S18 | wrong keys, another log, out of order | `records` |
//! | S19 | other spellings of a record | `records` |
//! | S20 | signatures that careless verifiers take | `vectors` |
//! | S21 | records of 65,536 bytes | `records` |
//! | S22 | content that is not what it says | `records`, `crowds`; `content/hostile` |
//! | S23, S24, S25 | what is nested, doubles, or inflates | `content/hostile`, in the process that checks content |
//! | S26 | another name or version inside | `content/refuse` |
//! | S27 | dependencies: there are none in records | `damage` |
//! | S28 | tokens that do not count, or not for this | `tokens`, `private` |
//! | S29 | tokens in other places, heads that are too large | `tokens`, `limits` |
//! | S30 | guesses | `tokens` |
//! | S31, S32, S33 | OIDC, webhooks, forms: no such routes | `contract` |
//! | S34 | text that does something: there are no pages; clients clean what they show | `catalog/hostile`; `tenon-cli`, `ui::clean` |
//! | S35 | one line of the log each | `operator` |
//! | S36, S37 | queries and ranges out of bounds | `files` |
//! | S38 | quotas | `records`, `uploads` |
//! | S39 | private content by its digest | `private` |
//! | S40 | what operators leave open elsewhere: no such routes | `contract` |
//! | S41 | a full disk: early, in the middle of a batch, at the start; and who may hold how much of one | `uploads`, `damage`, `full_disk`, `room` |
//! | S42 | calls that fail, syncs above all | `kill/faults`, with the program; `crash/faults` |
//! | S43 | a wrong clock | `crash/clock`, with a clock of its own: the system's is everybody's |
//! | S44 | two processes, an old copy | `damage`, `operator`; `crash/clock`, `care/copying` |
//! | S45 | flipped bits | `damage`; all of them `crash/flips`; found by care, `care/damage` |
//! | S46 | HTTP/2: not spoken | `limits` |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

#[path = "../support/served.rs"]
mod served;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/wire.rs"]
mod wire;

mod client;
#[allow(dead_code, reason = "each test binary uses some of it")]
mod house;
mod publisher;

mod beside;
mod checked;
mod command_line;
mod contract;
mod crowds;
mod damage;
mod files;
mod full_disk;
mod limits;
mod operator;
mod private;
mod records;
mod room;
mod tokens;
mod upkeep;
mod uploads;
mod vectors;
