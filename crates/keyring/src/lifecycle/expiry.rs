//! Expiry dates that make sense.

use jiff::Timestamp;
use pkgseal_openpgp::edit::Expiry;
use pkgseal_repo::Lifetime;

use crate::{Error, Result};

/// When a key is to expire, given as of `now`.
///
/// # Errors
/// [`Error::Request`] for a moment that is not after `now`, or beyond 2106.
pub(super) fn expiry(field: &'static str, lifetime: Lifetime, now: Timestamp) -> Result<Expiry> {
    let unfit = |reason: String| Error::Request { field, reason };
    match lifetime.end(now).map_err(unfit)? {
        None => Ok(Expiry::Never),
        Some(at) if at <= now => Err(unfit(format!(
            "{at} is not after now ({now}); to end a key at once, revoke it"
        ))),
        Some(at) if u32::try_from(at.as_second()).is_err() => {
            Err(unfit("OpenPGP counts time until 2106".to_owned()))
        }
        Some(at) => Ok(Expiry::At(at)),
    }
}
