//! The bill of materials that a component carries, as a document that other tools read.

use serde_json::{Value, json};
use tenon_composer::Ingredient;
use tenon_registry_client::http::oci::{Attached, media};

/// The bill as CycloneDX 1.5, if it has entries: the same bill is the same document.
pub(crate) fn cyclonedx(bill: &[Ingredient]) -> Option<Attached> {
    if bill.is_empty() {
        return None;
    }
    let root = bill.iter().position(|entry| entry.is_root);
    let all = bill.iter().enumerate();
    let components: Vec<_> = all.clone().filter(|(at, _)| Some(*at) != root).collect();
    let components: Vec<_> = components
        .iter()
        .map(|(at, entry)| component(*at, entry))
        .collect();
    let dependencies: Vec<_> = all
        .map(|(at, entry)| {
            let on: Vec<_> = entry.dependencies.iter().map(|at| name(*at)).collect();
            json!({ "ref": name(at), "dependsOn": on })
        })
        .collect();
    let mut document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "components": components,
        "dependencies": dependencies,
    });
    let root = root.and_then(|at| Some((at, bill.get(at)?)));
    if let (Some((at, entry)), Some(document)) = (root, document.as_object_mut()) {
        document.insert(
            "metadata".to_owned(),
            json!({ "component": component(at, entry) }),
        );
    }
    Some(Attached {
        media_type: media::CYCLONEDX.to_owned(),
        bytes: document.to_string().into_bytes(),
        title: Some("bom.json".to_owned()),
    })
}

/// What an entry is called within the document.
fn name(at: usize) -> String {
    format!("entry-{at}")
}

fn component(at: usize, entry: &Ingredient) -> Value {
    let mut component = json!({
        "type": match entry.is_root { true => "application", false => "library" },
        "bom-ref": name(at),
        "name": entry.name,
        "version": entry.version.to_string(),
        "properties": [{ "name": "tenon:source", "value": entry.source }],
    });
    let Some(fields) = component.as_object_mut() else {
        return component;
    };
    if entry.is_build_only {
        fields.insert("scope".to_owned(), json!("excluded"));
    }
    if entry.source == "crates.io" {
        let purl = format!("pkg:cargo/{}@{}", entry.name, entry.version);
        fields.insert("purl".to_owned(), json!(purl));
    }
    if let Some((_, hex)) = entry.source.rsplit_once("sha256:") {
        fields.insert(
            "hashes".to_owned(),
            json!([{ "alg": "SHA-256", "content": hex }]),
        );
    }
    component
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_is_a_document_of_other_tools() {
        let entry = |name: &str, source: &str, is_root, dependencies: &[usize]| Ingredient {
            name: name.to_owned(),
            version: "1.2.3".parse().unwrap(),
            source: source.to_owned(),
            is_build_only: false,
            is_root,
            dependencies: dependencies.to_vec(),
        };
        let hex = "5a".repeat(32);
        let bill = [
            entry("log", &format!("sha256:{hex}"), false, &[]),
            entry("serde", "crates.io", false, &[]),
            entry("shop", "local", true, &[0, 1]),
        ];
        let attached = cyclonedx(&bill).unwrap();
        assert_eq!(attached, cyclonedx(&bill).unwrap());
        let document: Value = serde_json::from_slice(&attached.bytes).unwrap();
        assert_eq!(document["metadata"]["component"]["name"], "shop");
        assert_eq!(document["components"].as_array().unwrap().len(), 2);
        assert_eq!(document["components"][0]["hashes"][0]["content"], hex);
        assert_eq!(document["components"][1]["purl"], "pkg:cargo/serde@1.2.3");
        assert_eq!(
            document["dependencies"][2],
            json!({ "ref": "entry-2", "dependsOn": ["entry-0", "entry-1"] })
        );
        assert_eq!(cyclonedx(&[]), None);
    }
}
