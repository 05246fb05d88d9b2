//! .deb packages: signatures put in, taken out and judged, and what readers make of them.

mod copy;
mod inspect;
mod read;
mod readers;
mod sign;
mod unsign;
mod verify;
mod weak;

pub use crate::debsig::{Role, RoleError};
pub use inspect::inspect;
pub(crate) use read::Package;
pub(crate) use sign::stage_from;
pub use sign::{Existing, SignOptions, sign, stage};
pub use unsign::unsign;
pub use verify::verify;
pub(crate) use verify::{KIND, describe, open};

/// Bytes read at once.
const CHUNK: usize = 1 << 20;
