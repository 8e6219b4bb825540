//! What is known to have followed what is kept for use without a network.

use super::view::{Locked, subjects};
use crate::record::{NamespaceAct, PackageAct, SignedRecord, Statement};
use crate::verify::{Held, Request};

/// The chains of a request as they were when its proof was kept, and as they are kept now.
pub(super) struct Since<'a> {
    then: &'a Held,
    now: &'a Held,
    request: &'a Request,
}

impl<'a> Since<'a> {
    pub(super) fn of(then: &'a Held, now: &'a Held, request: &'a Request) -> Since<'a> {
        Since { then, now, request }
    }

    /// Of the records that must be in their chains, those that must be in the chains as they were. The others came
    /// later: they are kept here, up to the hash by which they were verified, and change nothing of what is asked.
    /// `None` if that is not so, or not known.
    pub(super) fn forgive(&self, required: &Locked) -> Option<Locked> {
        let mut within = Locked::new();
        for (subject, reference) in required {
            let at = subjects(self.request).iter().position(|it| it == subject);
            let [then, now] = [self.then, self.now].map(|held| match at {
                Some(0) => &*held.registry,
                Some(1) => &*held.namespace,
                Some(2) => &*held.package,
                _ => &[],
            });
            let seq = usize::try_from(reference.seq).ok()?;
            if at.is_none() || seq < then.len() {
                within.insert(subject.clone(), *reference);
                continue;
            }
            // Each record names the one before it, so that the last says which all of them are.
            let (now, last) = (now.get(..=seq)?, then.last()?);
            let is_same = now.last()?.hash() == reference.hash
                && now.get(then.len() - 1)?.hash() == last.hash();
            let mut later = now.iter().skip(then.len());
            if !is_same || !later.all(|record| self.is_harmless(record)) {
                return None;
            }
        }
        Some(within)
    }

    /// Whether a record that came later says nothing of the releases that are asked for, nor of who could release them.
    fn is_harmless(&self, record: &SignedRecord) -> bool {
        match &record.record().statement {
            Statement::Package { act, .. } => match act {
                PackageAct::Release { version, .. }
                | PackageAct::Yank { version, .. }
                | PackageAct::Unyank { version } => {
                    let mut asked = self.request.releases().peekable();
                    asked.peek().is_some()
                        && asked.all(|it| it.semver().cmp_precedence(version.semver()).is_ne())
                }
                PackageAct::Takedown { .. } => false,
            },
            // What a key may do from there on, it could not have done before.
            Statement::Namespace { act, .. } => matches!(
                act,
                NamespaceAct::Grant(..) | NamespaceAct::Threshold(_) | NamespaceAct::TrustOidc(_)
            ),
            Statement::Registry { .. } | Statement::Index { .. } => false,
        }
    }
}
