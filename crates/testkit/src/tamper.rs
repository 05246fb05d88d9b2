//! Systematic damage.

/// For every byte, a copy with one bit of it flipped: the offset and the damaged bytes.
/// The bit moves with the offset, so that all eight are tried along a file.
pub fn flips(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    (0..bytes.len()).map(|at| {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 1 << (at % 8);
        (at, damaged)
    })
}

/// Every proper beginning, from nothing to all but the last byte.
pub fn cuts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> + '_ {
    (0..bytes.len()).map(|length| &bytes[..length])
}
