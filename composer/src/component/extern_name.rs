//! Names that a composition is to import or export something as.

use crate::error::{Error, ErrorKind};
use crate::types::kind_name;
use wasmparser::WasmFeatures;
use wasmparser::component_types::{ComponentEntityType, ComponentItem};
use wasmparser::names::{ComponentName, ComponentNameKind};

/// A name of an import or export. Two are equal if no component may have both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ExternName(ComponentName);

impl ExternName {
    /// A name that a component has.
    pub(crate) fn of(name: &str) -> Option<ExternName> {
        let name = ComponentName::new_with_features(name, 0, WasmFeatures::all());
        name.ok().map(ExternName)
    }

    /// A new name for an item of this type, which is called `own` in its component.
    ///
    /// # Errors
    ///
    /// It is an error if nothing may be called that, or no item of this kind.
    pub(crate) fn parse(
        name: &str,
        own: &str,
        ty: &ComponentEntityType,
    ) -> Result<ExternName, Error> {
        if name == own
            && let Some(name) = ExternName::of(name)
        {
            return Ok(name);
        }
        ExternName::checked(name, kind_name(ty))
    }

    /// A new name for an instance as a whole.
    ///
    /// # Errors
    ///
    /// It is an error if no instance may be called that.
    pub(crate) fn of_instance(name: &str) -> Result<ExternName, Error> {
        ExternName::checked(name, "interface")
    }

    fn checked(name: &str, kind: &'static str) -> Result<ExternName, Error> {
        let fault = |reason: String| {
            Err(Error::new(ErrorKind::BadName {
                name: name.to_owned(),
                kind,
                reason,
            }))
        };
        let parsed = match ComponentName::new_with_features(name, 0, WasmFeatures::all()) {
            Ok(parsed) => parsed,
            Err(error) => return fault(error.message().to_owned()),
        };
        match parsed.kind() {
            ComponentNameKind::Interface(_) if kind != "interface" => {
                return fault("only interfaces have names of this form".to_owned());
            }
            ComponentNameKind::Interface(interface) => {
                if let Err(error) = interface.version(None) {
                    return fault(error.message().to_owned());
                }
            }
            ComponentNameKind::Plain(plain) if !plain.is_bare() => {
                return fault("a function of a resource is called after the resource".to_owned());
            }
            ComponentNameKind::Plain(_) => {}
        }
        Ok(ExternName(parsed))
    }

    fn is_plain(name: &str) -> bool {
        ExternName::of(name)
            .is_some_and(|name| matches!(name.0.kind(), ComponentNameKind::Plain(_)))
    }
}

/// What a name says besides itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) implements: Option<String>,
    pub(crate) version_suffix: Option<String>,
    pub(crate) external_id: Option<String>,
}

impl Attributes {
    pub(crate) fn of(item: &ComponentItem) -> Attributes {
        Attributes {
            implements: item.implements.clone(),
            version_suffix: item.version_suffix.clone(),
            external_id: item.external_id.clone(),
        }
    }

    /// Those of `item`, called `own` by its component, under the new name `name`, which says nothing of what it was called.
    pub(crate) fn kept(item: &ComponentItem, own: &str, name: &str) -> Attributes {
        match name == own {
            true => Attributes::of(item),
            false => Attributes {
                external_id: item.external_id.clone(),
                ..Attributes::default()
            },
        }
    }

    /// Those of `item`, called `own` by its component, under the new name `name`.
    ///
    /// An interface that gets a plain name implements the interface; a version suffix goes with the
    /// name that it belongs to.
    pub(crate) fn renamed(item: &ComponentItem, own: &str, name: &str) -> Attributes {
        if name == own {
            return Attributes::of(item);
        }
        let is_interface = matches!(item.ty, ComponentEntityType::Instance(_));
        let mut attributes = Attributes {
            external_id: item.external_id.clone(),
            ..Attributes::default()
        };
        if is_interface && ExternName::is_plain(name) {
            let own = (!ExternName::is_plain(own)).then(|| own.to_owned());
            attributes.implements = item.implements.clone().or(own);
            if attributes.implements.is_some() {
                attributes.version_suffix = item.version_suffix.clone();
            }
        }
        attributes
    }
}
