//! The long text of every error code: those of the composer, and those of this program.

mod oci;
mod project;
mod registry;
mod verify;
mod wac;
mod wit;

use tenon_composer::Explanation;

/// Every code with its explanation, in alphabetical order.
pub(crate) fn explanations() -> impl Iterator<Item = &'static Explanation> {
    let own = [
        OWN,
        oci::CODES,
        project::CODES,
        registry::CODES,
        verify::CODES,
        wac::CODES,
        wit::CODES,
        tenon_composer::wac::explanations(),
    ];
    let own = own.into_iter().flatten();
    let mut all: Vec<_> = tenon_composer::explanations().iter().chain(own).collect();
    all.sort_by_key(|known| known.code);
    all.into_iter()
}

const OWN: &[Explanation] = &[
    Explanation {
        code: "cli::compose-config",
        help: "correct the file where it is wrong",
        text: "\
A configuration of `wasm-compose` is a YAML map of these keys, all of which may be left out:

  definitions        a list of components, whose exports fill every import of the same name
  search-paths       a list of folders, in which `NAME.wasm` and `NAME.wat` are looked for
  dependencies       NAME: PATH, or NAME: { path: PATH }
  instantiations     NAME: { dependency: NAME, arguments: { IMPORT: ARGUMENT } }
                     where an ARGUMENT is INSTANCE, or { instance: INSTANCE, export: NAME }
  disallow-imports   `true`: an interface for which no component is found is an error
  import-components  `true`: components are imported, not embedded
  skip-validation    `true`: function bodies are not validated

Other keys are refused, so that none is misspelt without notice. The message has the line, where the parser \
says it.",
    },
    Explanation {
        code: "config::exposed",
        help: "run `chmod 600` on the file; if others could have read it, replace what is in it, too",
        text: "\
Keys and tokens are in files that nobody but their owner may read or change. This one could be read by \
others, so what is in it may be known to them, and it is not used until that is put right.

If the machine has other users, a secret that they could read is no secret any more: make another key \
and have the old one revoked, or revoke the token and log in again.",
    },
    Explanation {
        code: "config::invalid",
        help: "correct the file where it is wrong; nothing was changed",
        text: "\
A file of the configuration does not say what such a file can say: it is no TOML, a name or an address in it \
is not well-formed, or it refers to a registry that it does not describe. The message says where.

Nothing is guessed in its place: what a registry is trusted for is decided in this file. Comments, and keys \
that are not known, are no mistakes, and stay when commands change the file.

The same holds for `tenon.toml`, the nearest one upwards from the current directory: one that cannot be read is not passed \
over, since what it maps to one registry would be looked for in another.",
    },
    Explanation {
        code: "config::locked",
        help: "try again when the other process is done",
        text: "\
Processes change the files of the configuration one after the other, so that none undoes what another did. \
This one waited for ten seconds, and the other had not finished.

The lock goes with the process that holds it. The file whose name ends in `.lock` may stay; it means nothing.",
    },
    Explanation {
        code: "config::no-home",
        help: "set `HOME`, or `TENON_CONFIG_DIR`, `TENON_CACHE_DIR` and `TENON_STATE_DIR`",
        text: "\
Configuration, cache and state are kept in directories of the user, as the XDG Base Directory specification has \
it: `XDG_CONFIG_HOME`, `XDG_CACHE_HOME` and `XDG_STATE_HOME`, or their usual places in the home directory. \
Neither is known here, as it happens in a container or a service.",
    },
    Explanation {
        code: "key::damaged",
        help: "take it from a copy, or make another key and have it granted",
        text: "\
The file of a key is not as it was written: cut off, changed, or of another version of `tenon`. A key with \
a single wrong letter would be another key, so nothing of it is used.

A file that asks for more memory or time than any key needs to have its passphrase tried is refused for the same \
reason: it was not written by this program.",
    },
    Explanation {
        code: "key::exists",
        help: "choose another name, or move the file away",
        text: "\
Keys are never overwritten. Whoever holds a key can sign under a grant that it has, and nobody can make it \
again: a file that is lost takes these rights with it.",
    },
    Explanation {
        code: "key::name",
        help: "take a name such as `acme/alice`",
        text: "\
The name of a key stands in every record that it signs, and people read it there. So it has no spaces, no `+` \
and nothing that cannot be seen, and it is short enough to name a file after it.

By custom it is the namespace, `/`, and who or what signs: `acme/alice`, `acme/release-2026`.",
    },
    Explanation {
        code: "key::none",
        help: "make one with `tenon key generate NAME`",
        text: "\
What is published is signed, and there is no key here to sign with. A new key can do nothing by itself: an owner \
of the namespace has to grant it the right to release, for which `tenon key show` prints what they need.",
    },
    Explanation {
        code: "key::passphrase",
        help: "try again with the passphrase that the key was made with",
        text: "\
The secret half of the key is encrypted, and what was given does not open it: it is not the passphrase, or the file \
was changed, which looks the same from the outside. There is no other way in. A passphrase that is lost takes the key \
with it; owners then revoke the key and grant another one.

For programs, `--passphrase-file` reads the passphrase from the first line of a file.",
    },
    Explanation {
        code: "key::several",
        help: "say which; `tenon key list` names them, and `TENON_KEY` can name one for good",
        text: "\
With one key there is no question which one signs; with several there is, and it is not guessed, because the signature \
stays in the log for ever.",
    },
    Explanation {
        code: "key::unknown",
        help: "`tenon key list` says which there are",
        text: "\
No key of this name is in the folder `keys` of the configuration, and there is no such file. A key that was made with \
`--out` is named by the path of its file.",
    },
    Explanation {
        code: "namespace::draft",
        help: "`tenon namespace show` says how things are now; begin again from there",
        text: "\
A change of a namespace is a record that follows the last one of the namespace's chain, is signed by enough owners, and keeps \
the rules: there are always as many owners as must sign together, a key that was revoked is never granted anything again, and \
a key keeps its name.

What several owners sign goes from one to the next as a file. If it was changed on the way, a signature in it is not by an \
owner, or another change was logged meanwhile, it is of no use any more.",
    },
    Explanation {
        code: "namespace::not-granted",
        help: "ask an owner of the namespace for a grant",
        text: "\
Whose keys may do what in a namespace is written in the log, and everybody checks it: a record that is signed by another key is \
refused by the registry, and would be by every client. To release and to yank are rights of their own, for all packages of the \
namespace or for some, for ever or until a time; an owner says who has them, and needs them too.

`tenon namespace show NAMESPACE` lists the keys, and `tenon key show` prints what an owner needs to grant a right to yours.",
    },
    Explanation {
        code: "namespace::taken",
        help: "choose another name, or ask its owners",
        text: "\
A namespace belongs to those who made it first, unless the registry keeps the name for somebody. Its owners can grant others \
the right to release in it.",
    },
    Explanation {
        code: "namespace::threshold",
        help: "write it to a file with `--sign-to`, for the other owners to sign",
        text: "\
The owners of this namespace decided that several of them must sign what is done with it, so that one key in wrong hands can \
do nothing. `--sign-to PATH` writes the change with your signature to a file; another owner looks at it and signs with `tenon \
namespace sign PATH`; and anybody sends it with `tenon namespace submit PATH`. A key can always revoke itself on its own.",
    },
    Explanation {
        code: "namespace::unknown",
        help: "make it with `tenon namespace create`, or correct the name",
        text: "\
The log proves that there is no such namespace in this registry. If it should come from another registry, `tenon registry \
which NAMESPACE` says where it is looked for, and why.",
    },
    Explanation {
        code: "namespace::unknown-key",
        help: "`tenon namespace show` says which keys there are",
        text: "\
A key is named by all that `tenon key show` prints for it, or, if the namespace has only one of that name, by its name. The \
namespace has none that was meant, or has it no longer.",
    },
    Explanation {
        code: "plan::changed",
        help: "plan again with `tenon plug --plan`, or bring back the component",
        text: "\
A plan records the size and the SHA-256 of every component that it was made with. One of them is another one now: it was built \
again, or the path leads somewhere else, or the registry that its package comes from is another. What would come out is not what \
was planned, so nothing is written.",
    },
    Explanation {
        code: "plan::invalid",
        help: "plan again with `tenon plug --plan`, or correct it where it is wrong",
        text: "\
The file is not a plan, or says something that cannot be: it names a component, an instance, an import or an export that is not there, \
or fills one import twice. The message says where, as a path into the JSON.

A field that is not known is an error, too: a plan that is followed in part would come to something else than was meant.",
    },
    Explanation {
        code: "publish::breaking",
        help: "publish it as a version that says so, or with `--allow-breaking`",
        text: "\
Whoever asks for 1.3 is given 1.4, so what works with 1.3 must go on to work. A component breaks those who use it if an export \
goes or changes, or if it comes to import something that they may not have. A WIT package does if something goes or changes in \
an interface, or if a world comes to offer less or to ask for more.

It is compared with the release before it on its compatibility track: the highest lower version of the same major version, or \
of the same 0.minor, that is not yanked. That one is fetched and verified for it. The first release of a track breaks nobody.

A registry may refuse such versions of some packages by itself (`content-breaking`), whatever was allowed here: ask who runs it.",
    },
    Explanation {
        code: "publish::name",
        help: "give `--package NAMESPACE:NAME` and `--version MAJOR.MINOR.PATCH`",
        text: "\
A release is a version of a package. A WIT package says in its first line which one it is, and is published as that and nothing \
else. Of a component, the version can be in its metadata; the package is always said on the command line.",
    },
    Explanation {
        code: "publish::version",
        help: "take a higher version",
        text: "\
A version is used once, be it yanked, void or taken down later, so that everybody who has it in a lock file has the same bytes. \
To publish the same bytes by the same key again is no mistake, and changes nothing.

Versions go up on their compatibility track; a lower one can only continue an older line, as 1.1.4 does after 1.1.3, while there \
is 1.2.0.",
    },
    Explanation {
        code: "registry::conflict",
        help: "`tenon registry reset` takes a new pin; to follow a registry to another URL, remove it and add it again",
        text: "\
The pin says whose log is believed. If it could be replaced by adding the registry once more, whoever can make you run \
that command, or answers in the registry's place, would be believed instead. So another pin needs a command of its own, \
and should come from the people who run the registry, not from the registry.

A registry that changes the key of its log says so in the log, and needs no new pin. A token, too, is kept for one URL, \
so that a registry at another one does not get it.

For the same reason a project's `tenon.toml` is not believed if it has another pin than yours for a registry at the same \
URL, or for a log of the same name.",
    },
    Explanation {
        code: "registry::foreign",
        help: "if it is in a registry of `tenon`, say in which with `tenon registry add NAME URL PIN --namespace NAMESPACE`",
        text: "\
Nothing of `tenon` says where the namespace comes from, but the configuration of `wkg` does: from a host at which `tenon` knows \
several registries, or by a protocol that `tenon` does not speak. Which of the logs is meant cannot be guessed.

It is not looked for in the default registry: what is in one registry must not be asked for in another. A line under \
`[namespaces]` in `tenon.toml` or in the user's `config.toml`, `--registry` and `TENON_REGISTRY` all outweigh what `wkg` is told.",
    },
    Explanation {
        code: "registry::mapped",
        help: "if the namespace has moved, change its line under `[namespaces]` in the configuration",
        text: "\
A namespace comes from one registry, and is never looked for in another. Otherwise, whoever publishes a package of \
the same name in a registry that is asked as well could take the place of yours: this is called dependency confusion.

So a flag that names another registry is refused for a namespace that is mapped, and `TENON_REGISTRY` and \
`default-registry` decide only for those that are not. A project's mapping outweighs the user's, inside of the project.",
    },
    Explanation {
        code: "registry::none",
        help: "name one with `--registry`, or make one known with `tenon registry add`",
        text: "\
Nothing says which registry is meant. What is asked, in this order: `--registry`; the mapping of the namespace under \
`[namespaces]` in the project's `tenon.toml`, then in the user's `config.toml`; `TENON_REGISTRY`; the configuration of `wkg`; \
`default-registry` in `tenon.toml`, then in `config.toml`. `tenon config show --origin` has all of it.

No registry is built in, and none is contacted that you have not named.",
    },
    Explanation {
        code: "registry::of-project",
        help: "if this is the registry you mean, name it by its URL",
        text: "\
A token is a secret between you and a registry. What a project's `tenon.toml` calls its registries is for the project to say, and \
whoever clones a project has not read all of it: if a name of the project, or its default, decided where a token goes, it could go \
to anyone.

So a token goes to a registry of your own `config.toml`, or to the URL that you name with the command, with `--registry` or in \
`TENON_REGISTRY`. What was kept by `tenon login` goes to the URL it was kept for.",
    },
    Explanation {
        code: "registry::pin",
        help: "copy all of the pin, in quotes",
        text: "\
The pin is one word: the key of the registry's log, `#`, and the hash of the log's first record in 64 hexadecimal \
digits. The registry prints it when it starts. A part of it is missing or was changed: the key has an id in it that \
tells.",
    },
    Explanation {
        code: "registry::policy",
        help: "correct the policy; it has the form of C2SP's tlog-policy",
        text: "\
A policy lists witnesses, who sign that they saw the same log as everyone else, and says how many of them must have \
signed. This one cannot be read, or is for another log than that of the pin.

`quorum none` asks for no witness. It is allowed, and shown wherever the registry is.",
    },
    Explanation {
        code: "registry::record",
        help: "begin again with the log as it is now",
        text: "\
A record says one thing in one way, and there is none that says what was asked for: the chain that it should go into is full, or \
something in it is longer than it may be.",
    },
    Explanation {
        code: "registry::unknown",
        help: "`tenon registry list` says which there are",
        text: "\
A registry is named by the name it was added under, or by its URL. To use one that is not known, its pin is needed: \
without it, nothing that the registry says can be verified.",
    },
    Explanation {
        code: "registry::url",
        help: "give `https://` and the host, with the port and the path if there are any",
        text: "\
A registry is talked to over `https`, so that nobody on the way can read tokens or change answers; over `http` only \
on this machine (`localhost`, `127.0.0.1`, `[::1]`). Tokens are not a part of the address: `tenon login` takes them.",
    },
    Explanation {
        code: "token::format",
        help: "give the token as the registry showed it, all of it, and nothing else",
        text: "\
A token is `tnr_`, 16 hexadecimal digits that name it, `_`, and 64 hexadecimal digits that are secret. What was given \
is something else, perhaps a part of one, and is not shown, since it may be a secret all the same.

Tokens are made by the registry and shown once. They are typed or read from standard input, never written on the command \
line.",
    },
    Explanation {
        code: "token::refused",
        help: "check that it is for this registry, and has not expired or been revoked",
        text: "\
Before a token is kept, the registry is asked whether it knows it, and it does not: it is of another registry, or has expired, \
or was revoked. It was not kept. `--offline` keeps a token without asking.",
    },
];

