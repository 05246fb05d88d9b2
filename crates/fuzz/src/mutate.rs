//! Mutations that know what the inputs look like: packets, headers with lengths, lines of
//! fields, numbers in decimal.

/// A small generator of pseudo-random numbers (xorshift64*): the same seed gives the same
/// inputs on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// From a seed; nought is replaced, as the generator would stand still.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`; nought when that is nought.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.next().checked_rem(bound).unwrap_or(0)).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

/// Numbers at which arithmetic goes wrong.
const EDGES: &[u64] = &[
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// Words of the formats.
const WORDS: &[&[u8]] = &[
    b"-----BEGIN PGP SIGNED MESSAGE-----\n",
    b"-----BEGIN PGP SIGNATURE-----\n",
    b"-----END PGP SIGNATURE-----\n",
    b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
    b"Hash: SHA512\n",
    b"- ",
    b"\r\n",
    b"\n\n",
    b"\0",
    b"\x0c",
    b"../",
    b"/etc/passwd",
    b"SHA256:\n",
    b"Filename: ",
    b"Size: 99999999999999999999\n",
    b"!<arch>\n",
    b"debian-binary   ",
    b"_gpgorigin      ",
    b"`\n",
    b"#1/20",
    b"\x8e\xad\xe8\x01\0\0\0\0",
    b"\xed\xab\xee\xdb",
    b"<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\">]>",
    b"&a;",
    b"<![CDATA[",
    b"<data type=\"primary\">",
    b"<location href=\"../../x\"/>",
    b"\x1f\x8b\x08",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"BZh9",
];

/// Changes `data` in one to four ways; `other` is a second seed to splice with. Never grows
/// it past `limit`.
pub(crate) fn mutate(random: &mut Random, data: &mut Vec<u8>, other: &[u8], limit: usize) {
    for _ in 0..=random.below(4) {
        once(random, data, other);
    }
    data.truncate(limit);
}

fn once(random: &mut Random, data: &mut Vec<u8>, other: &[u8]) {
    let (start, end) = range(random, data.len());
    match random.below(13) {
        0 => {
            let bit = 1 << random.below(8);
            if let Some(byte) = data.get_mut(start) {
                *byte ^= bit;
            }
        }
        1 => {
            let value = random.next().to_le_bytes();
            if let (Some(byte), [value, ..]) = (data.get_mut(start), value) {
                *byte = value;
            }
        }
        2 => data.truncate(start),
        3 => drop(data.drain(start..end)),
        // A copy of a stretch elsewhere: duplicate fields, members, tags, packets.
        4 => {
            let piece: Vec<u8> = data.get(start..end).unwrap_or_default().to_vec();
            let at = random.below(data.len().saturating_add(1));
            data.splice(at..at, piece);
        }
        5 => {
            let (from, to) = range(random, other.len());
            let piece: Vec<u8> = other.get(from..to).unwrap_or_default().to_vec();
            data.splice(start..end, piece);
        }
        6 => {
            if let Some(word) = random.pick(WORDS) {
                data.splice(start..start, word.iter().copied());
            }
        }
        7 => number(random, data, start),
        8 => integer(random, data, start),
        9 => lines(random, data),
        10 => {
            let count = random.below(64);
            let byte = data.get(start).copied().unwrap_or_default();
            data.splice(start..start, std::iter::repeat_n(byte, count));
        }
        11 => {
            if let Some(stretch) = data.get_mut(start..end) {
                stretch.reverse();
            }
        }
        _ => {
            if let Some(stretch) = data.get_mut(start..end) {
                stretch.fill(0);
            }
        }
    }
}

/// A stretch of a buffer: mostly short, sometimes any.
fn range(random: &mut Random, length: usize) -> (usize, usize) {
    let start = random.below(length.saturating_add(1));
    let rest = length.saturating_sub(start);
    let longest = if random.below(4) == 0 {
        rest
    } else {
        rest.min(32)
    };
    let end = start.saturating_add(random.below(longest.saturating_add(1)));
    (start, end)
}

/// Puts an edge in place of the decimal number at or after `from`.
fn number(random: &mut Random, data: &mut Vec<u8>, from: usize) {
    let digit = |byte: &u8| byte.is_ascii_digit();
    let Some(start) = data.iter().skip(from).position(digit) else {
        return;
    };
    let start = from.saturating_add(start);
    let length = data
        .iter()
        .skip(start)
        .take_while(|byte| digit(byte))
        .count();
    let value = random.pick(EDGES).copied().unwrap_or_default();
    let mut text = value.to_string().into_bytes();
    if random.below(2) == 0 {
        // As wide as before: a fixed field stays in its columns.
        text.resize(length, b' ');
    }
    data.splice(start..start.saturating_add(length), text);
}

/// Writes an edge as a big-endian integer of 1, 2, 4 or 8 bytes.
fn integer(random: &mut Random, data: &mut [u8], at: usize) {
    let value = random
        .pick(EDGES)
        .copied()
        .unwrap_or_default()
        .to_be_bytes();
    let width = 1 << random.below(4);
    if let Some(place) = data.get_mut(at..at.saturating_add(width)) {
        let tail = value.iter().skip(value.len().saturating_sub(width));
        place
            .iter_mut()
            .zip(tail)
            .for_each(|(byte, new)| *byte = *new);
    }
}

/// Repeats, drops or swaps whole lines.
fn lines(random: &mut Random, data: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = data
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let (one, two) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(3) {
        0 => {
            if let Some(line) = lines.get(one).cloned() {
                lines.insert(two, line);
            }
        }
        1 if one < lines.len() => drop(lines.remove(one)),
        _ if one < lines.len() => lines.swap(one, two),
        _ => {}
    }
    *data = lines.concat();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_inputs() {
        let run = || {
            let mut random = Random::new(7);
            let mut data = b"Size: 12\nPackage: hello\n".to_vec();
            for _ in 0..200 {
                mutate(&mut random, &mut data, b"Filename: pool/x.deb\n", 4096);
                if data.is_empty() {
                    data = b"Size: 12\n".to_vec();
                }
            }
            data
        };
        assert_eq!(run(), run());
    }

    #[test]
    fn inputs_stay_below_the_limit() {
        let mut random = Random::new(1);
        let mut data = vec![b'x'; 100];
        for _ in 0..1000 {
            mutate(&mut random, &mut data, &[b'y'; 100], 128);
            assert!(data.len() <= 128);
        }
    }
}
