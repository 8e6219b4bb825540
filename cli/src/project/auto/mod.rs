//! What could fill an import that stays open: looked for in registries, and chosen from.
//!
//! | module | what |
//! |---|---|
//! | `search` | the registries that are asked, and what they say |
//! | `candidate` | a package that a registry names, and what speaks for it and against it |
//! | `choice` | which one is taken, or asked for |

mod candidate;
mod choice;
mod search;

pub(crate) use candidate::{Candidate, CandidateData, Standing, Verdict};
pub(crate) use choice::{Decision, Picked, Seen, decide, pick};
pub(crate) use search::{Found, Home, Registries};
