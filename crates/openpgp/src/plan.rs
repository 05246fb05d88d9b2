//! Which hashes a set of signatures needs, computed in one pass.

use std::io::{self, Write};

/// Which hashes a set of signatures needs. Made by
/// [`Verifier::plan`](crate::Verifier::plan); collects over several blocks.
#[derive(Clone, Default)]
pub struct HashPlan {}

impl HashPlan {
    /// Starts all hashes.
    pub fn start(&self) -> Hashes {
        unimplemented!()
    }
}

/// Running hashes: feed the signed bytes once with [`Write`], then pass it to
/// [`Verifier::hashed`](crate::Verifier::hashed).
#[derive(Clone)]
pub struct Hashes {}

impl Write for Hashes {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        unimplemented!()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
