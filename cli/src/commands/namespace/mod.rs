//! `tenon namespace`: whose keys may do what.

mod change;
mod file;
mod show;
mod void;

use crate::args::{
    Global, Namespace, NamespaceCreate, NamespaceGrant, NamespaceRevoke, NamespaceThreshold,
};
use crate::config;
use crate::error::Failure;
use crate::remote::Remote;
use crate::ui::{self, Ui};
use change::Planned;
use std::time::Duration;
use tenon_registry_client::log::{KeyError, Vkey};
use tenon_registry_client::name::{self, NameError, Pattern};
use tenon_registry_client::record::{Grant, NamespaceAct, Permission, Time};
use tenon_registry_client::verify::{Request, View};

pub(crate) fn run(ui: &Ui, command: &Namespace, global: &Global) -> Result<(), Failure> {
    match command {
        Namespace::Create(args) => create(ui, args, global),
        Namespace::Grant(args) => grant(ui, args, global),
        Namespace::Revoke(args) => revoke(ui, args, global),
        Namespace::Threshold(args) => threshold(ui, args, global),
        Namespace::Show(args) => show::run(ui, args, global),
        Namespace::Sign(args) => file::sign(ui, args, global),
        Namespace::Submit(args) => file::submit(ui, args, global),
    }
}

fn create(ui: &Ui, args: &NamespaceCreate, global: &Global) -> Result<(), Failure> {
    let namespace = parse(&args.namespace)?;
    let vkey = args.change.signing.vkey()?;
    let mut owners = vec![vkey.clone()];
    for text in &args.owners {
        owners.push(parse_vkey(text)?);
    }
    owners.sort_by(|a, b| a.key().cmp(b.key()));
    owners.dedup();
    let (count, threshold) = (owners.len(), args.threshold);
    if count < threshold as usize {
        let named = ui::count(count, "owner");
        return Err(
            Failure::usage(format!("{threshold} must sign, and there is {named}"))
                .help("name the others with `--owner VKEY`"),
        );
    }
    let remote = Remote::of(ui, global, &namespace)?;
    let view = remote.view(&Request::Namespace(namespace.clone()))?;
    let act = NamespaceAct::Create {
        owners: owners.clone(),
        threshold,
    };
    let own = Grant {
        permissions: [Permission::Own, Permission::Release, Permission::Yank].into(),
        pattern: Pattern::all(),
        expires: None,
    };
    let second = NamespaceAct::Grant(vkey.clone(), own.clone());
    let again = view.namespace().is_some_and(|chain| {
        let mut there: Vec<_> = chain.owners().cloned().collect();
        there.sort_by(|a, b| a.key().cmp(b.key()));
        there == owners && chain.threshold() == threshold
    });
    let mut planned = Planned::new(&remote, &view, &namespace, &args.change);
    if again {
        // The answer to the command may have been lost, so to give it again is no mistake.
        ui.say(&format!(
            "the namespace `{namespace}` is there already, with these owners"
        ));
        let history = view.namespace().and_then(|chain| chain.key(vkey.key()));
        let has = history.and_then(|history| history.now()) == Some(&own);
        if args.owners_only || threshold > 1 || has {
            return planned.as_it_was(ui, &act);
        }
        return planned.run(ui, second);
    }
    let with_grant = !args.owners_only && threshold == 1 && args.change.sign_to.is_none();
    if with_grant {
        planned.note(format!(
            "then to {}: an owner says whose keys may release and yank, and needs a grant to do that; `--owners-only` leaves it out",
            change::describe(&namespace, &second)
        ));
    } else {
        planned.note(
            "nobody may release in it yet: owners say whose keys may, with `tenon namespace grant`"
                .to_owned(),
        );
    }
    if !with_grant || args.change.consent.dry_run {
        return planned.run(ui, act);
    }
    let key = planned.agree(ui, &act)?;
    let created = planned.send(ui, act, &key)?;
    let view = remote.view(&Request::Namespace(namespace.clone()))?;
    let planned = Planned::new(&remote, &view, &namespace, &args.change);
    let granted = planned.send(ui, second, &key).map_err(|failure| {
        failure.notes([format!(
            "the namespace `{namespace}` is made; give the command again for the rest"
        )])
    })?;
    created.followed_by(granted).print(ui)
}

