//! What the command line asks of a plan: sockets and plugs, and what is said of them by name.

use crate::args::{Plug, VersionPolicy};
use crate::error::Failure;
use crate::ui;
use std::path::Path;
use tenon_composer::{
    Arena, ComponentId, ExportRequest, KeepRequest, Member, RenameRequest, Request, Side, Versions,
    WireRequest, WiredExport,
};

/// The sockets and plugs, as they are named, with the links of chains among the plugs.
pub(super) struct Lineup {
    sockets: Vec<String>,
    plugs: Vec<String>,
    chains: Vec<Vec<Member>>,
}

impl Lineup {
    /// # Errors
    ///
    /// It is an error if a link of a chain is neither a plug nor anything that can be opened, if nothing
    /// is the socket, or if standard input is named twice.
    pub(super) fn of(args: &Plug) -> Result<Lineup, Failure> {
        let mut lineup = Lineup {
            sockets: args.sockets.clone(),
            plugs: args.plugs.clone(),
            chains: Vec::new(),
        };
        for text in &args.chains {
            let links: Vec<&str> = text.split(',').collect();
            if links.len() < 2 || links.contains(&"") {
                return Err(Failure::usage(format!(
                    "`--chain {}` is no chain",
                    ui::clean_line(text)
                ))
                .help("name two links at least, with commas between: `--chain auth.wasm,backend.wasm`"));
            }
            lineup.add_chain(args, &links)?;
        }
        let arguments = lineup.arguments();
        if arguments
            .iter()
            .filter(|argument| **argument == "-")
            .count()
            > 1
        {
            return Err(Failure::usage("standard input can be read once only")
                .help("write it to a file first, and name the file twice"));
        }
        Ok(lineup)
    }

    /// Adds a chain; the first link is the socket if there is no other.
    fn add_chain(&mut self, args: &Plug, links: &[&str]) -> Result<(), Failure> {
        let mut chain = Vec::new();
        let mut links = links;
        if let ([first, rest @ ..], true) = (links, args.sockets.is_empty()) {
            if args.chains.len() > 1 {
                return Err(Failure::usage("there are several chains, and no socket")
                    .help("name the component whose imports are filled: `tenon plug SOCKET --chain ...`"));
            }
            self.sockets.push((*first).to_owned());
            chain.push(Member::Socket(0));
            links = rest;
        }
        for (at, link) in links.iter().enumerate() {
            let before = links.iter().take(at).filter(|other| *other == link).count();
            chain.push(Member::Plug(self.link(link, before)?));
        }
        self.chains.push(chain);
        Ok(())
    }

    /// The plug that a link is, which may be one more than there were; `before` says how often the link
    /// stands in its chain before.
    fn link(&mut self, link: &str, before: usize) -> Result<usize, Failure> {
        let sockets = |name: &str| {
            self.sockets
                .iter()
                .filter(|socket| stem(socket) == name)
                .count()
        };
        let (name, number) = match numbered(link) {
            Some((name, number))
                if self.plugs_called(link).is_empty() && !self.plugs_called(name).is_empty() =>
            {
                // Sockets are counted first, as in the report.
                (name, (number - 1).saturating_sub(sockets(name)))
            }
            _ => (link, 0),
        };
        let known = self.plugs_called(name);
        let arguments = known.iter().filter_map(|at| self.plugs.get(*at));
        let mut arguments: Vec<String> = arguments.cloned().collect();
        arguments.dedup();
        if let [_, _, ..] = *arguments {
            return Err(Failure::usage(format!(
                "several plugs are called `{}`",
                ui::clean_line(link)
            ))
            .help("name the path under which it was given"));
        }
        if let Some(at) = known.get(number + before) {
            return Ok(*at);
        }
        let argument = match arguments.pop() {
            Some(argument) if name == link => argument,
            _ if link.contains(':') || Path::new(link).exists() || link == "-" => link.to_owned(),
            _ => return Err(self.unknown_link(link)),
        };
        self.plugs.push(argument);
        Ok(self.plugs.len() - 1)
    }

