//! Content on its way in, through one request or several: it is a file in `tmp` meanwhile, which goes
//! when nobody sends any more for a while, or the registry ends.

use super::digest::Digest;
use super::error::{Code, Failure};
use super::name::Name;
use crate::access::TokenId;
use crate::api::body::Received;
use crate::app::{App, Realm};
use crate::care::Claim;
use crate::domain::Error;
use crate::domain::inflow::Inflow;
use crate::domain::room::Room;
use crate::domain::upload::too_large;
use crate::store::blobs::Blobs;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tenon_registry_client::api::ProblemCode;

/// The most uploads under way: each may have a file open.
const MOST: usize = 128;

/// The most of one token.
const MOST_OF_TOKEN: usize = 64;

/// An upload that nobody sent anything of for so long makes room for another.
const GIVES_WAY: Duration = Duration::from_secs(60);

/// How long a request waits for the one before it to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// An upload's name, which nobody can guess.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct UploadId(u128);

/// All uploads under way.
#[derive(Debug, Default)]
pub(super) struct Uploads(Mutex<HashMap<UploadId, Arc<Upload>>>);

/// One of them.
#[derive(Debug)]
pub(super) struct Upload {
    repository: Name,
    token: TokenId,
    used: Mutex<Instant>,
    intake: tokio::sync::Mutex<Intake>,
}

/// What came in of one.
#[derive(Debug)]
pub(super) struct Intake {
    blobs: Blobs,
    token: TokenId,
    inflow: Inflow,
}

/// Content that is kept, and claimed until a repository holds it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) content: tenon_registry_client::Digest,
    pub(super) size: u64,
    pub(super) claim: Claim,
}

impl Uploads {
    /// Begins one.
    pub(super) fn begin(
        &self,
        realm: &Realm,
        name: &Name,
        token: TokenId,
    ) -> Result<UploadId, Failure> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(Error::internal)?;
        let id = UploadId::of(bytes);
        let upload = Upload {
            repository: name.clone(),
            token,
            used: Mutex::new(Instant::now()),
            intake: tokio::sync::Mutex::new(Intake::new(realm, token)),
        };
        let mut open = self.lock();
        let of_token = open.values().filter(|open| open.token == token).count();
        if of_token >= MOST_OF_TOKEN {
            let message = format!(
                "there are {of_token} uploads of this token under way: finish or cancel some first"
            );
            let failure = Failure::new(Code::TooManyRequests, message);
            return Err(failure.after(Duration::from_secs(5)));
        }
        if open.len() >= MOST {
            let idle = |upload: &Arc<Upload>| {
                // Whoever is at it has another handle.
                let idle = upload.idle();
                (Arc::strong_count(upload) == 1 && idle >= GIVES_WAY).then_some(idle)
            };
            let idle = open
                .iter()
                .filter_map(|(id, open)| Some((idle(open)?, *id)));
            let oldest = idle.max_by_key(|(idle, _)| *idle);
            let oldest = oldest.ok_or_else(|| {
                let message = "too many uploads are under way: try again later";
                Failure::new(Code::TooManyRequests, message).after(Duration::from_secs(10))
            })?;
            open.remove(&oldest.1);
        }
        open.insert(id, Arc::new(upload));
        Ok(id)
    }

    /// The one of this id, if this token began it in this repository.
    pub(super) fn find(&self, id: UploadId, name: &Name, token: TokenId) -> Option<Arc<Upload>> {
        let open = self.lock();
        let upload = open.get(&id);
        let upload = upload.filter(|open| open.token == token && open.repository == *name);
        upload.cloned()
    }

    /// Forgets one.
    pub(super) fn end(&self, id: UploadId) {
        self.lock().remove(&id);
    }

    /// Forgets those of which nothing came in for so long. Returns how many.
    pub(super) fn expire(&self, after: Duration) -> usize {
        let mut open = self.lock();
        let before = open.len();
        open.retain(|_, upload| Arc::strong_count(upload) > 1 || upload.idle() < after);
        before - open.len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UploadId, Arc<Upload>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upload {
    /// What came in of it, for one request at a time.
    pub(super) async fn intake(&self) -> Result<tokio::sync::MutexGuard<'_, Intake>, Failure> {
        let intake = tokio::time::timeout(PATIENCE, self.intake.lock()).await;
        let intake = intake.map_err(|_| {
            let message = "another request sends to this upload: ask how far it is, then go on";
            Failure::new(Code::BlobUploadInvalid, message).with_status(http::StatusCode::CONFLICT)
        })?;
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Ok(intake)
    }

    fn idle(&self) -> Duration {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.elapsed()
    }
}

