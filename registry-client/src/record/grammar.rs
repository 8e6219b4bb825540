//! The text of a record, line by line. `docs/record.md` has the grammar.

use super::TimeError;
use super::statement::*;
use crate::log::{Algorithm, Hash, KeyError, NoteError, Origin, Vkey};
use crate::name::{NameError, Pattern};
use crate::text;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

/// Why bytes are no record, and in which line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is longer than a leaf of the log can be.
    #[error("the record has {0} bytes, of at most {max}", max = super::MAX_RECORD)]
    TooLong(usize),
    /// It is no note.
    #[error("the record is not a signed note")]
    Note(#[source] NoteError),
    /// It has no signature, or more than a record may have.
    #[error(
        "the record has {0} signatures, of at least 1 and at most {max}", max = super::MAX_RECORD_SIGNATURES
    )]
    Signatures(usize),
    /// A line is not the one that comes here.
    #[error("line {line} of the record is `{found}`: expected `{wanted}`")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is there.
        found: String,
        /// What should be.
        wanted: &'static str,
    },
    /// There are lines after the last.
    #[error("line {line} of the record, `{found}`, has no place in a record of kind `{kind}`")]
    Trailing {
        /// The line, counted from 1.
        line: usize,
        /// What is there.
        found: String,
        /// The kind of the record.
        kind: &'static str,
    },
    /// The kind is not one there is for the subject.
    #[error("there is no record `{kind}` about `{subject}`")]
    Kind {
        /// The kind.
        kind: String,
        /// The subject.
        subject: String,
    },
    /// A value is not what its line asks for.
    #[error("line {line} of the record: {reason}")]
    Value {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It says what a record of this encoding says, in other bytes.
    #[error("the record is not in its one encoding: it differs from it at byte {0}")]
    Encoding(usize),
}

/// The lines of a record's text.
struct Lines<'a> {
    lines: std::iter::Peekable<std::str::Split<'a, char>>,
    /// The number of the line taken last.
    number: usize,
}

impl<'a> Lines<'a> {
    /// The value of the next line, which must begin with `word`.
    fn take(&mut self, word: &'static str) -> Result<&'a str, RecordError> {
        if let Some(value) = self.take_if(word) {
            return Ok(value);
        }
        Err(RecordError::Line {
            line: self.number + 1,
            found: self.lines.next().map(text::excerpt).unwrap_or_default(),
            wanted: word,
        })
    }

    /// The value of the next line, if it begins with `word`.
    fn take_if(&mut self, word: &str) -> Option<&'a str> {
        let value = self.value(word)?;
        self.lines.next();
        self.number += 1;
        Some(value)
    }

    /// Whether the next line begins with `word`.
    fn follows(&mut self, word: &str) -> bool {
        self.value(word).is_some()
    }

