//! A registry that lies on demand, and the real `tenon`: what it says, how it ends, what it asked for, and that
//! nothing of the lie is kept.
//!
//! After each lie the files of trust are byte for byte what they were, no content has its name in the cache,
//! no file is written, no token was sent that nobody asked for, and the truth is then believed, with the network
//! and without. Both checkpoints of a fork are kept as evidence.
//!
//! | row | the lie | test |
//! |---|---|---|
//! | C1 | empty or missing evidence | `evidence`: `c01_an_empty_or_missing_part_proves_nothing`, `c01_an_empty_answer_proves_nothing` |
//! | C2 | more, fewer, repeated or swapped proofs | `evidence`: `c02_more_or_fewer_proofs_than_asked_are_refused` |
//! | C3 | a proof of something else | `evidence`: `c03_a_proof_of_something_else_is_refused`; each published vector: the client's `vectors` |
//! | C4 | wrong, cut, longer or empty content | `transfer`: `c04_content_is_what_its_record_says` |
//! | C5 | no end of bytes, headers or redirects | `transfer`: `c05_nothing_is_read_without_an_end`; a drip, with short times that only the library can set: `c05_a_slow_registry_is_left` |
//! | C6 | redirects elsewhere | `transfer`: `c06_no_redirect_leaves_the_registry` |
//! | C7 | a smaller log | `history`: `c07_a_log_that_is_smaller_is_refused` |
//! | C8 | another history | `history`: `c08_two_histories_are_refused_and_kept` |
//! | C9 | two views, and the lock file of one | `history`: `c09_two_views_meet_in_a_lock_file`, through the library; `project`: `c09_two_histories_meet_in_a_project`, `c09_two_histories_meet_in_a_merge` |
//! | C10 | a frozen log | `history`: `c10_a_frozen_log_is_stale` |
//! | C11 | a hidden release, yank or revocation | `history`: `c11_nobody_hides_what_was_used` |
//! | C12 | a wrong last leaf | `history`: `c12_the_last_leaf_covers_all_and_has_the_map` |
//! | C13 | signatures of others | `keys`: `c13_only_a_known_key_signs_for_the_log` |
//! | C14 | a quorum of one | `keys`: `c14_one_witness_has_one_vote` |
//! | C15 | many and long signatures | `keys`: `c15_a_note_has_its_bounds` |
//! | C16 | other forms of a note | `keys`: `c16_a_note_has_one_form` |
//! | C17 | a new key or address | `keys`: `c17_no_registry_announces_its_own_key` |
//! | C18 | other versions than the record's | `words`: `c18_the_record_says_which_version_it_is`; `project`: `c18_a_project_locks_what_the_record_says`, `c18_a_lie_about_needs_takes_nothing_but_honest_releases` |
//! | C19 | a private name elsewhere | `words`: `c19_a_namespace_has_one_registry`; `project`: `c19_a_project_asks_one_registry_for_a_namespace` |
//! | C20 | text that steers | `words`: `c20_no_word_of_a_registry_steers_a_terminal` |
//! | C21 | names of files | `words`: `c21_a_registry_names_no_file` |
//! | C22 | changed and linked files | `disk`: `c22_a_cache_that_was_changed_is_not_believed`, `c22_a_state_that_was_changed_is_refused_and_kept`, `c22_no_link_is_followed` |
//! | C23 | death while the state is saved | `disk`: `c23_a_killed_client_has_the_old_state_or_the_new` |
//! | C24 | a log sent to its end | `keys`: `c24_a_log_cannot_be_sent_to_its_end` |
//! | C25 | a publisher's stolen key | `publisher`: `c25_what_a_compromised_key_released_is_void`; `project`: `c25_a_project_is_held_to_what_was_before` |
//! | C26 | a malicious component | `publisher`: `c26_a_malicious_component_harms_no_tool` |
//! | C27 | certificates, and none | `tls`: `c27_only_whom_an_authority_vouches_for_is_spoken_to`, `c27_without_encryption_only_this_machine_is_spoken_to` |
//! | C28 | bytes that no parser expects | the client's `parsers` and its fuzz targets; entries of lock files and queries: `parsers`: `c28_what_is_right_is_read`, `c28_a_changed_lock_entry_is_read_alike_or_refused`, `c28_a_changed_query_is_read_alike_or_refused` |
//! | C4, C7, C8, C10, C11 | all of it, told to a project that is locked | `locked` |

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

#[path = "../../../registry-client/tests/support/mod.rs"]
mod support;

#[path = "../support/place.rs"]
mod place;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/shop.rs"]
mod shop;

mod scene;

mod disk;
mod evidence;
mod history;
mod keys;
mod locked;
mod parsers;
mod project;
mod publisher;
mod tls;
mod transfer;
mod words;
