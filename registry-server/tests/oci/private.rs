//! What is private: below `private/`, and as if it were not there for those who may not read it.

use crate::guest::{Guest, digest, fails};
use crate::house::House;
use tenon_registry_server::access::Action;

fn house() -> House {
    House::with(|config| config.private = true)
}

fn guest(house: &House, actions: &[Action], scope: &str) -> Guest {
    Guest::with(house, &format!("Bearer {}", house.token(actions, &[scope])))
}

#[test]
fn s28_what_may_not_be_read_looks_like_what_is_not_there() {
    let house = house();
    let full = Guest::new(&house);
    full.push_image("private/secret/app", "v1", b"layer");
    let layer = digest(b"layer");
    let reader = guest(&house, &[Action::Read], "acme:*");
    let paths = |name: &str| {
        [
            "tags/list",
            "manifests/v1",
            &format!("blobs/{layer}"),
            &format!("referrers/{layer}"),
        ]
        .map(|rest| format!("/v2/private/{name}/{rest}"))
    };
    for (there, not_there) in paths("secret/app").iter().zip(&paths("absent/app")) {
        fails(&Guest::nobody(&house).get(there), 401, "UNAUTHORIZED");
        fails(&Guest::nobody(&house).get(not_there), 401, "UNAUTHORIZED");
        let (one, other) = (reader.get(there), reader.get(not_there));
        let code = "NAME_UNKNOWN";
        let (one, other) = (fails(&one, 404, code), fails(&other, 404, code));
        assert_eq!(one.replace("secret", "absent"), other);
        assert_eq!(full.get(there).status, 200, "{there}");
    }
    // Of the public log is nothing of it.
    fails(&full.get("/v2/secret/app/tags/list"), 404, "NAME_UNKNOWN");
    assert_eq!(
        house
            .get(&format!("/blobs/sha256/{}/{}", &layer[7..9], &layer[7..]))
            .status,
        404
    );
}

#[test]
fn s39_private_content_is_not_mounted_by_who_may_not_read_it() {
    let house = house();
    let full = Guest::new(&house);
    let pushed = full.push("private/secret/app", b"content");
    let both = guest(&house, &[Action::Read, Action::Publish], "acme:*");
    for query in [
        format!("mount={pushed}&from=private/secret/app"),
        format!("mount={pushed}"),
        format!("mount={pushed}&from=private/absent/app"),
    ] {
        let answer = both.ask(
            "POST",
            &format!("/v2/private/acme/app/blobs/uploads/?{query}"),
        );
        assert_eq!(answer.status, 202, "{query}");
    }
    // Nor out of the private log, by anyone.
    let query = format!("mount={pushed}&from=private/secret/app");
    let answer = full.ask("POST", &format!("/v2/acme/app/blobs/uploads/?{query}"));
    assert_eq!(answer.status, 202);
    let answer = full.ask(
        "POST",
        &format!("/v2/private/acme/app/blobs/uploads/?{query}"),
    );
    assert_eq!(answer.status, 201);
    assert_eq!(
        both.get(&format!("/v2/private/acme/app/blobs/{pushed}"))
            .text(),
        "content"
    );
}

#[test]
fn without_a_private_log_there_is_nothing_private() {
    let house = House::new();
    let guest = Guest::new(&house);
    for (method, path) in [
        ("GET", "/v2/private/acme/app/tags/list"),
        ("POST", "/v2/private/acme/app/blobs/uploads/"),
    ] {
        fails(&guest.ask(method, path), 404, "NAME_UNKNOWN");
    }
}
