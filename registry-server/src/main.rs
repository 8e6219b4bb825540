//! `tenon-registry`: a registry of WebAssembly components that one command starts.

fn main() {}
