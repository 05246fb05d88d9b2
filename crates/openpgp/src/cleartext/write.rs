//! The writer.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::read::unfit;
use crate::{Armor, Error, Result, SignatureForm, Signer, names};

/// Clearsigns `text` with every signer in one armor block, v4 before v6.
///
/// The signature covers the lines without the last line end, joined by CRLF (RFC 9580, 7),
/// so a text with and without final newline give the same message; reading it back gives
/// the one with.
///
/// # Errors
/// [`Error::Unsignable`](crate::Error::Unsignable) with the line when the text could not
/// be read back by the strict grammar: control characters, trailing blanks, not UTF-8,
/// empty; or when there is no signer.
pub fn sign(signers: &[Signer], text: &[u8], time: Timestamp) -> Result<Vec<u8>> {
    let lines = lines(text)?;
    let packets = Signer::sign_all(signers, SignatureForm::Text, time, |context| {
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                context.update(b"\r\n");
            }
            context.update(line.as_bytes());
        }
    })?;
    let block = Signer::block(packets, Armor::Armored)?;

    let digests: BTreeSet<_> = signers
        .iter()
        .filter_map(|signer| names::digest_header(signer.digest_algorithm()))
        .collect();
    let mut message = Vec::with_capacity(text.len() + block.len() + 128);
    message.extend_from_slice(b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: ");
    message.extend_from_slice(digests.into_iter().collect::<Vec<_>>().join(",").as_bytes());
    message.extend_from_slice(b"\n\n");
    for line in lines {
        if line.starts_with('-') {
            message.extend_from_slice(b"- ");
        }
        message.extend_from_slice(line.as_bytes());
        message.push(b'\n');
    }
    message.extend_from_slice(&block);
    Ok(message)
}

/// The lines of a text that every client hashes alike.
fn lines(text: &[u8]) -> Result<Vec<&str>> {
    let refuse = |line: usize, what: &str| Error::Unsignable {
        reason: format!("line {line}: {what}"),
    };
    let text = std::str::from_utf8(text).map_err(|error| {
        let before = text.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        refuse(line, "not UTF-8")
    })?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    if text.is_empty() {
        return Err(refuse(1, "there is no text"));
    }
    let mut lines = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if line.ends_with('\r') {
            return Err(refuse(
                index + 1,
                "CRLF line end: clients differ in what they hash",
            ));
        }
        if let Some(what) = unfit(line) {
            return Err(refuse(index + 1, what));
        }
        lines.push(line);
    }
    Ok(lines)
}
