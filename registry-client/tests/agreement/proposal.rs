//! What people propose to log: mostly sensible, often not.

use crate::support::*;
use crate::world::{NAMESPACES, PACKAGES, World};
use tenon_registry_client::log::{Hash, SigningKey, Vkey};
use tenon_registry_client::name::{Namespace, PackageName, Pattern};
use tenon_registry_client::record::{
    Attestation, Grant, Link, NamespaceAct, OidcRule, PackageAct, Permission, Record, Reference,
    RegistryAct, Role, Statement, Subject, TakedownReason, YankReason,
};

/// A record and who signs it; nothing where chance asks for what there is not.
pub(crate) fn draw(world: &mut World) -> Option<(Record, Vec<SigningKey>)> {
    let (mut record, mut keys) = match world.dice.below(100) {
        0..6 => registry(world)?,
        6..28 => namespace(world)?,
        _ => package(world)?,
    };
    spoil(world, &mut record, &mut keys);
    Some((record, keys))
}

/// Now and then a record says something else than its author meant.
fn spoil(world: &mut World, record: &mut Record, keys: &mut Vec<SigningKey>) {
    if !world.dice.percent(6) {
        return;
    }
    let dice = &mut world.dice;
    let people = &world.people;
    match dice.below(5) {
        0 => *keys = vec![dice.pick(people).clone()],
        1 => keys.push(dice.pick(people).clone()),
        2 if keys.len() > 1 => drop(keys.pop()),
        3 => change(record, |link| link.seq = link.seq.wrapping_add(1)),
        _ => change(record, |link| link.prev = Hash::leaf(b"another")),
    }
}

fn change(record: &mut Record, how: impl Fn(&mut Link)) {
    match &mut record.statement {
        Statement::Registry { link, .. }
        | Statement::Namespace { link, .. }
        | Statement::Package { link, .. } => how(link),
        Statement::Index { .. } => {}
    }
}

fn registry(world: &mut World) -> Option<(Record, Vec<SigningKey>)> {
    let role = *world.dice.pick(&[
        Role::Log,
        Role::Index,
        Role::Time,
        Role::Ingest,
        Role::Ingest,
    ]);
    let act = match world.dice.below(10) {
        0..4 => {
            let takes_over = role != Role::Log && role != Role::Time && world.dice.percent(15);
            let key = match takes_over {
                true => world.dice.pick(&world.people).clone(),
                false => world.dice.pick(&world.staff[&role]).clone(),
            };
            RegistryAct::KeyAdd(role, key.vkey().clone())
        }
        4..7 => {
            let active = world.active(role);
            let key = world.dice.any(&active)?;
            // A key of the log signs one more checkpoint together with the next one.
            if role == Role::Log && !world.is_between_batches() {
                return None;
            }
            RegistryAct::KeyRemove(role, key.vkey().clone())
        }
        7..9 => {
            let namespace = world.dice.pick(&["kept", "kept", "acme"]).parse().unwrap();
            let count = world.dice.below(3) as usize;
            RegistryAct::Reserve {
                namespace,
                owners: owners(world, count),
            }
        }
        _ => RegistryAct::Init {
            nonce: [7; 32],
            keys: world.registry.operator_keys(),
        },
    };
    let root = match world.dice.percent(93) {
        true => world.active(Role::Root)[0].clone(),
        false => world.registry.index.clone(),
    };
    Some((world.registry.registry_record(act), vec![root]))
}

/// Some people, in the order in which owners are written.
fn owners(world: &mut World, count: usize) -> Vec<Vkey> {
    let people = world.dice.some(&world.people[..6], count);
    let mut owners: Vec<Vkey> = people.iter().map(|key| key.vkey().clone()).collect();
    owners.sort_by(|a, b| a.key().cmp(b.key()));
    owners
}

