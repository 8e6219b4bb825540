//! What can go wrong with registries that speak OCI and have no log.

use tenon_composer::Explanation;

pub(super) const CODES: &[Explanation] = &[
    Explanation {
        code: "oci::content",
        help: "nothing of it was kept: try again, and if it stays so, tell the registry's operator",
        text: "\
Everything that comes from an OCI registry has a name that is computed from its bytes: SHA-256. What came is not what it is \
called, or has another size, or the registry says of what was sent that it took something else. Something between the registry's \
disk and this machine is broken, or lies. The file in the cache and the output are made only of what has the right digest.",
    },
    Explanation {
        code: "oci::downgrade",
        help: "decide which of the two is right, and remove the other line",
        text: "\
Your configuration has the namespace come from a registry with a log, which proves who published what and that everyone gets the \
same. The project's `tenon.toml` has it come from an OCI registry, where nobody proves anything. Whoever clones a project has not \
read all of it, so it does not take away what you ask for.

The same holds for lock files: where the namespace comes from a registry with a log, what a lock file calls unverified is refused, \
and nothing that is locked from a log is taken from elsewhere (`project::moved`).",
    },
    Explanation {
        code: "oci::home",
        help: "map the namespace to `oci://HOST` or `oci://HOST/PREFIX` under `[namespaces]`, or correct what is there",
        text: "\
A package `acme:http` of a namespace that is mapped to `oci://HOST/PREFIX` is the repository `PREFIX/acme/http` of that host. The \
mapping is under `[namespaces]` in `tenon.toml` or the user's `config.toml`, or in the configuration of `wkg`, where a plain host \
may say in `/.well-known/wasm-pkg/registry.json` that its packages are elsewhere. Here nothing maps the namespace, or what comes of \
it is no name that a repository can have.",
    },
    Explanation {
        code: "oci::login",
        help: "log in with `docker login` or `podman login`, or with `tenon login` to a registry of tenon; or ask for the right",
        text: "\
The registry wants to know who asks, or whoever it knows may not do this; many say so of what is not there, too. Credentials are \
looked for once a registry asks, in this order: the token that `tenon` keeps for it, the `auth` of the registry in the configuration \
of `wkg`, and the files of podman and docker: the one that `REGISTRY_AUTH_FILE` names and no other, or else \
`$XDG_RUNTIME_DIR/containers/auth.json`, `containers/auth.json` in the folder of configurations, and `config.json` in \
`DOCKER_CONFIG` or `~/.docker`. Where one of these names a helper, `docker-credential-NAME` is asked.",
    },
    Explanation {
        code: "oci::no-component",
        help: "push it as `tenon publish --oci`, `wkg oci push`, or `oras push` with one layer of `application/wasm`",
        text: "\
A manifest is of a component if it has one layer, and that has the type `application/wasm`. This one has none or several, or another \
type, as images of containers have; or what is called so is no WebAssembly; or it is a list of manifests, of which one has to be named by \
its digest.",
    },
    Explanation {
        code: "oci::no-log",
        help: "use a registry with a log for this, or one of the commands that take what is unverified",
        text: "\
The namespace is mapped to a registry that speaks OCI. It has tags and digests, and no log: nothing proves who published a version, \
that there is no other, or that everyone gets the same. What this command is about cannot be had from there. `tenon verify` compares \
with the digest that the project's lock file has; where nothing is locked, there is nothing to compare with.",
    },
    Explanation {
        code: "oci::not-found",
        help: "check the name of the repository, and the tag or digest",
        text: "\
The registry says that there is no such repository, tag or content. It is the registry's word: some say it, too, to whoever may not \
look. A version is the tag of the same name, with `_` in place of `+`; nothing is guessed besides.",
    },
    Explanation {
        code: "oci::reference",
        help: "name it as `oci://HOST/NAMESPACE/NAME:TAG`, or with `@sha256:…` in place of the tag",
        text: "\
A place in an OCI registry is its host, with a port if it has one, a repository in lower case, and a tag or a digest; without either \
the tag is `latest`. Requests are made over https, and over plain http to this very machine only.",
    },
    Explanation {
        code: "oci::refused",
        help: "see what the registry says",
        text: "\
The registry answered with an error. What it says of it follows the message; it is the registry's text.",
    },
    Explanation {
        code: "oci::tag-moved",
        help: "ask whoever runs the registry why; if the new content is right, take it with `tenon update PACKAGE`",
        text: "\
The lock file holds a version by the digest of its content, and the tag of that version has other content now. Whoever may push to \
the registry can do that, and no log keeps it from them. What is locked stays what it was: `tenon fetch` and `tenon build` take the \
bytes of the lock file, and are not told otherwise.",
    },
    Explanation {
        code: "oci::version",
        help: "publish what has changed as a higher version",
        text: "\
The tag is a version, and there is a manifest with other bytes with it already. Most OCI registries would let it be replaced; then everyone who \
has it in a lock file would have other bytes than they who come later. A tag that is no version, such as `latest`, is replaced.",
    },
];
