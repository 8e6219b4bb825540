// A middleware in the 0.2 world cannot change an incoming-request; it can look,
// refuse, or hand it on. /deny is answered here, everything else is handed on.
wit_bindgen::generate!({ path: "../wit", world: "middleware", generate_all });

use exports::wasi::http::incoming_handler::{Guest, IncomingRequest, ResponseOutparam};
use wasi::http::types::{Fields, OutgoingBody, OutgoingResponse};

struct Mw;

impl Guest for Mw {
    fn handle(req: IncomingRequest, out: ResponseOutparam) {
        let path = req.path_with_query().unwrap_or_default();
        if path.starts_with("/deny") {
            let resp = OutgoingResponse::new(Fields::new());
            resp.set_status_code(403).unwrap();
            let body = resp.body().unwrap();
            ResponseOutparam::set(out, Ok(resp));
            let s = body.write().unwrap();
            s.blocking_write_and_flush(b"refused by the middleware\n")
                .unwrap();
            drop(s);
            OutgoingBody::finish(body, None).unwrap();
        } else {
            wasi::http::incoming_handler::handle(req, out);
        }
    }
}

export!(Mw);
