//! The rules: what may be uploaded, logged and read, and by whom. It knows nothing of HTTP.

mod error;
pub(crate) mod inflow;
mod quota;
mod reading;
mod record;
pub(crate) mod room;
pub(crate) mod upload;

pub use error::Error;
pub(crate) use error::chain_of;
pub use quota::Quotas;
pub use reading::Reader;
pub use record::{Outcome, submit};
pub(crate) use upload::must_not_be_taken_down;
pub use upload::{Announced, Upload, announce};
