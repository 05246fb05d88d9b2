//! Policies of debsig-verify: which signatures a package of which origin must carry.
//!
//! The key that a package's `_gpgorigin` names selects a folder of policies,
//! `/etc/debsig/policies/FINGERPRINT/*.pol`, and one of keyrings,
//! `/usr/share/debsig/keyrings/FINGERPRINT/FILE`. A policy is used when all its Selection
//! blocks pass, which ask what is there and verify nothing; then all its Verification
//! blocks must pass.
//!
//! [`verify`] judges by the description of the format; [`debsig_verify`] answers as the
//! program does, with its exit codes, and is nowhere more lenient than it.
//!
//! # Where we differ from debsig-verify
//! | case | debsig-verify 0.28 to 0.33 | [`debsig_verify`] | [`verify`] |
//! |---|---|---|---|
//! | an archive that readers read differently | judges the members it finds | 13 | rejects |
//! | a key expired or not yet made when it signed, revoked, weak | gpg exits with 0 | 13 | rejects |
//! | `Expiry` | reads it, enforces nothing | 13 | rejects |
//! | several policies apply | the first one the file system names | all must pass | all must pass |
//! | a folder or an id of 16 digits, an id that is a user ID | used | used | rejects: neither identifies a key |
//! | an id of another length | compared by its end | never matches | rejects |
//! | Origin's `id` is another key's | used | not used (12) | not used |
//! | no Selection, no namespace, unknown elements, text, a Type that is no role | used | not used (12) | rejects |
//! | Reject in a Selection | ends with 14: it asks for a keyring | never passes (12) | as described: passes when the role is absent |
//! | Optional with an id, the role absent | fails | fails | as described: passes |
//! | a rule without id in a Selection | the keyring must hold the origin's key | the same | as described: the role must be there |
//! | a signature by a subkey | 12 before 0.30 | as 0.30 does | accepts |
//! | several signatures in one member | all must be good by keys of the keyring | the same | the same |
//! | an armored keyring | found, but good for nothing (13) | 13 | rejects |

mod judge;
mod program;
mod rules;
mod store;
mod xml;

pub use judge::verify;
pub use program::{Answer, Level, Line, List, debsig_verify};
pub use store::Policies;
