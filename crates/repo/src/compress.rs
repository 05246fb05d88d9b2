//! Compression of whole documents, always to the same bytes.

use std::io::{self, ErrorKind, Write};

use crate::Compression;

/// From this size on, in bytes, time counts for more than the last tenth of the size.
const LARGE: usize = 256 << 10;

impl Compression {
    /// Compresses a document. The same bytes give the same result, whatever the time, the
    /// file's name and the number of cores.
    ///
    /// Levels: gzip 6, bzip2 9, zstd 12; xz 6, and 2 for documents of more than 256 KiB,
    /// which takes a third of the time and gives a tenth more bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for formats that nobody should write any more (lzma) and
    /// that are read only (lz4).
    pub fn compress(self, document: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::None => Ok(document.to_vec()),
            Self::Gzip => {
                let level = flate2::Compression::new(6);
                let mut encoder = flate2::GzBuilder::new().write(Vec::new(), level);
                encoder.write_all(document)?;
                encoder.finish()
            }
            Self::Bzip2 => {
                let level = bzip2::Compression::best();
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), level);
                encoder.write_all(document)?;
                encoder.finish()
            }
            Self::Xz => {
                let preset = if document.len() > LARGE { 2 } else { 6 };
                let mut encoder = xz2::write::XzEncoder::new(Vec::new(), preset);
                encoder.write_all(document)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(document, 12),
            Self::Lzma | Self::Lz4 => Err(ErrorKind::Unsupported.into()),
        }
    }
}

/// Compresses what is written to it, in pieces of any size: memory does not grow with the
/// document.
#[derive(Debug)]
pub struct Compressor<W: Write>(Encoder<W>);

enum Encoder<W: Write> {
    None(W),
    Gzip(flate2::write::GzEncoder<W>),
    Bzip2(bzip2::write::BzEncoder<W>),
    Xz(xz2::write::XzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> std::fmt::Debug for Encoder<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encoder")
    }
}

impl<W: Write> Compressor<W> {
    /// Writes to `inner` in this format. As with [`Compression::compress`] the same bytes
    /// give the same result; the levels are those of large documents, as the size is not
    /// known.
    ///
    /// # Errors
    /// As [`Compression::compress`].
    pub fn new(compression: Compression, inner: W) -> io::Result<Self> {
        Ok(Self(match compression {
            Compression::None => Encoder::None(inner),
            Compression::Gzip => {
                let level = flate2::Compression::new(6);
                Encoder::Gzip(flate2::GzBuilder::new().write(inner, level))
            }
            Compression::Bzip2 => {
                let level = bzip2::Compression::best();
                Encoder::Bzip2(bzip2::write::BzEncoder::new(inner, level))
            }
            Compression::Xz => Encoder::Xz(xz2::write::XzEncoder::new(inner, 2)),
            Compression::Zstd => Encoder::Zstd(zstd::stream::write::Encoder::new(inner, 12)?),
            Compression::Lzma | Compression::Lz4 => return Err(ErrorKind::Unsupported.into()),
        }))
    }

    /// Writes the end of the document and gives back what it was written to.
    ///
    /// # Errors
    /// What writing says.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Encoder::None(inner) => Ok(inner),
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Bzip2(encoder) => encoder.finish(),
            Encoder::Xz(encoder) => encoder.finish(),
            Encoder::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Encoder::None(inner) => inner.write(bytes),
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Bzip2(encoder) => encoder.write(bytes),
            Encoder::Xz(encoder) => encoder.write(bytes),
            Encoder::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Encoder::None(inner) => inner.flush(),
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Bzip2(encoder) => encoder.flush(),
            Encoder::Xz(encoder) => encoder.flush(),
            Encoder::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::Decompressor;

    #[test]
    fn what_is_compressed_comes_back_and_is_the_same_each_time() {
        let large: Vec<u8> = (0..2 * LARGE as u64)
            .flat_map(|n| (n * n).to_le_bytes())
            .take(2 * LARGE)
            .collect();
        for document in [&b""[..], b"Package: a\n", &large] {
            for compression in Compression::ALL {
                let Ok(compressed) = compression.compress(document) else {
                    assert!(matches!(compression, Compression::Lzma | Compression::Lz4));
                    continue;
                };
                assert_eq!(compression.compress(document).unwrap(), compressed);
                assert_eq!(
                    Compression::from_magic(&compressed),
                    compression,
                    "{compression:?}"
                );
                let limit = document.len() as u64;
                let mut read = Vec::new();
                Decompressor::new(compressed.as_slice(), compression, limit)
                    .unwrap()
                    .read_to_end(&mut read)
                    .unwrap();
                assert!(read == document, "{compression:?}");
            }
        }
    }

    #[test]
    fn what_is_compressed_in_pieces_comes_back_and_is_the_same_each_time() {
        let document: Vec<u8> = (0..90_000u64).flat_map(|n| (n * n).to_le_bytes()).collect();
        let known = |c: &Compression| !matches!(c, Compression::Lzma | Compression::Lz4);
        for compression in Compression::ALL.into_iter().filter(known) {
            let compress = |piece: usize| {
                let mut compressor = Compressor::new(compression, Vec::new()).unwrap();
                for bytes in document.chunks(piece) {
                    compressor.write_all(bytes).unwrap();
                }
                compressor.finish().unwrap()
            };
            let compressed = compress(70_000);
            assert!(compressed == compress(70_000), "{compression:?}");
            let limit = document.len() as u64;
            let mut read = Vec::new();
            Decompressor::new(compressed.as_slice(), compression, limit)
                .unwrap()
                .read_to_end(&mut read)
                .unwrap();
            assert!(read == document, "{compression:?}");
        }
        for compression in [Compression::Lzma, Compression::Lz4] {
            assert!(Compressor::new(compression, Vec::new()).is_err());
        }
    }
}
