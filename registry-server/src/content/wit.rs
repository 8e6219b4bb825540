//! What a WIT package declares.

use super::check::CheckError;
use super::describe::{MAX_TEXT, count, prose, whole};
use super::refusal::{Refusal, RefusalCode};
use tenon_composer::Input;
use tenon_registry_client::api::world::{WitItem, WitPackage, World};
use tenon_registry_client::name::{PackageName, Version};
use wit_parser::Docs;
use wit_parser::decoding::{DecodedWasm, decode};

/// The largest WIT package, in bytes: it is held in memory.
const MAX_SIZE: u64 = 16 << 20;
/// How many interfaces, worlds and foreign packages there may be, each.
const MAX_ITEMS: usize = 4_000;

/// Adds to `world` what the valid WIT package `input` declares, which messages call `name`.
pub(super) fn declare(
    name: &str,
    input: &dyn Input,
    expected: Option<&(PackageName, Version)>,
    world: &mut World,
) -> Result<(), CheckError> {
    if input.size() > MAX_SIZE {
        let message = format!(
            "`{name}` has {} bytes; a WIT package has {MAX_SIZE} at most",
            input.size()
        );
        return Err(Refusal::new(RefusalCode::TooLarge, &message, "split it up").into());
    }
    let mut bytes = vec![0; input.size() as usize];
    let read = input.read_at(0, &mut bytes);
    read.map_err(|error| CheckError::Unreadable(error.to_string()))?;
    let (resolve, id) = match decode(&bytes) {
        Ok(DecodedWasm::WitPackage(resolve, id)) => (resolve, id),
        Ok(DecodedWasm::Component(..)) => {
            let message = format!(
                "`{name}` exports types, but not as a WIT package in the binary format does"
            );
            return Err(Refusal::new(RefusalCode::NotAWitPackage, &message, BUILD).into());
        }
        Err(error) => {
            let message = format!("`{name}` is not a WIT package that can be decoded: {error:#}");
            return Err(Refusal::new(RefusalCode::NotAWitPackage, &message, BUILD).into());
        }
    };
    let Some(package) = resolve.packages.get(id) else {
        let message = format!("`{name}` declares no package");
        return Err(Refusal::new(RefusalCode::NotAWitPackage, &message, BUILD).into());
    };
    let declared = &package.name;
    if let Some(expected) = expected {
        agree(declared, expected)?;
    }
    count(name, "interfaces", package.interfaces.len(), MAX_ITEMS)?;
    count(name, "worlds", package.worlds.len(), MAX_ITEMS)?;
    count(
        name,
        "WIT packages it depends on",
        resolve.packages.len(),
        MAX_ITEMS,
    )?;
    let interfaces = package.interfaces.iter().map(|(item, id)| {
        let docs = resolve
            .interfaces
            .get(*id)
            .and_then(|interface| sentence(&interface.docs));
        Ok(WitItem {
            name: whole(name, item)?,
            docs,
        })
    });
    let worlds = package.worlds.iter().map(|(item, id)| {
        let docs = resolve
            .worlds
            .get(*id)
            .and_then(|world| sentence(&world.docs));
        Ok(WitItem {
            name: whole(name, item)?,
            docs,
        })
    });
    world.wit = Some(WitPackage {
        name: whole(name, &format!("{}:{}", declared.namespace, declared.name))?,
        version: declared.version.as_ref().map(ToString::to_string),
        docs: sentence(&package.docs),
        interfaces: interfaces.collect::<Result<_, Refusal>>()?,
        worlds: worlds.collect::<Result<_, Refusal>>()?,
    });
    // What it exports are its interfaces and worlds, which are told apart above.
    world.exports.clear();
    Ok(())
}

const BUILD: &str = "publish what `wkg wit build` writes";

/// Refuses a package that says it is another one than its record does.
fn agree(
    declared: &wit_parser::PackageName,
    expected: &(PackageName, Version),
) -> Result<(), Refusal> {
    let (package, version) = expected;
    let refuse =
        |message: &str, help: &str| Err(Refusal::new(RefusalCode::NameDiffers, message, help));
    if declared.namespace != package.namespace().as_str() || declared.name != package.name() {
        let message =
            format!("the WIT package declares that it is `{declared}`, not `{package}@{version}`");
        return refuse(
            &message,
            "publish it under the name it declares, or correct its `package` line",
        );
    }
    match &declared.version {
        None => refuse(
            &format!(
                "the WIT package declares that it is `{declared}` without a version, not `{package}@{version}`"
            ),
            &format!("write `package {package}@{version};` in its WIT, and build it again"),
        ),
        Some(declared) if declared == version.semver() => Ok(()),
        Some(other) => refuse(
            &format!("the WIT package declares version `{other}`, not `{version}`"),
            &format!("publish it as `{package}@{other}`, or correct its `package` line"),
        ),
    }
}

/// The first sentence of a documentation.
fn sentence(docs: &Docs) -> Option<String> {
    let text = docs.contents.as_deref()?.trim();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let ends = [". ", ".\n"]
        .into_iter()
        .filter_map(|end| paragraph.find(end));
    let sentence = match ends.min() {
        Some(end) => paragraph.get(..=end).unwrap_or_default(),
        None => paragraph,
    };
    let words: Vec<_> = sentence.split_whitespace().collect();
    (!words.is_empty()).then(|| prose(&words.join(" "), MAX_TEXT))
}