    /// The plugs that were given as `name`, or are called so.
    fn plugs_called(&self, name: &str) -> Vec<usize> {
        let plugs = || self.plugs.iter().enumerate();
        let given: Vec<_> = plugs()
            .filter(|(_, plug)| *plug == name)
            .map(|(at, _)| at)
            .collect();
        match given.is_empty() {
            true => plugs()
                .filter(|(_, plug)| stem(plug) == name)
                .map(|(at, _)| at)
                .collect(),
            false => given,
        }
    }

    fn unknown_link(&self, link: &str) -> Failure {
        let failure = Failure::usage(format!(
            "`{}` in a chain is neither a plug nor a file",
            ui::clean_line(link)
        ));
        let names = self.plugs.iter().map(|plug| stem(plug));
        let near = names
            .map(|name| (strsim::levenshtein(link, name), name))
            .filter(|(letters, _)| *letters <= 2)
            .min();
        match near {
            Some((_, near)) => failure.help(format!("did you mean `{near}`?")),
            None => {
                failure.help("name a plug as it is called, or a file, or a package as `acme:http`")
            }
        }
    }

    /// What is to be opened: the sockets, then the plugs.
    pub(super) fn arguments(&self) -> Vec<&str> {
        let all = self.sockets.iter().chain(&self.plugs);
        all.map(String::as_str).collect()
    }

    /// The request, the components having been read as `ids`, in the order of [`Lineup::arguments`].
    pub(super) fn request(
        &self,
        arena: &Arena<'_>,
        ids: &[ComponentId],
        args: &Plug,
    ) -> Result<Request, Failure> {
        let (sockets, plugs) = ids.split_at_checked(self.sockets.len()).unwrap_or_default();
        let request = Request::new(sockets.iter().copied(), plugs.iter().copied());
        let names = Names {
            lineup: self,
            arena,
            request: &request,
        };
        let mut asked = request.clone();
        asked.strict = args.strict;
        asked.versions = match args.versions {
            VersionPolicy::Highest => Versions::Highest,
            VersionPolicy::Lowest => Versions::Lowest,
            VersionPolicy::Separate => Versions::Separate,
            VersionPolicy::Canonical => Versions::Canonical,
        };
        asked.chains.clone_from(&self.chains);
        asked.prefer = each(&args.prefer, |name| names.member(name))?;
        asked.wires = each(&args.wires, |text| names.wire(text))?;
        asked.keep = each(&args.keep, |text| names.keep(text))?;
        asked.exports = each(&args.exports, |text| names.export(text))?;
        asked.renames = each(&args.renames, |text| names.rename(text))?;
        check_renames(&asked.renames)?;
        Ok(asked)
    }
}

/// Finds sockets and plugs by the names that options have for them.
struct Names<'n, 'i> {
    lineup: &'n Lineup,
    arena: &'n Arena<'i>,
    request: &'n Request,
}

impl Names<'_, '_> {
    /// By what was given, if only one was given so, or by name.
    fn member(&self, name: &str) -> Result<Member, Failure> {
        let at = |all: &[String], member: fn(usize) -> Member| -> Vec<Member> {
            let given = all
                .iter()
                .enumerate()
                .filter(|(_, argument)| *argument == name);
            given.map(|(at, _)| member(at)).collect()
        };
        let mut given = at(&self.lineup.sockets, Member::Socket);
        given.extend(at(&self.lineup.plugs, Member::Plug));
        match *given {
            [member] => Ok(member),
            _ => Ok(self.request.member(self.arena, name)?),
        }
    }

