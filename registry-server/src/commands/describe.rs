//! What content is, for commands that are no server.

use crate::care::Describe;
use crate::content::{Options, Workers};
use std::io;
use std::path::Path;
use tenon_registry_client::api::world::World;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::Content;
use tokio::runtime::{Handle, Runtime};

/// Has content checked as a publication is.
pub(super) struct Described {
    workers: Workers,
    runtime: Runtime,
}

impl Described {
    pub(super) fn start() -> io::Result<Described> {
        let runtime = Runtime::new()?;
        let workers = Workers::start(Options::default());
        Ok(Described { workers, runtime })
    }

    fn handle(&self) -> &Handle {
        self.runtime.handle()
    }
}

impl Describe for Described {
    fn describe(
        &self,
        path: &Path,
        content: &Content,
        package: &PackageName,
        version: &Version,
    ) -> Result<World, String> {
        let expected = (package.clone(), version.clone());
        let checked = self.workers.check(path, content.kind, Some(&expected));
        match self.handle().block_on(checked) {
            Ok(Ok(world)) => Ok(world),
            Ok(Err(refusal)) => Err(refusal.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}
