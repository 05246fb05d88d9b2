//! Armor as clients read it: leniently, so a model only.

use pkgseal_openpgp::crc24;

use super::rules::{ArmorRules, Checksum, Garbage};

/// What the lines of one armored block hold; `None` where the client finds nothing.
pub(super) fn decode(lines: &[Vec<u8>], rules: &ArmorRules) -> Option<Vec<u8>> {
    let mut body = lines.iter().map(Vec::as_slice).peekable();
    // Headers, and the empty line after them; both may be missing.
    while body
        .next_if(|line| line.windows(2).any(|two| two == b": ") || line.ends_with(b":"))
        .is_some()
    {}
    let mut base64 = Vec::new();
    let mut sum = None;
    for line in body {
        match line {
            [b'=', rest @ ..] if rest.len() == 4 => {
                sum = Some(rest);
                break;
            }
            line => base64.extend_from_slice(line),
        }
    }
    let bytes = from_base64(&base64, rules.garbage)?;
    if rules.checksum == Checksum::MustMatch
        && let Some(sum) = sum
        && from_base64(sum, rules.garbage)? != crc24(&bytes)
    {
        return None;
    }
    Some(bytes)
}

/// Base64 with white space in it.
pub(super) fn from_base64(text: &[u8], garbage: Garbage) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            byte if byte.is_ascii_whitespace() => continue,
            _ if garbage == Garbage::Ignore => continue,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0x00ff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., last] = (bits >> count).to_be_bytes();
            bytes.push(last);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::rules::Blocks;
    use super::*;

    fn rules(checksum: Checksum, garbage: Garbage) -> ArmorRules {
        ArmorRules {
            blocks: Blocks::All,
            checksum,
            garbage,
            explain: String::new(),
        }
    }

    fn lines(text: &str) -> Vec<Vec<u8>> {
        text.lines().map(|line| line.as_bytes().to_vec()).collect()
    }

    #[test]
    fn as_gpgv_and_as_sqv() {
        let gpgv = rules(Checksum::MustMatch, Garbage::Ignore);
        let sqv = rules(Checksum::Ignore, Garbage::Reject);
        for (text, by_gpgv, by_sqv) in [
            ("\naGVsbG8=", true, true),
            ("aGVsbG8=", true, true),
            ("Version: x\n\naGVs\n\nbG8=", true, true),
            ("\naGVsbG8=\n=tv9v", false, true),
            ("\naGVs!!bG8=", true, false),
        ] {
            let hello = Some(b"hello".to_vec());
            assert_eq!(decode(&lines(text), &gpgv) == hello, by_gpgv, "{text:?}");
            assert_eq!(decode(&lines(text), &sqv) == hello, by_sqv, "{text:?}");
        }
    }

    #[test]
    fn the_right_checksum() {
        let gpgv = rules(Checksum::MustMatch, Garbage::Ignore);
        // "123456789" and the sum above.
        let right = lines("\nMTIzNDU2Nzg5\n=Ic8C");
        assert_eq!(decode(&right, &gpgv).unwrap(), b"123456789");
        let wrong = lines("\nMTIzNDU2Nzg5\n=Ic8D");
        assert_eq!(decode(&wrong, &gpgv), None);
    }
}
