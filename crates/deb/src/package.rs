//! .deb packages with debsigs signatures inside.

mod sign;
mod verify;

pub use crate::debsig::Role;
pub(crate) use sign::self_verifier;
pub use sign::{sign, stage};
pub use verify::verify;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;
