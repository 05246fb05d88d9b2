//! Certificates on disk in every form users keep them, and secret keys: made, kept, opened.
//!
//! Three doors:
//!
//! - [`open`] and [`open_all`] read whatever a user calls a keyring and say what could not
//!   be used, and what apt would not read though pkgseal does.
//! - [`generate`] makes a key for a [`Purpose`], with a revocation certificate, and
//!   [`write_generated`] writes it; [`lifecycle`] extends, revokes, protects and parts it.
//! - [`open_signer`] opens a secret key file, with a [`Passphrase`] where it needs one.
//! - [`open_source`] opens any signer that a [`KeySource`] names: a key file, gpg-agent and the
//!   cards behind it, a PKCS#11 token, an external command. Whatever reads a secret first
//!   sees to it that the process cannot be dumped ([`guard_process`]). [`adopt`] makes a
//!   certificate for a key that was made on a token.
//!
//! - [`doctor`] says what is wrong with a certificate and mends it, [`prove`] that a new copy
//!   may be published in place of the old one.
//! - [`rotate`] replaces a key step by step, and refuses the step that would strand a client.
//! - Keyrings are made of others: [`merge`] and [`filter`] give certificates in one
//!   canonical form, [`write_keyring`] writes them and reads them back;
//!   [`export`] has the forms that are more than a file. [`diff`] says what changed, and
//!   whether that is safe.
//! - [`MavenVariables`] are the environment variables in which Maven hands over a key.
//!
//! - [`audit::audit`] says what everybody who reads certificates makes of keyrings as they
//!   lie there; [`consumer`] is how they are asked.
//!
//! Nothing here judges a signature; see [`pkgseal_openpgp::Verifier`]. Nothing is fetched:
//! a keyring that names a URL gives a finding.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use pkgseal_repo::Limits;
//!
//! let keyring = pkgseal_keyring::open(Path::new("/etc/apt/trusted.gpg.d"), &Limits::default())?;
//! for certificate in keyring.certificates.iter() {
//!     let _ = (certificate.fingerprint(), certificate.user_id());
//! }
//! # Ok::<(), pkgseal_keyring::Error>(())
//! ```

mod address;
pub mod audit;
mod canonical;
mod codes;
pub mod consumer;
pub mod diff;
pub mod doctor;
mod error;
pub mod export;
mod filter;
pub mod forecast;
mod generate;
mod guard;
pub mod lifecycle;
mod maven;
mod merge;
mod open;
mod pictures;
pub mod prove;
pub mod rotate;
mod secret;
mod signers;
mod store;
mod versions;

pub use canonical::Extent;
pub use codes::ALL as CODES;
pub use error::{Error, Result};
pub use filter::{Drop, Filter, State, UserIdPattern, filter};
pub use generate::{
    Algorithm, GenerateRequest, Generated, Layout, PRIMARY_VALIDITY, Purpose, SUBKEY_VALIDITY,
    generate, write_generated,
};
pub use guard::guard_process;
pub use maven::MavenVariables;
pub use merge::{Made, Revocations, merge, trim};
pub use open::{Form, Loaded, Source, open, open_all};
pub use secret::{Descriptor, Passphrase, open_signer, read_key_file};
pub use signers::{
    AdoptRequest, Adopted, CommandKey, KeySource, KeySourceError, LastTry, Pkcs11Key, SignerError,
    adopt, open_source, write_adopted,
};
pub use store::{Encoding, KeyringFile, write_files, write_keyring};
pub use versions::{mixed_versions, parting};
