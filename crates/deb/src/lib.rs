//! Debian packages and apt repositories: signing them, and judging who signed them.
//!
//! A signature vouches for bytes, and bytes vouch for files. [`apt::verify_tree`] follows
//! that from a suite's InRelease over its indices to the last package of the pool;
//! [`package::verify`] judges signatures that a .deb carries inside or beside it, and
//! [`policy`] holds a .deb to the policies of debsig-verify.
//!
//! [`upload::verify`] does the same from a .changes over its .dsc and .buildinfo.
//!
//! Start with [`package::verify`], [`package::sign`], [`apt::verify_tree`],
//! [`apt::sign_release`] and [`apt::Release`]. Every verification returns an
//! `Examination`: a rejection is a finding in it with one of the [`CODES`], and an
//! [`Error`] means that nothing could be decided. No network, no clock, no output.
//!
//! ```no_run
//! use pkgseal_deb::{Result, apt};
//! use pkgseal_openpgp::{Certificate, Certificates, Profile, Verifier};
//! use pkgseal_repo::{CheckOptions, NoProgress, Outcome};
//!
//! fn main() -> Result<()> {
//!     let keyring = std::fs::read("/usr/share/keyrings/debian-archive-keyring.gpg").unwrap();
//!     let certificates = Certificates::new(Certificate::parse_all(&keyring).0);
//!     let now = "2026-07-12T00:00:00Z".parse().unwrap();
//!     let verifier = Verifier::new(certificates, Profile::strict(), now);
//!     let mirror = "/srv/mirror/debian".as_ref();
//!     let found = apt::verify_tree(mirror, &verifier, &CheckOptions::default(), &NoProgress)?;
//!     for finding in &found.report.findings {
//!         println!("{}: {} ({})", finding.subject, finding.detail, finding.code);
//!     }
//!     assert_eq!(found.outcome(), Outcome::Accepted);
//!     Ok(())
//! }
//! ```
//!
//! # What a package's signature covers
//! The contents of `debian-binary`, `control.tar.*` and `data.tar.*`, one after the
//! other, and nothing else: no name, no size, no other member. So before a signature
//! counts, the archive has to be the one form that all readers read alike; each clause
//! of it rejects with a code of its own (`deb.*`). These bytes remain, which neither the
//! signature covers nor the structure fixes:
//!
//! | bytes | why a change to them is accepted |
//! |---|---|
//! | modification time, user, group and mode in a member's header | no reader of packages uses them; they must be canonical numbers |
//! | the byte behind every member's name, blank or `/` in all of them | dpkg-deb writes one, GNU ar the other, and every reader takes both |
//! | the role in a `_gpg*` member's name, and any such member as a whole: removed, added | signatures do not cover one another; what is there must hold |
//! | bits of a signature packet outside its signed part | see pkgseal-openpgp: unhashed subpackets are hints only |
//!
//! A detached signature beside the package (`hello.deb.asc`, `hello.deb.sig`) covers the
//! whole file, these bytes included, and is judged together with those inside; who adds a
//! signature inside makes it void. `pkgseal sign --as file` makes one.
//!
//! Of a package whose signatures are accepted the control file is read, and control.tar
//! and the text in it must be what every reader sees alike (`deb.control-*`). The inside of
//! data.tar is not judged.
//!
//! A list by dpkg-sig (`_gpgbuilder`) binds the members by MD5 and SHA-1 only. It is judged
//! and told; the profile `strict` never counts it, `legacy` does so with a warning where
//! nothing else is there.
//!
//! # What an InRelease covers
//! Every byte of the text. Of the rest, no single flipped or missing byte of an InRelease
//! as we write it is accepted. The newline after the last line of a Release.gpg may be
//! missing, as the armor is complete without it.
//!
//! # What is wrong with a mirror
//! [`apt::verify_tree_with`] names each class of fault by its code, in the file that has
//! it; the module [`apt`] has the table.
//!
//! # What other clients would say
//! [`apt::client`] holds models of the apt of Debian's and Ubuntu's releases, as data. Those
//! of Debian 12 and 13 agree with the real programs on every one of several hundred
//! generated roots; `CLIENTS.md` beside this crate's sources lists where they and we differ,
//! each with the reason. [`apt::sources`] writes sources entries with the certificates in
//! them, held against the same models.
//!
//! # What it does not do
//! It applies no patch to an index, and it remembers nothing between two runs: a whole
//! older publication, signatures and all, is found by its age alone.
//!
//! # Building a package
//! [`build::Build`] makes small packages out of files, such as one that holds a keyring: no
//! scripts, the same bytes each time, signed before anybody sees them.
//!
//! # Making a repository
//! [`apt::index`] makes the indices and the Release of a suite out of its pool, and
//! [`apt::list`] a Release for indices that others made; a [`apt::Draft`] is then signed
//! and published. Every package is read once and remembered beneath `.pkgseal`. Files
//! touched less than two seconds before they were read are read again the next time, as
//! file systems count time in steps.
//!
//! Follows deb(5), deb822(5), deb-src-control(5), deb-changes(5), deb-buildinfo(5), dsc(5), apt-secure(8) and Debian's repository
//! format.

mod codes;
mod control;
mod deb822;
mod debsig;
mod dpkg_sig;
mod error;
mod layout;
mod listed;

pub mod apt;
pub mod build;
pub mod package;
pub mod policy;
pub mod upload;

pub use codes::ALL as CODES;
pub use error::{Error, Result};