    fn value(&mut self, word: &str) -> Option<&'a str> {
        self.lines.peek()?.strip_prefix(word)?.strip_prefix(' ')
    }

    /// What is wrong with the line taken last.
    fn wrong(&self, reason: impl ToString) -> RecordError {
        RecordError::Value {
            line: self.number,
            reason: reason.to_string(),
        }
    }

    fn expected(&self, found: &str, wanted: &str) -> RecordError {
        self.wrong(format!("`{}` is not {wanted}", text::excerpt(found)))
    }

    fn parsed<T: std::str::FromStr<Err: fmt::Display>>(
        &mut self,
        word: &'static str,
    ) -> Result<T, RecordError> {
        let value = self.take(word)?;
        value.parse().map_err(|error| self.wrong(error))
    }

    fn number(&mut self, word: &'static str) -> Result<u64, RecordError> {
        let value = self.take(word)?;
        let wanted = "a decimal number below 2^64 without leading zeros";
        text::from_decimal(value).ok_or_else(|| self.expected(value, wanted))
    }

    fn word<T>(
        &mut self,
        word: &'static str,
        from_word: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, RecordError> {
        let value = self.take(word)?;
        from_word(value).ok_or_else(|| self.expected(value, &format!("a {word} there is")))
    }

    fn seq(&self, value: &str) -> Result<u32, RecordError> {
        text::from_decimal_u32(value).ok_or_else(|| {
            self.expected(value, "a decimal number below 2^32 without leading zeros")
        })
    }

    fn link(&mut self) -> Result<Link, RecordError> {
        let seq = self.take("seq")?;
        let seq = self.seq(seq)?;
        let prev: Hash = self.parsed("prev")?;
        if (seq == 0) != (prev == Hash::ZERO) {
            return Err(
                self.wrong("`prev` is 32 zero bytes in the record of seq 0, and in no other")
            );
        }
        Ok(Link { seq, prev })
    }

    fn reference(&mut self, word: &'static str) -> Result<Reference, RecordError> {
        let value = self.take(word)?;
        let parts = value.split_once(' ');
        let (seq, hash) = parts.ok_or_else(|| self.expected(value, "a seq and a hash"))?;
        Ok(Reference {
            seq: self.seq(seq)?,
            hash: hash.parse().map_err(|error| self.wrong(error))?,
        })
    }

    fn role_key(&mut self) -> Result<(Role, Vkey), RecordError> {
        let value = self.take("key")?;
        let parts = value.split_once(' ');
        let (role, vkey) =
            parts.ok_or_else(|| self.expected(value, "a role and a verifier key"))?;
        let role = Role::from_word(role).ok_or_else(|| self.expected(role, "a role there is"))?;
        let algorithm = match role {
            Role::Time => Algorithm::Cosignature,
            _ => Algorithm::Ed25519,
        };
        Ok((role, self.vkey(vkey, algorithm)?))
    }

    fn vkey(&self, text: &str, algorithm: Algorithm) -> Result<Vkey, RecordError> {
        let vkey: Vkey = text.parse().map_err(|error: KeyError| self.wrong(error))?;
        if vkey.algorithm() != algorithm {
            return Err(
                self.wrong("the key is of the wrong type: 0x04 is for `time`, 0x01 for all else")
            );
        }
        let name = vkey.name().as_str().as_bytes();
        if name.len() > 128 || !name.iter().all(u8::is_ascii_graphic) {
            let wanted =
                "the name of a key in a record is at most 128 characters of printable ASCII";
            return Err(self.wrong(wanted));
        }
        Ok(vkey)
    }

    fn owners(&mut self) -> Result<Vec<Vkey>, RecordError> {
        let mut owners: Vec<Vkey> = vec![];
        while let Some(owner) = self.take_if("owner") {
            let owner = self.vkey(owner, Algorithm::Ed25519)?;
            if owners.last().is_some_and(|last| last.key() >= owner.key()) {
                return Err(self.wrong("owners are ordered by public key, each once"));
            }
            owners.push(owner);
        }
        Ok(owners)
    }

    fn threshold(&mut self) -> Result<u32, RecordError> {
        let threshold = self.number("threshold")?;
        match u32::try_from(threshold) {
            Ok(threshold @ 1..=16) => Ok(threshold),
            _ => Err(self.wrong(format!("the threshold {threshold} is not from 1 to 16"))),
        }
    }

    /// One item of printable ASCII without spaces.
    fn item(&self, value: &str) -> Result<String, RecordError> {
        let printable = value.bytes().all(|byte| byte.is_ascii_graphic());
        if value.is_empty() || value.len() > 256 || !printable {
            return Err(self.expected(value, "1 to 256 characters of printable ASCII"));
        }
        Ok(value.to_owned())
    }
}

/// Reads the text of a record, without signatures.
pub(super) fn parse(record: &str) -> Result<Record, RecordError> {
    let text = record.strip_suffix('\n').unwrap_or(record);
    let mut lines = Lines {
        lines: text.split('\n').peekable(),
        number: 0,
    };
    let kind = lines.take("tenon-record/v1")?;
    let origin = lines.take("origin")?;
    let origin = Origin::new(origin).map_err(|error| lines.wrong(error))?;
    let subject = lines.take("subject")?;
    let statement = statement(&mut lines, kind, subject)?;
    let time = lines.parsed("time")?;
    let record = Record {
        origin,
        statement,
        time,
    };
    if let Some(line) = lines.lines.next() {
        return Err(RecordError::Trailing {
            line: lines.number + 1,
            found: text::excerpt(line),
            kind: record.kind(),
        });
    }
    Ok(record)
}

