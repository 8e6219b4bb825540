//! What a composition is called from outside: what it exports, and what its imports and exports are
//! renamed to.

use super::fit::Fitting;
use super::lineup::{Lineup, Place};
use super::named::{Names, one_of, unknown};
use super::request::{RenameRequest, Request, Side};
use crate::component::{Arena, ExternName};
use crate::encode::{closed, open_imports};
use crate::error::{Error, ErrorKind, Owner};
use crate::graph::{Edge, Graph, InstanceId};
use std::collections::{BTreeMap, BTreeSet};

/// An export of the composition.
#[derive(Clone, PartialEq)]
pub(super) struct Exported {
    pub(super) place: Place,
    /// Its name in its component, as it stands in the binary.
    pub(super) own: String,
    /// Its name outside.
    name: String,
    /// Its name outside with its whole version.
    full_name: String,
}

/// Exports and names of a composition, while they are settled.
pub(super) struct Outside<'o, 'p, 'i> {
    pub(super) arena: &'o Arena<'i>,
    pub(super) request: &'o Request,
    pub(super) lineup: &'o Lineup,
    pub(super) fitting: &'o Fitting<'p, 'i>,
    /// The renames, by their places in the request, that were of use.
    pub(super) done: BTreeSet<usize>,
}

impl Outside<'_, '_, '_> {
    /// What the composition exports: what its sockets export, and what is asked for beside that.
    ///
    /// # Errors
    ///
    /// It is an error if something that is named is not there, or if sockets export two things of one
    /// name and nothing says which is meant.
    pub(super) fn exports(&mut self) -> Result<Vec<Exported>, Error> {
        let mut exports = Vec::new();
        for place in self.lineup.sockets() {
            for own in self
                .arena
                .type_of(self.lineup.component(place))
                .exports
                .keys()
            {
                exports.push(self.exported(place, own, own));
            }
        }
        self.rename_own_exports(&mut exports)?;
        let extra = self.extra_exports()?;
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, export) in exports.iter().enumerate() {
            by_name.entry(export.name.clone()).or_default().push(at);
        }
        let same = |a: &Exported, b: &Exported| a.place == b.place && a.own == b.own;
        let mut dropped = BTreeSet::new();
        for (name, places) in by_name.into_iter().filter(|(_, places)| places.len() > 1) {
            let all = || {
                places
                    .iter()
                    .filter_map(|at| Some((*at, exports.get(*at)?)))
            };
            let asked = |wanted: &dyn Fn(&Exported) -> bool| {
                let of = |export: &Exported| extra.iter().any(|e| same(e, export) && wanted(e));
                all()
                    .filter(|(_, export)| of(export))
                    .map(|(at, _)| at)
                    .collect::<Vec<_>>()
            };
            let chosen = asked(&|extra| extra.name == name);
            let renamed = asked(&|extra| extra.name != name);
            let left: Vec<_> = match chosen.is_empty() {
                true => places.iter().filter(|at| !renamed.contains(at)).collect(),
                false => chosen.iter().collect(),
            };
            if let [(_, first), (_, second), ..] = all()
                .filter(|(at, _)| left.contains(&at))
                .collect::<Vec<_>>()
                .as_slice()
            {
                return Err(self.name_taken(first, second));
            }
            dropped.extend(places.iter().filter(|at| !left.contains(at)).copied());
        }
        let kept = exports.into_iter().enumerate();
        let mut exports: Vec<_> = kept
            .filter(|(at, _)| !dropped.contains(at))
            .map(|(_, export)| export)
            .collect();
        let extra = extra.into_iter().filter(|extra| !exports.contains(extra));
        exports.extend(extra.collect::<Vec<_>>());
        self.rename_exports(&mut exports)?;
        Ok(exports)
    }

    fn exported(&self, place: Place, own: &str, name: &str) -> Exported {
        let exports = &self.arena.type_of(self.lineup.component(place)).exports;
        let full_name = match exports.get(own) {
            Some(item) if own == name => item.full_name(name).into_owned(),
            _ => name.to_owned(),
        };
        Exported {
            place,
            own: own.to_owned(),
            name: name.to_owned(),
            full_name,
        }
    }

    fn name_taken(&self, first: &Exported, second: &Exported) -> Error {
        let of = |export: &Exported| {
            (
                self.lineup.name(export.place).to_owned(),
                export.own.clone(),
            )
        };
        Error::new(ErrorKind::NameTaken {
            side: "exports",
            name: first.full_name.clone(),
            first: of(first),
            second: of(second),
        })
    }

    /// What is exported since it was asked for, in order of the names.
    fn extra_exports(&self) -> Result<Vec<Exported>, Error> {
        let names = Names {
            index: &self.fitting.exports,
            what: "export",
        };
        let mut extra = Vec::new();
        for asked in &self.request.exports {
            let place = self.lineup.place(asked.of);
            let owner = (self.lineup.component(place), self.lineup.name(place));
            let own = self
                .fitting
                .exports
                .get(names.one(owner, &asked.export)?)
                .name;
            let exported = self.exported(place, own, asked.name.as_deref().unwrap_or(own));
            if !extra.contains(&exported) {
                extra.push(exported);
            }
        }
        extra.sort_by(|a, b| (&a.name, &a.own).cmp(&(&b.name, &b.own)));
        Ok(extra)
    }

    /// Renames exports of sockets that are named by what the socket calls them.
    fn rename_own_exports(&mut self, exports: &mut [Exported]) -> Result<(), Error> {
        for (at, rename) in renames(self.request, Side::Export) {
            let Some(place) = rename.of.map(|member| self.lineup.place(member)) else {
                continue;
            };
            let found = self
                .fitting
                .exports
                .named(self.lineup.component(place), &rename.from);
            if found.is_empty() && rename.side.is_none() {
                continue;
            }
            let names = Names {
                index: &self.fitting.exports,
                what: "export",
            };
            let owner = (self.lineup.component(place), self.lineup.name(place));
            let own = self
                .fitting
                .exports
                .get(names.one(owner, &rename.from)?)
                .name;
            let is_meant = |export: &&mut Exported| export.place == place && export.own == own;
            if let Some(export) = exports.iter_mut().find(is_meant) {
                *export = self.exported(place, own, &rename.to);
                self.done.insert(at);
            }
        }
        Ok(())
    }

    /// Renames exports that are named by what the composition calls them.
    fn rename_exports(&mut self, exports: &mut [Exported]) -> Result<(), Error> {
        let names: Vec<_> = exports
            .iter()
            .map(|export| export.full_name.clone())
            .collect();
        for (at, rename) in renames(self.request, Side::Export) {
            if rename.of.is_some() {
                continue;
            }
            let found = one_of(&names, "export", &rename.from)?;
            if let Some(export) = found.and_then(|at| exports.get_mut(at)) {
                *export = self.exported(export.place, &export.own, &rename.to);
                self.done.insert(at);
            }
        }
        Ok(())
    }

    /// Exports from `graph` what is exported, under its name.
    pub(super) fn export(
        &mut self,
        graph: &mut Graph,
        exports: &[Exported],
        instances: &BTreeMap<Place, InstanceId>,
    ) -> Result<(), Error> {
        for export in exports {
            if let Some(instance) = instances.get(&export.place) {
                graph.export(self.arena, &export.name, (*instance, export.own.as_str()))?;
            }
        }
        // What is exported since others use its types has a name, too.
        let open: Vec<_> = renames(self.request, Side::Export)
            .filter(|(at, rename)| rename.of.is_none() && !self.done.contains(at))
            .map(|(at, rename)| (at, rename.clone()))
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let closed = closed(self.arena, graph);
        let implied: Vec<_> = closed
            .exports()
            .iter()
            .filter(|export| export.implied)
            .collect();
        let names: Vec<_> = implied.iter().map(|export| export.name.clone()).collect();
        for (at, rename) in open {
            let found = one_of(&names, "export", &rename.from)?;
            if let Some(export) = found.and_then(|at| implied.get(at)) {
                let edge: Edge = export.edge.clone();
                graph.export(self.arena, &rename.to, edge)?;
                self.done.insert(at);
            }
        }
        Ok(())
    }

    /// Gives imports that stay open the names that are asked for.
    ///
    /// # Errors
    ///
    /// It is an error if there is no such import, nor export, or if another import has the new name.
    pub(super) fn name_imports(
        &mut self,
        graph: &mut Graph,
        instances: &BTreeMap<Place, InstanceId>,
    ) -> Result<(), Error> {
        let before = open_imports(self.arena, graph);
        let names: Vec<_> = before.iter().map(|open| open.full_name.clone()).collect();
        let mut named = Vec::new();
        for (at, rename) in renames(self.request, Side::Import) {
            let group = match rename.of {
                None => one_of(&names, "import", &rename.from)?,
                Some(member) => self
                    .own_import(instances, rename, self.lineup.place(member))?
                    .and_then(|import| {
                        before
                            .iter()
                            .position(|open| open.members.contains(&import))
                    }),
            };
            let Some((place, group)) = group.and_then(|at| Some((at, before.get(at)?))) else {
                continue;
            };
            let own = match rename.of {
                Some(member) => self.own_import(instances, rename, self.lineup.place(member))?,
                None => None,
            };
            for (instance, import) in &group.members {
                if own
                    .as_ref()
                    .is_none_or(|own| own == &(*instance, import.clone()))
                {
                    named.push((at, place, (*instance, import.clone()), rename.to.clone()));
                }
            }
        }
        for (at, _, (instance, import), name) in &named {
            graph.name_import(self.arena, (*instance, import), name)?;
            self.done.insert(*at);
        }
        if !named.is_empty() {
            self.check_import_names(graph, &before)?;
        }
        self.check_done(graph, names)
    }

    /// The import that is meant by a rename that names an instance, if that stays open.
    fn own_import(
        &self,
        instances: &BTreeMap<Place, InstanceId>,
        rename: &RenameRequest,
        place: Place,
    ) -> Result<Option<(InstanceId, String)>, Error> {
        let component = self.lineup.component(place);
        let imports = &self.fitting.imports;
        if rename.side.is_none() && imports.named(component, &rename.from).is_empty() {
            return Ok(None);
        }
        let names = Names {
            index: imports,
            what: "import",
        };
        let import = names.one((component, self.lineup.name(place)), &rename.from)?;
        let instance = instances.get(&place).copied();
        Ok(instance.map(|id| (id, imports.get(import).name.to_owned())))
    }

    /// Checks that what has one name now was one import before.
    fn check_import_names(
        &self,
        graph: &Graph,
        before: &[crate::encode::OpenImport],
    ) -> Result<(), Error> {
        let group_of = |member: &(InstanceId, String)| {
            before.iter().position(|open| open.members.contains(member))
        };
        let mut known: BTreeMap<ExternName, (InstanceId, String)> = BTreeMap::new();
        for open in open_imports(self.arena, graph) {
            let Some(name) = ExternName::of(&open.name) else {
                continue;
            };
            for member in open.members {
                let first = known.entry(name.clone()).or_insert_with(|| member.clone());
                if group_of(first) == group_of(&member) {
                    continue;
                }
                let of = |(id, import): &(InstanceId, String)| {
                    (graph.instance(*id).name().to_owned(), import.clone())
                };
                return Err(Error::new(ErrorKind::NameTaken {
                    side: "imports",
                    name: open.full_name,
                    first: of(first),
                    second: of(&member),
                }));
            }
        }
        Ok(())
    }

    /// Refuses renames of what is not there.
    fn check_done(&self, graph: &Graph, imports: Vec<String>) -> Result<(), Error> {
        let renames = self.request.renames.iter().enumerate();
        let Some((_, rename)) = renames.into_iter().find(|(at, _)| !self.done.contains(at)) else {
            return Ok(());
        };
        let exports = graph.exports().iter().map(|export| export.name.clone());
        let (what, names) = match rename.side {
            Some(Side::Import) => ("import", imports),
            Some(Side::Export) => ("export", exports.collect()),
            None => (
                "import or export",
                imports.into_iter().chain(exports).collect(),
            ),
        };
        let from = match rename.of {
            None => rename.from.clone(),
            Some(member) => {
                format!(
                    "{}#{}",
                    self.lineup.name(self.lineup.place(member)),
                    rename.from
                )
            }
        };
        Err(unknown(Owner::Composition, what, &from, &names, Vec::new()))
    }
}

/// The renames, with their places in the request, that may be about this side.
fn renames(request: &Request, side: Side) -> impl Iterator<Item = (usize, &RenameRequest)> {
    let renames = request.renames.iter().enumerate();
    renames.filter(move |(_, rename)| rename.side.is_none_or(|asked| asked == side))
}
