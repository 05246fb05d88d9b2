//! A strict reader of armored signatures (RFC 9580, 6.2). No leniency: what every reader
//! sees must be the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END: &[u8] = b"-----END PGP SIGNATURE-----";
/// Armor headers are not signed: they are limited and ignored.
const HEADERS: usize = 8;
const HEADER_LENGTH: usize = 256;
const LINE_LENGTH: usize = 76;

/// How much may stand around an armored block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Around {
    /// A file of its own: several blocks, empty lines around them, LF or CRLF.
    LineEnds,
    /// The tail of a clearsigned message: one block, LF only, a final LF, nothing else.
    Nothing,
}

/// Takes off the armor. The error names the line, from `first_line`.
pub(crate) fn decode(bytes: &[u8], around: Around, first_line: usize) -> Result<Vec<u8>, String> {
    let mut lines = Lines {
        rest: bytes,
        number: first_line.saturating_sub(1),
        around,
    };
    let mut packets = Vec::new();
    let mut blocks = 0_usize;
    while let Some(line) = lines.next()? {
        if line.is_empty() && around == Around::LineEnds {
            continue;
        }
        if blocks > 0 && around == Around::Nothing {
            return Err(lines.wrong("something follows the signature"));
        }
        if line != BEGIN {
            return Err(lines.wrong(if line.starts_with(b"-----BEGIN PGP ") {
                "this is no signature but another kind of OpenPGP block"
            } else if blocks == 0 {
                "text stands before the signature"
            } else {
                "text stands after the signature"
            }));
        }
        packets.extend(block(&mut lines)?);
        blocks += 1;
    }
    if blocks == 0 {
        return Err("there is no signature in it".to_owned());
    }
    Ok(packets)
}

fn block(lines: &mut Lines<'_>) -> Result<Vec<u8>, String> {
    let mut headers = 0;
    loop {
        let line = lines.need("the armor headers")?;
        if line.is_empty() {
            break;
        }
        headers += 1;
        if headers > HEADERS || line.len() > HEADER_LENGTH {
            return Err(lines.wrong("too many or too long armor headers"));
        }
        let text = std::str::from_utf8(line)
            .ok()
            .filter(|text| !text.chars().any(char::is_control))
            .ok_or_else(|| lines.wrong("an armor header with control characters or not UTF-8"))?;
        if !is_header(text) {
            return Err(
                lines.wrong("neither an armor header nor the empty line that ends the headers")
            );
        }
    }
    let mut base64 = Vec::new();
    let mut crc = None;
    loop {
        let line = lines.need("the end of the signature")?;
        if line == END {
            break;
        }
        if crc.is_some() {
            return Err(lines.wrong("text between the checksum and the end of the signature"));
        }
        if let Some(sum) = line.strip_prefix(b"=") {
            let sum = STANDARD
                .decode(sum)
                .ok()
                .and_then(|sum| <[u8; 3]>::try_from(sum).ok())
                .ok_or_else(|| lines.wrong("a malformed armor checksum"))?;
            crc = Some(sum);
            continue;
        }
        if line.is_empty() || line.len() > LINE_LENGTH {
            return Err(lines.wrong("an empty or overlong line inside the signature"));
        }
        base64.extend_from_slice(line);
    }
    let packets = STANDARD
        .decode(&base64)
        .map_err(|_| lines.wrong("the block that ends here is not clean base64"))?;
    if crc.is_some_and(|sum| sum != crc24(&packets)) {
        return Err(lines.wrong("the armor checksum of the block that ends here is wrong"));
    }
    Ok(packets)
}

/// `Key: value`, or a key alone, as some signers write an empty comment.
fn is_header(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, value)| {
        key.starts_with(|c: char| c.is_ascii_alphanumeric())
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && (value.is_empty() || value.starts_with(' '))
    })
}

