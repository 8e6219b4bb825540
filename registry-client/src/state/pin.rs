//! What has to be known of a log before anything it serves can be believed.

use crate::log::{Algorithm, Hash, KeyError, Origin, OriginError, Vkey};
use crate::text;
use std::fmt;
use std::str::FromStr;

/// A log's key and the hash of its leaf 0.
///
/// Its text form is the verifier key, `#`, and the hash as 64 lower-case hexadecimal digits. The
/// name of the key is the origin of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    origin: Origin,
    key: Vkey,
    init: Hash,
}

/// Why a text is no pin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// There is no `#`, or what follows is no hash.
    #[error("`{0}` is not a pin: expected `<verifier key>#<64 lower-case hexadecimal digits>`")]
    Syntax(String),
    /// What precedes the `#` is no key.
    #[error("the pin has no verifier key")]
    Key(#[source] KeyError),
    /// The key's name cannot be an origin.
    #[error("the key of the pin is not named as a log")]
    Origin(#[source] OriginError),
    /// The key cosigns.
    #[error("the key `{}` cosigns: a log signs with type 0x01", text::escape(.0))]
    Cosigner(Vkey),
}

impl Pin {
    /// Puts a pin together.
    ///
    /// # Errors
    ///
    /// [`PinError::Cosigner`], or [`PinError::Origin`] if the name of the key is no origin.
    pub fn new(key: Vkey, init: Hash) -> Result<Pin, PinError> {
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(PinError::Cosigner(key));
        }
        let origin = Origin::new(key.name().as_str()).map_err(PinError::Origin)?;
        Ok(Pin { origin, key, init })
    }

    /// The origin of the log.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key that signs the log's checkpoints, or did first.
    pub fn key(&self) -> &Vkey {
        &self.key
    }

    /// The hash of leaf 0.
    pub fn init(&self) -> Hash {
        self.init
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.key, text::to_hex(self.init.as_bytes()))
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let syntax = || PinError::Syntax(text::excerpt(text));
        let (key, hex) = text.rsplit_once('#').ok_or_else(syntax)?;
        let init: [u8; 32] = text::from_hex(hex).ok_or_else(syntax)?;
        Pin::new(key.parse().map_err(PinError::Key)?, Hash::from(init))
    }
}
