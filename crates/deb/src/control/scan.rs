//! A sink for a package's bytes that keeps what its structure and control file need.

use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use pkgseal_repo::{Finding, Limits};

use super::{Control, archive};
use crate::layout::{Fault, HEAD, HEADER, Layout, MAGIC, number};

/// Members that stand before signatures.
const SIGNED: usize = 3;

/// Sees every byte of a package, in order, and gives its control file in the end.
#[derive(Debug)]
pub(crate) struct Scan {
    limits: Limits,
    image: Image,
    /// Bytes seen.
    position: u64,
    /// Headers seen.
    members: usize,
    /// Whether a control member's content was kept.
    control: bool,
    state: State,
}

/// What happens to the next bytes.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Kept up to this position, the end of a header.
    Header(u64),
    /// Kept up to `kept`, left out up to `end`, which is the end of a member's content;
    /// `next` is where the next header begins.
    Content { kept: u64, end: u64, next: u64 },
    /// The padding behind a member, kept.
    Padding(u64),
    /// A header that the structure's check refuses: nothing behind it counts.
    Lost,
}

impl Scan {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            image: Image::default(),
            position: 0,
            members: 0,
            control: false,
            state: State::Header((MAGIC.len() + HEADER) as u64),
        }
    }

    /// Judges the structure of what went by and reads the control file. `subject` names
    /// the package in the finding.
    ///
    /// # Errors
    /// The finding that rejects it.
    pub(crate) fn finish(self, subject: &str) -> Result<Control, Box<Finding>> {
        let layout = Layout::of(&self.image, self.position, subject, &self.limits);
        let layout = layout.map_err(|fault| match fault {
            Fault::Reject(finding) => finding,
            // What was kept cannot fail to be read.
            Fault::Io(error) => Box::new(archive::unreadable(subject, &error)),
        })?;
        let [_, member, _] = &layout.signed;
        let content = self.image.piece(member.offset, member.size);
        archive::control(content, member, subject, &self.limits)
    }

    /// Bytes held in memory.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.image.pieces.iter().map(|(_, piece)| piece.len()).sum()
    }

    /// Takes some of the bytes; how many.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let wanted = |upto: u64, position: u64| {
            usize::try_from(upto.saturating_sub(position))
                .unwrap_or(usize::MAX)
                .min(bytes.len())
        };
        let (kept, taken) = match self.state {
            State::Lost => (0, bytes.len()),
            State::Header(end) | State::Padding(end) => {
                let count = wanted(end, self.position);
                (count, count)
            }
            State::Content { kept, .. } if self.position < kept => {
                let count = wanted(kept, self.position);
                (count, count)
            }
            State::Content { end, .. } => (0, wanted(end, self.position)),
        };
        self.image
            .keep(self.position, bytes.get(..kept).unwrap_or_default());
        self.position += taken as u64;
        self.advance();
        taken
    }

    /// What comes after the bytes taken so far.
    fn advance(&mut self) {
        self.state = match self.state {
            State::Header(end) if self.position == end => self.member(end),
            State::Content { end, next, .. } if self.position == end && next > end => {
                State::Padding(next)
            }
            State::Content { end, .. } if self.position == end => {
                State::Header(end + HEADER as u64)
            }
            State::Padding(next) if self.position == next => State::Header(next + HEADER as u64),
            same => same,
        };
    }

    /// A header ended at `offset`: what of the content is kept.
    fn member(&mut self, offset: u64) -> State {
        self.members += 1;
        let header = self.image.piece(offset - HEADER as u64, HEADER as u64);
        let size = header.get(48..58).and_then(|field| number(field, 10));
        let Some(size) = size.filter(|_| self.members <= SIGNED + 1 + self.limits.signatures)
        else {
            return State::Lost;
        };
        let control = header.starts_with(b"control.tar") && !self.control;
        let kept = if control && size <= self.limits.control {
            self.control = true;
            size
        } else {
            size.min(HEAD as u64)
        };
        // Sizes have at most ten digits.
        let end = offset + size;
        let content = State::Content {
            kept: offset + kept,
            end,
            next: end + size % 2,
        };
        match size {
            0 => State::Header(end + HEADER as u64),
            _ => content,
        }
    }
}

impl Write for Scan {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.take(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file of which only some pieces are known.
#[derive(Debug, Default)]
struct Image {
    /// Where each begins, in order; no two of them touch.
    pieces: Vec<(u64, Vec<u8>)>,
}

impl Image {
    fn keep(&mut self, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some((start, piece)) if *start + piece.len() as u64 == offset => {
                piece.extend_from_slice(bytes);
            }
            _ => self.pieces.push((offset, bytes.to_vec())),
        }
    }

    /// What is known from `offset` on.
    fn from(&self, offset: u64) -> &[u8] {
        let after = self.pieces.partition_point(|(start, _)| *start <= offset);
        let Some((start, piece)) = after.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return &[];
        };
        let skipped = usize::try_from(offset - start).unwrap_or(usize::MAX);
        piece.get(skipped..).unwrap_or_default()
    }

    /// The bytes at `offset`; none if they are not all known.
    fn piece(&self, offset: u64, size: u64) -> &[u8] {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.from(offset).get(..size).unwrap_or_default()
    }
}

impl FileExt for Image {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let known = self.from(offset);
        let count = known.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), known.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