fn statement(lines: &mut Lines, kind: &str, subject: &str) -> Result<Statement, RecordError> {
    let unknown = || RecordError::Kind {
        kind: text::excerpt(kind),
        subject: text::excerpt(subject),
    };
    if subject == "registry" {
        let link = lines.link()?;
        let act = registry_act(lines, kind)?.ok_or_else(unknown)?;
        Ok(Statement::Registry { link, act })
    } else if let Some(namespace) = subject.strip_prefix("namespace ") {
        let namespace = namespace
            .parse()
            .map_err(|error: NameError| lines.wrong(error))?;
        let link = lines.link()?;
        let act = namespace_act(lines, kind)?.ok_or_else(unknown)?;
        Ok(Statement::Namespace {
            namespace,
            link,
            act,
        })
    } else if let Some(package) = subject.strip_prefix("package ") {
        let package = package
            .parse()
            .map_err(|error: NameError| lines.wrong(error))?;
        let link = lines.link()?;
        let operator = kind == "takedown";
        let authority = lines.reference(if operator { "registry" } else { "namespace" })?;
        let act = package_act(lines, kind)?.ok_or_else(unknown)?;
        Ok(Statement::Package {
            package,
            link,
            authority,
            act,
        })
    } else if subject == "index" && kind == "index" {
        Ok(Statement::Index {
            covers: lines.number("covers")?,
            map: lines.parsed("map")?,
        })
    } else {
        Err(unknown())
    }
}

fn registry_act(lines: &mut Lines, kind: &str) -> Result<Option<RegistryAct>, RecordError> {
    Ok(Some(match kind {
        "init" => {
            let nonce: Hash = lines.parsed("nonce")?;
            let mut keys = vec![lines.role_key()?];
            while lines.follows("key") {
                let next = lines.role_key()?;
                let order = |key: &(Role, Vkey)| (key.0, key.1.key().clone());
                if keys.last().is_some_and(|last| order(last) >= order(&next)) {
                    return Err(lines.wrong("keys are ordered by role and public key, each once"));
                }
                keys.push(next);
            }
            RegistryAct::Init {
                nonce: *nonce.as_bytes(),
                keys,
            }
        }
        "key-add" => {
            let (role, key) = lines.role_key()?;
            RegistryAct::KeyAdd(role, key)
        }
        "key-remove" => {
            let (role, key) = lines.role_key()?;
            RegistryAct::KeyRemove(role, key)
        }
        "reserve" => RegistryAct::Reserve {
            namespace: lines.parsed("name")?,
            owners: lines.owners()?,
        },
        _ => return Ok(None),
    }))
}

