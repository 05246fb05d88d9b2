//! Moments, between the time library and OpenPGP's seconds.

use std::time::SystemTime;

use jiff::Timestamp;

/// A moment as sequoia takes it.
pub(crate) fn system(moment: Timestamp) -> SystemTime {
    SystemTime::from(moment)
}

/// A moment out of a packet. OpenPGP's 32-bit seconds always fit.
pub(crate) fn timestamp(moment: SystemTime) -> Timestamp {
    Timestamp::try_from(moment).unwrap_or(Timestamp::MAX)
}

/// A moment for a sentence, in whole seconds: `2025-06-01T12:00:00Z`.
pub(crate) fn words(moment: SystemTime) -> String {
    timestamp(moment).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
