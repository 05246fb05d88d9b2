//! The strict reader.

use pkgseal_repo::{Finding, Limits};

use crate::algorithm::digest_rule;
use crate::armor::Around;
use crate::{SignatureBlock, codes, names};

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
/// Bytes of one line, its line feed not counted. gpgv cuts a longer line of a text
/// signature in two, and calls the signature bad.
pub(crate) const LINE_LENGTH: usize = 19_993;
const HASH_HEADERS: usize = 4;
const KNOWN: &[(&str, &str)] = &[
    ("MD5", "md5"),
    ("SHA1", "sha1"),
    ("RIPEMD160", "ripemd160"),
    ("SHA224", "sha224"),
    ("SHA256", "sha256"),
    ("SHA384", "sha384"),
    ("SHA512", "sha512"),
    ("SHA3-256", "sha3-256"),
    ("SHA3-512", "sha3-512"),
];

/// A clearsigned message, split by the strict grammar but not judged.
#[derive(Clone, Debug)]
pub struct Message {
    /// The signed text as a file would hold it: LF line ends, final LF, dash-escapes
    /// removed. The signature covers it without the last line end, lines joined by CRLF.
    pub text: Vec<u8>,
    /// The signatures.
    pub signatures: SignatureBlock,
}

/// What to make of blanks and tabs at the ends of signed lines, which no clearsignature
/// covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailingBlanks {
    /// They reject: whoever reads the file itself would read what nobody signed.
    Reject,
    /// They are left out of the text, as they were left out of what was signed. dpkg wrote
    /// them behind the names of fields until 2015.
    Drop,
}

/// Splits a message. Everything outside the grammar rejects: text before or after,
/// several messages or armor blocks, headers other than `Hash`, trailing blanks, control
/// characters, needless dash-escapes.
///
/// # Errors
/// A finding (`cleartext.malformed`) with the line number and what is wrong there.
pub fn split(message: &[u8]) -> Result<Message, Finding> {
    split_with(message, TrailingBlanks::Reject)
}

/// As [`split`], with a say in what becomes of trailing blanks.
///
/// # Errors
/// As [`split`].
pub fn split_with(message: &[u8], blanks: TrailingBlanks) -> Result<Message, Finding> {
    read(message, blanks).map_err(|detail| {
        Finding::reject(codes::CLEARTEXT, "", detail).hint(
            "fetch the file again; if it stays so, the publisher must clearsign it again and change nothing afterwards",
        )
    })
}

fn read(message: &[u8], blanks: TrailingBlanks) -> Result<Message, String> {
    let limit = Limits::default().release;
    if u64::try_from(message.len()).unwrap_or(u64::MAX) > limit {
        return Err(format!("longer than {limit} bytes"));
    }
    let whole = std::str::from_utf8(message).map_err(|error| {
        let before = message.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        format!("line {line}: not UTF-8")
    })?;
    let mut lines = whole.split_inclusive('\n').enumerate();
    match lines.next() {
        Some((_, first)) if first.strip_suffix('\n') == Some(BEGIN) => {}
        _ => {
            return Err(format!(
                "line 1: a clearsigned message begins with `{BEGIN}` and nothing before it"
            ));
        }
    }
    let named = headers(&mut lines)?;
    let (text, start, number) = body(&mut lines, blanks)?;
    let tail = message.get(message.len().saturating_sub(start)..);
    let signatures = SignatureBlock::armored(tail.unwrap_or_default(), Around::Nothing, number)?;
    if !named.is_empty() {
        for signature in signatures.known().filter(|s| s.version() < 6) {
            let name = names::digest(signature.hash_algo());
            let rule = digest_rule(signature.hash_algo());
            if !named.contains(&rule) {
                return Err(format!(
                    "line 2: a signature uses {name}, which no Hash header names"
                ));
            }
        }
    }
    Ok(Message { text, signatures })
}

/// `Hash` headers and the empty line after them.
fn headers<'a>(
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
) -> Result<Vec<&'static str>, String> {
    let mut named = Vec::new();
    for count in 0..=HASH_HEADERS {
        let (number, line) = lines.next().ok_or("the message ends in its headers")?;
        let number = number + 1;
        let line = line
            .strip_suffix('\n')
            .ok_or("the message ends in its headers")?;
        if line.is_empty() {
            return Ok(named);
        }
        if count == HASH_HEADERS {
            return Err(format!(
                "line {number}: more than {HASH_HEADERS} Hash headers"
            ));
        }
        let Some(list) = line.strip_prefix("Hash: ") else {
            return Err(format!(
                "line {number}: neither a Hash header nor the empty line that ends the headers"
            ));
        };
        for name in list.split(',') {
            let (_, rule) = KNOWN
                .iter()
                .find(|(known, _)| *known == name)
                .ok_or_else(|| format!("line {number}: the Hash header names an unknown digest"))?;
            named.push(*rule);
        }
    }
    Err("the message ends in its headers".to_owned())
}

/// The signed text; the length of what follows it; the line number there.
fn body<'a>(
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
    blanks: TrailingBlanks,
) -> Result<(Vec<u8>, usize, usize), String> {
    let mut text = Vec::new();
    for (number, line) in lines.by_ref() {
        let number = number + 1;
        let wrong = |what: &str| Err(format!("line {number}: {what}"));
        let Some(line) = line.strip_suffix('\n') else {
            return wrong("the message ends inside the signed text");
        };
        if line == SIGNATURE {
            if matches!(text.as_slice(), [] | [b'\n']) {
                return wrong("nothing is signed: the text is empty");
            }
            let rest: usize = lines.map(|(_, line)| line.len()).sum();
            return Ok((text, rest + line.len() + 1, number));
        }
        let line = match line.strip_prefix("- ") {
            Some(escaped) if escaped.starts_with('-') || escaped.starts_with("From ") => escaped,
            Some(_) => return wrong("a dash-escape where none is needed"),
            None if line.starts_with('-') => return wrong("a dash that is not escaped"),
            None => line,
        };
        let line = match blanks {
            TrailingBlanks::Reject => line,
            TrailingBlanks::Drop => line.trim_end_matches([' ', '\t']),
        };
        if let Some(what) = unfit(line) {
            return wrong(what);
        }
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    Err("the message has no signature".to_owned())
}

/// What forbids a line of signed text, if anything: readers would disagree about it.
pub(crate) fn unfit(line: &str) -> Option<&'static str> {
    if line.len() > LINE_LENGTH {
        return Some("longer than 19993 bytes");
    }
    if line.chars().any(|c| c.is_control() && c != '\t') {
        return Some("a control character");
    }
    if line.ends_with([' ', '\t']) {
        return Some("blanks at its end, which a clearsignature does not cover");
    }
    None
}
