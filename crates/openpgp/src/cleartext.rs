//! Clearsigned messages (RFC 9580, 7): a strict reader, and a writer every client reads.
//!
//! The grammar is narrower than the specification's, so that the signed bytes are the
//! bytes of the file: LF line ends, no trailing blanks, no control characters but the
//! tab, UTF-8, `Hash` headers only, dash-escapes only where they are needed, and nothing
//! around the message. What the writer writes, the reader reads back.

mod read;
mod write;

pub use read::{Message, TrailingBlanks, split, split_with};
pub use write::sign;
