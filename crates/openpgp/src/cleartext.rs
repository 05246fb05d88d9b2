//! Clearsigned messages (RFC 9580, 7): a strict reader, and a writer every client reads.

use jiff::Timestamp;
use pkgseal_repo::Finding;

use crate::{Result, SignatureBlock, Signer};

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

/// Clearsigns `text` with every signer in one armor block, v4 before v6.
///
/// # Errors
/// [`Error::Unsignable`](crate::Error::Unsignable) with the line when the text could not
/// be read back by the strict grammar (control characters, not UTF-8, no final newline
/// is added silently: trailing blanks are refused too).
pub fn sign(_signers: &[Signer], _text: &[u8], _time: Timestamp) -> Result<Vec<u8>> {
    unimplemented!()
}
