//! A second opinion on the door for OCI clients, by clients that others wrote: `skopeo`, `podman`, `buildah`, `containerd`, and
//! ORAS's client for Python; and on our client, by a registry that others wrote: `docker-registry`.
//!
//! Each runs if it is there, and a line says so otherwise: `skopeo`, `docker-registry` and the others on the path, or where
//! `TENON_SKOPEO`, `TENON_DOCKER_REGISTRY` and so on say; and a Python that has the package `oras`, `python3` on the path or what
//! `TENON_ORAS_PYTHON` names.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

#[path = "../registry/process.rs"]
#[allow(dead_code, reason = "each test binary uses some of it")]
mod process;
#[path = "../registry/user.rs"]
#[allow(dead_code, reason = "each test binary uses some of it")]
mod user;

mod house;
mod layout;
mod program;

mod attached;
mod containerd;
mod docker;
mod oras;
mod podman;
mod skopeo;
