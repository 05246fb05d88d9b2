//! .deb packages with debsigs signatures inside.

mod copy;
mod read;
mod sign;
mod unsign;
mod verify;
mod weak;

pub use crate::debsig::{Role, RoleError};
pub(crate) use read::Package;
pub use sign::{Existing, SignOptions, sign, stage};
pub use unsign::unsign;
pub use verify::verify;
pub(crate) use verify::{KIND, open};

/// Bytes read at once.
const CHUNK: usize = 1 << 20;
