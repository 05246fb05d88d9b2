//! The strict reader.

use pkgseal_repo::Finding;

use crate::SignatureBlock;

/// A clearsigned message, split by the strict grammar but not judged.
#[derive(Clone, Debug)]
pub struct Message {
    /// The signed text as a file would hold it: LF line ends, final LF, dash-escapes
    /// removed. The signature covers it without the last line end, lines joined by CRLF.
    pub text: Vec<u8>,
    /// The signatures.
    pub signatures: SignatureBlock,
}

/// Splits a message. Everything outside the grammar rejects: text before or after,
/// several messages or armor blocks, headers other than `Hash`, trailing blanks, control
/// characters, needless dash-escapes.
///
/// # Errors
/// A finding (`cleartext.malformed`) with the line number and what is wrong there.
pub fn split(_message: &[u8]) -> std::result::Result<Message, Finding> {
    unimplemented!()
}
