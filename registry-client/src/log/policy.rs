//! Which witnesses must have cosigned, as in [tlog-policy](https://c2sp.org/tlog-policy).

use super::{Algorithm, Origin, PublicKey, Vkey};
use crate::text;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The longest policy that is read: 64 KiB.
pub const MAX_POLICY: usize = 64 << 10;

/// Known logs, known witnesses, and the quorum: which sets of witnesses are enough.
///
/// Names are bytes, and have a meaning inside of the policy only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<Witness>,
    /// In the order of definition: a rule refers to earlier ones only.
    rules: Vec<Rule>,
    /// The rule that must hold; none for `quorum none`.
    quorum: Option<usize>,
}

/// A log whose checkpoints the policy accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key, named as its origin.
    pub vkey: Vkey,
    /// Where it is, if the policy says so.
    pub url: Option<String>,
}

/// A witness that the policy knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    name: Vec<u8>,
    /// Its key.
    pub vkey: Vkey,
    /// Where it is, if the policy says so.
    pub url: Option<String>,
}

/// What can be a member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// The witness of this number has cosigned.
    Witness(usize),
    /// So many of these rules hold.
    Group {
        threshold: usize,
        members: Vec<usize>,
    },
}

/// Why a text is no policy: the line, counted from 1, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the policy: {kind}")]
pub struct PolicyError {
    /// The line, counted from 1; 0 where it is about the policy as a whole.
    pub line: usize,
    /// What is wrong.
    pub kind: PolicyErrorKind,
}

/// What is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyErrorKind {
    /// It is longer than [`MAX_POLICY`].
    #[error("the policy has {0} bytes, of at most {MAX_POLICY}")]
    TooLong(usize),
    /// It has a control character other than tab and newline.
    #[error("there is the control character 0x{0:02x}; only tab and newline may be there")]
    Control(u8),
    /// The last line does not end.
    #[error("the line does not end with a newline")]
    Unfinished,
    /// The line begins with none of the four words.
    #[error("`{0}` is not known here: expected `log`, `witness`, `group` or `quorum`")]
    UnknownWord(String),
    /// The line has too few or too many items.
    #[error("expected `{0}`")]
    Items(&'static str),
    /// The key is no key.
    #[error("{0}")]
    Key(super::KeyError),
    /// A log's key cosigns, or a witness's does not.
    #[error(
        "the key `{}` is of the wrong signature type: a {role} signs with type {wanted}",
        text::escape(vkey)
    )]
    WrongAlgorithm {
        /// The key.
        vkey: Vkey,
        /// `log` or `witness`.
        role: &'static str,
        /// The type that is wanted.
        wanted: &'static str,
    },
    /// One public key is listed twice, under whatever names.
    #[error("the public key of `{}` is listed before: one key counts once", text::escape(.0))]
    RepeatedKey(Vkey),
    /// The name is defined before, or is `none`.
    #[error("the name `{0}` is taken")]
    RepeatedName(String),
    /// The name is not defined on an earlier line.
    #[error("nothing named `{0}` is defined above this line")]
    UnknownName(String),
    /// The name is a member of a group already.
    #[error("`{0}` is a member of a group already, and may count once only")]
    RepeatedMember(String),
    /// The threshold is not a number from 1 to the number of members.
    #[error("`{found}` is not a threshold: expected `any`, `all`, or a number from 1 to {members}")]
    Threshold {
        /// What is there.
        found: String,
        /// How many members the group has.
        members: usize,
    },
    /// There is a second quorum line.
    #[error("there is a second `quorum` line")]
    RepeatedQuorum,
    /// There is no quorum line.
    #[error("there is no `quorum` line; `quorum none` asks for no witness")]
    NoQuorum,
}

impl Policy {
    /// The policy that asks for no witness: `quorum none`.
    pub fn none() -> Policy {
        Policy {
            logs: vec![],
            witnesses: vec![],
            rules: vec![],
            quorum: None,
        }
    }

