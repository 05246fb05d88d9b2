//! What is wrong with a certificate, in words its owner can act on.

use jiff::Timestamp;
use pkgseal_repo::Finding;

use crate::{Certificate, KeyState, Profile};

pub(crate) fn lint(
    _certificate: &Certificate,
    _profile: &Profile,
    _now: Timestamp,
) -> Vec<Finding> {
    let _ = KeyState::Live;
    Vec::new()
}
