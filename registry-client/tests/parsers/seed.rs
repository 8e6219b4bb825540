//! The seeds: small valid things, and some that are nearly so.

use crate::support::*;
use crate::targets::{World, world};
use tenon_registry_client::lock::{LockedRelease, locked_note};
use tenon_registry_client::log::{
    Checkpoint, Hash, TlogProof, encode_entries, prove_consistency, prove_inclusion,
};
use tenon_registry_client::project::{LockFile, LockedPackage, LockedSource};
use tenon_registry_client::record::{
    Attestation, Grant, NamespaceAct, OidcRule, PackageAct, Permission, Record, RegistryAct, Role,
    SignedRecord,
};
use tenon_registry_client::resolve::{Need, Strength};
use tenon_registry_client::state::ForkEvidence;
use tenon_registry_client::verify::{Known, Point, Request};

/// Something to read.
pub(crate) struct Seed {
    pub(crate) target: &'static str,
    name: String,
    accepted: bool,
    pub(crate) bytes: Vec<u8>,
}

impl Seed {
    /// The name of its file, which says whether it is accepted.
    pub(crate) fn file_name(&self) -> String {
        format!("{}-{}", if self.accepted { "ok" } else { "bad" }, self.name)
    }
}

struct Seeds(Vec<Seed>);

impl Seeds {
    fn add(&mut self, target: &'static str, accepted: bool, name: &str, bytes: impl Into<Vec<u8>>) {
        let (name, bytes) = (name.to_owned(), bytes.into());
        self.0.push(Seed {
            target,
            name,
            accepted,
            bytes,
        });
    }

    fn ok(&mut self, target: &'static str, name: &str, bytes: impl Into<Vec<u8>>) {
        self.add(target, true, name, bytes);
    }

    fn bad(&mut self, target: &'static str, name: &str, bytes: impl Into<Vec<u8>>) {
        self.add(target, false, name, bytes);
    }
}

pub(crate) fn all() -> Vec<Seed> {
    let mut seeds = Seeds(vec![]);
    notes(&mut seeds);
    texts(&mut seeds);
    records(&mut seeds);
    states(&mut seeds);
    bundles(&mut seeds);
    proofs(&mut seeds);
    projects(&mut seeds);
    for target in ["note", "record", "bundle", "content", "map"] {
        seeds.bad(target, "empty", "");
    }
    seeds.0
}

fn notes(seeds: &mut Seeds) {
    let World { registry, keys, .. } = world();
    let note = registry.checkpoint().to_string();
    let line = "\u{2014} x AAAAAAA=\n";
    seeds.ok("note", "checkpoint", note.clone());
    seeds.ok(
        "note",
        "fake-signatures",
        format!("a\n\n{line}\n\nb\n\n{line}"),
    );
    seeds.ok(
        "note",
        "128-signatures",
        format!("a\n\n{}", line.repeat(128)),
    );
    seeds.bad(
        "note",
        "129-signatures",
        format!("a\n\n{}", line.repeat(129)),
    );
    seeds.bad("note", "unsigned", "a\n\n");
    seeds.bad("note", "carriage-return", format!("a\r\n\n{line}"));
    seeds.bad("note", "no-separator", format!("a\n{line}"));
    seeds.bad("note", "loose-base64", "a\n\n\u{2014} x AAAAAAB=\n");
    seeds.bad("note", "not-utf8", b"a\xff\n\n\xe2\x80\x94 x AAAAAAA=\n");

    seeds.ok("checkpoint", "last", note.clone());
    let (first, _) = &registry.published.first_key_value().unwrap().1;
    seeds.ok("checkpoint", "first", first.to_string());
    seeds.bad(
        "checkpoint",
        "text",
        registry.checkpoint().checkpoint().to_string(),
    );
    seeds.bad(
        "checkpoint",
        "extension",
        note.replacen("\n\n", "\nmore\n\n", 1),
    );
    let elsewhere = Registry::new("x.example/log").checkpoint().to_string();
    seeds.bad("checkpoint", "other-origin", elsewhere);

    seeds.ok("lock", "last", note.clone());
    seeds.ok("lock", "first", first.to_string());
    seeds.bad("lock", "edited", note.replacen("\n7\n", "\n8\n", 1));

    seeds.ok("vkey", "log", keys[0].to_string());
    seeds.ok("vkey", "time", keys[1].to_string());
    seeds.bad(
        "vkey",
        "wrong-id",
        keys[0].to_string().replacen('+', "+0", 1),
    );
    seeds.bad(
        "vkey",
        "zero-point",
        format!("x+00000000+AQ{}=", "A".repeat(42)),
    );
    seeds.bad(
        "vkey",
        "other-algorithm",
        format!("x+00000000+Ag{}=", "A".repeat(42)),
    );
}

