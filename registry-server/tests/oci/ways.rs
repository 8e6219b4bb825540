//! Every way of pushing content, by every algorithm, with what is to be refused in between; then the content
//! is looked at, pulled, and deleted.

use crate::client::Answer;
use crate::guest::{Algorithm, Guest, fails};
use crate::house::House;

const NAME: &str = "conformance/repo1";
const OTHER: &str = "conformance/repo2";

/// Someone who pushes, by an algorithm.
struct Way {
    guest: Guest,
    algorithm: Algorithm,
}

/// Has content of every size come in, in some way; the way returns the answer that ends it.
fn comes_in(way: impl Fn(&Way, &[u8]) -> Answer) {
    let house = House::new();
    for algorithm in Algorithm::ALL {
        let way_of = Way {
            guest: Guest::new(&house),
            algorithm,
        };
        for bytes in [&b""[..], b"{}", &[7; 2048]] {
            let answer = way(&way_of, bytes);
            way_of.is_there(&answer, bytes);
        }
    }
    assert_eq!(house.drafts(), 0);
}

impl Way {
    fn digest(&self, bytes: &[u8]) -> String {
        self.algorithm.of(bytes)
    }

    /// The location with one more parameter, as clients join it.
    fn close(&self, location: &str, bytes: &[u8]) -> String {
        let joint = if location.contains('?') { '&' } else { '?' };
        format!("{location}{joint}digest={}", self.digest(bytes))
    }

    fn patch(&self, location: &str, from: usize, bytes: &[u8]) -> Answer {
        let range = format!("Content-Range: {from}-{}", from + bytes.len() - 1);
        self.guest.send("PATCH", location, &[&range], bytes)
    }

    /// The next chunk: where it goes on.
    fn chunk(&self, location: &str, from: usize, bytes: &[u8]) -> String {
        let answer = self.patch(location, from, bytes);
        assert_eq!(answer.status, 202, "{}", answer.text());
        let range = format!("0-{}", from + bytes.len() - 1);
        assert_eq!(answer.header("range"), Some(range.as_str()));
        answer.header("location").unwrap().to_owned()
    }

    /// A chunk that is not the next one, which changes nothing: where it goes on.
    fn out_of_order(&self, location: &str, size: usize, method: &str, bytes: &[u8]) -> String {
        // Forward, or back to the begin.
        let from = if size == 0 { bytes.len() } else { 0 };
        let range = format!("Content-Range: {from}-{}", from + bytes.len() - 1);
        let answer = self.guest.send(method, location, &[&range], bytes);
        fails(&answer, 416, "BLOB_UPLOAD_INVALID");
        assert!(answer.header("location").is_some());
        let status = self.guest.get(location.split('?').next().unwrap());
        assert_eq!(status.status, 204);
        let range = format!("0-{}", size.saturating_sub(1));
        assert_eq!(status.header("range"), Some(range.as_str()));
        status.header("location").unwrap().to_owned()
    }

    /// What was pushed is there, and can be deleted.
    fn is_there(&self, answer: &Answer, bytes: &[u8]) {
        let digest = self.digest(bytes);
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.header("docker-content-digest"), Some(&*digest));
        let location = answer.header("location").unwrap();
        assert_eq!(self.guest.get(location).body, bytes);
        let path = format!("/v2/{NAME}/blobs/{digest}");
        for method in ["HEAD", "GET"] {
            let answer = self.guest.ask(method, &path);
            assert_eq!(answer.status, 200);
            let length = bytes.len().to_string();
            assert_eq!(answer.header("content-length"), Some(&*length));
            assert_eq!(answer.header("docker-content-digest"), Some(&*digest));
            assert_eq!(answer.body, if method == "GET" { bytes } else { b"" });
        }
        assert_eq!(self.guest.ask("DELETE", &path).status, 202);
        fails(&self.guest.get(&path), 404, "BLOB_UNKNOWN");
        assert_eq!(self.guest.ask("HEAD", &path).status, 404);
        fails(&self.guest.ask("DELETE", &path), 404, "BLOB_UNKNOWN");
    }
}

#[test]
fn end_4b_content_comes_in_by_one_post() {
    comes_in(|way, bytes| {
        let path = way.close(&format!("/v2/{NAME}/blobs/uploads/"), bytes);
        way.guest.send("POST", &path, &[], bytes)
    });
}

#[test]
fn end_6_content_comes_in_by_a_post_and_a_put() {
    comes_in(|way, bytes| {
        let location = way.guest.begin(NAME);
        let kind = "Content-Type: application/octet-stream";
        way.guest
            .send("PUT", &way.close(&location, bytes), &[kind], bytes)
    });
}