fn namespace(world: &mut World) -> Option<(Record, Vec<SigningKey>)> {
    let name: Namespace = world.dice.pick(&NAMESPACES).parse().unwrap();
    let Some(chain) = world.monitor.namespace(&name) else {
        return Some(create(world, &name));
    };
    let threshold = chain.threshold() as usize;
    let owners: Vec<Vkey> = chain.owners().cloned().collect();
    let granted = |key: &&tenon_registry_client::chain::KeyHistory| key.now().is_some();
    let granted: Vec<Vkey> = chain
        .keys()
        .filter(granted)
        .map(|key| key.vkey.clone())
        .collect();
    if world.dice.percent(2) {
        return Some(create(world, &name));
    }
    let mut alone = None;
    let act = match world.dice.below(20) {
        0..11 => {
            let again = world.dice.percent(45);
            let key = match again {
                true => world.dice.pick(&granted).clone(),
                false => anyone(world),
            };
            let owner = owners.contains(&key) && world.dice.percent(80);
            NamespaceAct::Grant(key, some_grant(world, owner))
        }
        11..15 => {
            let key = world.dice.pick(&granted).clone();
            let size = world.registry.size();
            let from_index = match world.dice.below(4) {
                0 => None,
                1 | 2 => Some(size.saturating_sub(world.dice.below(40))),
                _ => Some(world.dice.below(size + 3)),
            };
            if from_index.is_none() && world.dice.percent(30) {
                alone = Some(key.clone());
            }
            NamespaceAct::Revoke { key, from_index }
        }
        15..17 => NamespaceAct::Threshold(1 + world.dice.below(3) as u32),
        _ => NamespaceAct::TrustOidc(job(world)),
    };
    let enough = match world.dice.percent(95) {
        true => threshold,
        false => threshold.saturating_sub(1).max(1),
    };
    let extra = usize::from(world.dice.percent(10));
    let mut signers = world.dice.some(&owners, enough + extra);
    if let Some(key) = alone {
        signers = vec![key];
    }
    let keys = signers.iter().map(|vkey| world.secret(vkey)).collect();
    Some((world.registry.namespace_record(&name, act), keys))
}

fn create(world: &mut World, name: &Namespace) -> (Record, Vec<SigningKey>) {
    // A reserved one is mostly created by those whom it is kept for.
    let kept = world.chain(&Subject::Registry).iter().rev();
    let mut kept = kept.filter_map(|placed| match &placed.record.record().statement {
        Statement::Registry {
            act: RegistryAct::Reserve { namespace, owners },
            ..
        } if namespace == name => Some(owners.clone()),
        _ => None,
    });
    let kept = kept.next().filter(|owners| !owners.is_empty());
    let owners = match kept.filter(|_| world.dice.percent(70)) {
        Some(owners) => owners,
        None => {
            let count = 1 + world.dice.below(3) as usize;
            owners(world, count)
        }
    };
    let threshold = 1 + world.dice.below(owners.len() as u64) as u32;
    let signers = world.dice.some(&owners, threshold as usize);
    let keys = signers.iter().map(|vkey| world.secret(vkey)).collect();
    let act = NamespaceAct::Create { owners, threshold };
    (world.registry.namespace_record(name, act), keys)
}

/// A person, or the registry's ingest key, or some other key of its.
fn anyone(world: &mut World) -> Vkey {
    let key = match world.dice.below(20) {
        0..13 => world.dice.pick(&world.people),
        13..19 => world.dice.pick(&world.staff[&Role::Ingest]),
        _ => world.dice.pick(&world.staff[&Role::Index]),
    };
    key.vkey().clone()
}

fn some_grant(world: &mut World, owner: bool) -> Grant {
    let dice = &mut world.dice;
    let mut permissions = vec![];
    for permission in Permission::ALL {
        let percent = if *permission == Permission::Own {
            15
        } else {
            75
        };
        if dice.percent(percent) {
            permissions.push(*permission);
        }
    }
    if owner {
        permissions.push(Permission::Own);
    }
    let mut granted = grant(&permissions);
    if !permissions.contains(&Permission::Own) {
        granted.pattern = dice
            .pick(&["*", "*", "*", "http", "http-*", "log"])
            .parse::<Pattern>()
            .unwrap();
        let in_seconds = *dice.pick(&[0, 1, 60, 3_600, 7_200, 90_000, 400_000]);
        granted.expires = dice
            .percent(40)
            .then(|| time(world.registry.clock + in_seconds));
    }
    granted
}

fn job(world: &mut World) -> OidcRule {
    OidcRule {
        issuer: "https://ci.example".to_owned(),
        repository: format!("{}", world.dice.below(3)),
        workflow: "release.yml".to_owned(),
    }
}

