//! The OCI door, by the OCI Distribution specification: a registry that listens, and who asks it.
//!
//! What a registry MUST (M), SHOULD (S) or MAY (o) do, and the test that holds it:
//!
//! | | what | test |
//! |---|---|---|
//! | M | end-1: `GET /v2/` is 200, or 401 with where to get a token | `pulling::end_1`, `access::base` |
//! | M | names and tags match their expressions; names are at most 255 characters here | `name`, `reference` (in the crate), `access::names` |
//! | M | digests match their expression; SHA-256 is supported; S: SHA-512 | `digest` (in the crate), `pushing::blobs_may_be_empty`, `manifests::end_7_…_sha512` |
//! | M | end-3: a manifest is 200 with its `Content-Type`, bytes as they were pushed; S: `Docker-Content-Digest` | `pulling::end_3_a_manifest` |
//! | M | end-3: what is not there is 404 | `pulling::end_3_a_missing` |
//! | M | end-2: content is 200, S: with its digest; else 404; `HEAD` says the length | `pulling::end_2_a_blob`, `…_a_missing` |
//! | S | end-2: ranges, as RFC 9110 has them | `pulling::end_2_ranges` |
//! | M | end-4a: `POST` is 202 with a `Location`; end-6: `PUT` is 201 with a `Location` that can be pulled | `pushing::end_4a_6` |
//! | o | end-4b: `POST` with `digest` and the content is 201 | `pushing::end_4b` |
//! | M | end-5: each chunk is 202 with `Location` and `Range` | `pushing::end_5_chunks` |
//! | M | end-5: chunks out of order are 416 | `pushing::end_5_a_chunk_out_of_order` |
//! | M | end-13: `GET` of an upload is 204 with `Location` and `Range` | `pushing::end_13`, `…_out_of_order` |
//! | S | end-14: `DELETE` of an upload is 204, and it is gone | `pushing::end_14` |
//! | M | uploads without a length; empty content | `pushing::end_5_a_blob_is_streamed`, `…_blobs_may_be_empty` |
//! | M | end-6: content that is not what its digest says is refused | `pushing::end_6` |
//! | M | end-11: mounting is 201, or 202 with an upload; o: without `from` | `pushing::end_11` |
//! | M | end-7: a manifest is kept byte by byte, 201, `Location` by digest | `manifests::end_7_…_by_tag` |
//! | M | end-7: pushed by digest, it has that digest; with any number of `tag`, each said back in `OCI-Tag` | `manifests::end_7_…_by_digest` |
//! | M | end-7: manifests of at least 4 MiB; S: 413 above | `manifests::end_7_…_4_mib` |
//! | M | end-7: the type is what it says it is, or 400 | `manifests::end_7_what_is_no_manifest` |
//! | S | end-7: content that is missing is refused; what is listed by an index, or is a subject, may be | `manifests::end_7_content`, `…_an_index`, `…_a_subject` |
//! | M | end-7: with a subject, `OCI-Subject` is its digest | `manifests::end_7_a_subject` |
//! | M | end-8: tags are listed in the order of their bytes; `n` and `last`; `n=0`; S: `Link` | `listing::end_8` |
//! | M | end-8: a name that is not known is 404 | `listing::end_8_s36` |
//! | M | end-9: a tag or manifest that is deleted is 202, and 404 from then on | `manifests::end_9` |
//! | M | end-10: content that is deleted is 202, and 404 from then on | `manifests::end_10` |
//! | M | end-12: referrers are an index of its own type, each with type, digest, size, `artifactType`, annotations | `listing::end_12_referrers` |
//! | M | end-12: nothing is an empty index, not 404; malformed is 400 | `listing::end_12_the_referrers` |
//! | S | end-12: filtered by `artifactType`, which `OCI-Filters-Applied` says; M: paged by `Link` | `listing::end_12_referrers`, `…_many` |
//! | M | errors are JSON with `errors`, `code`; S: `message`, `detail` | `guest::fails`, by which all others are read |
//! | M | every code where it belongs; 429 for too many | all, `access::reads_and_writes`, `pushing::uploads_under_way` |
//! | S | warnings are in `Warning`, with code 299 | `packages::tags_are_the_versions` |
//!
//! And what this registry promises besides: `access`, who may do what; `private`, that nothing is told of
//! what may not be read; `packages` and `releases`, releases pulled and pushed; `races`, what is done at
//! once, and what is removed meanwhile; `places`, full disks, earlier and damaged databases; `kills`,
//! the program killed at any moment.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

#[path = "../http/client.rs"]
#[allow(dead_code, reason = "each test binary uses some of it")]
mod client;
#[path = "../http/house.rs"]
#[allow(dead_code, reason = "each test binary uses some of it")]
mod house;
#[path = "../http/publisher.rs"]
#[allow(dead_code, reason = "each test binary uses some of it")]
mod publisher;

#[path = "../support/served.rs"]
mod served;

mod guest;

mod access;
mod kills;
mod listing;
mod manifests;
mod packages;
mod places;
mod private;
mod pulling;
mod pushing;
mod races;
mod releases;
