//! Format-neutral repository mechanics, with no OpenPGP inside.
//!
//! A signature vouches for bytes, and bytes vouch for files. This crate is the
//! second half: whatever the format, a signed document yields [`Entry`]s (path,
//! size, digests), and [`check`] compares them with the files below a [`Root`], in
//! parallel, one read per file, and reports [`Finding`]s.
//!
//! Start with [`Root`], [`SafePath`], [`Digests`], [`Finding`] and [`StagedFile`].

mod beneath;
mod check;
mod code;
mod decompress;
mod destination;
mod digest;
mod entry;
mod error;
mod finding;
mod limits;
mod path;
mod progress;
mod root;
mod staged;

pub use check::{CheckOptions, check, surplus};
pub use code::{Code, codes};
pub use decompress::{Compression, Decompressor};
pub use destination::{Destination, create_directory};
pub use digest::{DigestAlgorithm, Digests, MultiHasher};
pub use entry::{Entry, Requirement};
pub use error::{Error, Result};
pub use finding::{Finding, Outcome, Report, Severity};
pub use limits::Limits;
pub use path::SafePath;
pub use progress::{NoProgress, Progress};
pub use root::{Root, read_file};
pub use staged::{StagedFile, StagedSet};