fn namespace_act(lines: &mut Lines, kind: &str) -> Result<Option<NamespaceAct>, RecordError> {
    Ok(Some(match kind {
        "create" => {
            let owners = lines.owners()?;
            let threshold = lines.threshold()?;
            if owners.len() < threshold as usize {
                return Err(lines.wrong(format!(
                    "the threshold {threshold} is more than there are owners ({})",
                    owners.len()
                )));
            }
            NamespaceAct::Create { owners, threshold }
        }
        "grant" => {
            let key = lines.take("key")?;
            let key = lines.vkey(key, Algorithm::Ed25519)?;
            let words = lines.take("permissions")?;
            let permissions: Option<BTreeSet<Permission>> =
                words.split(' ').map(Permission::from_word).collect();
            let permissions = permissions.ok_or_else(|| {
                lines.expected(words, "some of `own release yank`, in this order")
            })?;
            let pattern: Pattern = lines.parsed("pattern")?;
            let expires = lines.take_if("expires").map(str::parse).transpose();
            let expires = expires.map_err(|error: TimeError| lines.wrong(error))?;
            let owner = permissions.contains(&Permission::Own);
            if owner && (!pattern.is_all() || expires.is_some()) {
                return Err(lines.wrong("an owner's pattern is `*` and does not expire"));
            }
            NamespaceAct::Grant(
                key,
                Grant {
                    permissions,
                    pattern,
                    expires,
                },
            )
        }
        "revoke" => {
            let key = lines.take("key")?;
            let key = lines.vkey(key, Algorithm::Ed25519)?;
            let from = lines.follows("from-index");
            let from_index = from.then(|| lines.number("from-index")).transpose()?;
            NamespaceAct::Revoke { key, from_index }
        }
        "threshold" => NamespaceAct::Threshold(lines.threshold()?),
        "trust-oidc" => {
            let mut item = |word| {
                let value = lines.take(word)?;
                lines.item(value)
            };
            NamespaceAct::TrustOidc(OidcRule {
                issuer: item("issuer")?,
                repository: item("repository")?,
                workflow: item("workflow")?,
            })
        }
        _ => return Ok(None),
    }))
}

fn package_act(lines: &mut Lines, kind: &str) -> Result<Option<PackageAct>, RecordError> {
    Ok(Some(match kind {
        "release" => PackageAct::Release {
            version: lines.parsed("version")?,
            content: content(lines)?,
            attestation: attestation(lines)?,
        },
        "yank" => PackageAct::Yank {
            version: lines.parsed("version")?,
            reason: lines.word("reason", YankReason::from_word)?,
        },
        "unyank" => PackageAct::Unyank {
            version: lines.parsed("version")?,
        },
        "takedown" => PackageAct::Takedown {
            version: lines.parsed("version")?,
            reason: lines.word("reason", TakedownReason::from_word)?,
        },
        _ => return Ok(None),
    }))
}

fn content(lines: &mut Lines) -> Result<Content, RecordError> {
    let value = lines.take("content")?;
    let wanted = "`<digest> <size> application/wasm component` or `… wit`";
    let items: Vec<&str> = value.split(' ').collect();
    let [digest, size, "application/wasm", kind] = items.as_slice() else {
        return Err(lines.expected(value, wanted));
    };
    let size = text::from_decimal(size).filter(|size| *size > 0);
    Ok(Content {
        digest: digest
            .parse()
            .map_err(|error: crate::DigestError| lines.wrong(error))?,
        size: size.ok_or_else(|| lines.expected(value, wanted))?,
        kind: ContentKind::from_word(kind).ok_or_else(|| lines.expected(value, wanted))?,
    })
}

fn attestation(lines: &mut Lines) -> Result<Option<Attestation>, RecordError> {
    let Some(value) = lines.take_if("attested") else {
        return Ok(None);
    };
    let items: Vec<&str> = value.split(' ').collect();
    Ok(Some(match items.as_slice() {
        ["token", id] => Attestation::Token(lines.item(id)?),
        ["oidc", issuer, repository, workflow, commit] => Attestation::Oidc {
            rule: OidcRule {
                issuer: lines.item(issuer)?,
                repository: lines.item(repository)?,
                workflow: lines.item(workflow)?,
            },
            commit: lines.item(commit)?,
        },
        _ => {
            let wanted = "`token <id>` or `oidc <issuer> <repository> <workflow> <commit>`";
            return Err(lines.expected(value, wanted));
        }
    }))
}