fn grant(ui: &Ui, args: &NamespaceGrant, global: &Global) -> Result<(), Failure> {
    let namespace = parse(&args.namespace)?;
    let pattern: Pattern = args.packages.parse().map_err(|error: NameError| {
        Failure::usage(error.to_string()).help("it is about the part of the name after the `:`")
    })?;
    let remote = Remote::of(ui, global, &namespace)?;
    let expires = args.expires.as_deref();
    let expires = expires
        .map(|text| parse_expiry(text, remote.now()))
        .transpose()?;
    let permissions = args.allow.iter().copied().map(Permission::from).collect();
    let grant = Grant {
        permissions,
        pattern,
        expires,
    };
    if grant.permissions.contains(&Permission::Own)
        && (!grant.pattern.is_all() || grant.expires.is_some())
    {
        return Err(Failure::usage(
            "an owner owns the whole namespace, and does so until it is revoked",
        )
        .help("leave out `--packages` and `--expires`, or `own`"));
    }
    let view = remote.view(&Request::Namespace(namespace.clone()))?;
    let vkey = find(&view, &args.vkey)?;
    let mut planned = Planned::new(&remote, &view, &namespace, &args.change);
    let history = view.namespace().and_then(|chain| chain.key(vkey.key()));
    let act = NamespaceAct::Grant(vkey.clone(), grant.clone());
    match history.and_then(|history| history.now()) {
        Some(now) if *now == grant => {
            ui.say(&format!(
                "that is what `{}` may do already",
                ui::clean_line(vkey.name().as_str())
            ));
            return planned.as_it_was(ui, &act);
        }
        Some(now) => planned.note(format!(
            "in place of what it may do so far: {}",
            change::rights(&namespace, now)
        )),
        None => {}
    }
    planned.run(ui, act)
}

fn revoke(ui: &Ui, args: &NamespaceRevoke, global: &Global) -> Result<(), Failure> {
    let namespace = parse(&args.namespace)?;
    let remote = Remote::of(ui, global, &namespace)?;
    let view = remote.view(&Request::Namespace(namespace.clone()))?;
    let vkey = find(&view, &args.vkey)?;
    let history = view.namespace().and_then(|chain| chain.key(vkey.key()));
    let act = NamespaceAct::Revoke {
        key: vkey.clone(),
        from_index: args.from_index,
    };
    let mut planned = Planned::new(&remote, &view, &namespace, &args.change);
    let last = history.and_then(|history| history.changes.last());
    let name = ui::clean_line(vkey.name().as_str());
    match last {
        None if view.namespace().is_some() => {
            let message = format!("the key `{name}` can do nothing in the namespace `{namespace}`");
            return Err(
                Failure::new("namespace::unknown-key", message).help(format!(
                    "`tenon namespace show {namespace}` says which keys can"
                )),
            );
        }
        Some(last) if last.grant.is_none() && last.from_index == args.from_index => {
            ui.say(&format!("the key `{name}` is revoked already"));
            return planned.as_it_was(ui, &act);
        }
        Some(last) if last.grant.is_none() => {
            let message =
                format!("the key `{name}` is revoked already, and that cannot be changed");
            return Err(Failure::new("namespace::unknown-key", message)
                .help("yank the releases that should not be used"));
        }
        _ => {}
    }
    if let Some(from) = args.from_index {
        let size = view.checkpoint().checkpoint().size;
        if from > size {
            let message = format!("the log has {} records only", ui::thousands(size));
            return Err(Failure::usage(message).help("`--from-index` is a place in it"));
        }
        let void = void::find(&remote, &namespace, &vkey, from)?;
        planned.note(match void.is_empty() {
            true => "no release that the registry lists becomes void".to_owned(),
            false => {
                let lines = void.iter().map(|release| format!("\n      {release}"));
                format!(
                    "void become, with what else the key signed there, these releases:{}",
                    lines.collect::<String>()
                )
            }
        });
        planned.void = void;
    } else {
        planned.note("what it released before stays".to_owned());
    }
    planned.run(ui, act)
}

