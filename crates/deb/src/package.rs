//! .deb packages with debsigs signatures inside.

mod copy;
mod sign;
mod unsign;
mod verify;

pub use crate::debsig::{Role, RoleError};
pub use sign::{Existing, SignOptions, sign, stage};
pub use unsign::unsign;
pub use verify::verify;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;