#[cfg(test)]
mod tests {
    use super::explanations;

    #[test]
    fn codes_are_sorted_and_each_is_explained() {
        let codes: Vec<_> = explanations().map(|known| known.code).collect();
        assert!(codes.is_sorted_by(|a, b| a < b));
        for explanation in explanations() {
            assert!(!explanation.help.is_empty() && !explanation.text.is_empty());
        }
    }

    #[test]
    fn every_code_in_the_source_is_explained() {
        let sources = [
            include_str!("choice.rs"),
            include_str!("baseline.rs"),
            include_str!("commands/compose/plan.rs"),
            include_str!("commands/compose/plan/format.rs"),
            include_str!("commands/login.rs"),
            include_str!("commands/namespace/change.rs"),
            include_str!("commands/namespace/file.rs"),
            include_str!("commands/namespace/mod.rs"),
            include_str!("commands/publish.rs"),
            include_str!("commands/yank.rs"),
            include_str!("commands/registry.rs"),
            include_str!("config/manifest.rs"),
            include_str!("config/mod.rs"),
            include_str!("config/settings.rs"),
            include_str!("config/wkg.rs"),
            include_str!("credentials.rs"),
            include_str!("keys.rs"),
            include_str!("places.rs"),
            include_str!("publication.rs"),
            include_str!("commands/fmt.rs"),
            include_str!("commands/info.rs"),
            include_str!("commands/log/monitor.rs"),
            include_str!("commands/log/record.rs"),
            include_str!("remote.rs"),
            include_str!("../../registry-client/src/verify/error.rs"),
            include_str!("secret.rs"),
            include_str!("signing.rs"),
            include_str!("stored.rs"),
            include_str!("wit/build.rs"),
            include_str!("wit/deps/locked.rs"),
            include_str!("wit/deps/mod.rs"),
            include_str!("wit/folder.rs"),
            include_str!("wit/needs.rs"),
            include_str!("wit/read.rs"),
        ];
        let mut found = 0;
        for source in sources {
            for word in source.split('"') {
                let group = word.split_once("::").map(|(group, _)| group);
                if matches!(
                    group,
                    Some(
                        "config"
                            | "fmt"
                            | "key"
                            | "namespace"
                            | "plan"
                            | "publish"
                            | "registry"
                            | "token"
                            | "verify"
                            | "wit"
                    )
                ) && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b"-:".contains(&b))
                {
                    assert!(explanations().any(|known| known.code == word), "{word}");
                    found += 1;
                }
            }
        }
        assert!(found >= super::OWN.len(), "each code is used somewhere");
    }
}
