//! Lists: of tags, and of what refers to a manifest.

use crate::client::Answer;
use crate::guest::{Guest, INDEX, descriptor, digest, fails, image};
use crate::house::House;
use serde_json::{Value, json};

fn tags(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page: Value = answer.json();
    serde_json::from_value(page["tags"].clone()).unwrap()
}

#[test]
fn end_8_tags_are_listed_in_ascii_order_all_of_them_or_by_pages() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("some/repo.d", "b", b"layer");
    for tag in ["a", "B", "_", "10", "9", "a.1", "a-1"] {
        guest.put("some/repo.d", tag, &manifest);
    }
    let path = "/v2/some/repo.d/tags/list";
    let all = ["10", "9", "B", "_", "a", "a-1", "a.1", "b"];
    let nobody = Guest::nobody(&house);
    let answer = nobody.get(path);
    assert_eq!(tags(&answer), all);
    assert_eq!(answer.json::<Value>()["name"], "some/repo.d");
    assert_eq!(answer.header("link"), None);
    // By pages, as the links say.
    let (mut found, mut next) = (vec![], format!("{path}?n=3"));
    loop {
        let answer = nobody.get(&next);
        found.push(tags(&answer));
        let Some(link) = answer.header("link") else {
            break;
        };
        let (url, rel) = link.split_once('>').unwrap();
        assert_eq!(rel, "; rel=\"next\"");
        next = url.strip_prefix('<').unwrap().to_owned();
    }
    assert_eq!(found, [&all[..3], &all[3..6], &all[6..]]);
    // `last` need not be there, and is not listed.
    assert_eq!(
        tags(&nobody.get(&format!("{path}?last=a"))),
        ["a-1", "a.1", "b"]
    );
    assert_eq!(tags(&nobody.get(&format!("{path}?n=1&last=Z"))), ["_"]);
    assert_eq!(tags(&nobody.get(&format!("{path}?last=z"))), [""; 0]);
    let none = nobody.get(&format!("{path}?n=0"));
    assert_eq!((tags(&none), none.header("link")), (vec![], None));
    let exact = nobody.get(&format!("{path}?n=8"));
    assert_eq!((tags(&exact).len(), exact.header("link")), (8, None));
}

#[test]
fn end_8_s36_numbers_of_tags_that_are_none_are_refused() {
    let house = House::new();
    Guest::new(&house).begin("repo");
    for n in ["-1", "x", "9223372036854775808", "1.5", ""] {
        let answer = Guest::nobody(&house).get(&format!("/v2/repo/tags/list?n={n}"));
        fails(&answer, 400, "UNSUPPORTED");
    }
    fails(
        &Guest::nobody(&house).get("/v2/absent/tags/list"),
        404,
        "NAME_UNKNOWN",
    );
}

#[test]
fn end_8_ten_thousand_tags_are_one_list_or_many_pages() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "begin", b"layer");
    let by_digest = digest(&manifest);
    for hundred in 0..100 {
        let tags: Vec<String> = (0..100)
            .map(|tag| format!("tag=t{hundred:02}{tag:02}"))
            .collect();
        let reference = format!("{by_digest}?{}", tags.join("&"));
        assert_eq!(guest.put("repo", &reference, &manifest).status, 201);
    }
    let all = tags(&guest.get("/v2/repo/tags/list"));
    assert_eq!(all.len(), 10_001);
    assert!(all.is_sorted());
    let page = guest.get("/v2/repo/tags/list?n=1000&last=t4999");
    assert_eq!(tags(&page), all[5001..6001]);
    let link = "</v2/repo/tags/list?n=1000&last=t5999>; rel=\"next\"";
    assert_eq!(page.header("link"), Some(link));
}

