//! The writer.

use jiff::Timestamp;

use crate::{Result, Signer};

/// Clearsigns `text` with every signer in one armor block, v4 before v6.
///
/// # Errors
/// [`Error::Unsignable`](crate::Error::Unsignable) with the line when the text could not
/// be read back by the strict grammar (control characters, not UTF-8, no final newline
/// is added silently: trailing blanks are refused too).
pub fn sign(_signers: &[Signer], _text: &[u8], _time: Timestamp) -> Result<Vec<u8>> {
    unimplemented!()
}
