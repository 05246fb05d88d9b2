//! Packets as they lie in a file: tag and length (RFC 9580, 4.2).

/// Takes one packet off the beginning: its tag, its body, and what follows (RFC 9580,
/// 4.2); `None` where there is none, or not all of it. Lengths must be definite.
pub fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first & 0x80 == 0 {
        return None;
    }
    let (tag, octets, extra) = if first & 0x40 != 0 {
        let (&length, _) = rest.split_first()?;
        match length {
            0..192 => (first & 0x3f, 1, 0),
            192..224 => (first & 0x3f, 2, 192),
            255 => (first & 0x3f, 5, 0),
            224..255 => return None,
        }
    } else {
        let octets = match first & 3 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => return None,
        };
        ((first >> 2) & 0x0f, octets, 0)
    };
    let (length, rest) = rest.split_at_checked(octets)?;
    let length = match (first & 0x40 != 0, length) {
        (true, [_, long @ ..]) if octets == 5 => big_endian(long)?,
        (true, [high, low]) => {
            (usize::from(*high).checked_sub(extra)? << 8) + usize::from(*low) + extra
        }
        (_, length) => big_endian(length)?,
    };
    let (body, rest) = rest.split_at_checked(length)?;
    Some((tag, body, rest))
}

fn big_endian(bytes: &[u8]) -> Option<usize> {
    bytes.iter().try_fold(0_usize, |sum, &byte| {
        sum.checked_mul(256)?.checked_add(usize::from(byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_every_length() {
        // Old form: one, two, four octets. New form: one, two, five.
        for (header, length) in [
            (&[0x88, 3][..], 3),
            (&[0x89, 1, 4], 260),
            (&[0x8a, 0, 1, 0, 0], 65_536),
            (&[0xc2, 191], 191),
            (&[0xc2, 192, 0], 192),
            (&[0xc2, 223, 255], 8383),
            (&[0xc2, 255, 0, 1, 0, 0], 65_536),
        ] {
            let mut bytes = header.to_vec();
            bytes.extend(vec![7; length]);
            assert!(packet(&bytes[..bytes.len() - 1]).is_none(), "cut");
            bytes.push(9);
            let (tag, body, rest) = packet(&bytes).unwrap();
            assert_eq!((tag, body.len(), rest), (2, length, &[9][..]), "{header:?}");
        }
    }

    #[test]
    fn lengths_without_an_end() {
        for bytes in [
            &[][..],
            &[0x02],
            &[0x88],
            &[0x8b, 1, 2],
            &[0xc2],
            &[0xc2, 192],
            &[0xc2, 224, 1],
            &[0xc2, 254, 1],
            &[0xc2, 255, 0, 0, 0],
            &[0xc2, 255, 255, 255, 255, 255],
        ] {
            assert_eq!(packet(bytes), None, "{bytes:?}");
        }
    }
}