    /// Reads a policy file: at most [`MAX_POLICY`] bytes. It allocates at most 16 times the bytes
    /// given, and 4 KiB.
    ///
    /// # Errors
    ///
    /// The line that is wrong, and why.
    pub fn parse(bytes: &[u8]) -> Result<Policy, PolicyError> {
        let at = |line| move |kind| PolicyError { line, kind };
        if bytes.len() > MAX_POLICY {
            return Err(at(0)(PolicyErrorKind::TooLong(bytes.len())));
        }
        let mut reader = Reader::default();
        let mut number = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            number += 1;
            let line = line
                .strip_suffix(b"\n")
                .ok_or_else(|| at(number)(PolicyErrorKind::Unfinished))?;
            reader.line(line).map_err(at(number))?;
        }
        let quorum = reader
            .quorum
            .ok_or_else(|| at(number)(PolicyErrorKind::NoQuorum))?;
        Ok(Policy {
            logs: reader.logs,
            witnesses: reader.witnesses,
            rules: reader.rules,
            quorum,
        })
    }

    /// The logs that the policy lists; it may list none.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses that the policy lists.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether the policy asks for no witness at all.
    pub fn is_none(&self) -> bool {
        self.quorum.is_none()
    }

    /// The first listed log whose key does not bear this origin as its name.
    pub fn log_of_another_origin(&self, origin: &Origin) -> Option<&PolicyLog> {
        let other = |log: &&PolicyLog| log.vkey.name().as_str() != origin.as_str();
        self.logs.iter().find(other)
    }

    /// Whether these public keys, having cosigned, are enough.
    ///
    /// A key counts once, and only where a witness of the policy has it.
    pub fn is_met(&self, cosigned: &BTreeSet<&PublicKey>) -> bool {
        let Some(quorum) = self.quorum else {
            return true;
        };
        let mut holds: Vec<bool> = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            holds.push(match rule {
                Rule::Witness(number) => self
                    .witnesses
                    .get(*number)
                    .is_some_and(|witness| cosigned.contains(witness.vkey.key())),
                Rule::Group { threshold, members } => {
                    let held = members
                        .iter()
                        .filter(|member| holds.get(**member) == Some(&true));
                    held.count() >= *threshold
                }
            });
        }
        holds.get(quorum) == Some(&true)
    }
}

impl Witness {
    /// The name of the witness in its policy, with what is not UTF-8 replaced.
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }
}