fn package(world: &mut World) -> Option<(Record, Vec<SigningKey>)> {
    let name: PackageName = world.dice.pick(&PACKAGES).parse().unwrap();
    let act = package_act(world, &name);
    let takedown = matches!(act, PackageAct::Takedown { .. });
    let subject = match takedown {
        true => Subject::Registry,
        false => Subject::Namespace(name.namespace().clone()),
    };
    let authority = authority(world, &subject)?;
    let keys = match takedown {
        true => {
            let percent = world.dice.percent(85);
            let keys = match percent {
                true => world.active(Role::Index),
                false => world.staff[&Role::Index].clone(),
            };
            let count = if world.dice.percent(10) { 2 } else { 1 };
            world.dice.some(&keys, count)
        }
        false => publishers(world, &name, &act, authority),
    };
    if keys.is_empty() {
        return None;
    }
    Some((
        world.registry.package_record_at(&name, act, authority),
        keys,
    ))
}

fn package_act(world: &mut World, name: &PackageName) -> PackageAct {
    let chain = world.chain(&Subject::Package(name.clone()));
    let used = chain
        .iter()
        .filter_map(|placed| match &placed.record.record().statement {
            Statement::Package { act, .. } => Some(act.version().clone()),
            _ => None,
        });
    let mut used: Vec<_> = used.collect();
    if used.is_empty() || world.dice.percent(5) {
        used.push(version("9.9.9"));
    }
    let known = world.dice.pick(&used).clone();
    match world.dice.below(40) {
        0..22 => {
            let build = if world.dice.percent(5) { "+b" } else { "" };
            let number = world.dice.below(40);
            let PackageAct::Release {
                version, content, ..
            } = release(name, &format!("1.{number}.0{build}"))
            else {
                unreachable!()
            };
            let attestation = match world.dice.below(10) {
                0..6 => None,
                6..8 => Some(Attestation::Token("ci-7".to_owned())),
                _ => Some(Attestation::Oidc {
                    rule: job(world),
                    commit: "c0ffee".to_owned(),
                }),
            };
            PackageAct::Release {
                version,
                content,
                attestation,
            }
        }
        22..31 => PackageAct::Yank {
            version: known,
            reason: *world.dice.pick(YankReason::ALL),
        },
        31..39 => PackageAct::Unyank { version: known },
        _ => PackageAct::Takedown {
            version: known,
            reason: *world.dice.pick(TakedownReason::ALL),
        },
    }
}

/// What a record names as its authority: mostly the newest, at times an older one, or another's.
fn authority(world: &mut World, subject: &Subject) -> Option<Reference> {
    let at = |world: &World, subject: &Subject, seq: usize| {
        let record = world.chain(subject).get(seq)?;
        Some(Reference {
            seq: seq as u32,
            hash: record.record.hash(),
        })
    };
    let count = world.chain(subject).len();
    match world.dice.below(20) {
        0..14 => at(world, subject, count.checked_sub(1)?),
        14..18 => at(world, subject, count.checked_sub(2)?),
        18 => {
            let seq = world.dice.below(count.max(1) as u64) as usize;
            at(world, subject, seq)
        }
        _ => {
            let other = Subject::Namespace(world.dice.pick(&NAMESPACES).parse().unwrap());
            let count = world.chain(&other).len();
            at(world, &other, count.checked_sub(1)?)
        }
    }
}

/// Who signs a record of a package: mostly such as may, by the state that it names.
fn publishers(
    world: &mut World,
    name: &PackageName,
    act: &PackageAct,
    authority: Reference,
) -> Vec<SigningKey> {
    let (permission, attested) = match act {
        PackageAct::Release { attestation, .. } => (Permission::Release, attestation.is_some()),
        _ => (Permission::Yank, false),
    };
    let registry = world.monitor.registry();
    let ingest = |vkey: &Vkey| {
        let active = registry.active(Role::Ingest).any(|active| active == vkey);
        active == attested
    };
    let careful = permission == Permission::Release;
    let chain = world.monitor.namespace(name.namespace());
    let keys = chain.into_iter().flat_map(|chain| chain.keys());
    let may = keys.filter(|key| {
        let grant = key.at(authority.seq);
        grant.is_some_and(|grant| {
            grant.permissions.contains(&permission) && grant.pattern.matches(name.name())
        }) && (!careful || ingest(&key.vkey))
    });
    let may: Vec<Vkey> = may.map(|key| key.vkey.clone()).collect();
    let count = if world.dice.percent(20) { 2 } else { 1 };
    let mut signers = world.dice.some(&may, count);
    if world.dice.percent(10) {
        signers = vec![anyone(world)];
    }
    signers.iter().map(|vkey| world.secret(vkey)).collect()
}
