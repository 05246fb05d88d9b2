//! Bundles: zip archives as Maven Central's Portal takes them (PKWARE APPNOTE 6.3).
//!
//! [`Archive`] reads strictly: two readers must never see different files in one archive.
//! `Writer` writes the plainest archive there is, the same bytes for the same files.

mod read;
mod write;

pub use read::Archive;
pub(crate) use write::Writer;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const END: u32 = 0x0605_4b50;

/// Bytes of a local header before its name.
const LOCAL_LENGTH: u64 = 30;
/// Bytes of a central header before its name.
const CENTRAL_LENGTH: usize = 46;
/// Bytes of the end record without a comment.
const END_LENGTH: u64 = 22;

/// Names are UTF-8.
const UTF8: u16 = 1 << 11;
/// Sizes follow the content.
const DESCRIBED: u16 = 1 << 3;

#[cfg(test)]
mod tests;