    fn wire(&self, text: &str) -> Result<WireRequest, Failure> {
        let parts = text.split_once('#').and_then(|(consumer, rest)| {
            let (import, provider) = rest.split_once('=')?;
            Some((consumer, import, provider))
        });
        let Some((consumer, import, provider)) = parts else {
            return Err(malformed("--wire", text, "CONSUMER#IMPORT=PROVIDER"));
        };
        let (provider, export) = match provider.split_once('#') {
            None => (provider, WiredExport::Fitting),
            Some((provider, "")) => (provider, WiredExport::Whole),
            Some((provider, export)) => (provider, WiredExport::Named(export.to_owned())),
        };
        Ok(WireRequest {
            consumer: self.member(consumer)?,
            import: import.to_owned(),
            provider: self.member(provider)?,
            export,
        })
    }

    fn keep(&self, text: &str) -> Result<KeepRequest, Failure> {
        let (consumer, import) = self.owned(text)?;
        Ok(KeepRequest { consumer, import })
    }

    fn export(&self, text: &str) -> Result<ExportRequest, Failure> {
        let Some((of, export)) = text.split_once('#') else {
            return Err(malformed("--export", text, "INSTANCE#EXPORT"));
        };
        let (export, name) = match export.split_once('=') {
            None => (export, None),
            Some((export, name)) => (export, Some(name.to_owned())),
        };
        Ok(ExportRequest {
            of: self.member(of)?,
            export: export.to_owned(),
            name,
        })
    }

    fn rename(&self, text: &str) -> Result<RenameRequest, Failure> {
        let sides = [("import:", Side::Import), ("export:", Side::Export)];
        let mut sides = sides.into_iter();
        let (side, rest) = sides
            .find_map(|(prefix, side)| Some((Some(side), text.strip_prefix(prefix)?)))
            .unwrap_or((None, text));
        let Some((from, to)) = rest.rsplit_once('=') else {
            return Err(malformed("--rename", text, "FROM=TO"));
        };
        let (of, from) = self.owned(from)?;
        Ok(RenameRequest {
            side,
            of,
            from,
            to: to.to_owned(),
        })
    }

    /// `INSTANCE#ITEM`, or the item alone.
    fn owned(&self, text: &str) -> Result<(Option<Member>, String), Failure> {
        Ok(match text.split_once('#') {
            None => (None, text.to_owned()),
            Some((owner, item)) => (Some(self.member(owner)?), item.to_owned()),
        })
    }
}

/// Refuses two names for one item.
fn check_renames(renames: &[RenameRequest]) -> Result<(), Failure> {
    for (at, first) in renames.iter().enumerate() {
        let is_same = |second: &&RenameRequest| {
            let sides = [first.side, second.side];
            let meets = sides.contains(&None) || first.side == second.side;
            meets && (first.of, &first.from) == (second.of, &second.from) && first.to != second.to
        };
        if let Some(second) = renames.iter().skip(at + 1).find(is_same) {
            return Err(Failure::usage(format!(
                "`{}` is to be called `{}`, and `{}`",
                first.from, first.to, second.to
            ))
            .help("leave out one `--rename` of the two"));
        }
    }
    Ok(())
}

fn each<T>(
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    texts.iter().map(|text| parse(text)).collect()
}

fn malformed(option: &str, text: &str, form: &str) -> Failure {
    Failure::usage(format!(
        "`{option} {}` cannot be understood",
        ui::clean_line(text)
    ))
    .help(format!("write `{option} '{form}'`"))
}

/// What a plug is called: after its file, or its package.
fn stem(argument: &str) -> &str {
    let path = Path::new(argument);
    if argument.contains(':') && !path.exists() {
        return argument
            .split_once('@')
            .map_or(argument, |(package, _)| package);
    }
    match argument {
        "-" => "stdin",
        _ => path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or(argument),
    }
}

/// A name with a number from 2: `mw-2`.
fn numbered(link: &str) -> Option<(&str, usize)> {
    let (name, number) = link.rsplit_once('-')?;
    let number = number.parse().ok().filter(|number| *number >= 2)?;
    Some((name, number))
}
