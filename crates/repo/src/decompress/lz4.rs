//! LZ4 frames, told where they end.
//!
//! `lz4_flex` takes the end of its input for the end of a frame, wherever it comes. This
//! follows the frames alongside (LZ4 Frame Format 1.6.1), so that a cut is noticed.

use std::io::{self, BufRead, ErrorKind, Read};

use lz4_flex::frame::FrameDecoder;

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

/// Decompresses LZ4 frames, one after the other, to the end of the input.
pub(super) struct Lz4<R: BufRead>(FrameDecoder<Frames<R>>);

impl<R: BufRead> Lz4<R> {
    pub(super) fn new(inner: R) -> Self {
        Self(FrameDecoder::new(Frames {
            inner,
            piece: Piece::Head,
            seen: Vec::new(),
            needed: 6,
            block_checksums: false,
            content_checksum: false,
        }))
    }

    pub(super) fn get_mut(&mut self) -> &mut R {
        &mut self.0.get_mut().inner
    }
}

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.0.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let frames = self.0.get_mut();
            if frames.inner.fill_buf()?.is_empty() {
                return if frames.is_between() {
                    Ok(0)
                } else {
                    Err(io::Error::new(
                        ErrorKind::UnexpectedEof,
                        "the LZ4 frame is cut short",
                    ))
                };
            }
        }
    }
}

/// Passes bytes on and follows which part of a frame they are.
struct Frames<R> {
    inner: R,
    piece: Piece,
    /// Bytes so far of a piece that is looked at.
    seen: Vec<u8>,
    /// Bytes still to come of the current piece.
    needed: usize,
    block_checksums: bool,
    content_checksum: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// Magic number, FLG and BD.
    Head,
    /// What the flags add to the header, and its checksum.
    Rest,
    /// The size of a block.
    Size,
    /// A block, with its checksum.
    Block,
    /// The content's checksum.
    End,
}

impl<R> Frames<R> {
    fn is_between(&self) -> bool {
        self.piece == Piece::Head && self.seen.is_empty()
    }

    fn follow(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(self.needed.min(bytes.len()));
            bytes = rest;
            self.needed -= piece.len();
            if matches!(self.piece, Piece::Head | Piece::Size) {
                self.seen.extend(piece);
            }
            if self.needed == 0 {
                self.next()?;
            }
        }
        Ok(())
    }

    /// A piece is complete: what comes after it.
    fn next(&mut self) -> io::Result<()> {
        let invalid = |what: &str| Err(io::Error::new(ErrorKind::InvalidData, what));
        let (piece, needed) = match self.piece {
            Piece::Head => {
                let [a, b, c, d, flags, _] = *self.seen.as_slice() else {
                    return invalid("no LZ4 frame");
                };
                if [a, b, c, d] != MAGIC {
                    return invalid("no LZ4 frame");
                }
                self.block_checksums = flags & 0x10 != 0;
                self.content_checksum = flags & 0x04 != 0;
                let size = if flags & 0x08 != 0 { 8 } else { 0 };
                let dictionary = if flags & 0x01 != 0 { 4 } else { 0 };
                (Piece::Rest, size + dictionary + 1)
            }
            Piece::Rest | Piece::Block => (Piece::Size, 4),
            Piece::Size => {
                let &[a, b, c, d] = self.seen.as_slice() else {
                    return invalid("no LZ4 block");
                };
                let size = u32::from_le_bytes([a, b, c, d]);
                let checksum = if self.block_checksums { 4 } else { 0 };
                match usize::try_from(size & 0x7fff_ffff).unwrap_or(usize::MAX) {
                    0 if size == 0 && self.content_checksum => (Piece::End, 4),
                    0 if size == 0 => (Piece::Head, 6),
                    size => (Piece::Block, size.saturating_add(checksum)),
                }
            }
            Piece::End => (Piece::Head, 6),
        };
        self.seen.clear();
        self.piece = piece;
        self.needed = needed;
        if needed == 0 {
            return self.next();
        }
        Ok(())
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.follow(buffer.get(..count).unwrap_or_default())?;
        Ok(count)
    }
}
