//! Progress of long work, as facts; the command draws the bar.

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
