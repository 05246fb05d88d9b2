//! Progress of long work, as facts; the command draws the bar.

use std::io::{self, Write};

/// Told by the engine how far it is. Called from worker threads.
pub trait Progress: Sync {
    /// A phase begins: its name, and the totals where they are known.
    fn begin(&self, _phase: &'static str, _files: u64, _bytes: Option<u64>) {}
    /// So many more bytes were read.
    fn bytes(&self, _count: u64) {}
    /// One more file is done.
    fn file(&self) {}
    /// The phase is over.
    fn end(&self) {}
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {}

/// Tells of the bytes written to it: one more sink of [`read_through`](crate::read_through).
#[derive(Clone, Copy)]
pub struct ProgressSink<'a>(pub &'a dyn Progress);

impl std::fmt::Debug for ProgressSink<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProgressSink").finish_non_exhaustive()
    }
}

impl Write for ProgressSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.bytes(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
