//! Replacing a key without leaving anybody behind.
//!
//! A rotation goes *announce* → *dual-sign* → *hand over* → *drop*. Clients do not follow
//! at once: some have the old certificate only, some both, some the new one only (see
//! [`Holding`]). A [`Plan`] says which of them are still there at which moment; whoever
//! knows the formats says what each would make of a repository before and after a step
//! ([`Sighting`]); and [`refusals`] says whether the step may be done.
//!
//! Nothing here knows apt, rpm or Maven, and nothing reads the clock.
//!
//! # The plan file
//! TOML, written whole at each step and read strictly: an unknown field is refused.
//!
//! ```toml
//! version = 1                          # of this format
//! made = "2025-03-01T00:00:00Z"
//! window = "90d"                       # from the announcement until nobody has the old keyring alone
//! settle = "14d"                       # from the hand-over until caches and mirrors have followed
//!
//! [old]                                # and [new] alike
//! fingerprint = "0123456789ABCDEF0123456789ABCDEF01234567"
//! signing-key = "89ABCDEF0123456789ABCDEF0123456789ABCDEF"
//! certificate = """
//! -----BEGIN PGP PUBLIC KEY BLOCK-----
//! …
//! """
//!
//! [[repository]]
//! format = "apt"                       # apt, yum or maven
//! path = "/srv/www/debian"
//! url = "https://example.org/debian"   # where clients find it; only for instructions
//! clients = ["bookworm", "trixie"]     # those that count
//! packages = "keep"                    # yum: keep, or re-sign at the hand-over
//!
//! [[keyring]]                          # a file that clients get
//! path = "/srv/www/example.gpg"
//! keeps-old = false                    # a KEYS file keeps what verifies old releases
//!
//! [[done]]                             # the journal
//! step = "announce"
//! begun = "2025-03-01T00:00:00Z"
//! ended = "2025-03-01T00:00:00Z"       # missing while the step is under way
//! stranded = ["bookworm/old"]          # left behind knowingly
//! pinned-until = "2025-03-08T00:00:00Z" # how long apt clients remember an older Signed-By
//! ```

mod itinerary;
mod plan;
mod read;
mod refuse;
mod statement;
mod write;

pub use crate::codes::{DRIFT, UNFIT, UNPUBLISHED};
pub use plan::{
    Done, Format, Holding, Party, Plan, PublishedKeyring, Replaces, Repository, ResignPackages,
    Step,
};
pub use refuse::{
    Answer, Refused, Sighting, Want, obstacles, refusals, stranded_today, would_strand,
};
pub use statement::statement;

#[cfg(test)]
mod tests;
