//! The native interface of a registry, shared by its clients and its server: paths, the types that
//! go over the wire, and problems.
//!
//! A registry is a base URL such as `https://registry.example` or, for its private log,
//! `https://registry.example/private`. Below it are
//!
//! | path | what |
//! |---|---|
//! | `/log/checkpoint`, `/log/tile/…` | the log, as [tlog-tiles](https://c2sp.org/tlog-tiles) has it |
//! | `/blobs/sha256/ab/abcd…` | content by its digest |
//! | `/api/v1/…` | everything else, as JSON, records as text, and proofs as [bundles](crate::verify) |
//!
//! Nothing here is believed by a client but what [`crate::verify`] proves: what these types say of
//! packages is for people to look at, and for finding what to ask for.

mod namespace;
mod package;
mod paths;
mod problem;
mod proof;
mod registry;
mod search;
pub mod world;

pub use namespace::{KeyInfo, NamespaceInfo};
pub use package::{
    PackageInfo, PackagePage, PackageSummary, PublisherInfo, ReleaseInfo, ReleaseStatus,
};
pub use paths::{Paths, blob_file};
pub use problem::{PROBLEM_TYPE, Problem, ProblemCode};
pub use proof::{ProofQuery, ProofQueryError};
pub use registry::{Accepted, Limits, RegistryInfo, TokenInfo};
pub use search::{SearchHit, SearchPage, SearchQuery};

/// The media type of a bundle.
pub const BUNDLE_TYPE: &str = "application/vnd.tenon.bundle";

/// The media type of a record, and of a checkpoint.
pub const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// The most entries of a page.
pub const MAX_PAGE: u32 = 1_000;
