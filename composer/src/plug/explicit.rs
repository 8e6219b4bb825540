//! What is said of single imports: what fills them, and which stay open.

use super::fit::{Fit, Fitting};
use super::index::ItemId;
use super::lineup::{Lineup, Place};
use super::named::Names;
use super::request::{Request, WireRequest, WiredExport};
use crate::error::{Error, ErrorKind};
use std::collections::{BTreeMap, BTreeSet};

/// What is said of single imports.
pub(super) struct Explicit {
    wires: BTreeMap<(Place, ItemId), Source>,
    kept: BTreeSet<(Option<Place>, ItemId)>,
}

/// What a wire begins at: an export of an instance, or the instance as a whole.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Source {
    pub(super) provider: Place,
    pub(super) export: Option<ItemId>,
}

impl Explicit {
    /// Looks up what the request names.
    ///
    /// # Errors
    ///
    /// It is an error if something is not there, does not fit, or contradicts something else.
    pub(super) fn of(
        request: &Request,
        lineup: &Lineup,
        fitting: &mut Fitting<'_, '_>,
    ) -> Result<Explicit, Error> {
        let mut explicit = Explicit {
            wires: BTreeMap::new(),
            kept: BTreeSet::new(),
        };
        for keep in &request.keep {
            let consumer = keep.consumer.map(|member| lineup.place(member));
            let imports = Names {
                index: &fitting.imports,
                what: "import",
            };
            let found = match consumer {
                None => imports.any(lineup.components(), &keep.import)?,
                Some(place) => {
                    imports.some((lineup.component(place), lineup.name(place)), &keep.import)?
                }
            };
            let found = found.into_iter().map(|import| (consumer, import));
            explicit.kept.extend(found);
        }
        for wire in &request.wires {
            let consumer = lineup.place(wire.consumer);
            let imports = Names {
                index: &fitting.imports,
                what: "import",
            };
            let owner = (lineup.component(consumer), lineup.name(consumer));
            let import = imports.one(owner, &wire.import)?;
            let source = source(lineup, fitting, wire, import)?;
            let filled = |source: Source| format!("filled from {}", source.name(lineup, fitting));
            let contradiction = |first: String, second: String| {
                Err(Error::new(ErrorKind::Contradiction {
                    consumer: lineup.name(consumer).to_owned(),
                    import: fitting.imports.get(import).full_name(),
                    first,
                    second,
                }))
            };
            if explicit.kept.contains(&(Some(consumer), import)) {
                return contradiction(filled(source), "left open".to_owned());
            }
            match explicit.wires.insert((consumer, import), source) {
                Some(other) if other != source => {
                    return contradiction(filled(other), filled(source));
                }
                _ => {}
            }
        }
        Ok(explicit)
    }

    /// What is to fill an import.
    pub(super) fn wire(&self, consumer: Place, import: ItemId) -> Option<Source> {
        self.wires.get(&(consumer, import)).copied()
    }

    /// Whether an import is to stay open.
    pub(super) fn is_kept(&self, consumer: Place, import: ItemId) -> bool {
        let asked = [Some(consumer), None];
        asked
            .into_iter()
            .any(|of| self.kept.contains(&(of, import)))
    }
}

impl Source {
    fn name(self, lineup: &Lineup, fitting: &Fitting<'_, '_>) -> String {
        let provider = lineup.name(self.provider);
        match self.export {
            None => format!("`{provider}` as a whole"),
            Some(export) => format!("`{provider}#{}`", fitting.exports.get(export).full_name()),
        }
    }
}

/// What `wire`, which fills `import`, begins at.
fn source(
    lineup: &Lineup,
    fitting: &mut Fitting<'_, '_>,
    wire: &WireRequest,
    import: ItemId,
) -> Result<Source, Error> {
    let consumer = lineup.name(lineup.place(wire.consumer));
    let provider = lineup.place(wire.provider);
    let component = lineup.component(provider);
    let export = match &wire.export {
        WiredExport::Fitting => {
            Some(fitting_export(lineup, fitting, (consumer, import), provider)?.export)
        }
        WiredExport::Named(name) => {
            let exports = Names {
                index: &fitting.exports,
                what: "export",
            };
            Some(exports.one((component, lineup.name(provider)), name)?)
        }
        WiredExport::Whole => None,
    };
    let differences = match export {
        Some(export) => fitting.differences(import, export),
        None => fitting.whole(import, component),
    };
    if differences.is_empty() {
        return Ok(Source { provider, export });
    }
    Err(Error::new(ErrorKind::ArgumentType {
        consumer: consumer.to_owned(),
        import: fitting.imports.get(import).full_name(),
        provider: lineup.name(provider).to_owned(),
        export: export.map_or(String::new(), |id| fitting.exports.get(id).full_name()),
        differences,
    }))
}

/// The export of `provider` that fits the import: by its name, or else, if it is the only one, by its
/// type alone.
///
/// # Errors
///
/// It is an error if none fits, or none more than others.
pub(super) fn fitting_export(
    lineup: &Lineup,
    fitting: &mut Fitting<'_, '_>,
    (consumer, import): (&str, ItemId),
    provider: Place,
) -> Result<Fit, Error> {
    if let Some(fit) = named_export(lineup, fitting, (consumer, import), provider)? {
        return Ok(fit);
    }
    let exports: Vec<_> = fitting.exports.items(lineup.component(provider)).collect();
    let fits: Vec<_> = exports
        .into_iter()
        .filter(|export| fitting.differences(import, *export).is_empty())
        .collect();
    match *fits {
        [export] => Ok(Fit::by_type(export)),
        _ => Err(Error::new(ErrorKind::NoOneExport {
            consumer: consumer.to_owned(),
            import: fitting.imports.get(import).full_name(),
            provider: lineup.name(provider).to_owned(),
            exports: fits
                .iter()
                .map(|id| fitting.exports.get(*id).full_name())
                .collect(),
        })),
    }
}

/// The export of `provider` that fits the import by its name; none if there is no such name.
///
/// # Errors
///
/// It is an error if the names fit but not the types, or none fits better than others.
pub(super) fn named_export(
    lineup: &Lineup,
    fitting: &mut Fitting<'_, '_>,
    (consumer, import): (&str, ItemId),
    provider: Place,
) -> Result<Option<Fit>, Error> {
    let component = lineup.component(provider);
    let mut exports = fitting.candidates(import);
    exports.retain(|export| export.component == component);
    match fitting.best(import, &exports) {
        Ok(fits) => match *fits {
            [fit] => Ok(Some(fit)),
            _ => Err(Error::new(ErrorKind::TwoProviders {
                consumer: consumer.to_owned(),
                import: fitting.imports.get(import).full_name(),
                providers: fits
                    .iter()
                    .map(|fit| {
                        let export = fitting.exports.get(fit.export).full_name();
                        format!("{}#{export}", lineup.name(provider))
                    })
                    .collect(),
            })),
        },
        Err(misses) => match misses
            .into_iter()
            .find(|miss| !miss.differences().is_empty())
        {
            None => Ok(None),
            Some(miss) => Err(Error::new(ErrorKind::ArgumentType {
                consumer: consumer.to_owned(),
                import: miss.import.clone(),
                provider: lineup.name(provider).to_owned(),
                export: miss.export.clone(),
                differences: miss.differences().to_vec(),
            })),
        },
    }
}
