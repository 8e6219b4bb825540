//! What a component says of itself in custom sections.

use wasm_metadata::Producers;
use wasmparser::{BinaryReader, ComponentName, ComponentNameSectionReader, Subsections};

/// The largest custom section that is read; a larger one is skipped like any unknown section.
const MAX_SECTION: u64 = 1 << 20;

/// What a component says of itself.
#[derive(Debug, Default)]
pub struct Metadata {
    /// Its name, from the `component-name` section.
    pub name: Option<String>,
    /// Who wrote, processed and built it, from the `producers` section.
    pub producers: Producers,
    /// The version of its package.
    pub version: Option<String>,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// Who wrote it.
    pub authors: Option<String>,
    /// Its licences, as an SPDX expression.
    pub licenses: Option<String>,
    /// Where its source is.
    pub source: Option<String>,
    /// Its home page.
    pub homepage: Option<String>,
    /// The revision of its source.
    pub revision: Option<String>,
}

impl Metadata {
    /// Whether a custom section of this name and size is one that [`Metadata::add`] takes.
    pub(crate) fn wants(name: &str, size: u64) -> bool {
        const NAMES: [&str; 9] = [
            "component-name",
            "producers",
            "version",
            "description",
            "authors",
            "licenses",
            "source",
            "homepage",
            "revision",
        ];
        size <= MAX_SECTION && NAMES.contains(&name)
    }

    /// Takes what a custom section says; what cannot be read says nothing.
    pub(crate) fn add(&mut self, name: &str, data: &[u8]) {
        let text = || std::str::from_utf8(data).ok().map(str::to_owned);
        match name {
            "component-name" => {
                let names: ComponentNameSectionReader<'_> =
                    Subsections::new(BinaryReader::new(data, 0));
                for subsection in names {
                    if let Ok(ComponentName::Component { name, .. }) = subsection {
                        self.name = Some(name.to_owned());
                    }
                }
            }
            "producers" => {
                if let Ok(producers) = Producers::from_bytes(data, 0) {
                    self.producers.merge(&producers);
                }
            }
            "version" => self.version = text(),
            "description" => self.description = text(),
            "authors" => self.authors = text(),
            "licenses" => self.licenses = text(),
            "source" => self.source = text(),
            "homepage" => self.homepage = text(),
            "revision" => self.revision = text(),
            _ => {}
        }
    }
}