fn texts(seeds: &mut Seeds) {
    let World {
        registry,
        keys,
        fresh,
        ..
    } = world();
    let published = |size: u64| registry.published[&size].0.to_string();
    let sizes: Vec<u64> = registry.published.keys().copied().collect();
    let (old, new) = (sizes[0], sizes[sizes.len() - 1]);
    let first = format!("old 0\n\n{}", published(old));
    let proof = prove_consistency(registry, old, new).unwrap();
    let proof: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
    let next = format!("old {old}\n{proof}\n{}", published(new));
    seeds.bad("witness", "crlf", first.replace("old 0\n", "old 0\r\n"));
    seeds.bad("witness", "no-old", published(old));
    seeds.ok("witness", "first", first);
    seeds.ok("witness", "next", next);

    let pin = fresh.pin.to_string();
    seeds.ok("pin", "log", pin.clone());
    seeds.bad(
        "pin",
        "cosigner",
        pin.replacen(&keys[0].to_string(), &keys[1].to_string(), 1),
    );
    seeds.bad("pin", "upper-case", pin.to_uppercase());
    seeds.bad("pin", "no-hash", keys[0].to_string());

    seeds.ok("origin", "log", registry.origin.to_string());
    seeds.bad("origin", "cosignature", "cosignature/v1");
    seeds.bad("origin", "record", "tenon-record/v1");
    seeds.bad("origin", "control", "a\u{9b}31m\u{202e}b");

    let name = |i: usize| cosigner(&format!("w.example/{i}")).vkey().to_string();
    let witnesses: String = (0..5)
        .map(|i| format!("witness w{i} {}\n", name(i)))
        .collect();
    let groups = "group g any w0 w1\ngroup h 2 g w2 w3 w4\nquorum h\n";
    seeds.ok("policy", "none", "quorum none\n");
    seeds.ok(
        "policy",
        "log",
        format!("# ours\nlog {} https://x/\n\nquorum none\n", keys[0]),
    );
    seeds.ok("policy", "groups", format!("{witnesses}{groups}"));
    seeds.bad("policy", "no-quorum", witnesses.clone());
    seeds.bad(
        "policy",
        "key-twice",
        format!("{witnesses}witness v {}\nquorum v\n", name(0)),
    );
    seeds.bad(
        "policy",
        "threshold-0",
        format!("{witnesses}group g 0 w0\nquorum g\n"),
    );
    seeds.bad("policy", "unfinished", "quorum none");

    for (name, text) in [
        ("package", "acme:http"),
        ("namespace", "acme"),
        ("prefix", "http-*"),
        ("all", "package a1:b-2"),
        ("version", "1.4.0-rc.1+linux.x64"),
        ("longest", "18446744073709551615.0.0"),
        ("time", "2026-09-01T10:00:00Z"),
        ("hash", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        (
            "digest",
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
    ] {
        seeds.ok("name", name, text);
    }
    for (name, text) in [
        ("cyrillic", "\u{430}cme:http"),
        ("device", "acme:con"),
        ("dots", "../../etc"),
        ("leading-zero", "01.0.0"),
        ("bell", "sha256:\u{7}\u{9b}"),
    ] {
        seeds.bad("name", name, text);
    }

    for (name, text) in [
        ("full", "tile/0/x001/x234/067"),
        ("partial", "tile/3/000.p/255"),
        ("entries", "tile/entries/x070/112.p/1"),
        ("highest", "tile/63/000"),
    ] {
        seeds.ok("tile", name, text);
    }
    for (name, text) in [
        ("width-0", "tile/0/000.p/0"),
        ("width-256", "tile/0/000.p/256"),
        ("leading-zero", "tile/0/x000/001"),
        ("too-high", "tile/64/000"),
        ("too-far", "tile/0/x018/x446/x744/x073/x709/x551/x616/000"),
    ] {
        seeds.bad("tile", name, text);
    }
}

fn records(seeds: &mut Seeds) {
    let registry = &world().registry;
    for (index, leaf) in registry.leaves.iter().enumerate() {
        seeds.ok("record", &format!("leaf-{index}"), leaf.clone());
    }
    let mut owners = [key("acme/a"), key("acme/b")];
    owners.sort_by(|a, b| a.vkey().key().cmp(b.vkey().key()));
    let vkeys: Vec<_> = owners.iter().map(|key| key.vkey().clone()).collect();
    let rule = OidcRule {
        issuer: "https://ci.example".to_owned(),
        repository: "4711".to_owned(),
        workflow: "release.yml".to_owned(),
    };
    let full = Grant {
        permissions: [Permission::Release, Permission::Yank].into(),
        pattern: "http-*".parse().unwrap(),
        expires: Some(time(START)),
    };
    let PackageAct::Release {
        version, content, ..
    } = release(&package("acme:http"), "1.0.0")
    else {
        unreachable!()
    };
    let attestation = Attestation::Oidc {
        rule: rule.clone(),
        commit: "0123abc".to_owned(),
    };
    let (acme, http) = (namespace("acme"), package("acme:http"));
    let of_registry = |act| registry.registry_record(act);
    let of_namespace = |act| registry.namespace_record(&acme, act);
    let of_package = |act| registry.package_record(&http, act);
    let spare = key("spare").vkey().clone();
    let made: [(&str, Record); 12] = [
        (
            "key-add",
            of_registry(RegistryAct::KeyAdd(Role::Index, spare.clone())),
        ),
        (
            "key-remove",
            of_registry(RegistryAct::KeyRemove(Role::Index, spare.clone())),
        ),
        (
            "reserve",
            of_registry(RegistryAct::Reserve {
                namespace: acme.clone(),
                owners: vkeys.clone(),
            }),
        ),
        (
            "create",
            of_namespace(NamespaceAct::Create {
                owners: vkeys,
                threshold: 2,
            }),
        ),
        (
            "grant",
            of_namespace(NamespaceAct::Grant(spare.clone(), full)),
        ),
        (
            "revoke",
            of_namespace(NamespaceAct::Revoke {
                key: spare,
                from_index: Some(3),
            }),
        ),
        ("threshold", of_namespace(NamespaceAct::Threshold(16))),
        ("trust-oidc", of_namespace(NamespaceAct::TrustOidc(rule))),
        ("token", of_package(attested(&http, "2.0.0"))),
        (
            "oidc",
            of_package(PackageAct::Release {
                version,
                content,
                attestation: Some(attestation),
            }),
        ),
        ("yank", of_package(yank("1.0.0"))),
        ("takedown", of_package(takedown("1.0.0"))),
    ];
    for (name, record) in made {
        let signed = SignedRecord::sign(record, &[&owners[0], &owners[1]]).unwrap();
        seeds.ok("record", name, signed.bytes());
        if name == "create" {
            let text = String::from_utf8(signed.bytes().to_vec()).unwrap();
            seeds.bad(
                "record",
                "threshold-0",
                text.replacen("threshold 2", "threshold 0", 1),
            );
            seeds.bad(
                "record",
                "leading-zero",
                text.replacen("threshold 2", "threshold 02", 1),
            );
            seeds.bad(
                "record",
                "unknown-line",
                text.replacen("time ", "more x\ntime ", 1),
            );
            let escaped = text.replacen("origin registry", "origin \u{202e}", 1);
            // Its signatures are not over this, which is for the chain to find out.
            seeds.ok("record", "right-to-left", escaped);
        }
    }
}

fn states(seeds: &mut Seeds) {
    let World {
        registry,
        state,
        fresh,
        ..
    } = world();
    let text = state.to_string();
    seeds.ok("state", "package", text.clone());
    let mut client = fresh.clone();
    client.ask(registry, &Request::Registry).unwrap();
    seeds.ok("state", "registry", client.state.unwrap().to_string());
    let lines: Vec<&str> = text.lines().collect();
    seeds.bad(
        "state",
        "no-init",
        text.replacen(&format!("{}\n", lines[1]), "", 1),
    );
    seeds.bad(
        "state",
        "no-key",
        text.replacen(&format!("{}\n", lines[2]), "", 1),
    );
    seeds.bad(
        "state",
        "two-orders",
        text.replacen("head ", "log x\nhead ", 1),
    );

    let held = registry.checkpoint();
    let root = Hash::leaf(b"a lie");
    let offered = Checkpoint {
        root,
        ..held.checkpoint().clone()
    }
    .sign(&registry.log[0])
    .unwrap();
    let (first, _) = &registry.published.first_key_value().unwrap().1;
    let of = |held: &_, offered: &_| {
        let (held, offered) = (Clone::clone(held), Clone::clone(offered));
        ForkEvidence { held, offered }.to_string()
    };
    seeds.ok("evidence", "one-size", of(&held, &offered));
    seeds.ok("evidence", "two-sizes", of(&held, first));
    seeds.bad("evidence", "one-note", of(&held, &held));
    let long =
        of(&held, &offered).replacen("tenon-fork/v1 ", "tenon-fork/v1 1844674407370955161", 1);
    seeds.bad("evidence", "long", long);
}

fn bundles(seeds: &mut Seeds) {
    let World {
        registry, request, ..
    } = world();
    let good = registry.bundle(request, &Known::default());
    seeds.ok("bundle", "release", good.encode());
    seeds.ok("verify", "release", good.encode());
    let absent = registry.bundle(&asking("acme:ftp", &[]), &Known::default());
    seeds.ok("bundle", "absent", absent.encode());
    seeds.bad("verify", "absent", absent.encode());
    let only = registry.bundle(&Request::Registry, &Known::default());
    seeds.ok("bundle", "registry", only.encode());
    seeds.bad("verify", "registry", only.encode());
    let later = registry.bundle(
        request,
        &Known {
            size: 2,
            ..Known::default()
        },
    );
    seeds.ok("bundle", "consistency", later.encode());
    let mut pointed = good.clone();
    let chain = tenon_registry_client::chain::Chain::Namespace;
    pointed.points = vec![
        Point {
            chain,
            seq: 0,
            index: 2,
        },
        Point {
            chain,
            seq: 1,
            index: 3,
        },
    ];
    pointed.index_records = vec![(1, registry.leaves[1].clone())];
    seeds.ok("bundle", "points", pointed.encode());
    seeds.bad("verify", "points", pointed.encode());
    pointed.points.reverse();
    seeds.bad("bundle", "points-reversed", pointed.encode());
    let mut counts = good.encode();
    counts[16..76].fill(0xff);
    seeds.bad("bundle", "huge-counts", counts);
}

fn proofs(seeds: &mut Seeds) {
    let World { registry, view, .. } = world();
    let size = registry.size();
    let proof = TlogProof {
        extra: None,
        index: 5,
        proof: prove_inclusion(registry, 5, size).unwrap(),
        checkpoint: registry.checkpoint().to_string(),
    };
    seeds.ok("tlog_proof", "plain", proof.to_string());
    let extra = TlogProof {
        extra: Some(b"more".to_vec()),
        ..proof.clone()
    };
    seeds.ok("tlog_proof", "extra", extra.to_string());
    let proof = TlogProof {
        proof: vec![Hash::ZERO; 65],
        ..proof
    };
    seeds.bad("tlog_proof", "65-hashes", proof.to_string());
    seeds.bad(
        "tlog_proof",
        "no-checkpoint",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n",
    );

    let entries: [&[u8]; 3] = [b"", b"a", b"bcd"];
    let bundle = encode_entries(&entries).unwrap();
    seeds.ok("entries", "three", [&[0, 3][..], &bundle].concat());
    seeds.bad("entries", "two", [&[0, 2][..], &bundle].concat());
    seeds.bad("entries", "many", [&[1, 1][..], &bundle].concat());
    seeds.ok("entries", "256", [&[1, 0][..], &[0; 512]].concat());

    let prove = |texts: &[&str]| {
        let keys = texts
            .iter()
            .map(|text| tenon_registry_client::log::MapKey::of(text));
        let mut keys: Vec<_> = keys.collect();
        keys.sort();
        registry.map.prove_all(&keys).unwrap().encode()
    };
    let all = [
        "registry",
        "namespace acme",
        "package acme:http",
        "package acme:ftp",
    ];
    seeds.ok("map", "all", prove(&all));
    for text in all {
        seeds.ok(
            "map",
            text.split([' ', ':']).next_back().unwrap(),
            prove(&[text]),
        );
    }
    seeds.ok("map", "empty", [0]);
    seeds.bad("map", "forks", [3, 0].repeat(300));

    let release = view.release(&version("1.0.0")).unwrap();
    let bytes = bytes_of(&release.package, &release.version);
    seeds.ok("content", "at-once", [&[255][..], &bytes].concat());
    seeds.ok("content", "in-parts", [&[3][..], &bytes].concat());
    seeds.bad("content", "short", [&[255][..], &bytes[1..]].concat());
    seeds.bad("content", "long", [&[255][..], &bytes, &[0]].concat());
}

fn projects(seeds: &mut Seeds) {
    let World { registry, view, .. } = world();
    let manifest = include_str!("../project/golden/manifest.toml");
    seeds.ok("manifest", "everything", manifest);
    seeds.ok("manifest", "crlf", manifest.replace('\n', "\r\n"));
    seeds.ok("manifest", "nothing", "");
    let dotted = "package.name = 'a:b'\ndependencies.\"c:d\".path = 'x'\ncompose.file = 'f'\n";
    seeds.ok("manifest", "dotted", dotted);
    let inline = "dependencies = { 'c:d' = '1', \"e:f\" = { version = '2' }, } # c\n\
                  compose = { socket = 's', plugs = [ 'a' # c\n, 'b' ], }";
    seeds.ok("manifest", "inline", inline);
    let headers =
        "[dependencies.'c:d'] # c\nversion = '1'\n\n# c\n[dependencies.'e:f']\npath = 'x'\n";
    seeds.ok("manifest", "headers", headers);
    seeds.bad(
        "manifest",
        "unknown-key",
        "[package]\nname = 'a:b'\nlicense = 'MIT'\n",
    );
    seeds.bad("manifest", "conflict", format!("<<<<<<< a\n{manifest}"));
    seeds.bad("manifest", "deep", "a = ".to_owned() + &"[".repeat(200));

    let release = view.release(&version("1.0.0")).unwrap();
    let package = LockedPackage {
        source: LockedSource::Log {
            registry: registry.origin.clone(),
            release: LockedRelease::new(view, &release).unwrap(),
        },
        kind: release.content.kind,
        size: release.content.size,
        needs: vec![Need {
            package: package("wasi:io"),
            requirement: ">=0.2, <0.3".parse().unwrap(),
            strength: Strength::Always,
        }],
    };
    let mut lock = LockFile::default();
    lock.registries
        .insert(registry.origin.clone(), locked_note(view).unwrap());
    lock.packages.insert(package.key(), package);
    let text = lock.to_string();
    seeds.ok("lock_file", "one", text.clone());
    seeds.ok(
        "lock_file",
        "golden",
        include_str!("../project/golden/lock.toml"),
    );
    seeds.ok("lock_file", "crlf", text.replace('\n', "\r\n"));
    seeds.bad(
        "lock_file",
        "newer",
        text.replace("version = 1\n", "version = 2\n"),
    );
    seeds.bad(
        "lock_file",
        "other-log",
        text.replacen("registry.example", "x.example", 1),
    );
    let (_, table) = text.split_once("[[package]]").unwrap();
    seeds.bad("lock_file", "twice", format!("{text}[[package]]{table}"));

    let merge = "a\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> other\nz\n";
    seeds.ok("conflict", "merge", merge);
    seeds.ok(
        "conflict",
        "diff3",
        merge.replace("=======", "||||||| base\nb\n======="),
    );
    seeds.bad("conflict", "none", "a\n=======\nb\n");
    seeds.bad("conflict", "nested", format!("<<<<<<< x\n{merge}"));

    let digest = release.content.digest;
    let locked = format!(
        "version = 1\n\n[[packages]]\nname = \"wasi:io\"\nregistry = \"wasi.dev\"\n\n\
         [[packages.versions]]\nrequirement = \"=0.2.3\"\nversion = \"0.2.3\"\ndigest = \"{digest}\"\n"
    );
    let manifest = "[overrides]\n\"a:b\" = { path = \"x\" }\n\n[metadata]\nauthor = \"Ada\"\n";
    seeds.ok("wkg", "lock", locked);
    seeds.ok("wkg", "manifest", manifest);
    seeds.ok("wkg", "workspace", "workspace = { members = [\"a/*\"] }");
    seeds.bad("wkg", "newer", "version = 2\npackages = 1");
}
