//! Format-neutral repository mechanics, with no OpenPGP inside.
//!
//! A signature vouches for bytes, and bytes vouch for files. This crate is the
//! second half: whatever the format, a signed document yields [`Entry`]s (path,
//! size, digests), and [`check`] compares them with the files below a [`Root`], in
//! parallel, one read per file, and reports [`Finding`]s.
//!
//! Start with [`Root`], [`SafePath`], [`Digests`], [`Finding`] and [`StagedFile`].
//!
//! ```
//! use pkgseal_repo::{
//!     CheckOptions, DigestAlgorithm, Digests, Entry, NoProgress, Outcome, Requirement, Root,
//!     SafePath, check,
//! };
//!
//! # let dir = tempfile::tempdir()?;
//! # std::fs::write(dir.path().join("hello.txt"), "hello\n")?;
//! let root = Root::open(dir.path())?;
//! let mut digests = Digests::new();
//! digests.insert_hex(
//!     DigestAlgorithm::Sha256,
//!     "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
//! )?;
//! let listed = Entry {
//!     path: SafePath::new("hello.txt")?,
//!     size: Some(6),
//!     digests,
//!     requirement: Requirement::Required,
//!     listed_by: "SHA256SUMS".into(),
//! };
//! let report = check(&root, vec![listed], &CheckOptions::default(), &NoProgress)?;
//! assert_eq!(report.outcome(), Outcome::Accepted);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A rejection is a [`Finding`], never an [`Error`]: an error says that something could
//! not be decided or written. Nothing here reads the clock, prints, or follows a link
//! out of its root. What vouches for the entries, and whether they are complete and
//! fresh, is not decided here.

mod beneath;
mod check;
mod code;
mod compress;
mod copy;
mod datafile;
mod deceptive;
mod decompress;
mod destination;
mod digest;
mod duration;
mod entry;
mod error;
mod finding;
pub mod hex;
mod lifetime;
mod limits;
mod path;
mod progress;
pub mod publication;
mod root;
mod scaffold;
mod share;
mod shell;
mod staged;
mod stream;
mod until;

pub use check::{
    CheckOptions, Reading, Witness, check, check_existence, check_reading, check_witnessed, surplus,
};
pub use code::{Code, codes};
pub use compress::Compressor;
pub use copy::copy_tree;
pub use datafile::{DataFileError, DataFiles};
pub use deceptive::is_deceptive;
pub use decompress::{Compression, Decompressor};
pub use destination::{Destination, create_directory, sync_directory};
pub use digest::{DigestAlgorithm, Digests, MultiHasher};
pub use duration::parse_duration;
pub use entry::{Entry, Requirement};
pub use error::{Error, Result};
pub use finding::{Finding, Outcome, Report, Severity};
pub use lifetime::Lifetime;
pub use limits::Limits;
pub use path::SafePath;
pub use progress::{NoProgress, Progress, ProgressSink};
pub use root::{Root, Survey, read_file};
pub use scaffold::Scaffold;
pub use share::share_range;
pub use shell::shell_word;
pub use staged::{StagedFile, StagedSet, complete, unfinished};
pub use stream::read_through;
pub use until::Until;