#[derive(Default)]
struct Reader<'a> {
    logs: Vec<PolicyLog>,
    witnesses: Vec<Witness>,
    rules: Vec<Rule>,
    names: BTreeMap<&'a [u8], usize>,
    members: BTreeSet<usize>,
    quorum: Option<Option<usize>>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: &'a [u8]) -> Result<(), PolicyErrorKind> {
        if let Some(control) = line
            .iter()
            .find(|byte| (**byte < 0x20 && **byte != b'\t') || **byte == 0x7f)
        {
            return Err(PolicyErrorKind::Control(*control));
        }
        let items: Vec<&[u8]> = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|item| !item.is_empty())
            .collect();
        match items.as_slice() {
            [] => Ok(()),
            [comment, ..] if comment.starts_with(b"#") => Ok(()),
            [b"log", vkey, url @ ..] if url.len() <= 1 => self.log(vkey, url.first()),
            [b"log", ..] => Err(PolicyErrorKind::Items("log <vkey> [<url>]")),
            [b"witness", name, vkey, url @ ..] if url.len() <= 1 => {
                self.witness(name, vkey, url.first())
            }
            [b"witness", ..] => Err(PolicyErrorKind::Items("witness <name> <vkey> [<url>]")),
            [b"group", name, threshold, members @ ..] if !members.is_empty() => {
                self.group(name, threshold, members)
            }
            [b"group", ..] => Err(PolicyErrorKind::Items("group <name> any|all|<k> <name>...")),
            [b"quorum", name] => self.quorum(name),
            [b"quorum", ..] => Err(PolicyErrorKind::Items("quorum <name>")),
            [other, ..] => Err(PolicyErrorKind::UnknownWord(show(other))),
        }
    }

    fn log(&mut self, vkey: &[u8], url: Option<&&[u8]>) -> Result<(), PolicyErrorKind> {
        let vkey = key(vkey, Algorithm::Ed25519, "log", "0x01")?;
        self.check_new_key(&vkey)?;
        let url = url.map(|url| String::from_utf8_lossy(url).into_owned());
        self.logs.push(PolicyLog { vkey, url });
        Ok(())
    }

    fn witness(
        &mut self,
        name: &'a [u8],
        vkey: &[u8],
        url: Option<&&[u8]>,
    ) -> Result<(), PolicyErrorKind> {
        let vkey = key(vkey, Algorithm::Cosignature, "witness", "0x04")?;
        self.check_new_key(&vkey)?;
        self.define(name, Rule::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness {
            name: name.to_vec(),
            vkey,
            url: url.map(|url| String::from_utf8_lossy(url).into_owned()),
        });
        Ok(())
    }

    /// One key is one log or one witness.
    fn check_new_key(&self, vkey: &Vkey) -> Result<(), PolicyErrorKind> {
        let logs = self.logs.iter().map(|log| &log.vkey);
        let witnesses = self.witnesses.iter().map(|witness| &witness.vkey);
        match logs.chain(witnesses).any(|known| known.key() == vkey.key()) {
            true => Err(PolicyErrorKind::RepeatedKey(vkey.clone())),
            false => Ok(()),
        }
    }

    fn group(
        &mut self,
        name: &'a [u8],
        threshold: &[u8],
        names: &[&[u8]],
    ) -> Result<(), PolicyErrorKind> {
        let mut members = vec![];
        for name in names {
            let member = self.find(name)?;
            if !self.members.insert(member) {
                return Err(PolicyErrorKind::RepeatedMember(show(name)));
            }
            members.push(member);
        }
        let number = |text: &[u8]| {
            let number = text::from_decimal(std::str::from_utf8(text).ok()?)?;
            usize::try_from(number).ok()
        };
        let threshold = match threshold {
            b"any" => Some(1),
            b"all" => Some(members.len()),
            text => number(text).filter(|k| (1..=members.len()).contains(k)),
        }
        .ok_or_else(|| PolicyErrorKind::Threshold {
            found: show(threshold),
            members: members.len(),
        })?;
        self.define(name, Rule::Group { threshold, members })
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyErrorKind> {
        if self.quorum.is_some() {
            return Err(PolicyErrorKind::RepeatedQuorum);
        }
        self.quorum = Some(match name {
            b"none" => None,
            name => Some(self.find(name)?),
        });
        Ok(())
    }

    fn define(&mut self, name: &'a [u8], rule: Rule) -> Result<(), PolicyErrorKind> {
        if name == b"none" || self.names.contains_key(name) {
            return Err(PolicyErrorKind::RepeatedName(show(name)));
        }
        self.names.insert(name, self.rules.len());
        self.rules.push(rule);
        Ok(())
    }

    fn find(&self, name: &[u8]) -> Result<usize, PolicyErrorKind> {
        let found = self.names.get(name).copied();
        found.ok_or_else(|| PolicyErrorKind::UnknownName(show(name)))
    }
}

fn key(
    vkey: &[u8],
    algorithm: Algorithm,
    role: &'static str,
    wanted: &'static str,
) -> Result<Vkey, PolicyErrorKind> {
    let vkey: Vkey = String::from_utf8_lossy(vkey)
        .parse()
        .map_err(PolicyErrorKind::Key)?;
    if vkey.algorithm() != algorithm {
        return Err(PolicyErrorKind::WrongAlgorithm { vkey, role, wanted });
    }
    Ok(vkey)
}

fn show(bytes: &[u8]) -> String {
    text::excerpt(&String::from_utf8_lossy(bytes))
}
