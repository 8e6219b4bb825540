//! What the file `options` of a case says, as the command line would: a word, and what it needs.

use tenon_composer::{
    Arena, Error, ExportRequest, KeepRequest, Member, RenameRequest, Request, Side, Versions,
    WireRequest, WiredExport,
};

/// Adds `options` to the request.
pub(crate) fn apply(
    arena: &Arena<'_>,
    request: &mut Request,
    options: &[String],
) -> Result<(), Error> {
    for option in options {
        let (option, what) = option.split_once(' ').expect("an option and what it needs");
        let members = request.clone();
        let member = |name: &str| members.member(arena, name);
        let list =
            |names: &str| -> Result<Vec<Member>, Error> { names.split(',').map(member).collect() };
        match option {
            "chain" => request.chains.push(list(what)?),
            "prefer" => request.prefer.extend(list(what)?),
            "wire" => {
                let (consumer, provider) = what.split_once('=').unwrap();
                let (consumer, import) = consumer.split_once('#').unwrap();
                let (provider, export) = match provider.split_once('#') {
                    None => (provider, WiredExport::Fitting),
                    Some((provider, "")) => (provider, WiredExport::Whole),
                    Some((provider, export)) => (provider, WiredExport::Named(export.to_owned())),
                };
                request.wires.push(WireRequest {
                    consumer: member(consumer)?,
                    import: import.to_owned(),
                    provider: member(provider)?,
                    export,
                });
            }
            "keep-import" => {
                let (consumer, import) = owned(what);
                request.keep.push(KeepRequest {
                    consumer: consumer.map(member).transpose()?,
                    import: import.to_owned(),
                });
            }
            "export" => {
                let (item, name) = match what.split_once('=') {
                    None => (what, None),
                    Some((item, name)) => (item, Some(name.to_owned())),
                };
                let (of, export) = item.split_once('#').unwrap();
                request.exports.push(ExportRequest {
                    of: member(of)?,
                    export: export.to_owned(),
                    name,
                });
            }
            "rename" => {
                let (from, to) = what.split_once('=').unwrap();
                let sides = [("import:", Side::Import), ("export:", Side::Export)];
                let side = sides.iter().find(|(prefix, _)| from.starts_with(prefix));
                let (of, from) = owned(&from[side.map_or(0, |(prefix, _)| prefix.len())..]);
                request.renames.push(RenameRequest {
                    side: side.map(|(_, side)| *side),
                    of: of.map(member).transpose()?,
                    from: from.to_owned(),
                    to: to.to_owned(),
                });
            }
            "versions" => {
                let policy = Versions::ALL
                    .into_iter()
                    .find(|policy| policy.as_str() == what);
                request.versions = policy.expect("a version policy");
            }
            _ => panic!("there is no option `{option}`"),
        }
    }
    Ok(())
}

/// `INSTANCE#ITEM`, or the item alone.
fn owned(text: &str) -> (Option<&str>, &str) {
    match text.split_once('#') {
        None => (None, text),
        Some((owner, item)) => (Some(owner), item),
    }
}