#[test]
fn end_6_parameters_that_are_not_known_are_left_alone() {
    comes_in(|way, bytes| {
        let location = format!("{}?_state=opaque", way.guest.begin(NAME));
        way.guest
            .send("PUT", &way.close(&location, bytes), &[], bytes)
    });
}

#[test]
fn end_5_content_comes_in_as_one_chunk() {
    comes_in(|way, bytes| {
        let mut location = way.guest.begin(NAME);
        if !bytes.is_empty() {
            location = way.chunk(&location, 0, bytes);
        }
        way.guest.ask("PUT", &way.close(&location, bytes))
    });
}

#[test]
fn end_5_content_comes_in_by_many_chunks() {
    comes_in(|way, bytes| {
        let mut location = way.guest.begin(NAME);
        for (at, part) in bytes.chunks(500).enumerate() {
            location = way.chunk(&location, at * 500, part);
        }
        way.guest.ask("PUT", &way.close(&location, bytes))
    });
}

#[test]
fn end_6_the_last_chunk_comes_with_the_closing_put() {
    comes_in(|way, bytes| {
        let mut location = way.guest.begin(NAME);
        let (before, last) = bytes.split_at(bytes.len() / 2);
        if !before.is_empty() {
            location = way.chunk(&location, 0, before);
        }
        let mut headers = vec![];
        let range = format!("Content-Range: {}-{}", before.len(), bytes.len().max(1) - 1);
        if !last.is_empty() {
            headers.push(range.as_str());
        }
        way.guest
            .send("PUT", &way.close(&location, bytes), &headers, last)
    });
}

#[test]
fn end_5_a_chunk_out_of_order_ends_nothing_and_a_get_says_where_to_go_on() {
    comes_in(|way, bytes| {
        let mut location = way.guest.begin(NAME);
        for (at, part) in bytes.chunks(500).enumerate() {
            location = way.out_of_order(&location, at * 500, "PATCH", part);
            location = way.chunk(&location, at * 500, part);
        }
        way.guest.ask("PUT", &way.close(&location, bytes))
    });
}

#[test]
fn end_6_a_last_chunk_out_of_order_ends_nothing() {
    comes_in(|way, bytes| {
        let mut location = way.guest.begin(NAME);
        let (before, last) = bytes.split_at(bytes.len() / 2);
        if before.is_empty() {
            return way
                .guest
                .send("PUT", &way.close(&location, bytes), &[], bytes);
        }
        // Before anything came in, too.
        for (from, part) in [(0, before), (before.len(), last)] {
            let close = way.close(&location, bytes);
            location = way.out_of_order(&close, from, "PUT", part);
            if from == 0 {
                location = way.chunk(&location, 0, before);
            }
        }
        let range = format!("Content-Range: {}-{}", before.len(), bytes.len() - 1);
        way.guest
            .send("PUT", &way.close(&location, bytes), &[&range], last)
    });
}

#[test]
fn end_5_content_is_streamed_without_length_or_range() {
    comes_in(|way, bytes| {
        let location = way.guest.begin(NAME);
        let mut client = way.guest.client();
        client.begin("PATCH", &location, "Transfer-Encoding: chunked");
        for part in bytes.chunks(700) {
            client.send(format!("{:x}\r\n", part.len()).as_bytes());
            client.send(part);
            client.send(b"\r\n");
        }
        client.send(b"0\r\n\r\n");
        let answer = client.answer().unwrap();
        assert_eq!(answer.status, 202);
        let location = answer.header("location").unwrap();
        way.guest.ask("PUT", &way.close(location, bytes))
    });
}

#[test]
fn end_13_an_upload_of_which_nothing_came_in_says_so() {
    comes_in(|way, bytes| {
        let location = way.guest.begin(NAME);
        let status = way.guest.get(&location);
        assert_eq!((status.status, status.header("range")), (204, Some("0-0")));
        assert_eq!(status.header("location"), Some(location.as_str()));
        way.guest
            .send("PUT", &way.close(&location, bytes), &[], bytes)
    });
}

/// Content that another repository has.
fn pushed_elsewhere(way: &Way, bytes: &[u8]) -> String {
    let path = way.close(&format!("/v2/{OTHER}/blobs/uploads/"), bytes);
    assert_eq!(way.guest.send("POST", &path, &[], bytes).status, 201);
    way.digest(bytes)
}

fn mount(way: &Way, digest: &str, from: &str) -> Answer {
    let path = format!("/v2/{NAME}/blobs/uploads/?mount={digest}{from}");
    way.guest.ask("POST", &path)
}

#[test]
fn end_11_content_is_mounted_by_every_algorithm() {
    comes_in(|way, bytes| {
        let digest = pushed_elsewhere(way, bytes);
        mount(way, &digest, &format!("&from={OTHER}"))
    });
}

