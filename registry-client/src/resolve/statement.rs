//! Who asks for what, of all that cannot be had together.

use super::Need;
use super::core::{Core, Fact};
use super::problem::{Id, Problem};
use super::set::Set;
use crate::name::PackageName;
use pubgrub::VersionSet;
use std::collections::{BTreeMap, HashMap};

/// How many requirements of one package, on one other, are told one by one.
const TOLD: usize = 3;

/// That some versions, or the project, ask for something.
pub(super) struct Statement<'a> {
    pub(super) by: Id,
    /// The versions that ask.
    pub(super) versions: Set,
    /// Where the project asks, in words.
    pub(super) places: Vec<&'a str>,
    /// What is asked for; several if each of the versions asks for another.
    pub(super) needs: Vec<&'a Need>,
    pub(super) to: Id,
    /// The versions that meet it.
    pub(super) good: Set,
}

impl<'a> Statement<'a> {
    /// What the facts of a core come to, in one order.
    pub(super) fn all(problem: &Problem<'a>, core: &Core) -> Vec<Statement<'a>> {
        let mut needs = HashMap::new();
        let mut groups = BTreeMap::<_, BTreeMap<String, Statement<'a>>>::new();
        for fact in &core.facts {
            for (number, need, places) in asked(problem, fact, &mut needs) {
                // What nothing meets is told together, whatever it is.
                let to = Some(fact.to).filter(|to| !matches!(to, Id::Unmet(_)));
                let group = groups.entry((fact.by, &need.package, to)).or_default();
                let text = need.requirement.to_string();
                let statement = group.entry(text).or_insert_with(|| Statement {
                    by: fact.by,
                    versions: Set::empty(),
                    places,
                    needs: vec![need],
                    to: fact.to,
                    good: fact.good.clone(),
                });
                statement.versions.insert(number);
            }
        }
        let groups = groups.into_values().flat_map(|group| {
            let mut group: Vec<_> = group.into_values().collect();
            group.sort_by_key(|one| one.versions.numbers().next());
            let one_by_one = group.len() <= TOLD || group.iter().any(|one| one.by == Id::Project);
            if one_by_one { group } else { merge(group) }
        });
        groups.collect()
    }
}

fn merge(group: Vec<Statement<'_>>) -> Vec<Statement<'_>> {
    let merged = group.into_iter().reduce(|all, one| Statement {
        versions: all.versions.union(&one.versions),
        needs: [all.needs, one.needs].concat(),
        good: all.good.union(&one.good),
        ..all
    });
    merged.into_iter().collect()
}

/// The needs behind what versions of something ask for.
type Needs<'a> = BTreeMap<(Id, Set), &'a Need>;

/// The versions of a fact, what each asks for, and where that stands.
fn asked<'a>(
    problem: &Problem<'a>,
    fact: &Fact,
    known: &mut HashMap<(Id, u32), Needs<'a>>,
) -> Vec<(u32, &'a Need, Vec<&'a str>)> {
    let key = (fact.to, fact.good.clone());
    match fact.by {
        Id::Project => {
            let means = |need: &Need| problem.meaning(need).contains(&key);
            let mut asked = problem.asked.iter().map(|asked| &asked.need);
            let Some(need) = asked.find(|need| means(need)) else {
                return vec![];
            };
            let same = problem.asked.iter().filter(|asked| asked.need == *need);
            let mut places: Vec<&str> = same.map(|asked| asked.by.as_str()).collect();
            places.dedup();
            vec![(0, need, places)]
        }
        Id::Slot(at) => {
            let count = problem.slot(at).map_or(0, |slot| slot.versions.len());
            let numbers = (1..)
                .take(count)
                .filter(|number| fact.versions.contains(number));
            let need = |number| {
                let needs = known.entry((fact.by, number)).or_insert_with(|| {
                    let needs = problem.needs(fact.by, number).into_iter().rev();
                    needs.map(|(need, to, good)| ((to, good), need)).collect()
                });
                Some((number, *needs.get(&key)?, vec![]))
            };
            numbers.filter_map(need).collect()
        }
        Id::Choice(_) | Id::Unmet(_) => vec![],
    }
}

/// The package that something is, or is a choice of.
pub(super) fn name_of<'p>(problem: &'p Problem<'_>, id: Id) -> Option<&'p PackageName> {
    match id {
        Id::Slot(at) => problem.slot(at).map(|slot| slot.name),
        _ => None,
    }
}