#[test]
fn end_12_referrers_are_listed_and_filtered_with_what_they_say() {
    let house = House::new();
    let guest = Guest::new(&house);
    let subject = guest.push_image("repo", "v1", b"layer");
    let mut signature: Value = serde_json::from_slice(&image(&[], Some(&subject))).unwrap();
    signature["artifactType"] = json!("application/x.signature");
    signature["annotations"] = json!({ "by": "alice" });
    let signature = serde_json::to_vec(&signature).unwrap();
    let bill = image(&[b"layer"], Some(&subject));
    let list = json!({
        "schemaVersion": 2, "mediaType": INDEX, "manifests": [],
        "subject": descriptor(crate::guest::IMAGE, &subject),
    });
    let list = serde_json::to_vec(&list).unwrap();
    for manifest in [&signature, &bill, &list] {
        let answer = guest.put("repo", &digest(manifest), manifest);
        assert_eq!(
            answer.header("oci-subject"),
            Some(digest(&subject).as_str())
        );
    }
    let path = format!("/v2/repo/referrers/{}", digest(&subject));
    let answer = Guest::nobody(&house).get(&path);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some(INDEX))
    );
    assert_eq!(answer.header("oci-filters-applied"), None);
    let index: Value = answer.json();
    assert_eq!(
        (&index["schemaVersion"], &index["mediaType"]),
        (&json!(2), &json!(INDEX))
    );
    let listed = index["manifests"].as_array().unwrap();
    let of = |manifest: &[u8]| {
        let wanted = json!(digest(manifest));
        listed
            .iter()
            .find(|it| it["digest"] == wanted)
            .unwrap()
            .clone()
    };
    assert_eq!(listed.len(), 3);
    assert_eq!(
        of(&signature),
        json!({
            "mediaType": crate::guest::IMAGE, "digest": digest(&signature), "size": signature.len(),
            "artifactType": "application/x.signature", "annotations": { "by": "alice" },
        })
    );
    // Without one of its own, the type is that of the config; an index has none.
    let config = "application/vnd.oci.image.config.v1+json";
    assert_eq!(of(&bill)["artifactType"], config);
    assert_eq!(of(&list)["artifactType"], Value::Null);
    let filtered = guest.get(&format!("{path}?artifactType=application%2Fx.signature"));
    assert_eq!(filtered.header("oci-filters-applied"), Some("artifactType"));
    let filtered: Value = filtered.json();
    assert_eq!(filtered["manifests"], json!([of(&signature)]));
    let filtered: Value = guest.get(&format!("{path}?artifactType=")).json();
    assert_eq!(filtered["manifests"], json!([of(&list)]));
    // What is deleted is not listed from then on.
    guest.ask("DELETE", &format!("/v2/repo/manifests/{}", digest(&bill)));
    let index: Value = guest.get(&path).json();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2);
}

#[test]
fn end_12_the_referrers_of_the_unknown_are_an_empty_index() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.begin("repo");
    for name in ["repo", "absent"] {
        let answer = guest.get(&format!("/v2/{name}/referrers/{}", digest(b"absent")));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(INDEX))
        );
        assert_eq!(answer.json::<Value>()["manifests"], json!([]));
    }
    fails(
        &guest.get("/v2/repo/referrers/sha256:abc"),
        400,
        "DIGEST_INVALID",
    );
}

#[test]
fn end_12_many_referrers_are_listed_by_pages() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    for number in 0..6 {
        let mut manifest: Value = serde_json::from_slice(&image(&[], Some(b"x"))).unwrap();
        manifest["annotations"] = json!({ "a": "a".repeat(1 << 20), "number": number.to_string() });
        let manifest = serde_json::to_vec(&manifest).unwrap();
        assert_eq!(guest.put("repo", &digest(&manifest), &manifest).status, 201);
    }
    let (mut found, mut next) = (0, format!("/v2/repo/referrers/{}", digest(b"x")));
    loop {
        let answer = guest.get(&next);
        assert!(answer.body.len() < 4 << 20);
        found += answer.json::<Value>()["manifests"]
            .as_array()
            .unwrap()
            .len();
        let Some(link) = answer.header("link") else {
            break;
        };
        next = link[1..link.find('>').unwrap()].to_owned();
    }
    assert_eq!(found, 6);
}