impl fmt::Display for Record {
    /// The text of the record, without signatures: what is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "tenon-record/v1 {}", self.kind())?;
        writeln!(f, "origin {}", self.origin)?;
        writeln!(f, "subject {}", self.subject())?;
        if let Some(Link { seq, prev }) = self.link() {
            writeln!(f, "seq {seq}\nprev {prev}")?;
        }
        match &self.statement {
            Statement::Registry { act, .. } => write_registry(f, act)?,
            Statement::Namespace { act, .. } => write_namespace(f, act)?,
            Statement::Package { authority, act, .. } => {
                let operator = matches!(act, PackageAct::Takedown { .. });
                let word = if operator { "registry" } else { "namespace" };
                writeln!(f, "{word} {} {}", authority.seq, authority.hash)?;
                write_package(f, act)?;
            }
            Statement::Index { covers, map } => writeln!(f, "covers {covers}\nmap {map}")?,
        }
        writeln!(f, "time {}", self.time)
    }
}

fn write_registry(f: &mut fmt::Formatter<'_>, act: &RegistryAct) -> fmt::Result {
    match act {
        RegistryAct::Init { nonce, keys } => {
            writeln!(f, "nonce {}", Hash::from(*nonce))?;
            keys.iter()
                .try_for_each(|(role, key)| writeln!(f, "key {role} {key}"))
        }
        RegistryAct::KeyAdd(role, key) | RegistryAct::KeyRemove(role, key) => {
            writeln!(f, "key {role} {key}")
        }
        RegistryAct::Reserve { namespace, owners } => {
            writeln!(f, "name {namespace}")?;
            owners
                .iter()
                .try_for_each(|owner| writeln!(f, "owner {owner}"))
        }
    }
}

fn write_namespace(f: &mut fmt::Formatter<'_>, act: &NamespaceAct) -> fmt::Result {
    match act {
        NamespaceAct::Create { owners, threshold } => {
            owners
                .iter()
                .try_for_each(|owner| writeln!(f, "owner {owner}"))?;
            writeln!(f, "threshold {threshold}")
        }
        NamespaceAct::Grant(key, grant) => {
            let words: Vec<&str> = grant.permissions.iter().map(|word| word.as_str()).collect();
            writeln!(f, "key {key}\npermissions {}", words.join(" "))?;
            writeln!(f, "pattern {}", grant.pattern)?;
            grant
                .expires
                .map_or(Ok(()), |expires| writeln!(f, "expires {expires}"))
        }
        NamespaceAct::Revoke { key, from_index } => {
            writeln!(f, "key {key}")?;
            from_index.map_or(Ok(()), |index| writeln!(f, "from-index {index}"))
        }
        NamespaceAct::Threshold(threshold) => writeln!(f, "threshold {threshold}"),
        NamespaceAct::TrustOidc(rule) => {
            writeln!(f, "issuer {}", rule.issuer)?;
            writeln!(
                f,
                "repository {}\nworkflow {}",
                rule.repository, rule.workflow
            )
        }
    }
}

fn write_package(f: &mut fmt::Formatter<'_>, act: &PackageAct) -> fmt::Result {
    writeln!(f, "version {}", act.version())?;
    match act {
        PackageAct::Release {
            content,
            attestation,
            ..
        } => {
            let Content { digest, size, kind } = content;
            writeln!(f, "content {digest} {size} application/wasm {kind}")?;
            match attestation {
                None => Ok(()),
                Some(Attestation::Token(id)) => writeln!(f, "attested token {id}"),
                Some(Attestation::Oidc { rule, commit }) => writeln!(
                    f,
                    "attested oidc {} {} {} {commit}",
                    rule.issuer, rule.repository, rule.workflow
                ),
            }
        }
        PackageAct::Yank { reason, .. } => writeln!(f, "reason {reason}"),
        PackageAct::Takedown { reason, .. } => writeln!(f, "reason {reason}"),
        PackageAct::Unyank { .. } => Ok(()),
    }
}

/// Compares with the one encoding, and says where it differs.
pub(super) fn check_encoding(found: &str, encoded: &impl fmt::Display) -> Result<(), RecordError> {
    let mut wanted = String::with_capacity(found.len());
    let _ = write!(wanted, "{encoded}");
    if found == wanted {
        return Ok(());
    }
    let same = found
        .bytes()
        .zip(wanted.bytes())
        .take_while(|(a, b)| a == b);
    Err(RecordError::Encoding(same.count()))
}