impl Intake {
    pub(super) fn new(realm: &Realm, token: TokenId) -> Intake {
        Intake {
            blobs: realm.blobs().clone(),
            token,
            inflow: Inflow::new(realm.blobs()),
        }
    }

    /// How many bytes came in.
    pub(super) fn size(&self) -> u64 {
        self.inflow.size()
    }

    /// Takes in the body of a request. What came before an error stays.
    pub(super) async fn receive(
        &mut self,
        app: &App,
        realm: &Realm,
        mut body: Received,
    ) -> Result<(), Failure> {
        self.must_go_on()?;
        let most = app.config().limits.content_bytes;
        let announced = body.announced();
        let left = most.saturating_sub(self.size());
        if announced.is_some_and(|announced| announced > left) {
            return Err(too_large(most).into());
        }
        let mut room = Room::take(app, realm, announced)?;
        while let Some(bytes) = body.next().await? {
            let length = bytes.len() as u64;
            if self.size().saturating_add(length) > most {
                return Err(too_large(most).into());
            }
            room.fill(length)?;
            app.quotas().spend_bytes(self.token, length)?;
            self.inflow.push(&bytes).await?;
        }
        Ok(())
    }

    /// Keeps what came in, if it has this digest. There is no more to be sent then, either way.
    pub(super) async fn keep(&mut self, app: &App, digest: &Digest) -> Result<Kept, Failure> {
        self.must_go_on()?;
        let (claims, blobs) = (app.claims().clone(), self.blobs.clone());
        let (wanted, size) = (digest.clone(), self.size());
        let kept = self.inflow.finish(move |incoming| match wanted {
            Digest::Sha256(content) => {
                let claim = claims.claim(content);
                incoming.keep(&content)?;
                Ok((content, claim))
            }
            Digest::Sha512(_) => {
                let (content, claim) = incoming.keep_whatever(|found| claims.claim(found))?;
                let file = blobs.find(&content)?;
                let file = file.ok_or_else(|| Error::internal("content is gone at once"))?;
                let found = Digest::sha512_of(&*file.file)?;
                match found == wanted {
                    true => Ok((content, claim)),
                    // It stays until it is found that nothing names it.
                    false => Err(Error::new(
                        ProblemCode::DigestInvalid,
                        format!("the content has the digest `{found}`, not `{wanted}`"),
                    )),
                }
            }
        });
        let (content, claim) = kept.await?;
        Ok(Kept {
            content,
            size,
            claim,
        })
    }

    /// Refuses to go on where a part is missing.
    fn must_go_on(&self) -> Result<(), Failure> {
        match self.inflow.has_ended() {
            false => Ok(()),
            true => {
                let message = "a part of this upload could not be kept: begin it again";
                Err(Failure::new(Code::BlobUploadInvalid, message))
            }
        }
    }
}

impl UploadId {
    /// The UUID of these random bytes: of version 4 ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562#section-5.4)).
    fn of(random: [u8; 16]) -> UploadId {
        let (version, variant) = (0xf << 76, 0x3 << 62);
        let rest = u128::from_ne_bytes(random) & !(version | variant);
        UploadId(rest | 0x4 << 76 | 0x2 << 62)
    }
}

impl FromStr for UploadId {
    type Err = ();

    fn from_str(text: &str) -> Result<UploadId, ()> {
        let digits = text.replace('-', "");
        let id = u128::from_str_radix(&digits, 16)
            .map(UploadId)
            .map_err(|_| ())?;
        match id.to_string() == text {
            true => Ok(id),
            false => Err(()),
        }
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0;
        let [low, middle, high, sequence] =
            [96, 80, 64, 48].map(|at| (id >> at) & if at == 96 { 0xffff_ffff } else { 0xffff });
        let node = id & 0xffff_ffff_ffff;
        write!(
            f,
            "{low:08x}-{middle:04x}-{high:04x}-{sequence:04x}-{node:012x}"
        )
    }
}

impl fmt::Debug for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn ids_are_random_uuids_in_one_spelling() {
        let text = "ffffffff-ffff-4fff-bfff-ffffffffffff";
        assert_eq!(UploadId::of([0xff; 16]).to_string(), text);
        assert_eq!(text.parse::<UploadId>().unwrap(), UploadId::of([0xff; 16]));
        let nothing = UploadId::of([0; 16]).to_string();
        assert_eq!(nothing, "00000000-0000-4000-8000-000000000000");
        for other in [
            "",
            "-",
            &text.replace('-', ""),
            &text.to_uppercase(),
            &format!("{text}f"),
            "+fffffff-ffff-4fff-bfff-ffffffffffff",
        ] {
            assert!(other.parse::<UploadId>().is_err(), "{other}");
        }
    }
}