fn threshold(ui: &Ui, args: &NamespaceThreshold, global: &Global) -> Result<(), Failure> {
    let namespace = parse(&args.namespace)?;
    let remote = Remote::of(ui, global, &namespace)?;
    let view = remote.view(&Request::Namespace(namespace.clone()))?;
    let act = NamespaceAct::Threshold(args.threshold);
    let mut planned = Planned::new(&remote, &view, &namespace, &args.change);
    if let Some(chain) = view.namespace() {
        if chain.threshold() == args.threshold {
            ui.say("that is how many must sign already");
            return planned.as_it_was(ui, &act);
        }
        let owners = chain.owners().count();
        if owners < args.threshold as usize {
            let message = format!(
                "the namespace `{namespace}` has {}, of whom {} cannot sign",
                ui::count(owners, "owner"),
                args.threshold
            );
            return Err(Failure::usage(message).help(format!(
                "make others owners first: `tenon namespace grant {namespace} VKEY --allow own`"
            )));
        }
        planned.note(format!("so far it is {}", chain.threshold()));
    }
    planned.run(ui, act)
}

fn parse(text: &str) -> Result<name::Namespace, Failure> {
    text.parse().map_err(|error: NameError| {
        Failure::usage(error.to_string())
            .help("a namespace is the part of a package's name before the `:`")
    })
}

fn parse_vkey(text: &str) -> Result<Vkey, Failure> {
    text.parse().map_err(|error: KeyError| {
        Failure::usage(format!("`{}` is no key", ui::clean_line(text)))
            .cause(ui::clean_line(&config::chain(&error)))
            .help("give what `tenon key show` prints, all of it, in quotes")
    })
}

/// The key that is meant: itself, or the one of a namespace that has this name.
fn find(view: &View, text: &str) -> Result<Vkey, Failure> {
    if text.contains('+') {
        return parse_vkey(text);
    }
    let keys = view.namespace().into_iter().flat_map(|chain| chain.keys());
    let named: Vec<_> = keys
        .filter(|key| key.vkey.name().as_str() == text)
        .collect();
    let shown = ui::clean_line(text);
    match named.as_slice() {
        [key] => Ok(key.vkey.clone()),
        [] => Err(Failure::new(
            "namespace::unknown-key",
            format!("the namespace has no key `{shown}`"),
        )
        .help("give what `tenon key show` prints for it, all of it, in quotes")),
        several => Err(Failure::new(
            "namespace::unknown-key",
            format!(
                "the namespace has {} of the name `{shown}`",
                ui::count(several.len(), "key")
            ),
        )
        .notes(
            several
                .iter()
                .map(|key| ui::clean_line(&key.vkey.to_string())),
        )
        .help("give the whole key")),
    }
}

/// `90d`, `2027-01-31`, or a whole time.
fn parse_expiry(text: &str, now: Time) -> Result<Time, Failure> {
    let wrong = || {
        Failure::usage(format!(
            "`{}` is no time in the future",
            ui::clean_line(text)
        ))
        .help("give a duration such as `90d`, or a day such as `2027-01-31`")
    };
    let time = match humantime::parse_duration(text) {
        Ok(duration) => now.seconds().checked_add(duration.as_secs()),
        Err(_) => {
            let whole: Option<Time> = text.parse().ok();
            let time = whole.or_else(|| format!("{text}T00:00:00Z").parse().ok());
            time.map(Time::seconds)
        }
    };
    let time = time.and_then(|seconds| Time::from_seconds(seconds).ok());
    let soon = now.seconds() + Duration::from_secs(60).as_secs();
    time.filter(|time| time.seconds() >= soon).ok_or_else(wrong)
}
