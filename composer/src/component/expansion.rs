//! How many instances types hold once each is spelled out.
//!
//! The validator gives each instance within an instance a type of its own. A type that exports two of
//! another, which exports two of another, is a line of text and takes gigabytes.

use super::sections;
use wasmparser::{
    ComponentAlias, ComponentExternalKind as Kind, ComponentImportSectionReader,
    ComponentOuterAliasKind, ComponentType, ComponentTypeDeclaration as InComponent,
    ComponentTypeRef, ComponentTypeSectionReader, InstanceTypeDeclaration as InInstance, Result,
};

/// Counts the instances in the types of one input.
#[derive(Default)]
pub(super) struct Expansion {
    /// The most of one type so far: what is not looked up is taken to have as many.
    most: u64,
    total: u64,
}

impl Expansion {
    /// Adds a section of a component, and gives how many there are so far, at most. What cannot be
    /// read adds nothing: the validator will say what is wrong with it.
    pub(super) fn add(&mut self, id: u8, bytes: &[u8]) -> u64 {
        let bytes = sections::reader(bytes, 0);
        // An `Err` is met again by the validator.
        let _: Result<()> = match id {
            7 => self.types(ComponentTypeSectionReader::new(bytes)),
            10 => self.imports(ComponentImportSectionReader::new(bytes)),
            _ => Ok(()),
        };
        self.total
    }

    fn types(&mut self, section: Result<ComponentTypeSectionReader<'_>>) -> Result<()> {
        for ty in section? {
            let count = self.of(&ty?);
            self.total = self.total.saturating_add(count);
        }
        Ok(())
    }

    fn imports(&mut self, section: Result<ComponentImportSectionReader<'_>>) -> Result<()> {
        for import in section? {
            if let ComponentTypeRef::Instance(_) = import?.ty {
                self.total = self.total.saturating_add(self.most);
            }
        }
        Ok(())
    }

    /// The instances within a type. The reader has bounded how deep this goes.
    fn of(&mut self, ty: &ComponentType<'_>) -> u64 {
        let mut known = Vec::new();
        let mut count = 1_u64;
        match ty {
            ComponentType::Instance(declarations) => {
                for declaration in declarations {
                    match declaration {
                        InInstance::Type(ty) => known.push(self.of(ty)),
                        InInstance::Alias(alias) if is_type(alias) => known.push(self.most),
                        InInstance::Export { ty, .. } => {
                            count = count.saturating_add(self.item(ty, &mut known));
                        }
                        InInstance::Alias(_) | InInstance::CoreType(_) => {}
                    }
                }
            }
            ComponentType::Component(declarations) => {
                for declaration in declarations {
                    match declaration {
                        InComponent::Type(ty) => known.push(self.of(ty)),
                        InComponent::Alias(alias) if is_type(alias) => known.push(self.most),
                        InComponent::Export { ty, .. } => {
                            count = count.saturating_add(self.item(ty, &mut known));
                        }
                        InComponent::Import(import) => {
                            count = count.saturating_add(self.item(&import.ty, &mut known));
                        }
                        InComponent::Alias(_) | InComponent::CoreType(_) => {}
                    }
                }
            }
            _ => return 0,
        }
        self.most = self.most.max(count);
        count
    }

    /// The instances within an item of a type, whose own types are `known` so far.
    fn item(&self, ty: &ComponentTypeRef, known: &mut Vec<u64>) -> u64 {
        match ty {
            ComponentTypeRef::Instance(index) | ComponentTypeRef::Component(index) => {
                known.get(*index as usize).copied().unwrap_or(self.most)
            }
            ComponentTypeRef::Type(_) => {
                known.push(self.most);
                0
            }
            _ => 0,
        }
    }
}

fn is_type(alias: &ComponentAlias<'_>) -> bool {
    matches!(
        alias,
        ComponentAlias::InstanceExport {
            kind: Kind::Type,
            ..
        } | ComponentAlias::Outer {
            kind: ComponentOuterAliasKind::Type,
            ..
        }
    )
}