/// Computes the checksum that armor may end with (RFC 9580, 6.1.1).
pub fn crc24(bytes: &[u8]) -> [u8; 3] {
    let mut crc = 0x00b7_04ce_u32;
    for &byte in bytes {
        crc ^= u32::from(byte) << 16;
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= 0x0186_4cfb;
            }
        }
    }
    let [_, a, b, c] = crc.to_be_bytes();
    [a, b, c]
}

struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
    around: Around,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<Option<&'a [u8]>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let (line, rest) = match self.rest.iter().position(|&byte| byte == b'\n') {
            Some(end) => {
                let (line, rest) = self.rest.split_at(end);
                (line, rest.get(1..).unwrap_or_default())
            }
            None if self.around == Around::LineEnds => (self.rest, <&[u8]>::default()),
            None => return Err(self.wrong("the last line does not end with a line feed")),
        };
        self.rest = rest;
        match self.around {
            Around::LineEnds => Ok(Some(line.strip_suffix(b"\r").unwrap_or(line))),
            Around::Nothing => Ok(Some(line)),
        }
    }

    fn need(&mut self, what: &str) -> Result<&'a [u8], String> {
        match self.next()? {
            Some(line) => Ok(line),
            None => Err(format!("the file ends before {what}")),
        }
    }

    fn wrong(&self, what: &str) -> String {
        format!("line {}: {what}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn the_checksum_is_crc24() {
        // The CRC catalogue's check value for CRC-24/OPENPGP.
        assert_eq!(crc24(b"123456789"), [0x21, 0xcf, 0x02]);
        assert_eq!(crc24(b""), [0xb7, 0x04, 0xce]);
    }

    #[test]
    fn one_spelling_only() {
        let ok = |text: &str| decode(text.as_bytes(), Around::LineEnds, 1);
        assert_eq!(ok(BLOCK).unwrap(), b"hello");
        for (from, to) in [
            // Bits after the last byte, missing and surplus padding, other alphabets.
            ("aGVsbG8=", "aGVsbG9="),
            ("aGVsbG8=", "aGVsbG8"),
            ("aGVsbG8=", "aGVsbG8=="),
            ("aGVsbG8=", "aGVs-G8="),
            ("aGVsbG8=", "aGVs bG8="),
            ("aGVsbG8=", "aGVsbG8=\t"),
            ("aGVsbG8=\n", "aGVsbG8=\n\n"),
            ("\n\naGVs", "\naGVs"),
            ("\n\naGVs", "\n \naGVs"),
            (
                "-----BEGIN PGP SIGNATURE-----",
                "-----BEGIN PGP SIGNATURE----",
            ),
            (
                "-----BEGIN PGP SIGNATURE-----",
                " -----BEGIN PGP SIGNATURE-----",
            ),
            (
                "-----END PGP SIGNATURE-----",
                "-----END PGP SIGNATURE----- ",
            ),
            ("-----END PGP SIGNATURE-----\n", ""),
        ] {
            assert!(BLOCK.contains(from));
            let changed = BLOCK.replacen(from, to, 1);
            assert!(ok(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn headers_end_with_an_empty_line() {
        let with = |header: &str| {
            let text = BLOCK.replacen("\n\n", &format!("\n{header}\n\n"), 1);
            decode(text.as_bytes(), Around::LineEnds, 1)
        };
        for header in ["Version: GnuPG v1", "Comment:", "Hash: SHA1", "X-Y: z: w"] {
            assert!(with(header).is_ok(), "{header}");
        }
        for header in [
            "Version",
            ": x",
            "a b: c",
            "Comment : x",
            "-x: y",
            "Comment: \u{7f}",
        ] {
            assert!(with(header).is_err(), "{header}");
        }
    }

    #[test]
    fn errors_name_the_line() {
        let text = format!("{BLOCK}\nx");
        let error = decode(text.as_bytes(), Around::LineEnds, 10).unwrap_err();
        assert_eq!(error, "line 15: text stands after the signature");
    }
}