#[test]
fn end_11_content_is_mounted_from_wherever_it_is() {
    comes_in(|way, bytes| {
        let digest = pushed_elsewhere(way, bytes);
        mount(way, &digest, "")
    });
}

#[test]
fn end_11_what_cannot_be_mounted_is_uploaded() {
    comes_in(|way, bytes| {
        let answer = mount(way, &way.digest(b"not there"), &format!("&from={OTHER}"));
        assert_eq!(answer.status, 202, "{}", answer.text());
        let location = answer.header("location").unwrap();
        way.guest
            .send("PUT", &way.close(location, bytes), &[], bytes)
    });
}

#[test]
fn end_14_after_a_cancelled_upload_another_one_is_begun() {
    comes_in(|way, bytes| {
        let cancelled = way.guest.begin(NAME);
        assert_eq!(way.guest.ask("DELETE", &cancelled).status, 204);
        for method in ["GET", "PATCH", "PUT", "DELETE"] {
            let answer = way.guest.ask(method, &way.close(&cancelled, b""));
            fails(&answer, 404, "BLOB_UPLOAD_UNKNOWN");
        }
        let location = way.guest.begin(NAME);
        assert_ne!(location, cancelled);
        way.guest
            .send("PUT", &way.close(&location, bytes), &[], bytes)
    });
}

#[test]
fn end_6_a_wrong_digest_is_400_in_every_way_of_pushing() {
    let house = House::new();
    for algorithm in Algorithm::ALL {
        let way = Way {
            guest: Guest::new(&house),
            algorithm,
        };
        let malformed = match algorithm {
            Algorithm::Sha256 => "sha256:baddigeststring",
            Algorithm::Sha512 => "sha512:baddigeststring",
        };
        for wrong in [&*way.digest(b"other"), malformed] {
            let post = format!("/v2/{NAME}/blobs/uploads/?digest={wrong}");
            fails(
                &way.guest.send("POST", &post, &[], b"content"),
                400,
                "DIGEST_INVALID",
            );
            let put = format!("{}?digest={wrong}", way.guest.begin(NAME));
            fails(
                &way.guest.send("PUT", &put, &[], b"content"),
                400,
                "DIGEST_INVALID",
            );
            // In chunks; the last of them before the closing request, or with it.
            for last in [&b""[..], b"tent"] {
                let location = way.guest.begin(NAME);
                let first = &b"content"[..7 - last.len()];
                let location = way.chunk(&location, 0, first);
                let put = format!("{location}?digest={wrong}");
                fails(
                    &way.guest.send("PUT", &put, &[], last),
                    400,
                    "DIGEST_INVALID",
                );
            }
        }
        let path = format!("/v2/{NAME}/blobs/{}", way.digest(b"content"));
        fails(&way.guest.get(&path), 404, "BLOB_UNKNOWN");
    }
}

#[test]
fn end_6_an_upload_is_not_closed_without_a_digest_and_goes_on() {
    let house = House::new();
    let guest = Guest::new(&house);
    let location = guest.begin(NAME);
    for put in [location.clone(), format!("{location}?digest=")] {
        fails(&guest.send("PUT", &put, &[], b""), 400, "DIGEST_INVALID");
    }
    assert_eq!(guest.get(&location).status, 204);
}

#[test]
fn end_2_ranges_of_two_kibibytes_are_as_asked_for() {
    let house = House::new();
    for algorithm in Algorithm::ALL {
        let way = Way {
            guest: Guest::new(&house),
            algorithm,
        };
        let bytes: Vec<u8> = (0..2048_u32).map(|at| (at / 3) as u8).collect();
        let path = way.close(&format!("/v2/{NAME}/blobs/uploads/"), &bytes);
        assert_eq!(way.guest.send("POST", &path, &[], &bytes).status, 201);
        let path = format!("/v2/{NAME}/blobs/{}", way.digest(&bytes));
        let get = |range: &str| {
            let header = format!("Range: bytes={range}");
            way.guest.send("GET", &path, &[&header], b"")
        };
        for (range, from, to) in [
            ("500-1499", 500, 1499),
            ("500-", 500, 2047),
            ("-500", 1548, 2047),
            ("2000-5000", 2000, 2047),
        ] {
            let answer = get(range);
            assert_eq!((answer.status, &*answer.body), (206, &bytes[from..=to]));
            let said = format!("bytes {from}-{to}/2048");
            assert_eq!(answer.header("content-range"), Some(&*said));
            let length = (to - from + 1).to_string();
            assert_eq!(answer.header("content-length"), Some(&*length));
        }
        for range in ["500-0", "5000-10000"] {
            fails(&get(range), 416, "SIZE_INVALID");
        }
    }
}
