//! RPM packages and yum repositories: who signed them, are they intact, and signatures
//! put in.
//!
//! - [`package::verify`] judges a package: every digest and every signature in one read,
//!   and whether what is signed covers the header *and* the payload.
//! - [`package::sign`] puts signatures into a package's signature header and keeps every
//!   other byte; [`editor`] is that change, pure over bytes. [`package::Signing`] and
//!   [`package::InPlace`] do it to many packages at once, and [`package::recover`] completes
//!   what a killed run left.
//! - [`client`] says what the rpm of a given release would make of a package, down to the
//!   lines of `rpmkeys`.
//! - [`package::header_blob`] signs by moving headers: out of packages, to wherever the
//!   key is, and signatures back in.
//! - [`lint`] names the generations of readers that could not use a package, a repository
//!   or a certificate, though all is well signed.
//! - [`yum::verify_tree`] follows a repository from `repomd.xml.asc` down to every package,
//!   and [`yum::verify_tree_with`] as deep as asked, with dates, with what is remembered of
//!   it ([`yum::Memory`]) and with a [`yum::Metalink`]; `DNF.md` says where dnf judges
//!   otherwise. [`yum::sign_tree`] checks all of a repository and signs its root.
//! - [`yum::index`] makes a repository's metadata out of its packages, and
//!   [`yum::sign_repository`] signs packages and metadata as one; both publish in one step.
//!
//! Start with these, then [`header`] (the structure of both headers) and
//! [`yum::Repomd`].
//!
//! ```no_run
//! use pkgseal_openpgp::{Certificate, Certificates, Profile, Verifier};
//! use pkgseal_repo::{Limits, Outcome};
//!
//! let (certificates, _) = Certificate::parse_all(&std::fs::read("RPM-GPG-KEY-example")?);
//! let now = "2025-09-01T00:00:00Z".parse()?;
//! let verifier = Verifier::new(Certificates::new(certificates), Profile::strict(), now);
//! let found = pkgseal_rpm::package::verify(
//!     "hello-1.0-1.noarch.rpm".as_ref(),
//!     &verifier,
//!     &Limits::default(),
//! )?;
//! assert_eq!(found.outcome(), Outcome::Accepted);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is wrong with an input is a finding with one of the [`codes`]; an [`Error`] says
//! that something could not be decided or written.
//!
//! A package's unsigned parts (lead, padding, signature header) are read in one of two
//! ways. By default, what rpm accepts and what puts nothing signed in doubt is a warning;
//! [`package::Reading::Strict`] rejects every deviation from what builders write. Even
//! then a few bytes are free, because nothing signed determines them: the architecture
//! and system numbers of the lead (8–9, 76–77), PAYLOADSIZE and the other sizes of the
//! uncompressed payload, per-file signatures (IMA, fs-verity), and the unhashed hints
//! inside a signature (in one of version 3: its key ID). A test flips every byte of real
//! signed packages of both formats and holds this list.
//!
//! It does not verify per-file signatures, read packages without regions (older than
//! 2001), install anything, or know the clock.
//!
//! Follows the package formats 4 and 6 as rpm 4.18 to 6.1 read them, and the metadata
//! that `createrepo_c` writes.

pub mod client;
pub mod codes;
pub mod editor;
mod error;
pub mod header;
pub mod lead;
pub mod lint;
pub mod package;
pub mod tag;
pub mod yum;

pub use error::{Error, Result};
