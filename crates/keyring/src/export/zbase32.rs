//! z-base-32, as Web Key Directories use it for 20 bytes.

const ALPHABET: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";

/// Writes bytes as z-base-32: five bits a character, the highest first.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5).saturating_mul(8));
    let mut bits = 0_u16;
    let mut count = 0_u32;
    let mut push = |value: u16| {
        let place = usize::from(value & 31);
        text.extend(ALPHABET.get(place).map(|c| char::from(*c)));
    };
    for byte in bytes {
        bits = (bits << 8) | u16::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            push(bits >> count);
        }
        // What was written already.
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        push(bits << (5 - count));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn known_values() {
        for (bytes, text) in [
            (&b""[..], ""),
            (&[0x00], "yy"),
            (&[0xff], "9h"),
            (&[0xf0, 0xbf, 0xc7], "6n9hq"),
            (&[0xd4, 0x7a, 0x04], "4t7ye"),
            (&[0xff; 5], "99999999"),
        ] {
            assert_eq!(encode(bytes), text, "{bytes:?}");
        }
        assert_eq!(encode(&[7; 20]).len(), 32);
    }
}
